"""Receivers of the signals of labs: update or check sessions, in the same transaction."""

from collections.abc import Collection

from django.dispatch import receiver

from core.accounts.models import User
from labs.models import Lab, Room
from labs.signals import lab_deleting, lab_rescheduled, lab_touched, lab_venue_changed, room_changed
from sessions import calendar_texts
from sessions.lab_dates import check_sessions_inside
from sessions.models import Session
from sessions.place_changes import apply_room_change, apply_venue_change
from sessions.scheduling import delete_session


@receiver(lab_touched, sender=Lab)
def write_calendar_texts(lab_id: int, session_ids: Collection[int] | None, **more: object) -> None:
    sessions = Session.objects.filter(lab=lab_id)
    calendar_texts.write(sessions if session_ids is None else sessions.filter(pk__in=session_ids))


@receiver(lab_rescheduled, sender=Lab)
def check_sessions_of_rescheduled_lab(lab_id: int, **more: object) -> None:
    check_sessions_inside(Lab.objects.get(pk=lab_id))


@receiver(lab_venue_changed, sender=Lab)
def update_sessions_of_venue(lab_id: int, before: Lab, by: User | None, **more: object) -> None:
    apply_venue_change(Lab.objects.get(pk=lab_id), before=before, by=by)


@receiver(lab_deleting, sender=Lab)
def delete_drafts(lab_id: int, by: User | None, **more: object) -> None:
    for session in Lab.objects.get(pk=lab_id).sessions.order_by("pk"):
        delete_session(session, by)


@receiver(room_changed, sender=Room)
def update_sessions_of_room(
    room_id: int, before: Room, moved: bool, seen: bool, by: User | None, **more: object
) -> None:
    apply_room_change(Room.objects.get(pk=room_id), before=before, moved=moved, seen=seen, by=by)


def write_outdated_calendar_texts(using: str, **more: object) -> None:
    """Write the entries that a version of the service with another format wrote."""
    calendar_texts.write_lab_by_lab(calendar_texts.missing_or_outdated())
