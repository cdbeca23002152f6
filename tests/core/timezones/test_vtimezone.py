import importlib.util
import re
import time
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from dateutil.tz import tzical  # type: ignore[import-untyped]

from core.timezones.vtimezone import vtimezone
from core.timezones.zones import canonical_zones

FIRST, LAST = date(2018, 1, 1), date(2029, 12, 31)


def body(zone: str, first: date = FIRST, last: date = LAST) -> str:
    """The component without the zone's name: many zones share one."""
    return vtimezone(zone, first, last).decode().replace(f":{zone}\r\n", ":-\r\n")


def one_zone_of_each_kind() -> list[str]:
    return list({body(zone): zone for zone in reversed(canonical_zones())}.values())


def offsets_by_dateutil(zone: str, first: date, last: date) -> tzical:
    text = vtimezone(zone, first, last).decode()
    # dateutil knows no X- properties.
    return tzical(StringIO(text.replace(f"X-LIC-LOCATION:{zone}\r\n", ""))).get(zone)


def observances(text: str) -> list[str]:
    return re.findall(r"BEGIN:(STANDARD|DAYLIGHT)", text)


def test_a_zone_with_summer_time_is_two_yearly_rules() -> None:
    assert vtimezone("Europe/Sofia", date(2027, 4, 6), date(2027, 4, 16)).decode().split("\r\n") == [
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Sofia",
        "X-LIC-LOCATION:Europe/Sofia",
        "BEGIN:DAYLIGHT",
        "TZNAME:EEST",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0300",
        "DTSTART:20260329T030000",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "TZNAME:EET",
        "TZOFFSETFROM:+0300",
        "TZOFFSETTO:+0200",
        "DTSTART:20261025T040000",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        "END:STANDARD",
        "END:VTIMEZONE",
        "",
    ]


def test_a_zone_without_summer_time_is_one_standard() -> None:
    assert vtimezone("Asia/Kolkata", date(2027, 4, 6), date(2027, 4, 6)).decode().split("\r\n") == [
        "BEGIN:VTIMEZONE",
        "TZID:Asia/Kolkata",
        "X-LIC-LOCATION:Asia/Kolkata",
        "BEGIN:STANDARD",
        "TZNAME:IST",
        "TZOFFSETFROM:+0530",
        "TZOFFSETTO:+0530",
        "DTSTART:20260101T000000",
        "END:STANDARD",
        "END:VTIMEZONE",
        "",
    ]


@pytest.mark.parametrize("zone", ["Europe/Sofia", "Europe/Lisbon", "America/New_York", "Europe/Dublin"])
@pytest.mark.parametrize("year", [2018, 2021, 2027])
def test_rules_of_today_serve_past_years_in_which_they_already_held(zone: str, year: int) -> None:
    text = vtimezone(zone, date(year, 1, 1), date(year, 12, 31)).decode()
    assert (observances(text), text.count("RRULE")) == (["DAYLIGHT", "STANDARD"], 2)


@pytest.mark.parametrize("zone", ["Africa/Cairo", "Asia/Gaza", "America/Santiago", "America/Nuuk"])
def test_a_zone_that_no_simple_rule_fits_lists_its_switches(zone: str) -> None:
    text = vtimezone(zone, date(2027, 1, 1), date(2027, 12, 31)).decode()
    assert "RRULE" not in text
    assert len(observances(text)) > 5


def test_years_before_the_rules_took_hold_are_listed_and_the_rules_follow() -> None:
    # Mexico's border kept its summer time in 2022 while the city left it, and came back to it a month later.
    text = vtimezone("America/Ciudad_Juarez", date(2021, 1, 1), date(2027, 1, 1)).decode()
    assert text.count("RRULE") == 2
    assert len(observances(text)) > 4
    assert vtimezone("America/Ciudad_Juarez", date(2027, 1, 1), date(2027, 1, 1)).count(b"BEGIN:") == 3


def test_a_summer_time_that_was_abolished_does_not_come_back() -> None:
    before = vtimezone("Asia/Tehran", date(2021, 1, 1), date(2021, 12, 31))
    assert before.count(b"BEGIN:DAYLIGHT") == 3
    assert b"RRULE" not in before
    assert vtimezone("Asia/Tehran", date(2027, 1, 1), date(2027, 1, 1)).count(b"BEGIN:DAYLIGHT") == 0


