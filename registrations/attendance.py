"""Who was there: taken by session, at the door or afterwards."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from labs.models import User
from registrations.models import Attendance, Registration
from sessions.models import Session


class NotOfThisLab(Exception):
    """The session belongs to another lab than the registration, or the registration is not confirmed."""


class NotHeld(Exception):
    """The session was cancelled, or is a draft: nobody was there, and no certificate may say so."""


@transaction.atomic
def take(registration: Registration, session: Session, by: User | None = None) -> Attendance:
    """Write down that the person was there; once. A seat is not asked for: who came was there.

    Raises NotOfThisLab, NotHeld.
    """
    _refuse([registration], session)
    attendance, _new = Attendance.objects.get_or_create(
        registration=registration,
        session=session,
        defaults={"taken_at": timezone.now(), "taken_by": by},
    )
    return attendance


def _refuse(people: Iterable[Registration], session: Session) -> None:
    confirmed = Registration.State.CONFIRMED
    if any(person.lab_id != session.lab_id or person.state != confirmed for person in people):
        raise NotOfThisLab
    if session.is_cancelled or session.visibility == Session.Visibility.DRAFT:
        raise NotHeld


@transaction.atomic
def untake(registration: Registration, session: Session, by: User | None = None) -> bool:
    """Take it back, as a mistake. Tells whether there was anything to take back; the history keeps both."""
    return bool(untake_all([registration], session, by))


@transaction.atomic
def take_all(
    registrations: Iterable[Registration], session: Session, by: User | None = None
) -> list[Registration]:
    """Write down that all of these people were there, and return those of whom it was not known yet.

    As many queries for a hundred as for one. All or nothing: raises NotOfThisLab if one of them is not of this lab,
    or not confirmed; NotHeld.
    """
    people = list(registrations)
    _refuse(people, session)
    now = timezone.now()
    Attendance.objects.bulk_create(
        (
            Attendance(registration=person, session=session, taken_at=now, taken_by=by)
            for person in {person.pk: person for person in people}.values()
        ),
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
def untake_all(registrations: Iterable[Registration], session: Session, by: User | None = None) -> int:
    """Take back what `take_all` wrote. Returns of how many there was something to take back."""
    rows = list(Attendance.objects.filter(registration__in=list(registrations), session=session))
    for row in rows:
        row._history_user = by  # type: ignore[attr-defined]
        row.delete()
    return len(rows)
