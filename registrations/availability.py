"""The sessions that a viewer may register for, and overlaps between sessions."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.web.email_addresses import address_key
from core.web.errors import RuleViolation
from core.web.localized_fields import text_of
from labs.models import Lab
from labs.viewer import Viewer
from registrations.models import RegistrationRules, Seat
from registrations.models.seats import ACTIVE
from sessions.conflicts import Conflict, Kind, Span, at_once
from sessions.models import Session
from sessions.models.agenda import to_come

CHOSEN_IS_CLOSED = _("A session you selected is no longer open. Check the list again.")
CHOOSE_MODE = _("Choose whether you attend in person or online.")


@dataclass(frozen=True)
class Choice:
    """Sessions that this viewer may choose beside each other, as `AvailableSessions.choose` found them in this lab.

    `modes` say how to attend each, by session id.
    """

    lab_id: int
    viewer: Viewer
    sessions: tuple[Session, ...]
    modes: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AvailableSessions:
    """The result of `available_sessions`, in order of time."""

    lab_id: int
    viewer: Viewer
    sessions: tuple[Session, ...]

    def choose(self, slugs: Iterable[str], modes: Mapping[str, str] | None = None) -> Choice:
        """Return the choice of the sessions with these slugs, lowest id first, attended in these modes by slug.

        A mode is needed for hybrid sessions alone. Raises RuleViolation (codes: no_session, unknown_session, also for
        hidden ones, mode_missing, mode_not_offered).
        """
        wanted = set(slugs)
        if not wanted:
            raise RuleViolation("no_session", _("Choose at least one session."))
        found = [session for session in self.sessions if session.slug in wanted]
        if len(found) != len(wanted):
            raise RuleViolation("unknown_session", CHOSEN_IS_CLOSED)
        found.sort(key=lambda session: session.pk)
        wished = {session.pk: mode_for(session, (modes or {}).get(session.slug, "")) for session in found}
        return Choice(self.lab_id, self.viewer, tuple(found), wished)


def mode_for(session: Session, wished: str = "") -> str:
    """Return the wished mode, or the only one. Raises RuleViolation (codes: mode_missing, mode_not_offered)."""
    if wished and wished not in session.modes:
        raise RuleViolation("mode_not_offered", CHOSEN_IS_CLOSED)
    if not wished and session.is_hybrid:
        raise RuleViolation("mode_missing", CHOOSE_MODE)
    return wished or session.modes[0]


def available_sessions(
    lab: Lab,
    viewer: Viewer,
    now: datetime,
    *,
    slugs: Collection[str] | None = None,
    ids: Collection[int] = (),
) -> AvailableSessions:
    """Return the sessions that this viewer may register for: visible, taking place, not over. One query.

    With `slugs` or `ids` only those of them.
    """
    is_open = Session.objects.filter(to_come(now), lab=lab).order_by("starts_at", "pk")
    found = is_open.visible_to(viewer).select_related("room").defer("abstract")
    if slugs is not None:
        found = found.filter(slug__in=slugs)
    elif ids:
        found = found.filter(pk__in=ids)
    for session in found:
        session.lab = lab
    return AvailableSessions(lab.pk, viewer, tuple(found))


def check_overlaps(rules: RegistrationRules, sessions: Iterable[Session]) -> None:
    """Raise RuleViolation (code: overlap) for sessions at the same time, where the lab does not allow them."""
    if rules.overlaps != RegistrationRules.Overlaps.REFUSE:
        return
    for one, other in overlaps(sessions):
        here = get_language() or "en"
        titles = {"one": text_of(one.title, here, one.lab), "other": text_of(other.title, here, one.lab)}
        raise RuleViolation(
            "overlap",
            _("“%(one)s” and “%(other)s” are at the same time. Choose one of them.") % titles,
            "session",
        )


def overlaps(sessions: Iterable[Session]) -> list[tuple[Session, Session]]:
    """Return the pairs of sessions that take place at the same time, the earlier first."""
    ordered = sorted(sessions, key=lambda session: (session.starts_at, session.pk))
    return [
        (one, other)
        for place, one in enumerate(ordered)
        for other in ordered[place + 1 :]
        if one.overlaps(other) and not (one.is_cancelled or other.is_cancelled)
    ]


def sessions_of_account(lab_id: int, user_id: int) -> list[int]:
    """Return the sessions of the lab in which the account's person has a seat or waits for one.

    The person's registration is the one that the account sent for its own address.
    """
    user = User.objects.get(pk=user_id)
    own = Seat.objects.filter(
        registration__lab=lab_id,
        registration__submitted_by=user,
        registration__email_key=address_key(user.email),
        state__in=ACTIVE,
    )
    return list(own.values_list("session", flat=True))


def two_seats_at_once(sessions: Sequence[Session]) -> list[Conflict]:
    """Return how many people hold seats in two of these sessions at the same time, by pair.

    One query, over the seats of sessions that are at the same time as another one; none where there are none.
    """
    spans = [Span(session.starts_at, session.ends_at, session) for session in sessions]
    by_id = {session.pk: session for pair in at_once(spans) for session in pair}
    if not by_id:
        return []
    other = "registration__seats__session"
    both = Seat.objects.filter(
        Q(**{f"{other}__starts_at": F("session__starts_at"), f"{other}__gt": F("session")})
        | Q(**{f"{other}__starts_at__gt": F("session__starts_at")}),
        **{
            f"{other}__starts_at__lt": F("session__ends_at"),
            f"{other}__in": by_id,
            "registration__seats__state": Seat.State.CONFIRMED,
        },
        state=Seat.State.CONFIRMED,
        session__in=by_id,
    )
    counted = both.order_by().values_list("session", other).annotate(n=Count("registration", distinct=True))
    return [
        Conflict(Kind.SEATS_TWICE, (by_id[first], by_id[second]), count=n) for first, second, n in counted
    ]
