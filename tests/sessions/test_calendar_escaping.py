"""Whatever stands in a field of a calendar stays text, on lines that every reader takes."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from core.timezones.zones import canonical_zones
from sessions.calendars import Feed, feed_bytes, of_seat, vevent
from tests.sessions.entries import (
    EDITED,
    EVENT_LINES,
    FEED_LINES,
    all_of,
    entry,
    names,
    unfolded,
    value,
    vevent_bytes,
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


def test_long_lines_are_folded_at_75_octets_and_never_inside_a_character() -> None:
    for character in ("a", "ж", "€", "🏙"):
        for before in range(8):
            text = "x" * before + character * 200
            octets = vevent_bytes(entry(summary=text))
            assert_well_formed(octets)
            assert value(octets, "SUMMARY") == text
            # Folded as late as the character allows.
            fold = octets[octets.index(b"SUMMARY") :].split(b"\r\n")[0]
            assert len(fold) > 75 - len(character.encode())


@pytest.mark.parametrize("length", [66, 67, 68])
def test_a_line_of_exactly_75_octets_is_not_folded(length: int) -> None:
    octets = vevent_bytes(entry(summary="x" * length))
    assert octets.count(b"\r\n ") == (1 if len("SUMMARY:") + length > 75 else 0)


@settings(max_examples=300, deadline=None)
@given(
    summary=hostile,
    description=hostile,
    location=hostile,
    uid=hostile,
    url=hostile,
    categories=st.lists(hostile.filter(cleaned), max_size=3).map(tuple),
    feed_name=hostile,
    feed_description=hostile,
    feed_url=hostile,
)
def test_no_text_in_any_field_adds_or_takes_away_a_property(
    feed_name: str, feed_description: str, feed_url: str, **texts: Any
) -> None:
    octets = feed_bytes(Feed(feed_name, all_of([entry(**texts), entry()]), feed_description, feed_url))
    assert_well_formed(octets)

    typed = {
        "DESCRIPTION": texts["description"],
        "LOCATION": texts["location"],
        "CATEGORIES": texts["categories"],
        # A link of nothing but control characters is none.
        "URL": cleaned(str(texts["url"])).strip("\n"),
    }
    expected = EVENT_LINES | {line for line, text in typed.items() if text}
    found = names(octets, "VEVENT")
    assert (set(found), len(found)) == (expected, len(expected))
    event = vevent_bytes(entry(**texts))
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


@settings(max_examples=100, deadline=None)
@given(summary=hostile, join_words=hostile, label=hostile)
def test_no_text_of_a_seat_adds_or_takes_away_a_property(summary: str, join_words: str, label: str) -> None:
    own = vevent(entry(summary=summary, description="About", url="https://example.org/")).text
    held = of_seat(
        own, revised_at=EDITED, moves=1, join_link="https://example.org/j", join_words=join_words, label=label
    )
    octets = held.encode("utf-8", "replace")
    assert_well_formed(octets)
    found = names(octets, "VEVENT")
    assert (set(found), len(found)) == (
        EVENT_LINES | {"DESCRIPTION", "URL", "CONFERENCE"},
        len(EVENT_LINES) + 3,
    )
    assert value(octets, "SUMMARY") == cleaned(summary)
    assert value(octets, "DESCRIPTION") == f"{cleaned(join_words)}\n\nAbout"


def test_property_injection_is_text() -> None:
    attack = "Lab\r\nATTENDEE:mailto:a@example.org\nX-A:1\rX-B:2\x0bX-C:3\x85X-D:4\u2028X-E:5\x00\x1b[0m"
    octets = feed_bytes(Feed(attack, all_of([entry(summary=attack, url=f"https://example.org/{attack}")])))
    assert set(names(octets, "VCALENDAR")) == FEED_LINES
    assert set(names(octets, "VEVENT")) == EVENT_LINES | {"URL"}
    assert (
        value(octets, "SUMMARY") == "Lab\nATTENDEE:mailto:a@example.org\nX-A:1\nX-B:2\nX-C:3\nX-D:4\nX-E:5[0m"
    )


def test_a_text_of_a_hundred_thousand_characters_is_kept_whole() -> None:
    text = "Ж;,\\\n" * 20_000
    octets = vevent_bytes(entry(description=text))
    assert_well_formed(octets)
    assert value(octets, "DESCRIPTION") == text


@pytest.mark.parametrize("name", ["Mars/Olympus", "Europe/Sofia\r\nX-EVIL:1", "../../etc/passwd"])
def test_a_zone_that_does_not_exist_never_reaches_the_bytes(name: str) -> None:
    with pytest.raises((ZoneInfoNotFoundError, ValueError)):
        feed_bytes(Feed("Lab", all_of([replace(entry(), zone=name)])))


@settings(max_examples=200, deadline=None)
@given(
    zone=st.sampled_from(canonical_zones()),
    starts_at=st.datetimes(datetime(2018, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
)
def test_in_every_zone_a_reader_finds_the_instants_again(zone: str, starts_at: datetime) -> None:
    starts_at = starts_at.replace(second=0, microsecond=0)
    local = starts_at.astimezone(ZoneInfo(zone))
    one = entry(zone, local.replace(tzinfo=None, fold=0), fold=local.fold)
    (event,) = Calendar.from_ical(feed_bytes(Feed("Lab", all_of([one])))).walk("VEVENT")
    assert event.decoded("DTSTART").astimezone(UTC) == one.starts_at
    assert event.decoded("DTEND").astimezone(UTC) == one.ends_at
