"""Receivers of the signals of sessions: queue tasks, in the same transaction."""

from collections.abc import Mapping
from hashlib import sha256

from django.dispatch import receiver
from django.utils.translation import gettext as _

from core.jobs.leases import enqueue
from core.web.errors import RuleViolation
from labs.models import Lab
from labs.signals import lab_moving
from registrations.models import Attendance
from sessions.models import Session
from sessions.publishing import Change
from sessions.signals import session_changed, sessions_moved

# Changes after which people on the waiting list may get a seat.
MAKES_ROOM = frozenset({Change.CAPACITY, Change.RESTORED, Change.PUBLISHED, Change.MOVED})
ANNOUNCED = frozenset({Change.CANCELLED, Change.RESTORED})


@receiver(session_changed, sender=Session)
def queue_tasks_of_change(session_id: int, change: Change, tell: bool, **more: object) -> None:
    if change in MAKES_ROOM:
        enqueue("registrations.promote", {"session": session_id})
    if change not in ANNOUNCED:
        return
    sequence = Session.objects.values_list("sequence", flat=True).get(pk=session_id)
    arguments = {"session": session_id, "change": change.value, "by_mail": tell}
    enqueue("registrations.tell", arguments, key=f"registrations.tell:{session_id}:{sequence}:{change.value}")


@receiver(sessions_moved, sender=Session)
def queue_notifications_of_moves(moves: Mapping[int, Mapping[str, object]], **more: object) -> None:
    named = ",".join(f"{session_id}:{moves[session_id]['version']}" for session_id in sorted(moves))
    enqueue(
        "registrations.tell_moves",
        {"moves": {str(session_id): facts for session_id, facts in moves.items()}},
        key=f"registrations.tell_moves:{sha256(named.encode()).hexdigest()}",
    )


@receiver(lab_moving, sender=Lab)
def refuse_deleting_attendance(lab_id: int, **more: object) -> None:
    if Attendance.objects.filter(session__lab=lab_id).exists():
        raise RuleViolation(
            "attendance_taken",
            _(
                "Attendance has been recorded, so the lab cannot move as a whole. Move the sessions that "
                "have not yet begun."
            ),
        )
