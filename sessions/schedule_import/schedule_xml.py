"""`schedule.xml` of frab and Pentabarf, as conference tools exchange it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from django.utils.translation import gettext as _

from labs.models import Lab
from sessions.exports.schedule import GENERATOR
from sessions.schedule_import.document import Document, Place, UnreadableFile
from sessions.schedule_import.schedules import Event, Person, ScheduleBuilder
from sessions.schedule_import.tables import MAX_ROWS

MAX_ELEMENTS = 400_000
MAX_DEPTH = 30


def read(content: bytes, lab: Lab) -> Document:
    """Return what the events of a schedule say. Raises UnreadableFile.

    Events leave memory as they are read. Document types, entities and whatever is elsewhere are refused.
    """
    builder: ScheduleBuilder | None = None
    day = day_starts = day_room = room_key = ""
    is_own = False
    conference: Element | None = None
    count = 0
    for happening, element, place, path in _elements(content):
        name = element.tag
        if happening == "start":
            if len(path) == 1 and name != "schedule":
                raise UnreadableFile(
                    _("The file is XML, but not a schedule: it begins with <%(name)s>.") % {"name": name[:40]}
                )
            if name == "day":
                day, day_room = element.get("date", ""), ""
                builder = builder or _builder(conference, lab, is_own)
                change = conference.findtext("day_change", "") if conference is not None else ""
                day_starts = element.get("start") or change
            elif name == "room" and path[-2:-1] == ["day"]:
                day_room, room_key = element.get("name", ""), element.get("guid", "")
                builder = builder or _builder(conference, lab, is_own)
                if room_key or not is_own:
                    builder.room(day_room, room_key, place)
            continue
        if name == "generator" and len(path) == 2:
            is_own = element.get("name") == GENERATOR
        elif name == "conference" and len(path) == 2:
            conference = element
        elif name == "event" and path[-2:-1] == ["room"] and builder is not None:
            count += 1
            if count > MAX_ROWS:
                raise UnreadableFile(_("The schedule has more than %(limit)d events.") % {"limit": MAX_ROWS})
            builder.add(replace(_event(element, count, day, day_room, room_key), day_starts=day_starts))
            element.clear()
        elif name in ("room", "day") and len(path) > 2 and path[1] == "day":
            element.clear()
    if builder is None or not count:
        raise UnreadableFile(_("The schedule has no events."))
    return builder.document


def _elements(content: bytes) -> Iterator[tuple[str, Any, Place, list[str]]]:
    """Yield the beginnings and ends of elements with their paths. Raises UnreadableFile."""
    path: list[str] = []
    count = 0
    try:
        for happening, element in iterparse(
            io.BytesIO(content),
            events=("start", "end"),
            forbid_dtd=True,
            forbid_entities=True,
            forbid_external=True,
        ):
            if happening == "start":
                count += 1
                path.append(element.tag)
                if count > MAX_ELEMENTS or len(path) > MAX_DEPTH:
                    raise UnreadableFile(_("The file has too many elements."))
            yield happening, element, Place(), path
            if happening == "end":
                path.pop()
    except DefusedXmlException:
        message = _("The file defines entities or a document type. Such files are not read.")
        raise UnreadableFile(message) from None
    except ParseError as error:
        line, column = error.position
        message = _("The file is not XML: something is wrong at column %(column)d of this line.")
        raise UnreadableFile(message % {"column": column + 1}, Place("", line, is_line=True)) from None
    except (LookupError, ValueError):  # an encoding that does not exist, or of several bytes
        raise UnreadableFile(_("The encoding of the file is not known. Save it as UTF-8.")) from None


def _builder(conference: Element | None, lab: Lab, is_own: bool) -> ScheduleBuilder:
    zone = (conference.findtext("time_zone_name") or "").strip() if conference is not None else ""
    place = Place(part="conference/time_zone_name")
    builder = ScheduleBuilder("frab", lab, zone, place, is_own=is_own)
    for track in conference.findall("track") if conference is not None else ():
        name = track.get("name") or track.text or ""
        builder.track(name, track.get("slug") or track.get("guid") or "", Place(part="conference/track"))
    return builder


def _event(element: Element, number: int, day: str, room: str, room_key: str) -> Event:
    def text(name: str) -> str:
        return "".join(found.itertext()) if (found := element.find(name)) is not None else ""

    key = element.get("guid") or element.get("id") or ""
    place = Place(_("event %(number)d") % {"number": number} + (f" ({key[:40]})" if key else ""))
    people = []
    for one in element.iterfind("persons/person"):
        name = one.get("name") or "".join(one.itertext())
        biography = one.findtext("biography") or ""
        if not one.get("name") and len(one):
            name = one.findtext("name") or one.findtext("public_name") or one.text or ""
        people.append(Person(one.get("guid") or one.get("code") or one.get("id") or "", name, biography))
    return Event(
        place,
        guid=element.get("guid", ""),
        code=element.get("code") or element.get("id") or "",
        slug=text("slug"),
        title=text("title"),
        subtitle=text("subtitle"),
        abstract=text("abstract"),
        description=text("description"),
        language=text("language").strip(),
        track=text("track"),
        room=text("room").strip() or room,
        room_key=room_key if text("room").strip() in ("", room) else "",
        day=day,
        date=text("date"),
        start=text("start"),
        duration=text("duration"),
        people=people,
    )
