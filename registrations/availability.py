"""The sessions that a viewer may register for, and overlaps between sessions."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from core.web.errors import RuleViolation
from labs.models import Lab
from labs.viewer import Viewer
from sessions.models import Session
from sessions.models.agenda import to_come

CHOSEN_IS_CLOSED = _("A session you selected is no longer open. Check the list again.")


@dataclass(frozen=True)
class Choice:
    """Sessions that this viewer may choose beside each other, as `Choosable.choose` found them in this lab."""

    lab_id: int
    viewer: Viewer
    sessions: tuple[Session, ...]


@dataclass(frozen=True)
class AvailableSessions:
    """The result of `available_sessions`, in order of time."""

    lab_id: int
    viewer: Viewer
    sessions: tuple[Session, ...]

    def choose(self, slugs: Iterable[str]) -> Choice:
        """Return the choice of the sessions with these slugs, lowest id first.

        Raises RuleViolation (codes: no_session, unknown_session, also for hidden ones).
        """
        wanted = set(slugs)
        if not wanted:
            raise RuleViolation("no_session", _("Choose at least one session."))
        found = [session for session in self.sessions if session.slug in wanted]
        if len(found) != len(wanted):
            raise RuleViolation("unknown_session", CHOSEN_IS_CLOSED)
        return Choice(self.lab_id, self.viewer, tuple(sorted(found, key=lambda session: session.pk)))


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


def overlaps(sessions: Iterable[Session]) -> list[tuple[Session, Session]]:
    """Return the pairs of sessions that take place at the same time, the earlier first."""
    ordered = sorted(sessions, key=lambda session: (session.starts_at, session.pk))
    return [
        (one, other)
        for place, one in enumerate(ordered)
        for other in ordered[place + 1 :]
        if one.overlaps(other) and not (one.is_cancelled or other.is_cancelled)
    ]
