"""Receivers of the signals of sessions: queue tasks, in the same transaction."""

from collections.abc import Collection, Mapping
from hashlib import sha256

from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.utils.translation import gettext as _

from core.accounts.models import User
from core.jobs.leases import enqueue
from core.mail.signals import complained
from core.web.errors import RuleViolation
from labs.models import Lab
from labs.signals import lab_moving
from registrations import availability, language_needs, modes, opening
from registrations.cloning import clone_questions
from registrations.models import Attendance, Registration
from registrations.unsubscribing import set_unsubscribed
from sessions.cloning import Part
from sessions.conflicts import Conflict
from sessions.models import Session
from sessions.publishing import Change
from sessions.session_languages import LanguageNeed
from sessions.signals import (
    conflicts_requested,
    lab_cloned,
    language_needs_requested,
    own_sessions_requested,
    session_changed,
    session_reformatted,
    sessions_moved,
)

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


@receiver(session_reformatted, sender=Session)
def move_seats_to_the_other_mode(session_id: int, **more: object) -> None:
    modes.follow_format(session_id)


@receiver(sessions_moved, sender=Session)
def queue_notifications_of_moves(moves: Mapping[int, Mapping[str, object]], **more: object) -> None:
    named = ",".join(f"{session_id}:{moves[session_id]['version']}" for session_id in sorted(moves))
    enqueue(
        "registrations.tell_moves",
        {"moves": {str(session_id): facts for session_id, facts in moves.items()}},
        key=f"registrations.tell_moves:{sha256(named.encode()).hexdigest()}",
    )


@receiver(pre_save, sender=Lab)
def keep_draw_of_the_opening(instance: Lab, update_fields: Collection[str] | None, **more: object) -> None:
    """Whatever moves the opening of registration: settings, postponing, an import, undoing one of them."""
    if instance.pk and (update_fields is None or "registration_opens_at" in update_fields):
        opening.keep_draw(instance)


@receiver(conflicts_requested, sender=Lab)
def find_people_with_two_seats(sessions: list[Session], **more: object) -> list[Conflict]:
    return availability.two_seats_at_once(sessions)


@receiver(own_sessions_requested, sender=Lab)
def list_own_seats(lab_id: int, user_id: int, **more: object) -> list[int]:
    return availability.sessions_of_account(lab_id, user_id)


@receiver(lab_cloned, sender=Lab)
def clone_what_is_asked(
    lab_id: int,
    clone_id: int,
    sessions: Mapping[int, int],
    parts: Collection[str],
    by: User | None,
    **more: object,
) -> None:
    if Part.QUESTIONS in parts:
        clone_questions(lab_id, clone_id, sessions, by)


@receiver(conflicts_requested, sender=Lab)
def find_languages_that_are_not_spoken(sessions: list[Session], **more: object) -> list[Conflict]:
    return language_needs.conflicts_of_languages(sessions)


@receiver(language_needs_requested, sender=Lab)
def count_language_needs(sessions: list[Session], **more: object) -> dict[int, list[LanguageNeed]]:
    return language_needs.needs_of(sessions)


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


@receiver(complained)
def unsubscribe_who_complained(registration_ids: Collection[int], **more: object) -> None:
    """Whoever marks an email as unwanted gets only what is about the own registration."""
    for registration in Registration.objects.filter(pk__in=registration_ids).order_by("pk"):
        set_unsubscribed(registration, True)
