"""Calendar files and feeds: what stands in them."""

import os
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from icalendar import Calendar

from sessions.calendars import Feed, event_file, feed_bytes, of_seat, vevent
from tests.sessions.entries import (
    EDITED,
    EVENT_LINES,
    FEED_LINES,
    STAMP,
    all_of,
    entry,
    names,
    unfolded,
    value,
    vevent_bytes,
)

GOLDEN = Path(__file__).parent / "golden"


def test_an_entry_says_all_it_was_given() -> None:
    full = entry(
        description="Agenda:\n11:30 Opening; 12:00 Panel",
        location="City Lab, Sofia",
        url="https://citylabs.example.org/labs/city-lab-5/sessions/part-1/",
        categories=("Upskilling, reskilling", "Public"),
        sequence=3,
    )
    assert unfolded(vevent_bytes(full)) == [
        "BEGIN:VEVENT",
        "UID:part-1@citylabs.example.org",
        "DTSTAMP:20261102T093015Z",
        "DTSTART;TZID=Europe/Sofia:20270406T113000",
        "DTEND;TZID=Europe/Sofia:20270406T130000",
        "SUMMARY:Reskilling\\, part I",
        "DESCRIPTION:Agenda:\\n11:30 Opening\\; 12:00 Panel",
        "LOCATION:City Lab\\, Sofia",
        "CATEGORIES:Upskilling\\, reskilling,Public",
        "URL:https://citylabs.example.org/labs/city-lab-5/sessions/part-1/",
        "STATUS:CONFIRMED",
        "SEQUENCE:3",
        "CREATED:20261101T080000Z",
        "LAST-MODIFIED:20261102T093015Z",
        "END:VEVENT",
    ]


def test_the_entry_of_a_seat_says_what_its_holder_has() -> None:
    own = vevent(
        entry(description="Agenda:\n" + "x" * 90, url="https://citylabs.example.org/", sequence=3)
    ).text
    held = of_seat(
        own,
        revised_at=EDITED + timedelta(hours=1),
        moves=2,
        join_link="https://meet.example.org/join?room=1&key=a;b",
        join_words="Join: now, here",
        label='Join "Plenary"',
    )
    before, after = unfolded(own.encode()), unfolded(held.encode())
    assert [line for line in after if line not in before] == [
        "DTSTAMP:20261102T103015Z",
        f"DESCRIPTION:Join: now\\, here\\n\\nAgenda:\\n{'x' * 90}",
        "CONFERENCE;VALUE=URI;FEATURE=VIDEO;LABEL=\"Join ^'Plenary^'\":https://meet.example.org/join?room=1&key=a;b",
        "SEQUENCE:5",
        "LAST-MODIFIED:20261102T103015Z",
    ]
    assert len(after) == len(before) + 1
    waiting = of_seat(own, revised_at=EDITED, moves=0, status="TENTATIVE", summary="Waiting, %s")
    assert [line for line in unfolded(waiting.encode()) if line not in before] == [
        "SUMMARY:Waiting\\, Reskilling\\, part I",
        "STATUS:TENTATIVE",
    ]


def test_what_was_not_given_is_left_out() -> None:
    assert set(names(vevent_bytes(entry()), "VEVENT")) == EVENT_LINES


def test_a_cancelled_entry_stays_with_its_state_and_number() -> None:
    octets = vevent_bytes(entry(status="CANCELLED", sequence=7, summary="Cancelled: Reskilling"))
    assert (value(octets, "STATUS"), value(octets, "SEQUENCE")) == ("CANCELLED", "7")
    assert value(octets, "SUMMARY") == "Cancelled: Reskilling"


def test_instants_of_other_offsets_are_written_in_utc() -> None:
    sofia = entry(revised_at=datetime(2026, 11, 2, 11, 30, tzinfo=ZoneInfo("Europe/Sofia")))
    assert value(vevent_bytes(sofia), "LAST-MODIFIED") == "20261102T093000Z"


