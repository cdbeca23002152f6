"""Copies of a lab's own row and of its days, tracks and rooms, for `sessions.cloning`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.accounts.models import User
from core.web.localized_fields import languages_of
from labs.lab_editing import LabPlan, Texts, create_lab, save, set_logo, set_signature
from labs.models import Lab, LabDay, Room, Track


@dataclass(frozen=True)
class CopiedParts:
    """The new tracks and rooms by the ids of those that they are copies of."""

    tracks: Mapping[int, Track]
    rooms: Mapping[int, Room]


def copy_lab(
    lab: Lab,
    title: Texts,
    slug: str,
    starts_on: date,
    ends_on: date,
    registration: tuple[datetime | None, datetime | None],
    by: User | None,
) -> Lab:
    """Create a draft that says what the lab says, with its look. Raises RuleViolation."""
    opens_at, closes_at = registration
    plan = LabPlan(
        title=title,
        slug=slug,
        starts_on=starts_on,
        ends_on=ends_on,
        registration_opens_at=opens_at,
        registration_closes_at=closes_at,
        languages=tuple(lab.languages),
        time_zone=lab.time_zone,
        format=lab.format,
        contact_email=lab.contact_email,
        retention_days=lab.retention_days,
        certificate_min_sessions=lab.certificate_min_sessions,
        signatory_name=lab.signatory_name,
        colour=lab.colour,
        **{
            name: languages_of(getattr(lab, name))
            for name in ("theme", "description", "venue", "consent", "signatory_function", "logo_alt")
        },
    )
    made = create_lab(lab.programme, plan, by)
    for picture, set_picture in ((lab.logo, set_logo), (lab.signature, set_signature)):
        if picture:
            with picture.open("rb") as file:
                set_picture(made, file.read(), by)
    return made


def copy_parts(
    lab: Lab, made: Lab, *, days: int | None, tracks: bool, rooms: bool, by: User | None
) -> CopiedParts:
    """Copy the headings of days, so many days later (None for none), tracks, and rooms without their join links."""
    if days is not None:
        LabDay.objects.bulk_create(
            LabDay(lab=made, on=day.on + timedelta(days=days), title=day.title) for day in lab.days.all()
        )
    new_tracks, new_rooms = {}, {}
    for track in lab.tracks.all() if tracks else ():
        new_tracks[track.pk] = Track(lab=made, slug=track.slug, name=track.name, position=track.position)
        save(new_tracks[track.pk], by)
    for room in lab.rooms.all() if rooms else ():
        copied = Room(lab=made, name=room.name, address=room.address, online=room.online)
        copied.capacity, copied.position = room.capacity, room.position
        save(copied, by)
        new_rooms[room.pk] = copied
    return CopiedParts(new_tracks, new_rooms)
