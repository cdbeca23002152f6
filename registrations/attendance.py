"""Who was there: taken by session, at the door or afterwards."""

from django.db import transaction
from django.utils import timezone

from labs.models import User
from registrations.models import Attendance, Registration
from sessions.models import Session


class NotOfThisLab(Exception):
    """The session belongs to another lab than the registration, or the registration is not confirmed."""


@transaction.atomic
def take(registration: Registration, session: Session, by: User | None = None) -> Attendance:
    """Write down that the person was there; once. A seat is not asked for: who came was there. Raises NotOfThisLab."""
    confirmed = registration.state == Registration.State.CONFIRMED
    if registration.lab_id != session.lab_id or not confirmed:
        raise NotOfThisLab
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