def test_a_feed_says_who_it_is_and_how_often_to_ask() -> None:
    feed = Feed(
        name="5th City Lab; Sofia",
        events=all_of([entry()]),
        description="Sessions, as published",
        url="https://citylabs.example.org/labs/city-lab-5/",
        language="bg",
        zone="Europe/Sofia",
    )
    lines = unfolded(feed_bytes(feed))
    assert lines[: lines.index("BEGIN:VTIMEZONE")] == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//City Labs//Events//BG",
        "CALSCALE:GREGORIAN",
        "NAME:5th City Lab\\; Sofia",
        "X-WR-CALNAME:5th City Lab\\; Sofia",
        "DESCRIPTION:Sessions\\, as published",
        "X-WR-CALDESC:Sessions\\, as published",
        "URL:https://citylabs.example.org/labs/city-lab-5/",
        "X-WR-TIMEZONE:Europe/Sofia",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]


def test_a_feed_has_neither_method_nor_an_identity_of_its_own() -> None:
    assert set(names(feed_bytes(Feed("Lab", all_of([entry()]))), "VCALENDAR")) == FEED_LINES


def test_a_feed_without_entries_is_a_calendar_still() -> None:
    """RFC 5545 §3.6 wants a component; a journal entry is none that calendars show."""
    calendar = Calendar.from_ical(feed_bytes(Feed("Lab", all_of([]))))
    assert str(calendar["NAME"]) == "Lab"
    assert [part.name for part in calendar.subcomponents] == ["VJOURNAL"]
    assert {str(name) for name in calendar.subcomponents[0]} == {"UID", "DTSTAMP", "STATUS"}


def test_equal_feeds_give_equal_bytes_whatever_the_clock_says() -> None:
    first = feed_bytes(Feed("Lab", all_of([entry()])))
    with time_machine.travel(STAMP + timedelta(days=400)):
        assert feed_bytes(Feed("Lab", all_of((entry(),)))) == first


def test_each_zone_stands_once_and_covers_all_its_entries() -> None:
    entries = [
        entry(starts=datetime(2021, 11, 30, 11, 30)),
        entry("America/Nuuk", starts=datetime(2018, 2, 20, 10)),
        entry(starts=datetime(2027, 4, 6, 11, 30)),
        entry("America/Nuuk", starts=datetime(2027, 7, 1, 10)),
        entry("UTC"),
    ]
    calendar = Calendar.from_ical(feed_bytes(Feed("Lab", all_of(entries))))
    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["America/Nuuk", "Europe/Sofia"]
    assert [event.decoded("DTSTART").astimezone(UTC) for event in calendar.walk("VEVENT")] == [
        each.starts_at for each in entries
    ]


def test_times_of_universal_time_need_no_zone() -> None:
    octets = feed_bytes(Feed("Lab", all_of([entry("UTC")])))
    assert b"VTIMEZONE" not in octets
    assert value(octets, "DTSTART") == "20270406T113000Z"


def test_what_clocks_show_twice_is_written_in_utc() -> None:
    # By RFC 5545 the first of two equal readings needs no UTC; ical.js, libical and node-ical read it as the second.
    starts = datetime(2027, 10, 31, 3, 15)
    first, second = (entry(starts=starts, minutes=30, fold=fold) for fold in (0, 1))
    assert {"DTSTART:20271031T001500Z", "DTEND:20271031T004500Z"} < set(unfolded(vevent_bytes(first)))
    assert {"DTSTART:20271031T011500Z", "DTEND:20271031T014500Z"} < set(unfolded(vevent_bytes(second)))
    # An end in the repeated hour needs it as well as a start.
    over = entry(starts=datetime(2027, 10, 31, 2, 45), minutes=45)
    assert {"DTSTART:20271030T234500Z", "DTEND:20271031T003000Z"} < set(unfolded(vevent_bytes(over)))
    assert b"VTIMEZONE" not in feed_bytes(Feed("Lab", all_of([first, second, over])))
    before = entry(starts=datetime(2027, 10, 31, 1, 45), minutes=60)
    assert "DTEND;TZID=Europe/Sofia:20271031T024500" in unfolded(vevent_bytes(before))


