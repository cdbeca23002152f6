"""Writes iCalendar (RFC 5545, RFC 7986): feeds to subscribe to, and files of single entries.

Without a library: some forty times faster, and independent of the clock, so that an unchanged feed keeps its ETag.
Typed text is escaped, control characters are removed, and no value can end its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Literal, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from core.timezones.vtimezone import vtimezone

Status = Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]

CONTENT_TYPE = "text/calendar; charset=utf-8"

_OCTETS_PER_LINE = 75
_REFRESH = "PT1H"
_UTC_NAME = "UTC"

# Every character that ends a line in some program becomes "\n"; other control characters are removed.
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_UNUSUAL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_PLAIN_URI = re.compile(r"[!#-;=?-\[\]_a-z~]*")
_URI_SAFE = "!#$%&'()*+,-./:;=?@[]_~"


# A calendar needs at least one component (§3.6): vdirsyncer does not delete its entries for an empty one. Calendar
# programs do not show journal entries.
_EMPTY_COMPONENT = (
    b"BEGIN:VJOURNAL\r\nUID:8c0e5a50-5d3f-4c8b-9d0e-6a4d3c1f7b22\r\nDTSTAMP:20000101T000000Z\r\n"
    b"STATUS:CANCELLED\r\nEND:VJOURNAL\r\n"
)


@dataclass(frozen=True)
class CalendarEntry:
    """One VEVENT.

    `starts` and `ends` are wall-clock times in `zone` (naive); `starts_at` and `ends_at` the same instants (aware).
    `revised_at` (of DTSTAMP and LAST-MODIFIED) and `created` are aware and come from the data, never from the clock.
    `uid` is constant; `sequence` is incremented with date, time, place and status. Texts are in the reader's language,
    the summary of a cancelled session with the prefix "Cancelled: ".
    """

    uid: str
    starts: datetime
    ends: datetime
    zone: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    revised_at: datetime
    created: datetime
    description: str = ""
    location: str = ""
    url: str = ""
    categories: tuple[str, ...] = ()
    status: Status = "CONFIRMED"
    sequence: int = 0


class Vevent(NamedTuple):
    """An entry as it is written. Its wall times, from `first_on` to `last_on`, are of `zone`; "" if it is in UTC."""

    text: str
    zone: str
    first_on: date
    last_on: date


class Events(NamedTuple):
    """VEVENTs one after the other, and the zones of their wall times with the first and the last day of each."""

    content: bytes
    zones: Mapping[str, tuple[date, date]]


@dataclass(frozen=True)
class Feed:
    """A calendar to subscribe to. `url` is its page; `zone` (if any) the lab's zone."""

    name: str
    events: Events
    description: str = ""
    url: str = ""
    language: str = "en"
    zone: str | None = None


def feed_bytes(feed: Feed) -> bytes:
    """Return the feed, without METHOD and UID. Equal feeds give equal bytes.

    Programs keep the name they have for a feed without one.
    """
    name, description, url = _text(feed.name), _text(feed.description), _uri(feed.url)
    head = [f"NAME:{name}", f"X-WR-CALNAME:{name}"] if name else []
    if description:
        head += [f"DESCRIPTION:{description}", f"X-WR-CALDESC:{description}"]
    if url:
        head.append(f"URL:{url}")
    if feed.zone:
        head.append(f"X-WR-TIMEZONE:{_text(feed.zone)}")
    head += [f"REFRESH-INTERVAL;VALUE=DURATION:{_REFRESH}", f"X-PUBLISHED-TTL:{_REFRESH}"]
    return _calendar(head, feed.events, feed.language)


def event_file(events: Events, language: str = "en") -> bytes:
    """Return a file to open or attach: these events with the zones they need.

    It has no METHOD, with which RFC 5546 requires an ORGANIZER in every entry.
    """
    return _calendar([], events, language)


