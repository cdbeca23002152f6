"""iCalendar files (RFC 5545): each VEVENT is a session."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from django.utils.translation import gettext as _
from icalendar.parser import Contentline

from labs.models import Lab
from sessions.schedule_import.csv_table import decoded
from sessions.schedule_import.document import Document, Kind, Local, Place, Row, UnreadableFile, When
from sessions.schedule_import.html_texts import plain_text
from sessions.schedule_import.tables import MAX_ROWS
from sessions.schedule_import.texts import cleaned_line, differs_visibly
from sessions.schedule_import.times import zone_called

_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?")
_USED = {
    "UID", "RECURRENCE-ID", "RRULE", "RDATE", "SUMMARY", "DESCRIPTION", "LOCATION", "STATUS", "DTSTART", "DTEND",
    "DURATION",
}  # fmt: skip
_ERRORS_PER_EVENT = 5
_DURATION = re.compile(r"\+?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


@dataclass(frozen=True)
class _Property:
    value: str
    parameters: dict[str, str]
    line: int


@dataclass
class _Event:
    line: int
    properties: dict[str, _Property] = field(default_factory=dict)
    errors: list[tuple[int, str]] = field(default_factory=list)

    def get(self, name: str) -> str:
        return self.properties[name].value if name in self.properties else ""

    def text(self, name: str) -> str:
        """Return a value of the type TEXT (§3.3.11) without its escapes."""
        return re.sub(r"\\([\\;,nN])", lambda found: "\n" if found[1] in "nN" else found[1], self.get(name))


def read(content: bytes, lab: Lab) -> Document:
    """Return what the events of a file say. Raises UnreadableFile."""
    text, encoding = decoded(content)
    events, zone = _events(text)
    if not events:
        raise UnreadableFile(_("The calendar has no events."))
    document = Document("icalendar", is_single_language=True)
    if encoding != "UTF-8":
        document.note(_("The file was read as %(encoding)s.") % {"encoding": encoding})
    counts = Counter(_key(event) for event in events)
    for event in events:
        document.rows.append(_row(event, lab, zone, counts))
    return document


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Yield the content lines that are not empty with the number of the first line of each (§3.1)."""
    parts: list[str] = []
    begins = 1
    for number, line in enumerate(io.StringIO(re.sub("\r\n?", "\n", text)), 1):
        line = line.rstrip("\n")
        if line[:1] in (" ", "\t") and parts:
            parts.append(line[1:])
            continue
        if any(parts):
            yield begins, "".join(parts)
        parts, begins = [line], number
    if any(parts):
        yield begins, "".join(parts)


def _events(text: str) -> tuple[list[_Event], str]:
    """Return the events, and the zone that the calendar names for itself (X-WR-TIMEZONE), or ""."""
    events: list[_Event] = []
    stack: list[str] = []
    event: _Event | None = None
    zone = ""
    for number, line in _unfolded(text):
        try:
            name, parameters, value = Contentline(line).parts()  # type: ignore[no-untyped-call]
        except ValueError:
            message = _("This is not a line of a calendar.")
            if event is None:
                raise UnreadableFile(message, Place("", number, is_line=True)) from None
            if len(event.errors) < _ERRORS_PER_EVENT:
                event.errors.append((number, message))
            continue
        name = name.upper()
        if name == "BEGIN":
            stack.append(value.upper())
            if stack[-1] == "VEVENT" and event is None:
                event = _Event(number)
        elif name == "END":
            if not stack or stack.pop() != value.upper():
                raise UnreadableFile(_("BEGIN and END do not match."), Place("", number, is_line=True))
            if value.upper() == "VEVENT" and event is not None:
                events.append(event)
                event = None
                if len(events) > MAX_ROWS:
                    raise UnreadableFile(
                        _("The calendar has more than %(limit)d events.") % {"limit": MAX_ROWS}
                    )
        elif event is not None and stack[-1] == "VEVENT" and name in _USED:
            said = {str(key).upper(): str(each) for key, each in parameters.items()}
            event.properties.setdefault(name, _Property(str(value), said, number))
        elif name in ("X-WR-TIMEZONE", "TIMEZONE-ID") and stack == ["VCALENDAR"]:
            zone = zone or zone_called(str(value))
    if stack:
        raise UnreadableFile(
            _("The file ends in the middle: END:%(name)s is missing.") % {"name": stack[-1][:40]}
        )
    return events, zone


