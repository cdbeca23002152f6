"""A programme as conference apps know it: days, rooms in them, and events in those, in one language and one zone.

The forms that are written from it are `schedule_xml` (pentabarf, frab) and `schedule_json` (frab, pretalx). Apps know
no cancelled events, so these are left out; and nothing that happens elsewhere than in a room, so that an event without
one is in its lab's place.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import translation

from core.timezones.formatting import clock, hours
from core.web.absolute_urls import absolute_url
from core.web.localized_fields import text_and_language
from labs.models import Lab, Room
from sessions.exports.contents import Contents
from sessions.exports.identifiers import number_of, room_guid, session_guid, speaker_guid
from sessions.models import Session, Speaker
from sessions.places import place_of

# How the schedules call who wrote them; our own import knows them by it.
GENERATOR = "City Labs"
SHORTEST = 4  # letters of an acronym and of the two halves of a slug, by the published schema
TIMESLOT = "00:05"

_NOT_IN_ACRONYM = re.compile(r"[^a-z0-9_]+")
_NOT_IN_SLUG = re.compile(r"[^a-z0-9_-]+")


@dataclass(frozen=True)
class PersonInSchedule:
    guid: uuid.UUID
    number: int
    name: str
    biography: str
    address: str


@dataclass(frozen=True)
class Event:
    """One session. `starts` is a wall time of the lab's zone, with its offset. `kind` is its format,
    `language` the one in which its texts stand here.
    """

    guid: uuid.UUID
    number: int
    slug: str
    title: str
    abstract: str
    description: str
    track: str
    room: str
    kind: str
    language: str
    starts: datetime
    duration: timedelta
    address: str
    persons: tuple[PersonInSchedule, ...]


@dataclass(frozen=True)
class RoomOfDay:
    """A room with its events on a day; `guid` is None for what is no room of the lab."""

    name: str
    guid: uuid.UUID | None
    events: tuple[Event, ...]


@dataclass(frozen=True)
class ScheduleDay:
    """A day of the lab, from its midnight to the next."""

    index: int
    on: date
    starts: datetime
    ends: datetime
    rooms: tuple[RoomOfDay, ...]


@dataclass(frozen=True)
class Schedule:
    acronym: str
    title: str
    first_day: date
    last_day: date
    time_zone: str
    colour: str
    version: str
    address: str
    language: str
    tracks: tuple[tuple[str, str], ...]  # slug, name
    rooms: tuple[tuple[uuid.UUID, str, int | None], ...]  # guid, name, capacity
    days: tuple[ScheduleDay, ...]

    @property
    def days_count(self) -> int:
        return (self.last_day - self.first_day).days + 1


def schedule_of(contents: Contents, language: str, version: str) -> Schedule:
    """Return the programme in this language. `version` names the state of it that the reader sees."""
    lab = contents.lab
    with translation.override(language):
        days = tuple(_days(contents, language))
    return Schedule(
        acronym=acronym(lab),
        title=contents.text(lab.title, language),
        first_day=lab.starts_on,
        last_day=lab.ends_on,
        time_zone=lab.time_zone,
        colour=lab.theme_values.get("lab", ""),
        version=version,
        address=absolute_url("lab", lab.slug),
        language=language,
        tracks=tuple((track.slug, contents.text(track.name, language)) for track in contents.tracks),
        rooms=tuple(
            (
                room_guid(room),
                contents.text(room.name, language),
                room.capacity if contents.for_organisers else None,
            )
            for room in contents.rooms
        ),
        days=days,
    )


def acronym(lab: Lab) -> str:
    """Return the lab's slug as the published schema wants an acronym: small letters, digits and "_", at least four."""
    found = _NOT_IN_ACRONYM.sub("_", lab.slug.lower()).strip("_")
    return found if len(found) >= SHORTEST else f"lab_{found}"


def clock_length(length: timedelta) -> str:
    """Return "01:30": hours and minutes, hours beyond 99 too."""
    minutes = int(length / timedelta(minutes=1))
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _days(contents: Contents, language: str) -> Iterator[ScheduleDay]:
    lab, zone = contents.lab, ZoneInfo(contents.lab.time_zone)
    positions = {room.pk: position for position, room in enumerate(contents.rooms)}
    on_day: dict[date, dict[tuple[int, str], tuple[Room | None, list[Event]]]] = {}
    slugs: set[str] = set()
    for session in contents.scheduled:
        event = _event(contents, session, language, slugs)
        rooms = on_day.setdefault(event.starts.date(), {})
        key = (positions.get(session.room_id or 0, len(positions)), event.room)
        rooms.setdefault(key, (session.room, []))[1].append(event)
    for number in range((lab.ends_on - lab.starts_on).days + 1):
        on = lab.starts_on + timedelta(days=number)
        rooms = on_day.get(on, {})
        yield ScheduleDay(
            index=number + 1,
            on=on,
            starts=datetime.combine(on, time(0), zone),
            ends=datetime.combine(on + timedelta(days=1), time(0), zone),
            rooms=tuple(
                RoomOfDay(name, room_guid(room) if room else None, tuple(events))
                for (_position, name), (room, events) in sorted(rooms.items(), key=lambda item: item[0])
            ),
        )


def _event(contents: Contents, session: Session, language: str, slugs: set[str]) -> Event:
    guid = session_guid(session)
    room = contents.text(session.room.name, language) if session.room else place_of(session, language)
    people: dict[int, Speaker] = {one.speaker_id: one.speaker for one in session.all_appearances}
    return Event(
        guid=guid,
        number=number_of(guid),
        slug=_slug(contents.lab, session, guid, slugs),
        title=contents.text(session.title, language),
        abstract=contents.text(session.abstract, language),
        description=_agenda(contents, session, language),
        track=contents.text(session.track.name, language) if session.track else "",
        room=room,
        kind=session.format,
        language=text_and_language(session.title, language, contents.lab.default_language)[1],
        starts=contents.local(session.starts_at),
        duration=session.duration,
        address=absolute_url("session", contents.lab.slug, session.slug),
        persons=tuple(_person(contents, speaker, language) for speaker in people.values()),
    )


def _person(contents: Contents, speaker: Speaker, language: str) -> PersonInSchedule:
    guid = speaker_guid(speaker, contents.lab.programme.slug)
    return PersonInSchedule(
        guid=guid,
        number=number_of(guid),
        name=contents.text(speaker.name, language),
        biography=contents.text(speaker.biography, language),
        address=absolute_url("speaker", contents.lab.slug, speaker.slug),
    )


def _slug(lab: Lab, session: Session, guid: uuid.UUID, taken: set[str]) -> str:
    """Return "lab_slug-session-slug", which no other event of the schedule has."""
    end = _NOT_IN_SLUG.sub("-", session.slug.lower()).strip("-_")
    found = f"{acronym(lab)}-{end if len(end) >= SHORTEST else f'session-{end}'.rstrip('-')}"
    if found in taken:
        found = f"{found}-{number_of(guid)}"
    taken.add(found)
    return found


def _agenda(contents: Contents, session: Session, language: str) -> str:
    """Return the agenda as a list in Markdown, a line per item; "" without one."""
    lines = []
    for item in session.agenda_items:
        when = ""
        if item.starts_at and item.ends_at:
            when = f"{hours(contents.local(item.starts_at), contents.local(item.ends_at))} "
        names = [contents.text(one.speaker.name, language) for one in session.appearances_in(item)]
        who = f" ({', '.join(names)})" if names else ""
        lines.append(f"- {when}{contents.text(item.title, language)}{who}")
    return "\n".join(lines)


def start_of(event: Event) -> str:
    return clock(event.starts)
