"""Calendar entries for tests, and reading their bytes."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.timezones.wall_clock import instant
from sessions.calendars import CalendarEntry, Events, events_of, vevent

STAMP = datetime(2026, 11, 1, 8, tzinfo=UTC)
EDITED = datetime(2026, 11, 2, 9, 30, 15, 999999, tzinfo=UTC)
EVENT_LINES = {
    "UID",
    "DTSTAMP",
    "DTSTART",
    "DTEND",
    "SUMMARY",
    "STATUS",
    "SEQUENCE",
    "CREATED",
    "LAST-MODIFIED",
}
FEED_LINES = {
    "VERSION", "PRODID", "CALSCALE", "NAME", "X-WR-CALNAME", "REFRESH-INTERVAL", "X-PUBLISHED-TTL",
}  # fmt: skip


def entry(
    zone: str = "Europe/Sofia",
    starts: datetime = datetime(2027, 4, 6, 11, 30),
    minutes: int = 90,
    fold: int | None = None,
    **values: Any,
) -> CalendarEntry:
    """A session of `minutes` on the clock of `zone`."""
    starts_at = instant(starts.date(), starts.time(), zone, fold)
    ends_at = starts_at + timedelta(minutes=minutes)
    given = {
        "uid": "part-1@citylabs.example.org",
        "starts": starts,
        "ends": ends_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0),
        "zone": zone,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "summary": "Reskilling, part I",
        "revised_at": EDITED,
        "created": STAMP,
    }
    return CalendarEntry(**(given | values))  # type: ignore[arg-type]


def unfolded(octets: bytes) -> list[str]:
    """Content lines, read by the letter of RFC 5545 §3.1."""
    assert octets.endswith(b"\r\n")
    return octets.replace(b"\r\n ", b"").decode("utf-8").removesuffix("\r\n").split("\r\n")


def names(octets: bytes, component: str) -> list[str]:
    """Names of the properties directly inside the first `component`."""
    found: list[str] = []
    depth, open_at = 0, None
    for line in unfolded(octets):
        name = re.split("[;:]", line, maxsplit=1)[0]
        if line.startswith("BEGIN:"):
            depth += 1
            if line == f"BEGIN:{component}" and open_at is None:
                open_at = depth
        elif line.startswith("END:"):
            if open_at == depth:
                return found
            depth -= 1
        elif depth == open_at:
            found.append(name)
    raise AssertionError(f"no {component}")


def value(octets: bytes, name: str) -> str:
    """The text of a property, unescaped by the letter of RFC 5545 §3.3.11."""
    (line,) = [line for line in unfolded(octets) if re.match(f"{name}[;:]", line)]
    return re.sub(
        r"\\(.)", lambda escaped: "\n" if escaped[1] in "nN" else escaped[1], line.partition(":")[2]
    )


def vevent_bytes(entry: CalendarEntry) -> bytes:
    return vevent(entry).text.encode("utf-8", "replace")


def all_of(entries: Iterable[CalendarEntry]) -> Events:
    return events_of(map(vevent, entries))
