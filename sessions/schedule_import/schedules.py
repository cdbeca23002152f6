"""What `schedule.xml` and `schedule.json` have in common: events of conferences, by guid, with rooms and persons."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.utils.translation import gettext as _

from labs.models import Lab
from sessions.schedule_import.document import Document, Kind, Local, Place, Row, When
from sessions.schedule_import.html_texts import plain_text
from sessions.schedule_import.texts import cleaned_line, differs_visibly
from sessions.schedule_import.times import UnreadableTime, read_moment, zone_called

_MORNING = time(6)


@dataclass
class Person:
    """A person of an event: his or her id in the source, name and biography."""

    key: str
    name: str
    biography: str = ""


@dataclass
class Event:
    """An event as the source writes it; texts are as they stand there. Its day begins at `day_starts`."""

    place: Place
    guid: str = ""
    code: str = ""
    slug: str = ""
    title: str = ""
    subtitle: str = ""
    abstract: str = ""
    description: str = ""
    language: str = ""
    track: str = ""
    room: str = ""
    room_key: str = ""
    day: str = ""
    day_starts: str = ""
    date: str = ""
    start: str = ""
    duration: str = ""
    people: list[Person] = field(default_factory=list)


class ScheduleBuilder:
    """Makes the document of a conference from its rooms, tracks and events.

    With `is_own`, our own export wrote it: what it adds to sessions, such as the agenda as a text, says nothing.
    """

    def __init__(self, source: str, lab: Lab, zone: str, place: Place, *, is_own: bool) -> None:
        self.is_own = is_own
        self.document = Document(source, is_single_language=True)
        self.lab = lab
        self.zone = zone_called(zone) if zone else ""
        self.seen: dict[str, Place] = {}
        self.known: dict[tuple[Kind, str], Row] = {}
        if zone and not self.zone:
            message = _(
                "“%(zone)s” is not a known time zone. Times without an offset count as those of the lab."
            )
            self.document.note(message % {"zone": zone[:60]}, place)

    def track(self, name: str, slug: str, place: Place) -> None:
        if name := cleaned_line(name):
            self._add(Kind.TRACK, slug or name, name, place).slug = slug

    def room(self, name: str, key: str, place: Place, capacity: int | None = None) -> None:
        if name := cleaned_line(name):
            row = self._add(Kind.ROOM, key or name, name, place)
            if capacity:
                row.values["capacity"] = capacity

    def _add(self, kind: Kind, key: str, name: str, place: Place) -> Row:
        row = self.known.get((kind, key))
        if row is None:
            values = {"name": {self.lab.default_language: name[:200]}}
            row = Row(kind, place, key=key[:240], uid=key, values=values)
            self.known[kind, key] = row
            self.document.rows.append(row)
        return row

    def add(self, event: Event) -> None:
        """Add an event as a session, with its room, its track and its people."""
        place = event.place
        row = Row(Kind.SESSION, place, key=(event.guid or event.code or event.slug)[:240], uid=event.guid)
        self.document.rows.append(row)
        row.places = {
            name: place.at(name) for name in ("title", "abstract", "track", "room", "date", "start")
        }
        row.places |= {"starts": place.at("date"), "ends": place.at("duration"), "key": place.at("guid")}
        if not row.key:
            row.error("key", _("The event has no guid. Without it, it would be a new session each time."))
        elif row.key in self.seen:
            message = _("“%(key)s” already stands in %(place)s. Each event needs a guid of its own.")
            row.error("key", message % {"key": row.key[:60], "place": self.seen[row.key]})
        self.seen.setdefault(row.key, place)
        code = event.language[:2].lower()
        language = code if code in self.lab.languages else self.lab.default_language
        title = ": ".join(part for part in (cleaned_line(event.title), cleaned_line(event.subtitle)) if part)
        row.values["title"] = {language: title}
        if differs_visibly(event.title, cleaned_line(event.title)):
            row.note("title", _("Invisible characters or ligatures were replaced."))
        parts = [plain_text(event.abstract), "" if self.is_own else plain_text(event.description)]
        row.values["abstract"] = {language: "\n\n".join(dict.fromkeys(part for part in parts if part))}
        row.values["track"] = self._reference(Kind.TRACK, "", event.track, place)
        # Without a room, our own export names the lab's place.
        room = "" if self.is_own and not event.room_key else event.room
        row.values["room"] = self._reference(Kind.ROOM, event.room_key, room, place)
        row.values["people"] = self._people(event)
        self._take_when(row, event)

    def _reference(self, kind: Kind, key: str, name: str, place: Place) -> str:
        """Return what names a room or track; one that is not listed in the file is added to it."""
        name = cleaned_line(name)
        if not (key or name):
            return ""
        for (known, known_key), row in self.known.items():
            if known == kind and (known_key in (key, name) or name in row.values["name"].values()):
                return row.key
        return self._add(kind, key or name, name or key, place).key

    def _people(self, event: Event) -> list[tuple[str, str]]:
        people: dict[str, None] = {}
        for person in event.people:
            if not (name := cleaned_line(person.name)):
                continue
            row = self._add(Kind.SPEAKER, person.key or name, name, event.place)
            if (biography := plain_text(person.biography)) and not self.is_own:
                row.values["biography"] = {self.lab.default_language: biography}
            people[row.key] = None
        return [(key, "speaker") for key in people]

    def _take_when(self, row: Row, event: Event) -> None:
        """Set when an event takes place: its full date where it has one, else the day and the hour."""
        try:
            length = _length(event.duration)
        except UnreadableTime as error:
            row.error("ends", str(error))
            return
        try:
            moment = read_moment(event.date)
            if isinstance(moment, datetime):
                starts = moment if moment.tzinfo else Local(moment.date(), moment.time())
                row.values["when"] = When(starts, length, fallback=self.zone)
                return
            day = moment if isinstance(moment, date) else read_moment(event.day)
            at = read_moment(event.start)
        except UnreadableTime as error:
            row.error("starts", str(error))
            return
        day = day.date() if isinstance(day, datetime) else day
        if (
            isinstance(at, time)
            and isinstance(day, date)
            and moment is None
            and at < _day_start(event.day_starts)
        ):
            day += timedelta(days=1)
        if not (isinstance(day, date) and isinstance(at, time)):
            row.error("starts", _("The event has neither a date nor a day and an hour."))
            return
        row.values["when"] = When(Local(day, at), length, self.zone)


def _day_start(text: str) -> time:
    """Return the hour before which events of a day are of the night after it: what the source says, at most 6:00."""
    try:
        moment = read_moment(text)
    except UnreadableTime:
        return time.min
    at = moment.time() if isinstance(moment, datetime) else moment
    return min(at, _MORNING) if isinstance(at, time) else time.min


def _length(text: str) -> timedelta:
    """Return a duration, "00:45", "1:10:00" (days first) or minutes. Raises UnreadableTime."""
    found = re.fullmatch(r"\s*(?:(\d{1,2}):)?(\d{1,2}):(\d{2})\s*", text) or re.fullmatch(
        r"\s*()()(\d{1,4})\s*", text
    )
    if found:
        length = timedelta(days=int(found[1] or 0), hours=int(found[2] or 0), minutes=int(found[3]))
        if timedelta(0) < length <= timedelta(days=31):
            return length
    raise UnreadableTime(_("“%(text)s” is not a duration. Enter minutes, or 1:30.") % {"text": text[:60]})
