"""What the floor of sessions does when something of its lab changes, in the same transaction."""

from typing import Any

from django.dispatch import receiver

from core.accounts.models import User
from labs.models import Lab, Room
from labs.signals import lab_deleting, lab_rescheduled, lab_venue_changed, room_changed
from sessions.lab_dates import refuse_if_any_is_outside
from sessions.scheduling import delete_session, place_changed, venue_changed


@receiver(lab_rescheduled, sender=Lab)
def leave_no_session_outside(lab_id: int, **more: Any) -> None:
    refuse_if_any_is_outside(Lab.objects.get(pk=lab_id))


@receiver(lab_venue_changed, sender=Lab)
def carry_the_venue_into_sessions(lab_id: int, before: Lab, by: User | None, **more: Any) -> None:
    venue_changed(Lab.objects.get(pk=lab_id), before=before, by=by)


@receiver(lab_deleting, sender=Lab)
def delete_its_drafts(lab_id: int, by: User | None, **more: Any) -> None:
    for session in Lab.objects.get(pk=lab_id).sessions.order_by("pk"):
        delete_session(session, by)


@receiver(room_changed, sender=Room)
def carry_into_sessions(
    room_id: int, before: Room, moved: bool, seen: bool, by: User | None, **more: Any
) -> None:
    place_changed(Room.objects.get(pk=room_id), before=before, moved=moved, seen=seen, by=by)
