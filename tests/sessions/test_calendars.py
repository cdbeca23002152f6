import os
import re
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from core.timezones.wall_clock import instant
from core.timezones.zones import canonical_zones
from sessions.calendars import CalendarEntry, Feed, entry_bytes, event_file, feed_bytes

GOLDEN = Path(__file__).parent / "golden"
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
        "dtstamp": EDITED,
        "last_modified": EDITED,
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


def cleaned(text: str) -> str:
    """What of a typed text may arrive: the same characters, line ends as LF, no control characters but TAB."""
    text = re.sub("\r\n|[\r\x0b\x0c\x85\u2028\u2029]", "\n", text)
    text = "".join(
        character
        for character in text
        if character in "\n\t" or not re.match("[\x00-\x1f\x7f-\x9f]", character)
    )
    return text.encode("utf-8", "replace").decode()


# Any Unicode at all, lone surrogates included, with what hurts calendars more often than chance would bring it.
hostile = st.lists(
    st.one_of(
        st.text(st.characters(), max_size=60),
        st.sampled_from(
            ["\r\nATTENDEE:mailto:evil@example.org", "\r\nEND:VEVENT\r\nBEGIN:VALARM", "\n X", "\x0bX-EVIL:1", "\x00",
             "\x1b[31m", "\x85", "\u2028", "\u2029", "\\n", "\\", ";", ",", '"', "^", ":", "\t", "🏙" * 30, "ж" * 80,
             "\u202e", "{{ 7*7 }}", "<b>", "=1+1"]
        ),
    ),
    max_size=6,
).map("".join)  # fmt: skip


def assert_well_formed(octets: bytes) -> None:
    """Every line ends with CRLF, holds at most 75 octets and whole characters, and nothing else controls it."""
    assert octets.endswith(b"\r\n")
    for line in octets.removesuffix(b"\r\n").split(b"\r\n"):
        assert len(line) <= 75
        assert not re.search("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]", line.decode("utf-8"))


def test_an_entry_says_all_it_was_given() -> None:
    full = entry(
        description="Agenda:\n11:30 Opening; 12:00 Panel",
        location="City Lab, Sofia",
        url="https://citylabs.example.org/labs/city-lab-5/sessions/part-1/",
        categories=("Upskilling, reskilling", "Public"),
        sequence=3,
        conference_url="https://meet.example.org/join?room=1&key=a;b",
        conference_label='Join "Plenary"',
    )
    assert unfolded(entry_bytes(full)) == [
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
        "CONFERENCE;VALUE=URI;FEATURE=VIDEO;LABEL=\"Join ^'Plenary^'\":https://meet.example.org/join?room=1&key=a;b",
        "STATUS:CONFIRMED",
        "SEQUENCE:3",
        "CREATED:20261101T080000Z",
        "LAST-MODIFIED:20261102T093015Z",
        "END:VEVENT",
    ]


def test_what_was_not_given_is_left_out() -> None:
    assert set(names(entry_bytes(entry()), "VEVENT")) == EVENT_LINES


def test_a_cancelled_entry_stays_with_its_state_and_number() -> None:
    octets = entry_bytes(entry(status="CANCELLED", sequence=7, summary="Cancelled: Reskilling"))
    assert (value(octets, "STATUS"), value(octets, "SEQUENCE")) == ("CANCELLED", "7")
    assert value(octets, "SUMMARY") == "Cancelled: Reskilling"


def test_instants_of_other_offsets_are_written_in_utc() -> None:
    sofia = entry(last_modified=datetime(2026, 11, 2, 11, 30, tzinfo=ZoneInfo("Europe/Sofia")))
    assert value(entry_bytes(sofia), "LAST-MODIFIED") == "20261102T093000Z"


