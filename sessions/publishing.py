"""Change a session's visibility and status, and send `session_changed`.

Each function runs in one transaction, is recorded in the session's history, and does nothing if there is no change.
What changes for visitors is noted for them (`sessions.public_changes`), and what participants are not told at once is
collected (`sessions.unannounced_changes`).
"""

from collections.abc import Collection, Iterable, Mapping

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.accounts.models import User
from core.web.errors import RuleViolation
from core.web.localized_fields import languages_of
from labs.models import City, Programme
from labs.revisions import touch
from sessions import public_changes, unannounced_changes
from sessions.models import Session
from sessions.revisions import lock_session, revise, set_history_user
from sessions.session_facts import Facts, facts_of, stored_facts
from sessions.signals import session_changed

NOT_PLACED = _("This session is not in the schedule yet. Choose its day and time before others can see it.")
_STATUS = ("status", "cancelled_at", "cancel_reason", "sequence")


class Change(models.TextChoices):
    """The argument `change` of `session_changed`."""

    CREATED = "created", _("Created")
    EDITED = "edited", _("Edited")
    MOVED = "moved", _("Date, time or place changed")
    PUBLISHED = "published", _("Published")
    UNPUBLISHED = "unpublished", _("Unpublished")
    CANCELLED = "cancelled", _("Cancelled")
    RESTORED = "restored", _("Going ahead")
    CAPACITY = "capacity", _("Number of seats changed")
    AUDIENCE = "audience", _("Cities changed")


def send_session_changed(session: Session, change: Change, *, tell: bool = False) -> None:
    """Send `session_changed`, in the transaction of the change."""
    session_changed.send(sender=Session, session_id=session.pk, change=change, tell=tell)


@transaction.atomic
def publish(session: Session, by: User | None = None) -> Session:
    """Make the session public; visitors see it if its lab is public. Raises RuleViolation if it is not placed."""
    return _make_visible(session, Session.Visibility.PUBLIC, Change.PUBLISHED, by)


@transaction.atomic
def make_internal(session: Session, cities: Iterable[City] = (), by: User | None = None) -> Session:
    """Make the session visible to delegates only: of these cities, or of the whole programme without any.

    Raises RuleViolation for a city that is not of the programme, and if the session is not placed.
    """
    lock_session(session)
    wanted = {city.pk for city in cities}
    check_audience(session.lab.programme, wanted)
    _check_placed(session)
    if set(session.audience.values_list("pk", flat=True)) != wanted:
        session.audience.set(wanted)
        was_internal, was_public = session.is_internal, session.is_public
        session.visibility = Session.Visibility.INTERNAL
        public_changes.hide(session)
        change = Change.AUDIENCE if was_internal else Change.PUBLISHED
        return _save(session, change, by, "visibility", public=was_public)
    return _make_visible(session, Session.Visibility.INTERNAL, Change.PUBLISHED, by)


def check_audience(programme: Programme, cities: Collection[int]) -> None:
    """Raise RuleViolation for the id of a city that is not of the programme."""
    if set(cities) - set(programme.cities.values_list("pk", flat=True)):
        raise RuleViolation("unknown_city", _("Choose cities of this programme."), "cities")


@transaction.atomic
def unpublish(session: Session, by: User | None = None) -> Session:
    """Make the session a draft. Raises RuleViolation while it has seats or a waiting list."""
    lock_session(session)
    people = session.seats_taken + session.seats_waiting
    if people:
        raise RuleViolation(
            "has_seats",
            ngettext(
                "%(people)d person has a seat or is waiting for one. Cancel the session instead, so that "
                "they are notified.",
                "%(people)d people have a seat or are waiting for one. Cancel the session instead, so that "
                "they are notified.",
                people,
            )
            % {"people": people},
        )
    return _make_visible(session, Session.Visibility.DRAFT, Change.UNPUBLISHED, by)


@transaction.atomic
def cancel(
    session: Session,
    reason: Mapping[str, str] | str = "",
    tell: bool = True,
    by: User | None = None,
    *,
    later: bool = False,
) -> Session:
    """Cancel the session. It stays visible, marked as cancelled.

    `reason` is shown to participants, in one or more languages; with `tell` they are emailed at once, with `later`
    when organisers announce it with other changes. Raises ValidationError for a reason that is too long or has control
    characters.
    """
    lock_session(session)
    if session.is_cancelled:
        return session
    texts = languages_of(dict(reason) if isinstance(reason, Mapping) else reason)
    checked = Session(cancel_reason=texts)
    others = {field.name for field in Session._meta.fields} - {"cancel_reason"}
    try:
        checked.clean_fields(exclude=others)
    except ValidationError as error:
        raise ValidationError({"reason": error.messages}) from error
    was = stored_facts([session])[session.pk]
    session.status = Session.Status.CANCELLED
    session.cancelled_at = timezone.now()
    session.cancel_reason = texts
    session.sequence += 1
    _record(session, was, later=later)
    return _save(session, Change.CANCELLED, by, *_STATUS, tell=tell and not later)


@transaction.atomic
def restore(session: Session, by: User | None = None, tell: bool = False, *, later: bool = False) -> Session:
    """Undo the cancellation of a session. `tell` and `later` as in `cancel`."""
    lock_session(session)
    if not session.is_cancelled:
        return session
    was = stored_facts([session])[session.pk]
    if unannounced_changes.is_cancellation_unknown(session):
        tell, later = False, True  # nothing happened for them
    session.status = Session.Status.SCHEDULED
    session.cancelled_at = None
    session.cancel_reason = ""
    session.sequence += 1
    _record(session, was, later=later)
    return _save(session, Change.RESTORED, by, *_STATUS, tell=tell and not later)


def _record(session: Session, was: Facts, *, later: bool) -> None:
    """Note the new status for visitors, and collect it for participants or forget what else they were not told.

    An email about the cancellation makes one about the earlier move superfluous.
    """
    now = {**was, **facts_of(session)}
    public_changes.record(session, was, now)
    if later:
        unannounced_changes.collect(session, was, now)
    else:
        unannounced_changes.forget(session)


def _check_placed(session: Session) -> None:
    if not session.is_placed:
        raise RuleViolation("not_placed", NOT_PLACED)


def _make_visible(
    session: Session, visibility: Session.Visibility, change: Change, by: User | None
) -> Session:
    lock_session(session)
    if session.visibility == visibility:
        return session
    if visibility != Session.Visibility.DRAFT:
        _check_placed(session)
    was_public = session.is_public
    session.visibility = visibility
    if session.is_public:
        public_changes.record(session, None, stored_facts([session])[session.pk])
    else:
        public_changes.hide(session)
    return _save(session, change, by, "visibility", public=was_public)


def _save(
    session: Session,
    change: Change,
    by: User | None,
    *columns: str,
    tell: bool = False,
    public: bool = False,
) -> Session:
    """Save these fields. `public` if visitors saw the session until now."""
    revise(session)
    set_history_user(session, by)
    session.save(update_fields=[*columns, "revised_at", "content_revised_at"])
    touch(session.lab_id, public=public or session.is_public, sessions=[session.pk])
    send_session_changed(session, change, tell=tell)
    return session