def test_where_rules_have_changed_since_the_wall_is_the_truth() -> None:
    stale = entry()
    stale = replace(
        stale, starts_at=stale.starts_at + timedelta(hours=1), ends_at=stale.ends_at + timedelta(hours=1)
    )
    assert "DTSTART;TZID=Europe/Sofia:20270406T113000" in unfolded(vevent_bytes(stale))


def test_where_rules_have_changed_to_a_switch_the_wall_is_the_truth_in_utc_too() -> None:
    stale = entry(starts=datetime(2027, 10, 31, 3, 15), minutes=90, fold=0)
    stale = replace(stale, starts_at=stale.starts_at - timedelta(hours=2), ends_at=stale.ends_at)
    assert {"DTSTART:20271031T001500Z", "DTEND:20271031T014500Z"} < set(unfolded(vevent_bytes(stale)))
    # Clocks jump over half past three: by RFC 5545 the offset before the jump counts, and readers differ.
    gap = entry(starts=datetime(2027, 3, 28, 2), minutes=300)
    gap = replace(gap, starts=datetime(2027, 3, 28, 3, 30))
    assert "DTSTART:20270328T013000Z" in unfolded(vevent_bytes(gap))


def test_a_file_is_a_plain_calendar_without_method_and_refreshing() -> None:
    octets = event_file(all_of([entry(), entry(uid="part-2@citylabs.example.org")]), language="el")
    assert names(octets, "VCALENDAR") == ["VERSION", "PRODID", "CALSCALE"]
    assert value(octets, "PRODID").endswith("//EL")
    assert len(Calendar.from_ical(octets).walk("VEVENT")) == 2


@pytest.mark.parametrize(("season", "on"), [("winter", date(2027, 1, 19)), ("summer", date(2027, 7, 20))])
@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Sofia", "Europe/Athens", "Europe/Brussels", "Europe/Lisbon", "America/New_York", "Asia/Kolkata",
        "Pacific/Apia",
    ],
)  # fmt: skip
def test_the_bytes_of_each_zone_and_season_are_those_on_file(zone: str, season: str, on: date) -> None:
    """The files were read by hand once. UPDATE_GOLDEN=1 writes them anew: look at the difference before committing."""
    one = entry(
        zone,
        datetime(on.year, on.month, on.day, 11, 30),
        summary="Преквалифициране, част I",
        description="Επανακατάρτιση\nReskilling; upskilling",
        location="City Lab",
        url="https://citylabs.example.org/labs/city-lab-5/sessions/part-1/",
        categories=("Upskilling and reskilling",),
    )
    octets = feed_bytes(
        Feed("City Lab", all_of([one]), url="https://citylabs.example.org/labs/city-lab-5/", zone=zone)
    )
    path = GOLDEN / f"{zone.replace('/', '-').lower()}-{season}.ics"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_bytes(octets)
    assert octets == path.read_bytes()


def test_a_thousand_entries_take_well_under_50_ms_of_cpu() -> None:
    day = timedelta(days=1)
    entries = [
        entry(
            starts=datetime(2027, 1, 11, 11, 30) + day * (number % 60),
            uid=f"{number}@citylabs.example.org",
            description="Отворени данни за кварталите; a panel, and a discussion. " * 4,
            location="City Lab, Sofia",
        )
        for number in range(1000)
    ]
    feed = Feed("Lab", all_of(entries))
    feed_bytes(feed)
    seconds = []
    for _ in range(5):
        begun = time.process_time()
        feed_bytes(feed)
        seconds.append(time.process_time() - begun)
    assert min(seconds) < 0.05