def test_every_zone_reads_back_as_zoneinfo_says_on_both_sides_of_every_switch() -> None:
    step, minute = timedelta(hours=6), timedelta(minutes=1)
    start, end = datetime(2018, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    for zone in one_zone_of_each_kind():
        rules, read = ZoneInfo(zone), offsets_by_dateutil(zone, FIRST, LAST)
        wrong = []
        at = start
        while at < end:
            earlier, later = at.astimezone(rules), (at + step).astimezone(rules)
            moments = [later] if later.day == 15 and later.hour < 6 else []
            if earlier.utcoffset() != later.utcoffset():
                low, high = at, at + step
                while high - low > minute:
                    middle = (low + (high - low) / 2).replace(second=0, microsecond=0)
                    if middle in (low, high):
                        break
                    low, high = (
                        (middle, high)
                        if middle.astimezone(rules).utcoffset() == earlier.utcoffset()
                        else (low, middle)
                    )
                change = abs((later.utcoffset() or timedelta()) - (earlier.utcoffset() or timedelta()))
                # What is shown once only, before and after the repeated or missing hours.
                moments += [(low - change).astimezone(rules), (high + change).astimezone(rules)]
            for moment in moments:
                if moment.replace(tzinfo=read, fold=0).utcoffset() != moment.utcoffset():
                    wrong.append(moment.isoformat())
            at += step
        assert (zone, wrong) == (zone, [])


def test_the_first_and_last_hours_of_the_span_are_covered() -> None:
    for zone in ("Europe/Sofia", "Australia/Sydney", "Africa/Casablanca", "Pacific/Apia", "America/Nuuk"):
        read = offsets_by_dateutil(zone, date(2021, 1, 1), date(2021, 12, 31))
        for moment in (datetime(2021, 1, 1), datetime(2021, 12, 31, 23, 59)):
            assert (
                moment.replace(tzinfo=read).utcoffset() == moment.replace(tzinfo=ZoneInfo(zone)).utcoffset()
            )


def test_every_zone_has_the_form_that_strict_readers_want() -> None:
    line = re.compile(
        r"(BEGIN|END):(VTIMEZONE|STANDARD|DAYLIGHT)|(TZID|X-LIC-LOCATION):[A-Za-z0-9_+/-]+|TZNAME:[A-Za-z+\d-]+"
        r"|TZOFFSET(FROM|TO):[+-]\d{4}|DTSTART:\d{8}T\d{6}|RRULE:FREQ=YEARLY;BYMONTH=\d+;BYDAY=-?\d(SU|MO|TU|WE|TH|FR|SA)"
    )
    for zone in canonical_zones():
        text = vtimezone(zone, date(2026, 1, 1), date(2028, 1, 1)).decode("ascii")
        assert text.endswith("END:VTIMEZONE\r\n")
        lines = text.removesuffix("\r\n").split("\r\n")
        assert [each for each in lines if not line.fullmatch(each)] == []
        assert text.count("RDATE") == text.count("COMMENT") == 0
        assert observances(text)


def test_spans_of_the_same_years_give_the_same_bytes() -> None:
    assert vtimezone("Europe/Sofia", date(2027, 4, 6), date(2027, 4, 16)) is vtimezone(
        "Europe/Sofia", date(2027, 1, 1), date(2027, 12, 31)
    )


def test_absurd_years_are_given_the_nearest_years_rules() -> None:
    assert vtimezone("Europe/Sofia", date.min, date.max).count(b"RRULE") == 2
    assert vtimezone("Europe/Sofia", date.max, date.max).count(b"RRULE") == 2
    assert len(vtimezone("Africa/Casablanca", date.min, date.max)) < 100_000


def test_a_span_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before it starts"):
        vtimezone("Europe/Sofia", date(2027, 4, 7), date(2027, 4, 6))


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "../../etc/passwd", "Europe/Sofia\r\nX-EVIL:1", "/etc/localtime"]
)
def test_a_name_that_is_no_zone_never_reaches_the_bytes(name: str) -> None:
    with pytest.raises((ZoneInfoNotFoundError, ValueError)):
        vtimezone(name, FIRST, LAST)


def test_every_zone_at_once_takes_a_moment_where_none_was_asked_for_before() -> None:
    module = importlib.util.find_spec("core.timezones.vtimezone")
    assert module is not None
    assert module.loader is not None
    fresh = importlib.util.module_from_spec(module)  # beside the one that others use, with nothing kept yet
    module.loader.exec_module(fresh)
    begun = time.process_time()
    for zone in canonical_zones():
        fresh.vtimezone(zone, FIRST, LAST)
    assert (
        time.process_time() - begun < 4
    )  # 17 s where each zone was searched day by day, a quarter of one now
