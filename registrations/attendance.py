"""Record and remove attendance of sessions."""

from collections.abc import Collection, Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.jobs import tallies
from core.web.errors import RuleViolation
from registrations import webhooks
from registrations.models import Attendance, Registration
from registrations.statistics import ATTENDED
from sessions.models import Session


class WrongLab(RuleViolation):
    """The registration is of another lab than the session, not confirmed, or erased."""

    def __init__(self) -> None:
        super().__init__("wrong_lab", _("The registration is not confirmed."))


class SessionNotHeld(RuleViolation):
    """The session is cancelled or a draft."""

    def __init__(self) -> None:
        super().__init__(
            "session_not_held", _("This session is not taking place, so nobody can be marked as present.")
        )


@transaction.atomic
def record(registration: Registration, session: Session, by: User | None = None) -> Attendance:
    """Record that the person attended, once. No seat is needed.

    Raises WrongLab, SessionNotHeld.
    """
    [registration], session = _lock([registration], session)
    attendance, is_new = Attendance.objects.get_or_create(
        registration=registration,
        session=session,
        defaults={"taken_at": timezone.now(), "taken_by": by},
    )
    if is_new:
        _count([registration.pk], session, 1)
        webhooks.attendance_recorded([attendance])
    return attendance


def _count(registration_ids: list[int], session: Session, each: int) -> None:
    """Count these people, whose rows are locked, as coming or not, as far as they came to no other session."""
    others = Attendance.objects.filter(registration__in=registration_ids).exclude(session=session)
    elsewhere = others.order_by().values("registration").distinct().count()
    tallies.add(ATTENDED, each * (len(registration_ids) - elsewhere), lab_id=session.lab_id)


def _lock(people: Collection[Registration], session: Session) -> tuple[list[Registration], Session]:
    """Lock and return the registrations by id, then the session, against concurrent cancelling and erasing.

    Raises WrongLab if attendance of one of them cannot be recorded, SessionNotHeld.
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
    """Remove attendance recorded by mistake. Returns whether there was any; the history has both."""
    return bool(remove_all([registration], session, by))


@transaction.atomic
def record_all(
    registrations: Iterable[Registration], session: Session, by: User | None = None
) -> list[Registration]:
    """Record that all of these people attended, and return those who were not recorded before.

    A constant number of queries. All or nothing: raises WrongLab if one of them is not of this lab, or not confirmed;
    SessionNotHeld.
    """
    people, session = _lock(list(registrations), session)
    now = timezone.now()
    Attendance.objects.bulk_create(
        (Attendance(registration=person, session=session, taken_at=now, taken_by=by) for person in people),
        ignore_conflicts=True,
    )
    # Only new rows; existing ones keep their instant.
    written = Attendance.objects.filter(
        session=session, registration__in=people, taken_at=now, taken_by=by
    ).select_related("registration")
    new = list(written)
    Attendance.history.bulk_history_create(new, default_user=by)
    if new:
        _count([attendance.registration_id for attendance in new], session, 1)
        webhooks.attendance_recorded(_in(session, new))
    return [attendance.registration for attendance in new]


@transaction.atomic
def remove_all(registrations: Iterable[Registration], session: Session, by: User | None = None) -> int:
    """Remove what `record_all` wrote. Returns how many were removed."""
    # People first, as everywhere: only so is it known which attendance of a person is the last.
    people = Registration.objects.filter(pk__in=[person.pk for person in registrations], lab=session.lab_id)
    held = list(people.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    marked = Attendance.objects.filter(registration__in=held, session=session)
    # Locked, so that of two concurrent calls one removes nothing.
    rows = list(marked.order_by("pk").select_for_update())
    for row in rows:
        row._history_user = by  # type: ignore[attr-defined]
        row.delete()
    if rows:
        _count([row.registration_id for row in rows], session, -1)
        webhooks.attendance_removed(_in(session, rows))
    return len(rows)


def _in(session: Session, rows: list[Attendance]) -> list[Attendance]:
    """Return these rows, each with its session."""
    for row in rows:
        row.session = session
    return rows