def events_of(entries: Iterable[Vevent]) -> Events:
    """Return the entries in their order."""
    written = list(entries)
    zones: dict[str, tuple[date, date]] = {}
    for _text, zone, first_on, last_on in written:
        if zone:
            first, last = zones.get(zone, (date.max, date.min))
            zones[zone] = min(first, first_on), max(last, last_on)
    return Events("".join(entry.text for entry in written).encode("utf-8", "replace"), zones)


def vevent(entry: CalendarEntry) -> Vevent:
    """Return the entry as a VEVENT, without its zone's VTIMEZONE.

    Raises ZoneInfoNotFoundError or ValueError for an unknown zone.
    """
    in_utc = _needs_utc(entry)
    if in_utc:
        starts_at = _reading(entry.starts, entry.starts_at, entry.zone)
        ends_at = _reading(entry.ends, entry.ends_at, entry.zone)
        start, end = f"DTSTART:{_instant(starts_at)}", f"DTEND:{_instant(ends_at)}"
    else:
        # `_needs_utc` has verified the zone's name, which needs no quoting.
        start = f"DTSTART;TZID={entry.zone}:{_wall(entry.starts)}"
        end = f"DTEND;TZID={entry.zone}:{_wall(entry.ends)}"
    revised_at = _instant(entry.revised_at)
    text = (
        f"BEGIN:VEVENT\r\n"
        f"{_line(f'UID:{_text(entry.uid)}')}"
        f"DTSTAMP:{revised_at}\r\n"
        f"{start}\r\n"
        f"{end}\r\n"
        f"{_line(f'SUMMARY:{_text(entry.summary)}')}"
        f"{_line(f'DESCRIPTION:{_text(entry.description)}') if entry.description else ''}"
        f"{_line(f'LOCATION:{_text(entry.location)}') if entry.location else ''}"
        f"{_line(_categories(entry.categories)) if entry.categories else ''}"
        f"{_line(f'URL:{url}') if (url := _uri(entry.url)) else ''}"
        f"STATUS:{entry.status}\r\n"
        f"SEQUENCE:{entry.sequence}\r\n"
        f"CREATED:{_instant(entry.created)}\r\n"
        f"LAST-MODIFIED:{revised_at}\r\n"
        f"END:VEVENT\r\n"
    )
    return Vevent(text, "" if in_utc else entry.zone, entry.starts.date(), entry.ends.date())


def of_seat(
    text: str,
    *,
    revised_at: datetime,
    moves: int,
    status: Status | None = None,
    summary: str = "%s",
    join_link: str = "",
    join_words: str = "",
    label: str = "",
) -> str:
    """Return a VEVENT for the holder of a seat that has moved so many times.

    Calendars keep the entry with the higher SEQUENCE, or the later DTSTAMP (RFC 5546 §2.1.5). `summary` has "%s" in
    place of the session's own; the description of an entry with a join link begins with `join_words`.
    """
    found = dict(line.split(":", 1) for line in text.replace("\r\n ", "").split("\r\n") if line)
    found["SEQUENCE"] = str(int(found["SEQUENCE"]) + moves)
    found["DTSTAMP"] = found["LAST-MODIFIED"] = _instant(revised_at)
    found["STATUS"] = status or found["STATUS"]
    found["SUMMARY"] = _text(summary) % found["SUMMARY"]
    if join_link:
        found["DESCRIPTION"] = f"{_text(join_words)}\\n\\n{found['DESCRIPTION']}"
    lines = [f"{name}:{value}" for name, value in found.items()]
    if join_link:
        conference = f"CONFERENCE;VALUE=URI;FEATURE=VIDEO;LABEL={_parameter(label)}:{_uri(join_link)}"
        lines.insert(list(found).index("STATUS"), conference)
    return "".join(map(_line, lines))


