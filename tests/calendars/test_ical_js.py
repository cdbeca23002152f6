"""What ical.js, the engine of Thunderbird and the strictest reader of VTIMEZONE we know, makes of our bytes."""

import json
import shutil
import subprocess
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.timezones.vtimezone import vtimezone
from core.timezones.wall_clock import instant
from core.timezones.zones import canonical_zones
from sessions.calendars import CalendarEntry, Feed, Vevent, events_of, feed_bytes, of_seat, vevent

SCRIPT = Path(__file__).with_name("ical_js.mjs")
STAMP = datetime(2026, 11, 1, 8, tzinfo=UTC)
NAMED = (
    "Europe/Sofia",
    "Europe/Athens",
    "Europe/Brussels",
    "Europe/Lisbon",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Apia",
)


def read_with_ical_js(
    octets: bytes, zones: Iterable[str] = (), first: date | None = None, last: date | None = None
):
    """Return what the script reports; days are whole days of UTC. Fails (never skips) without node or ical.js."""
    node = shutil.which("node")
    if node is None:
        pytest.fail(
            "node is not installed: calendars must be read by a program that no one here wrote (make test)"
        )
    if not (Path(__file__).parents[2] / "node_modules" / "ical.js").is_dir():
        pytest.fail("ical.js is not installed: run npm ci (make test does)")
    from_, until = (
        int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) if day else 0
        for day in (first, last)
    )
    question = {
        "ics": octets.decode(),
        "zones": {zone: offsets(zone, from_, until) for zone in zones},
        "from": from_,
        "until": until,
    }
    done = subprocess.run(
        [node, SCRIPT], input=json.dumps(question), capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def offsets(zone: str, from_: int, until: int) -> list[tuple[int, int]]:
    """Return (instant, offset) in seconds for each stretch of equal offset, by looking at every quarter of an hour."""
    rules = ZoneInfo(zone)
    found: list[tuple[int, int]] = []
    # Two days more on either side, so that a wrong reading nearby is seen as wrong too.
    for at in range(from_ - 172_800, until + 172_800, 900):
        offset = int((datetime.fromtimestamp(at, rules).utcoffset() or timedelta()).total_seconds())
        if not found or found[-1][1] != offset:
            found.append((at, offset))
    return found


def calendar_of(zones: Iterable[str], first: date, last: date) -> bytes:
    return b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n%sEND:VCALENDAR\r\n" % b"".join(
        vtimezone(zone, first, last) for zone in zones
    )


@pytest.mark.parametrize("year", [2018, 2021, 2027])
def test_ical_js_reads_every_half_hour_of_the_years_we_hold_right(year: int) -> None:
    first, last = date(year, 1, 1), date(year, 12, 31)
    report = read_with_ical_js(calendar_of(NAMED, first, last), NAMED, first, last)
    assert report["wrong"] == []
    assert report["compared"] == len(NAMED) * 48 * (last - first).days


def test_ical_js_reads_every_half_hour_of_a_year_right_in_every_zone() -> None:
    first, last = date(2027, 1, 1), date(2027, 12, 31)
    # Zones with the same rules have the same component but for the name: one of each kind stands for all.
    kinds = {
        vtimezone(zone, first, last).replace(zone.encode(), b"-"): zone
        for zone in reversed(canonical_zones())
    }
    zones = sorted(kinds.values())
    report = read_with_ical_js(calendar_of(zones, first, last), zones, first, last)
    assert report["wrong"] == []
    assert report["compared"] == len(zones) * 48 * (last - first).days


def test_ical_js_reads_rules_that_follow_listed_years() -> None:
    zones = [
        "America/Ciudad_Juarez",
        "Asia/Tehran",
        "Africa/Casablanca",
        "Asia/Gaza",
        "America/Nuuk",
        "Pacific/Apia",
    ]
    first, last = date(2020, 1, 1), date(2025, 12, 31)
    report = read_with_ical_js(calendar_of(zones, first, last), zones, first, last)
    assert report["wrong"] == []


def _of_seat(entry: CalendarEntry) -> Vevent:
    own = vevent(entry)
    held = of_seat(
        own.text,
        revised_at=STAMP,
        moves=0,
        join_link="https://meet.example.org/x",
        join_words="Join",
        label='Join: "plenary"; now',
    )
    return own._replace(text=held)


def test_ical_js_finds_in_a_feed_what_was_put_in() -> None:
    entries = []
    for number, zone in enumerate((*NAMED, "America/Nuuk", "UTC")):
        for month in (1, 7):
            starts = datetime(2027, month, 13, 11, 30)
            starts_at = instant(starts.date(), starts.time(), zone)
            entries.append(
                CalendarEntry(
                    uid=f"{number}-{month}@citylabs.example.org",
                    starts=starts,
                    ends=starts + timedelta(minutes=90),
                    zone=zone,
                    starts_at=starts_at,
                    ends_at=starts_at + timedelta(minutes=90),
                    summary="Преквалифициране, част I; " + "Επανακατάρτιση \\ 🏙 " * 6,
                    description='Line one\nline "two"; ' * 20,
                    location="City Lab, София",
                    url="https://citylabs.example.org/labs/city-lab-5/",
                    categories=("Public", "Green, local"),
                    status="CANCELLED" if month == 7 else "CONFIRMED",
                    sequence=month,
                    revised_at=STAMP,
                    created=STAMP,
                )
            )
    report = read_with_ical_js(feed_bytes(Feed("City Lab", events_of(map(_of_seat, entries)))))
    assert report["zones"] == len(NAMED) + 1
    assert report["events"] == [
        {
            "uid": entry.uid,
            "summary": entry.summary,
            "description": f"Join\n\n{entry.description}",
            "location": entry.location,
            "starts": entry.starts_at.timestamp(),
            "ends": entry.ends_at.timestamp(),
            "status": entry.status,
            "sequence": entry.sequence,
            "properties": [
                "categories",
                "conference",
                "created",
                "description",
                "dtend",
                "dtstamp",
                "dtstart",
                "last-modified",
                "location",
                "sequence",
                "status",
                "summary",
                "uid",
                "url",
            ],
        }
        for entry in entries
    ]
