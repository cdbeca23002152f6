"""Who was there: taken by session, at the door or afterwards."""

from collections.abc import Collection, Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.web.errors import RuleViolation
from registrations.models import Attendance, Registration
from sessions.models import Session


class WrongLab(RuleViolation):
    """The session belongs to another lab than the registration, which is not confirmed, or is gone."""

    def __init__(self) -> None:
        super().__init__("wrong_lab", _("The registration is not confirmed."))


class SessionNotHeld(RuleViolation):
    """The session was cancelled, or is a draft: nobody was there, and no certificate may say so."""

    def __init__(self) -> None:
        super().__init__(
            "session_not_held", _("This session does not take place: nobody can be marked as present.")
        )


@transaction.atomic
def record(registration: Registration, session: Session, by: User | None = None) -> Attendance:
    """Write down that the person was there; once. A seat is not asked for: who came was there.

    Raises WrongLab, SessionNotHeld.
    """
    [registration], session = _lock([registration], session)
    attendance, _new = Attendance.objects.get_or_create(
        registration=registration,
        session=session,
        defaults={"taken_at": timezone.now(), "taken_by": by},
    )
    return attendance


def _lock(people: Collection[Registration], session: Session) -> tuple[list[Registration], Session]:
    """Return the rows as they are now, held until the transaction ends: people by id, then the session.

    Nobody can cancel the session, or leave or be erased, between the look and what is written. Raises WrongLab
    for one of them that may not be marked, SessionNotHeld.
    """
    ids = {person.pk for person in people}
    confirmed = Registration.objects.filter(
        pk__in=ids, lab=session.lab_id, state=Registration.State.CONFIRMED, erased_at__isnull=True
    )
    held = list(confirmed.order_by("pk").select_for_update(no_key=True))
    if len(held) < len(ids):
        raise WrongLab
    now = Session.objects.filter(pk=session.pk).select_for_update(no_key=True).first()
    if now is None or now.is_cancelled or now.visibility == Session.Visibility.DRAFT:
        raise SessionNotHeld
    return held, now


@transaction.atomic
def remove(registration: Registration, session: Session, by: User | None = None) -> bool:
    """Take it back, as a mistake. Tells whether there was anything to take back; the history keeps both."""
    return bool(remove_all([registration], session, by))


@transaction.atomic
def record_all(
    registrations: Iterable[Registration], session: Session, by: User | None = None
) -> list[Registration]:
    """Write down that all of these people were there, and return those of whom it was not known yet.

    As many queries for a hundred as for one. All or nothing: raises WrongLab if one of them is not of this lab,
    or not confirmed; SessionNotHeld.
    """
    people, session = _lock(list(registrations), session)
    now = timezone.now()
    Attendance.objects.bulk_create(
        (Attendance(registration=person, session=session, taken_at=now, taken_by=by) for person in people),
        ignore_conflicts=True,
    )
    # Those that this call wrote; whom somebody else has marked keeps the earlier instant.
    written = Attendance.objects.filter(
        session=session, registration__in=people, taken_at=now, taken_by=by
    ).select_related("registration")
    new = list(written)
    Attendance.history.bulk_history_create(new, default_user=by)
    return [attendance.registration for attendance in new]


@transaction.atomic
def remove_all(registrations: Iterable[Registration], session: Session, by: User | None = None) -> int:
    """Take back what `record_all` wrote. Returns of how many there was something to take back."""
    marked = Attendance.objects.filter(registration__in=list(registrations), session=session)
    # Held, so that of two who take the same back one finds it gone already.
    rows = list(marked.order_by("pk").select_for_update())
    for row in rows:
        row._history_user = by  # type: ignore[attr-defined]
        row.delete()
    return len(rows)