def _calendar(head: list[str], events: Events, language: str) -> bytes:
    prodid = f"PRODID:-//City Labs//Events//{_text(language).upper()}"
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", prodid, "CALSCALE:GREGORIAN", *head]
    parts = ["".join(map(_line, lines)).encode("utf-8", "replace")]
    # A VTIMEZONE for each zone, valid for the dates.
    parts += [vtimezone(zone, *events.zones[zone]) for zone in sorted(events.zones)]
    parts += [events.content or _EMPTY_COMPONENT, b"END:VCALENDAR\r\n"]
    return b"".join(parts)


def _needs_utc(entry: CalendarEntry) -> bool:
    """Tell whether the entry must be in UTC, because its wall times are ambiguous or nonexistent.

    TZID means the first of two equal wall times (§3.3.5), but ical.js, libical and node-ical use the second.
    """
    zone, first, last = entry.zone, entry.starts.date(), entry.ends.date()
    if zone == _UTC_NAME:
        return True
    if not (_clocks_change_on(zone, first) or (last != first and _clocks_change_on(zone, last))):
        return False
    return any(len(set(_readings(wall, zone))) > 1 for wall in (entry.starts, entry.ends))


@lru_cache(maxsize=8192)
def _clocks_change_on(zone: str, day: date) -> bool:
    """Tell whether the offset from UTC differs between the start and the end of the day."""
    midnight = datetime.combine(day, time(), ZoneInfo(zone))
    return midnight.utcoffset() != midnight.replace(hour=23, minute=59, second=59, fold=1).utcoffset()


def _readings(wall: datetime, zone: str) -> tuple[datetime, datetime]:
    """Return the instants at which clocks show `wall` first and last; in reverse order if they skip it."""
    local = wall.replace(tzinfo=ZoneInfo(zone), fold=0)
    return local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)


def _reading(wall: datetime, at: datetime, zone: str) -> datetime:
    """Return `at` if clocks show `wall` then; else the instant of `wall`, which is authoritative if rules changed."""
    readings = _readings(wall, zone)
    return at if at in readings else readings[0]


def _categories(categories: tuple[str, ...]) -> str:
    return f"CATEGORIES:{','.join(map(_text, categories))}"


def _wall(at: datetime) -> str:
    return at.isoformat()[:19].replace("-", "").replace(":", "")


def _instant(at: datetime) -> str:
    return f"{_wall(at if at.tzinfo is UTC else at.astimezone(UTC))}Z"


def _text(value: str) -> str:
    """Return `value` as TEXT (RFC 5545 §3.3.11): escaped, with "\\n" for line ends, without control characters."""
    if _UNUSUAL.search(value):
        value = _CONTROL.sub("", _LINE_END.sub("\n", value))
    return value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _parameter(value: str) -> str:
    """Return `value` as a quoted parameter, escaped by RFC 6868."""
    value = _CONTROL.sub("", _LINE_END.sub("\n", value))
    return '"' + value.replace("^", "^^").replace('"', "^'").replace("\n", "^n") + '"'


def _uri(value: str) -> str:
    """Return `value` as a percent-encoded URI without line ends and control characters."""
    if _PLAIN_URI.fullmatch(value):
        return value
    value = _CONTROL.sub("", _LINE_END.sub("", value)).replace("\n", "")
    return quote(value, safe=_URI_SAFE, errors="replace")


def _line(line: str) -> str:
    """Return a content line with its CRLF, folded at 75 octets between characters (RFC 5545 §3.1)."""
    if len(line) <= _OCTETS_PER_LINE and (
        line.isascii() or len(line.encode("utf-8", "replace")) <= _OCTETS_PER_LINE
    ):
        return f"{line}\r\n"
    octets = line.encode("utf-8", "replace")
    parts = []
    start, room = 0, _OCTETS_PER_LINE
    while len(octets) - start > room:
        end = start + room
        # 10xxxxxx continues a UTF-8 character, which must not be split.
        while octets[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(octets[start:end])
        # The space that marks a continued line takes one octet.
        start, room = end, _OCTETS_PER_LINE - 1
    parts.append(octets[start:])
    return b"\r\n ".join(parts).decode() + "\r\n"
