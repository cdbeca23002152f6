"""`schedule.json` in the form of pretalx, which frab's has as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from labs.models import Lab
from sessions.exports.schedule import GENERATOR
from sessions.schedule_import.document import Document, Place, UnreadableFile
from sessions.schedule_import.schedules import Event, Person, ScheduleBuilder
from sessions.schedule_import.tables import MAX_ROWS


def read(schedule: Mapping[str, Any], lab: Lab) -> Document:
    """Return what the schedule says. `schedule` is the parsed JSON. Raises UnreadableFile."""
    conference = _object(
        _object(schedule.get("schedule"), "schedule").get("conference"), "schedule.conference"
    )
    at = "schedule.conference"
    generator = schedule.get("generator")
    is_own = isinstance(generator, dict) and generator.get("name") == GENERATOR
    builder = ScheduleBuilder(
        "pretalx",
        lab,
        _text(conference.get("time_zone_name")),
        Place(part=f"{at}.time_zone_name"),
        is_own=is_own,
    )
    for number, track in enumerate(_list(conference.get("tracks"), f"{at}.tracks")):
        said = _object(track, f"{at}.tracks[{number}]")
        builder.track(_text(said.get("name")), _text(said.get("slug")), Place(part=f"{at}.tracks[{number}]"))
    keys = {}
    for number, room in enumerate(_list(conference.get("rooms"), f"{at}.rooms")):
        said = _object(room, f"{at}.rooms[{number}]")
        name, key = _text(said.get("name")), _text(said.get("guid") or said.get("slug"))
        keys[name] = key
        capacity = said.get("capacity")
        size = capacity if isinstance(capacity, int) and 0 < capacity <= 1_000_000 else None
        builder.room(name, key, Place(part=f"{at}.rooms[{number}]"), size)
    count = 0
    for number, day in enumerate(_list(conference.get("days"), f"{at}.days")):
        path = f"{at}.days[{number}]"
        said = _object(day, path)
        for room, events in _object(said.get("rooms"), f"{path}.rooms").items():
            for index, event in enumerate(_list(events, f"{path}.rooms[“{room[:40]}”]")):
                count += 1
                if count > MAX_ROWS:
                    raise UnreadableFile(
                        _("The schedule has more than %(limit)d events.") % {"limit": MAX_ROWS}
                    )
                where = f"days[{number}].rooms[“{room[:40]}”][{index}]"
                builder.add(_event(_object(event, where), where, said, room, keys))
    if not count:
        raise UnreadableFile(_("The schedule has no events."))
    return builder.document


def _event(
    said: Mapping[str, Any], path: str, day: Mapping[str, Any], room: str, keys: Mapping[str, str]
) -> Event:
    people = []
    for number, one in enumerate(_list(said.get("persons"), f"{path}.persons")):
        person = _object(one, f"{path}.persons[{number}]")
        key = _text(person.get("guid") or person.get("code") or person.get("id"))
        name = _text(person.get("public_name") or person.get("name") or person.get("full_public_name"))
        people.append(Person(key, name, _text(person.get("biography"))))
    name = _text(said.get("room")) or room
    return Event(
        _EventPlace(path),
        guid=_text(said.get("guid")),
        code=_text(said.get("code") or said.get("id")),
        slug=_text(said.get("slug")),
        title=_text(said.get("title")),
        subtitle=_text(said.get("subtitle")),
        abstract=_text(said.get("abstract")),
        description=_text(said.get("description")),
        language=_text(said.get("language")),
        track=_text(said.get("track")),
        room=name,
        room_key=keys.get(name, ""),
        day=_text(day.get("date")),
        day_starts=_text(day.get("day_start")),
        date=_text(said.get("date")),
        start=_text(said.get("start")),
        duration=_text(said.get("duration")),
        people=people,
    )


class _EventPlace(Place):
    """The path of an event, to which names of members are added."""

    def __init__(self, path: str) -> None:
        super().__init__(part=path)

    def at(self, part: str) -> Place:
        return Place(part=f"{self.part}.{part}")


def _text(value: object) -> str:
    """Return a text; of one in several languages the first, "" for whatever is no text."""
    if isinstance(value, dict):
        value = next((text for text in value.values() if isinstance(text, str) and text), "")
    if isinstance(value, bool) or value is None:
        return ""
    return str(value) if isinstance(value, str | int | float) else ""


def _list(value: object, path: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise UnreadableFile(_("A list is expected here."), Place(part=path))
    return value


def _object(value: object, path: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UnreadableFile(_("An object is expected here."), Place(part=path))
    return value
