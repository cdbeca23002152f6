"""`schedule.xml`: the form of pentabarf and frab, as the schema that conference apps rely on asks for it.

The facts of the schema (c3voc, schedule.xml.xsd): the order of `version`, `conference` and `day`; every event has room,
title, subtitle, type, date, start, duration, abstract, slug and track, some of them empty; ids and slugs are unique.
"""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from core.web.workbooks import NOT_IN_XML
from sessions.exports.schedule import (
    GENERATOR,
    TIMESLOT,
    Event,
    RoomOfDay,
    Schedule,
    ScheduleDay,
    clock_length,
    start_of,
)

CONTENT_TYPE = "application/xml; charset=utf-8"
# Hours beyond which a duration begins with days: the schema has two digits for hours.
_MOST_HOURS = 99
_SHORTEST_SLUG = 2


def schedule_xml(schedule: Schedule) -> bytes:
    """Return the schedule as an XML document in UTF-8."""
    root = Element("schedule")
    SubElement(root, "generator", name=GENERATOR, version="1")
    _text(root, "url", schedule.address)
    _text(root, "version", schedule.version)
    conference = SubElement(root, "conference")
    _text(conference, "acronym", schedule.acronym)
    _text(conference, "title", schedule.title)
    _text(conference, "start", schedule.first_day.isoformat())
    _text(conference, "end", schedule.last_day.isoformat())
    _text(conference, "days", str(schedule.days_count))
    _text(conference, "timeslot_duration", TIMESLOT)
    _text(conference, "base_url", schedule.address)
    _text(conference, "url", schedule.address)
    _text(conference, "time_zone_name", schedule.time_zone)
    if schedule.colour:
        SubElement(conference, "color", primary=schedule.colour)
    for slug, name in schedule.tracks:
        track = SubElement(conference, "track", name=_clean(name))
        if len(slug) >= _SHORTEST_SLUG and slug == slug.lower() and "_" not in slug:
            track.set("slug", slug)
    for day in schedule.days:
        _add_day(root, day)
    indent(root, space=" ")
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _add_day(root: Element, day: ScheduleDay) -> None:
    element = SubElement(
        root,
        "day",
        index=str(day.index),
        date=day.on.isoformat(),
        start=day.starts.isoformat(),
        end=day.ends.isoformat(),
    )
    for room in day.rooms:
        _add_room(element, room)


def _add_room(day: Element, room: RoomOfDay) -> None:
    element = SubElement(day, "room", name=_clean(room.name))
    if room.guid:
        element.set("guid", str(room.guid))
    for event in room.events:
        _add_event(element, event)


def _add_event(room: Element, event: Event) -> None:
    element = SubElement(room, "event", id=str(event.number), guid=str(event.guid))
    _text(element, "date", event.starts.isoformat())
    _text(element, "start", start_of(event))
    _text(element, "duration", _duration(event))
    _text(element, "room", event.room)
    _text(element, "slug", event.slug)
    _text(element, "url", event.address)
    _text(element, "title", event.title)
    _text(element, "subtitle", "")
    _text(element, "track", event.track)
    _text(element, "type", event.kind)
    _text(element, "language", event.language)
    _text(element, "abstract", event.abstract)
    _text(element, "description", event.description)
    persons = SubElement(element, "persons")
    for person in event.persons:
        _text(persons, "person", person.name, id=str(person.number), guid=str(person.guid))
    SubElement(element, "links")
    SubElement(element, "attachments")


def _duration(event: Event) -> str:
    found = clock_length(event.duration)
    hours, _colon, minutes = found.partition(":")
    if int(hours) <= _MOST_HOURS:
        return found
    return f"{int(hours) // 24}:{int(hours) % 24:02d}:{minutes}"


def _text(parent: Element, name: str, text: str, **attributes: str) -> None:
    SubElement(parent, name, attributes).text = _clean(text)


def _clean(text: str) -> str:
    return NOT_IN_XML.sub("", text)