def _key(event: _Event) -> str:
    return f"{event.get('UID')} {event.get('RECURRENCE-ID')}".strip()


def _row(event: _Event, lab: Lab, zone: str, counts: Counter[str]) -> Row:
    place = Place("", event.line, is_line=True)
    row = Row(Kind.SESSION, place, key=_key(event)[:240], uid=event.get("UID"))
    for name, stands in event.properties.items():
        row.places[name] = Place("", stands.line, name, is_line=True)
    row.places["key"] = row.place_of("UID")
    for number, message in event.errors:
        row.places["line"] = Place("", number, is_line=True)
        row.error("line", message)
    if not row.key:
        row.error("UID", _("The event has no UID. Without it, it would be a new session each time."))
    elif counts[_key(event)] > 1:
        message = _("%(count)d events have the same UID. Each event needs one of its own.")
        row.error("UID", message % {"count": counts[_key(event)]})
    if event.get("RRULE") or event.get("RDATE"):
        row.error("RRULE", _("The event repeats. Enter each time it takes place as an event of its own."))
    title = event.text("SUMMARY")
    row.values["title"] = {lab.default_language: cleaned_line(title)}
    row.places["title"] = row.place_of("SUMMARY")
    if differs_visibly(title, cleaned_line(title)):
        row.note("SUMMARY", _("Invisible characters or ligatures were replaced."))
    if "DESCRIPTION" in event.properties:
        row.values["abstract"] = {lab.default_language: plain_text(event.text("DESCRIPTION"))}
        row.places["abstract"] = row.place_of("DESCRIPTION")
    if "LOCATION" in event.properties:
        place_name = cleaned_line(event.text("LOCATION"))
        is_link = re.fullmatch(r"https?://\S+", place_name) is not None
        row.values["join_link" if is_link else "room"] = place_name if is_link else place_name[:100]
        row.places |= {"room": row.place_of("LOCATION"), "join_link": row.place_of("LOCATION")}
    if event.get("STATUS").upper() == "CANCELLED":
        row.values["status"] = "cancelled"
    _take_when(row, event, zone)
    return row


def _take_when(row: Row, event: _Event, calendar_zone: str) -> None:
    row.places |= {"starts": row.place_of("DTSTART"), "ends": row.place_of("DTEND")}
    starts, zone = _moment(row, event, "DTSTART")
    if starts is None:
        return
    ends: Local | datetime | timedelta | None
    if "DTEND" in event.properties:
        ends, _ends_zone = _moment(row, event, "DTEND", zone)
    elif found := _DURATION.fullmatch(event.get("DURATION").upper()):
        weeks, days, hours, minutes, seconds = (min(int(number or 0), 10**6) for number in found.groups())
        ends = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    else:
        row.error("DTEND", _("The event has neither an end nor a duration."))
        return
    if ends is not None:
        row.values["when"] = When(starts, ends, zone, fallback=calendar_zone)


def _moment(
    row: Row, event: _Event, name: str, zone_of_start: str | None = None
) -> tuple[Local | datetime | None, str]:
    """Return a time of an event and its zone ("" for UTC and for floating times); None with an error on the row."""
    if name not in event.properties:
        row.error(name, _("The event has no start."))
        return None, ""
    said = event.properties[name]
    found = _TIME.fullmatch(said.value.strip().upper())
    try:
        if not found:
            raise ValueError
        on = date(int(found[1]), int(found[2]), int(found[3]))
        if found[4] is None:
            row.error(name, _("The event is for a whole day. Sessions need a time."))
            return None, ""
        at = time(int(found[4]), int(found[5]), min(int(found[6]), 59))
    except ValueError:
        row.error(name, _("“%(text)s” is not a time of a calendar.") % {"text": said.value[:60]})
        return None, ""
    if found[7]:
        return datetime.combine(on, at, UTC), ""
    called = said.parameters.get("TZID", "").strip('"')
    zone = zone_called(called.removeprefix("/")) or zone_called("/".join(called.split("/")[-2:]))
    if called and not zone:
        message = _("“%(zone)s” is not a known time zone. Choose one such as Europe/Sofia.")
        row.error(name, message % {"zone": called[:60]})
        return None, ""
    if zone_of_start is not None and zone != zone_of_start:
        row.error(name, _("Start and end are in different time zones."))
        return None, ""
    return Local(on, at), zone
