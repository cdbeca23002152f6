"""`schedule.json`: the same schedule in the form of frab and pretalx, `schedule.conference.days[].rooms{}`."""

import json
from typing import Any

from sessions.exports.schedule import (
    GENERATOR,
    TIMESLOT,
    Event,
    PersonInSchedule,
    Schedule,
    ScheduleDay,
    clock_length,
    start_of,
)

CONTENT_TYPE = "application/json"
SCHEMA = "https://c3voc.de/schedule/schema.json"


def schedule_json(schedule: Schedule) -> bytes:
    """Return the schedule as a JSON document in UTF-8."""
    document = {
        "$schema": SCHEMA,
        "generator": {"name": GENERATOR, "version": "1"},
        "schedule": {
            "url": schedule.address,
            "version": schedule.version,
            "base_url": schedule.address,
            "conference": _conference(schedule),
        },
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _conference(schedule: Schedule) -> dict[str, Any]:
    return {
        "acronym": schedule.acronym,
        "title": schedule.title,
        "start": schedule.first_day.isoformat(),
        "end": schedule.last_day.isoformat(),
        "daysCount": schedule.days_count,
        "timeslot_duration": TIMESLOT,
        "time_zone_name": schedule.time_zone,
        "url": schedule.address,
        **({"colors": {"primary": schedule.colour}} if schedule.colour else {}),
        "rooms": [
            {"guid": str(guid), "name": name, "description": None, "capacity": capacity}
            for guid, name, capacity in schedule.rooms
        ],
        "tracks": [{"slug": slug, "name": name} for slug, name in schedule.tracks],
        "days": [_day(day) for day in schedule.days],
    }


def _day(day: ScheduleDay) -> dict[str, Any]:
    rooms: dict[str, list[dict[str, Any]]] = {}
    for room in day.rooms:
        rooms.setdefault(room.name, []).extend(_event(event) for event in room.events)
    return {
        "index": day.index,
        "date": day.on.isoformat(),
        "day_start": day.starts.isoformat(),
        "day_end": day.ends.isoformat(),
        "rooms": rooms,
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "guid": str(event.guid),
        "id": event.number,
        "date": event.starts.isoformat(),
        "start": start_of(event),
        "duration": clock_length(event.duration),
        "room": event.room,
        "slug": event.slug,
        "url": event.address,
        "title": event.title,
        "subtitle": "",
        "track": event.track or None,
        "type": event.kind,
        "language": event.language,
        "abstract": event.abstract,
        "description": event.description,
        "persons": [_person(person) for person in event.persons],
        "links": [],
        "attachments": [],
    }


def _person(person: PersonInSchedule) -> dict[str, Any]:
    return {
        "guid": str(person.guid),
        "id": person.number,
        "name": person.name,
        "public_name": person.name,
        "biography": person.biography,
        "url": person.address,
    }
