"""When clocks change: every start and end is read right by five programs that other people wrote."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.timezones.vtimezone import vtimezone
from core.timezones.zones import canonical_zones
from registrations import links
from sessions.calendars import CalendarEntry, Feed, feed_bytes
from tests.calendars.readers import READERS, Times
from tests.calendars.switches import switches
from tests.factories import LabFactory, RegistrationFactory, SeatFactory, SessionFactory
from tests.sessions.entries import all_of

STAMP = datetime(2026, 11, 1, 8, tzinfo=UTC)


def entry(zone: str, starts_at: datetime, minutes: int) -> CalendarEntry:
    ends_at = starts_at + timedelta(minutes=minutes)
    name = f"{zone} {starts_at:%Y-%m-%d %H:%M} {minutes} min"
    return CalendarEntry(
        uid=name,
        summary=name,
        starts=starts_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0),
        ends=ends_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0),
        zone=zone,
        starts_at=starts_at,
        ends_at=ends_at,
        revised_at=STAMP,
        created=STAMP,
    )


def times_of(entries: Iterable[CalendarEntry]) -> Times:
    return {one.uid: (int(one.starts_at.timestamp()), int(one.ends_at.timestamp())) for one in entries}


def feed_of(entries: Iterable[CalendarEntry]) -> bytes:
    return feed_bytes(Feed("City Lab", all_of(entries)))


def around(zone: str, shifts: Iterable[int], lengths: Iterable[int]) -> list[CalendarEntry]:
    """Entries that begin so many minutes after both switches of 2027, and last so many minutes."""
    return [
        entry(zone, switch + timedelta(minutes=shift), minutes)
        for switch in switches(zone, 2027)
        for shift in shifts
        for minutes in lengths
    ]


def one_zone_of_each_kind() -> list[str]:
    days = date(2027, 1, 1), date(2027, 12, 31)
    kinds = {
        vtimezone(zone, *days).replace(zone.encode(), b"-"): zone for zone in reversed(canonical_zones())
    }
    return sorted(kinds.values())


@pytest.mark.parametrize("reader", READERS)
def test_each_kind_of_zone_is_read_right_around_both_switches(reader: str) -> None:
    # khal takes its time.
    shifts, lengths = ((-60, -15, 0, 30), (60,)) if "khal" in reader else (range(-90, 91, 15), (30, 90))
    entries = [one for zone in one_zone_of_each_kind() for one in around(zone, shifts, lengths)]
    assert len(entries) > 200
    wanted, read = times_of(entries), READERS[reader](feed_of(entries))
    assert {uid: read.get(uid) for uid in wanted if read.get(uid) != wanted[uid]} == {}
    assert len(read) == len(wanted)


@pytest.mark.parametrize("reader", ["libical", "icalendar"])
def test_every_zone_is_read_right_around_both_switches(reader: str) -> None:
    entries = [one for zone in canonical_zones() for one in around(zone, range(-60, 61, 15), (30, 90))]
    assert READERS[reader](feed_of(entries)) == times_of(entries)


@lru_cache(maxsize=1)
def zones_that_switch() -> list[str]:
    return [zone for zone in canonical_zones() if switches(zone, 2027)]


@st.composite
def near_a_switch(draw: st.DrawFn) -> CalendarEntry:
    """A session some hours from a switch, in the years that calendars of ours hold."""
    zone = draw(st.sampled_from(zones_that_switch()))
    at = draw(st.sampled_from(switches(zone, draw(st.integers(2018, 2037))) or switches(zone, 2027)))
    minutes = draw(st.integers(-300, 300))
    return entry(zone, at + timedelta(minutes=minutes), draw(st.integers(1, 1500)))


@settings(max_examples=12)
@given(st.lists(near_a_switch(), min_size=20, max_size=60, unique_by=lambda one: one.uid))
def test_whatever_lies_near_a_switch_is_read_right(entries: list[CalendarEntry]) -> None:
    octets = feed_of(entries)
    for name in ("ical.js", "libical", "icalendar"):
        assert (name, READERS[name](octets)) == (name, times_of(entries))


@pytest.mark.django_db
def test_every_address_of_a_session_in_the_repeated_hour_is_read_right(client) -> None:
    lab = LabFactory(slug="autumn", starts_on=date(2027, 10, 31), ends_on=date(2027, 10, 31),
                     registration_opens_at=None)  # fmt: skip
    three = datetime(2027, 10, 31, 3)
    sessions = [
        SessionFactory(
            lab=lab,
            slug=f"s{number}",
            start_date=three.date(),
            start_time=(three + timedelta(minutes=start)).time(),
            start_fold=start_fold,
            end_time=(three + timedelta(minutes=end)).time(),
            end_fold=end_fold,
        )
        for number, (start, start_fold, end, end_fold) in enumerate(
            [(-30, 0, 15, 0), (0, 0, 30, 0), (15, 0, 15, 1), (45, 0, 90, 0), (0, 1, 30, 1), (30, 1, 60, 0)]
        )
    ]
    registration = RegistrationFactory(lab=lab)
    for session in sessions:
        SeatFactory(registration=registration, session=session)
    wanted = {
        session.uid: (int(session.starts_at.timestamp()), int(session.ends_at.timestamp()))
        for session in sessions
    }
    addresses = ["/labs/autumn/calendar.ics", links.url_of(registration, links.FEED)]
    for name in ("ical.js", "node-ical", "libical", "icalendar"):
        for address in addresses:
            assert (name, READERS[name](client.get(address).content)) == (name, wanted)
        files = [client.get(f"/labs/autumn/sessions/{session.slug}/calendar.ics") for session in sessions]
        read = {uid: times for file in files for uid, times in READERS[name](file.content).items()}
        assert (name, read) == (name, wanted)
