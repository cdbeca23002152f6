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
    confirmed = registration.state == Registration.State.CONFIRMED
    if registration.lab_id != session.lab_id or not confirmed:
        raise NotOfThisLab
    if session.is_cancelled or session.visibility == Session.Visibility.DRAFT:
        raise NotHeld
    attendance, _new = Attendance.objects.get_or_create(
        registration=registration,
        session=session,
        defaults={"taken_at": timezone.now(), "taken_by": by},
    )
    return attendance


@transaction.atomic
def untake(registration: Registration, session: Session, by: User | None = None) -> bool:
    """Take it back, as a mistake. Tells whether there was anything to take back; the history keeps both."""
    attendance = Attendance.objects.filter(registration=registration, session=session).first()
    if attendance is None:
        return False
    attendance._history_user = by  # type: ignore[attr-defined]
    attendance.delete()
    return True


@transaction.atomic
def take_all(
    registrations: Iterable[Registration], session: Session, by: User | None = None
) -> list[Registration]:
    """Write down that all of these people were there, and return those of whom it was not known yet.

    All or nothing: raises NotOfThisLab if one of them is not of this lab, or not confirmed; NotHeld.
    """
    people = list(registrations)
    there = set(
        Attendance.objects.filter(session=session, registration__in=people).values_list(
            "registration_id", flat=True
        )
    )
    new = [person for person in people if person.pk not in there]
    for person in new:
        take(person, session, by)
    return new


@transaction.atomic
def untake_all(registrations: Iterable[Registration], session: Session, by: User | None = None) -> int:
    """Take back what `take_all` wrote. Returns of how many there was something to take back."""
    return sum(untake(person, session, by) for person in registrations)