def test_a_feed_says_who_it_is_and_how_often_to_ask() -> None:
    feed = Feed(
        name="5th City Lab; Sofia",
        entries=[entry()],
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
    assert set(names(feed_bytes(Feed("Lab", [entry()])), "VCALENDAR")) == FEED_LINES


def test_a_feed_without_entries_is_a_calendar_still() -> None:
    """RFC 5545 §3.6 wants a component; a journal entry is none that calendars show."""
    calendar = Calendar.from_ical(feed_bytes(Feed("Lab", [])))
    assert str(calendar["NAME"]) == "Lab"
    assert [part.name for part in calendar.subcomponents] == ["VJOURNAL"]
    assert {str(name) for name in calendar.subcomponents[0]} == {"UID", "DTSTAMP", "STATUS"}


def test_equal_feeds_give_equal_bytes_whatever_the_clock_says() -> None:
    first = feed_bytes(Feed("Lab", [entry()]))
    with time_machine.travel(STAMP + timedelta(days=400)):
        assert feed_bytes(Feed("Lab", (entry(),))) == first


def test_each_zone_stands_once_and_covers_all_its_entries() -> None:
    feed = Feed(
        "Lab",
        [
            entry(starts=datetime(2021, 11, 30, 11, 30)),
            entry("America/Nuuk", starts=datetime(2018, 2, 20, 10)),
            entry(starts=datetime(2027, 4, 6, 11, 30)),
            entry("America/Nuuk", starts=datetime(2027, 7, 1, 10)),
            entry("UTC"),
        ],
    )
    calendar = Calendar.from_ical(feed_bytes(feed))
    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["America/Nuuk", "Europe/Sofia"]
    assert [event.decoded("DTSTART").astimezone(UTC) for event in calendar.walk("VEVENT")] == [
        each.starts_at for each in feed.entries
    ]


def test_times_of_universal_time_need_no_zone() -> None:
    octets = feed_bytes(Feed("Lab", [entry("UTC")]))
    assert b"VTIMEZONE" not in octets
    assert value(octets, "DTSTART") == "20270406T113000Z"


def test_what_clocks_show_twice_is_written_in_utc() -> None:
    # By RFC 5545 the first of two equal readings needs no UTC; ical.js, libical and node-ical read it as the second.
    starts = datetime(2027, 10, 31, 3, 15)
    first, second = (entry(starts=starts, minutes=30, fold=fold) for fold in (0, 1))
    assert {"DTSTART:20271031T001500Z", "DTEND:20271031T004500Z"} < set(unfolded(entry_bytes(first)))
    assert {"DTSTART:20271031T011500Z", "DTEND:20271031T014500Z"} < set(unfolded(entry_bytes(second)))
    # An end in the repeated hour needs it as well as a start.
    over = entry(starts=datetime(2027, 10, 31, 2, 45), minutes=45)
    assert {"DTSTART:20271030T234500Z", "DTEND:20271031T003000Z"} < set(unfolded(entry_bytes(over)))
    assert b"VTIMEZONE" not in feed_bytes(Feed("Lab", [first, second, over]))
    before = entry(starts=datetime(2027, 10, 31, 1, 45), minutes=60)
    assert "DTEND;TZID=Europe/Sofia:20271031T024500" in unfolded(entry_bytes(before))


def test_where_rules_have_changed_since_the_wall_is_the_truth() -> None:
    stale = entry()
    stale = replace(
        stale, starts_at=stale.starts_at + timedelta(hours=1), ends_at=stale.ends_at + timedelta(hours=1)
    )
    assert "DTSTART;TZID=Europe/Sofia:20270406T113000" in unfolded(entry_bytes(stale))


def test_where_rules_have_changed_to_a_switch_the_wall_is_the_truth_in_utc_too() -> None:
    stale = entry(starts=datetime(2027, 10, 31, 3, 15), minutes=90, fold=0)
    stale = replace(stale, starts_at=stale.starts_at - timedelta(hours=2), ends_at=stale.ends_at)
    assert {"DTSTART:20271031T001500Z", "DTEND:20271031T014500Z"} < set(unfolded(entry_bytes(stale)))
    # Clocks jump over half past three: by RFC 5545 the offset before the jump counts, and readers differ.
    gap = entry(starts=datetime(2027, 3, 28, 2), minutes=300)
    gap = replace(gap, starts=datetime(2027, 3, 28, 3, 30))
    assert "DTSTART:20270328T013000Z" in unfolded(entry_bytes(gap))


def test_a_file_is_a_plain_calendar_without_method_and_refreshing() -> None:
    octets = event_file([entry(), entry(uid="part-2@citylabs.example.org")], language="el")
    assert names(octets, "VCALENDAR") == ["VERSION", "PRODID", "CALSCALE"]
    assert value(octets, "PRODID").endswith("//EL")
    assert len(Calendar.from_ical(octets).walk("VEVENT")) == 2


def test_long_lines_are_folded_at_75_octets_and_never_inside_a_character() -> None:
    for character in ("a", "ж", "€", "🏙"):
        for before in range(8):
            text = "x" * before + character * 200
            octets = entry_bytes(entry(summary=text))
            assert_well_formed(octets)
            assert value(octets, "SUMMARY") == text
            # Folded as late as the character allows.
            fold = octets[octets.index(b"SUMMARY") :].split(b"\r\n")[0]
            assert len(fold) > 75 - len(character.encode())


@pytest.mark.parametrize("length", [66, 67, 68])
def test_a_line_of_exactly_75_octets_is_not_folded(length: int) -> None:
    octets = entry_bytes(entry(summary="x" * length))
    assert octets.count(b"\r\n ") == (1 if len("SUMMARY:") + length > 75 else 0)


@settings(max_examples=300, deadline=None)
@given(
    summary=hostile,
    description=hostile,
    location=hostile,
    uid=hostile,
    url=hostile,
    categories=st.lists(hostile.filter(cleaned), max_size=3).map(tuple),
    conference_url=st.none() | hostile,
    conference_label=hostile,
    feed_name=hostile,
    feed_description=hostile,
    feed_url=hostile,
)
def test_no_text_in_any_field_adds_or_takes_away_a_property(
    feed_name: str, feed_description: str, feed_url: str, **texts: Any
) -> None:
    octets = feed_bytes(Feed(feed_name, [entry(**texts), entry()], feed_description, feed_url))
    assert_well_formed(octets)

    typed = {
        "DESCRIPTION": texts["description"],
        "LOCATION": texts["location"],
        "CATEGORIES": texts["categories"],
        # A link of nothing but control characters is none.
        "URL": cleaned(str(texts["url"])).strip("\n"),
        "CONFERENCE": texts["conference_url"] and cleaned(str(texts["conference_url"])).strip("\n"),
    }
    expected = EVENT_LINES | {line for line, text in typed.items() if text}
    found = names(octets, "VEVENT")
    assert (set(found), len(found)) == (expected, len(expected))
    event = entry_bytes(entry(**texts))
    for line, text in (("UID", texts["uid"]), ("SUMMARY", texts["summary"])):
        assert value(event, line) == cleaned(str(text))
    if texts["description"]:
        assert value(event, "DESCRIPTION") == cleaned(str(texts["description"]))
    for line in unfolded(event):
        if line.startswith("URL:"):
            assert re.fullmatch("[!-~]+", line.removeprefix("URL:"))

    # An independent reader sees the same.
    calendar = Calendar.from_ical(octets)
    assert [part.name for part in calendar.walk()] == [
        "VCALENDAR", "VTIMEZONE", "DAYLIGHT", "STANDARD", "VEVENT", "VEVENT",
    ]  # fmt: skip
    parsed = calendar.walk("VEVENT")[0]
    assert {str(name).upper() for name in parsed} == expected
    assert parsed.errors == []
    assert str(parsed["SUMMARY"]) == value(event, "SUMMARY")


def test_property_injection_is_text() -> None:
    attack = "Lab\r\nATTENDEE:mailto:a@example.org\nX-A:1\rX-B:2\x0bX-C:3\x85X-D:4\u2028X-E:5\x00\x1b[0m"
    octets = feed_bytes(Feed(attack, [entry(summary=attack, url=f"https://example.org/{attack}")]))
    assert set(names(octets, "VCALENDAR")) == FEED_LINES
    assert set(names(octets, "VEVENT")) == EVENT_LINES | {"URL"}
    assert (
        value(octets, "SUMMARY") == "Lab\nATTENDEE:mailto:a@example.org\nX-A:1\nX-B:2\nX-C:3\nX-D:4\nX-E:5[0m"
    )


def test_a_text_of_a_hundred_thousand_characters_is_kept_whole() -> None:
    text = "Ж;,\\\n" * 20_000
    octets = entry_bytes(entry(description=text))
    assert_well_formed(octets)
    assert value(octets, "DESCRIPTION") == text


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"minutes": 0}, "ends before it starts"),
        ({"minutes": -5}, "ends before it starts"),
        ({"starts_at": datetime(2027, 4, 6, 8, 30)}, "carry their zone"),
        ({"ends": datetime(2027, 4, 6, 13, tzinfo=UTC)}, "carry no zone"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(values: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        entry(**values)


@pytest.mark.parametrize("name", ["Mars/Olympus", "Europe/Sofia\r\nX-EVIL:1", "../../etc/passwd"])
def test_a_zone_that_does_not_exist_never_reaches_the_bytes(name: str) -> None:
    with pytest.raises((ZoneInfoNotFoundError, ValueError)):
        feed_bytes(Feed("Lab", [replace(entry(), zone=name)]))


@settings(max_examples=200, deadline=None)
@given(
    zone=st.sampled_from(canonical_zones()),
    starts_at=st.datetimes(datetime(2018, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
)
def test_in_every_zone_a_reader_finds_the_instants_again(zone: str, starts_at: datetime) -> None:
    starts_at = starts_at.replace(second=0, microsecond=0)
    local = starts_at.astimezone(ZoneInfo(zone))
    one = entry(zone, local.replace(tzinfo=None, fold=0), fold=local.fold)
    (event,) = Calendar.from_ical(feed_bytes(Feed("Lab", [one]))).walk("VEVENT")
    assert event.decoded("DTSTART").astimezone(UTC) == one.starts_at
    assert event.decoded("DTEND").astimezone(UTC) == one.ends_at


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
        Feed("City Lab", [one], url="https://citylabs.example.org/labs/city-lab-5/", zone=zone)
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
    feed = Feed("Lab", entries)
    feed_bytes(feed)
    seconds = []
    for _ in range(5):
        begun = time.process_time()
        feed_bytes(feed)
        seconds.append(time.process_time() - begun)
    assert min(seconds) < 0.05
