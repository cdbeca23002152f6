from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from core.timezones.wall_clock import (
    AmbiguousTime,
    NonexistentTime,
    TimeOutOfRange,
    UnknownZone,
    WallClockError,
    fold_of,
    instant,
    is_ambiguous,
    is_nonexistent,
    wall,
)
from core.timezones.zones import canonical_zones

SPRING = date(2027, 3, 28)
AUTUMN = date(2027, 10, 31)

zones = st.sampled_from(canonical_zones())
instants = st.datetimes(datetime(2010, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)).map(
    lambda at: at.replace(microsecond=0)
)


def switches(zone: str, first: datetime, last: datetime) -> list[datetime]:
    """Find every change of offset between two instants, to the second, by walking in six-hour steps."""
    rules, step, found = ZoneInfo(zone), timedelta(hours=6), []
    at = first
    while at < last:
        if at.astimezone(rules).utcoffset() != (at + step).astimezone(rules).utcoffset():
            low, high = at, at + step
            while high - low > timedelta(seconds=1):
                middle = (low + (high - low) / 2).replace(microsecond=0)
                same = middle.astimezone(rules).utcoffset() == low.astimezone(rules).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(high)
        at += step
    return found


def test_a_plain_hour_becomes_its_instant() -> None:
    assert instant(date(2021, 11, 30), time(11, 30), "Europe/Sofia") == datetime(
        2021, 11, 30, 9, 30, tzinfo=UTC
    )
    assert instant(date(2027, 4, 6), time(11, 30), "Europe/Sofia") == datetime(2027, 4, 6, 8, 30, tzinfo=UTC)


def test_the_instant_is_in_utc_and_carries_it() -> None:
    assert instant(SPRING, time(12), "Asia/Kolkata").tzinfo is UTC


def test_an_hour_that_clocks_jump_over_is_refused_with_the_way_out() -> None:
    with pytest.raises(NonexistentTime) as refused:
        instant(SPRING, time(3, 30), "Europe/Sofia")
    error = refused.value
    assert (error.on, error.at, error.zone) == (SPRING, time(3, 30), "Europe/Sofia")
    assert (error.gap_starts, error.gap_ends) == (datetime(2027, 3, 28, 3), datetime(2027, 3, 28, 4))
    assert error.message == (
        "28 March 2027, 03:30 does not exist in Sofia: clocks go from 03:00 to 04:00. "
        "Choose a time before or after."
    )


@pytest.mark.parametrize("fold", [0, 1])
def test_a_fold_does_not_make_a_missing_hour_exist(fold: int) -> None:
    with pytest.raises(NonexistentTime):
        instant(SPRING, time(3, 30), "Europe/Sofia", fold)


def test_an_hour_that_comes_twice_is_asked_about_and_the_answer_is_kept() -> None:
    with pytest.raises(AmbiguousTime) as asked:
        instant(AUTUMN, time(3, 30), "Europe/Sofia")
    error = asked.value
    assert [instant(AUTUMN, time(3, 30), "Europe/Sofia", fold) for fold in (0, 1)] == [
        datetime(2027, 10, 31, 0, 30, tzinfo=UTC),
        datetime(2027, 10, 31, 1, 30, tzinfo=UTC),
    ]
    assert error.offsets == (timedelta(hours=3), timedelta(hours=2))
    assert error.message == (
        "31 October 2027, 03:30 occurs twice in Sofia, because clocks go back: first at UTC+3, "
        "then at UTC+2. Choose which one you mean."
    )


@pytest.mark.parametrize("fold", [None, 0, 1])
def test_a_fold_matters_only_where_the_hour_comes_twice(fold: int | None) -> None:
    assert instant(AUTUMN, time(12), "Europe/Sofia", fold) == datetime(2027, 10, 31, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("on", "at", "exists", "twice"),
    [
        (SPRING, time(2, 59, 59), True, False),
        (SPRING, time(3, 0), False, False),
        (SPRING, time(3, 59, 59), False, False),
        (SPRING, time(4, 0), True, False),
        (AUTUMN, time(2, 59, 59), True, False),
        (AUTUMN, time(3, 0), True, True),
        (AUTUMN, time(3, 59, 59), True, True),
        (AUTUMN, time(4, 0), True, False),
    ],
)
def test_both_switches_are_exact_to_the_second(on: date, at: time, exists: bool, twice: bool) -> None:
    assert is_nonexistent(on, at, "Europe/Sofia") is not exists
    assert is_ambiguous(on, at, "Europe/Sofia") is twice


def test_lord_howe_switches_by_half_an_hour() -> None:
    with pytest.raises(NonexistentTime) as refused:
        instant(date(2026, 10, 4), time(2, 15), "Australia/Lord_Howe")
    assert (refused.value.gap_starts, refused.value.gap_ends) == (
        datetime(2026, 10, 4, 2),
        datetime(2026, 10, 4, 2, 30),
    )
    assert instant(date(2026, 10, 4), time(2, 30), "Australia/Lord_Howe") == datetime(
        2026, 10, 3, 15, 30, tzinfo=UTC
    )


def test_the_day_that_apia_left_out_is_refused_and_both_days_are_named() -> None:
    with pytest.raises(NonexistentTime) as refused:
        instant(date(2011, 12, 30), time(10), "Pacific/Apia")
    assert refused.value.message == (
        "30 December 2011, 10:00 does not exist in Apia: clocks go from 00:00 on 30 December 2011 "
        "to 00:00 on 31 December 2011. Choose a time before or after."
    )


def test_casablanca_goes_back_for_ramadan() -> None:
    assert is_ambiguous(date(2026, 2, 15), time(2, 30), "Africa/Casablanca")
    assert is_nonexistent(date(2026, 3, 22), time(2, 30), "Africa/Casablanca")


def test_nuuk_switches_on_the_eve_of_sunday() -> None:
    assert is_nonexistent(date(2026, 3, 28), time(23, 30), "America/Nuuk")
    assert is_ambiguous(date(2026, 10, 24), time(23, 30), "America/Nuuk")


def test_midnight_does_not_exist_in_cairo_on_the_day_of_the_switch() -> None:
    assert is_nonexistent(date(2026, 4, 24), time(0), "Africa/Cairo")


def test_the_message_is_in_the_language_of_the_reader_when_it_is_read() -> None:
    with pytest.raises(NonexistentTime) as refused:
        instant(SPRING, time(3, 30), "Europe/Sofia")
    with override("bg"):
        assert "28 март 2027 г." in refused.value.message
    with override("el"):
        assert "28 Μαρτίου 2027" in refused.value.message


@pytest.mark.parametrize(
    "name",
    ["", "Europe", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe/Sofia\0", "Z" * 100_000],
)
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(UnknownZone) as refused:
        instant(SPRING, time(12), name)
    assert refused.value.message == (
        f"“{name[:60]}” is not a known time zone. Choose one such as Europe/Sofia."
    )
    with pytest.raises(UnknownZone):
        wall(datetime(2027, 1, 1, tzinfo=UTC), name)


def test_a_name_that_tzdb_has_since_replaced_still_reads_old_rows() -> None:
    assert instant(SPRING, time(12), "Asia/Calcutta") == instant(SPRING, time(12), "Asia/Kolkata")


@pytest.mark.parametrize(
    ("on", "at", "zone"),
    [(date.min, time.min, "Asia/Tokyo"), (date.max, time.max, "America/New_York")],
)
def test_the_edges_of_the_calendar_are_refused_not_crashed_into(on: date, at: time, zone: str) -> None:
    for ask in (instant, is_ambiguous, is_nonexistent):
        with pytest.raises(TimeOutOfRange) as refused:
            ask(on, at, zone)
    assert refused.value.message.endswith("is outside the supported range. Choose a date closer to today.")


def test_every_refusal_is_one_kind_of_value_error() -> None:
    assert issubclass(WallClockError, ValueError)
    for kind in (UnknownZone, TimeOutOfRange, NonexistentTime, AmbiguousTime):
        assert issubclass(kind, WallClockError)


def test_misuse_by_the_programmer_is_told() -> None:
    with pytest.raises(ValueError, match="fold"):
        instant(SPRING, time(12), "Europe/Sofia", 2)
    with pytest.raises(ValueError, match="must be aware"):
        wall(datetime(2027, 1, 1), "Europe/Sofia")


def test_a_fold_or_zone_on_the_time_itself_changes_nothing() -> None:
    hostile = time(12, fold=1, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert instant(SPRING, hostile, "Europe/Sofia") == instant(SPRING, time(12), "Europe/Sofia")


@settings(max_examples=1000)
@given(zone=zones, at=instants)
def test_wall_and_back_gives_the_same_instant_in_every_zone(zone: str, at: datetime) -> None:
    local = wall(at, zone)
    assert local.fold == fold_of(at, zone)
    assert instant(local.date(), local.time(), zone, local.fold) == at
    if not is_ambiguous(local.date(), local.time(), zone):
        assert local.fold == 0
        assert instant(local.date(), local.time(), zone) == at


@settings(max_examples=1000)
@given(zone=zones, first=instants, second=instants)
def test_of_two_instants_the_later_never_comes_back_earlier(
    zone: str, first: datetime, second: datetime
) -> None:
    def back(at: datetime) -> datetime:
        local = wall(at, zone)
        return instant(local.date(), local.time(), zone, local.fold)

    assert (first < second) == (back(first) < back(second))


@pytest.mark.parametrize("zone", canonical_zones())
def test_around_every_switch_gaps_are_refused_and_repetitions_asked(zone: str) -> None:
    rules = ZoneInfo(zone)
    for switch in switches(zone, datetime(2018, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)):
        before = (switch - timedelta(seconds=1)).astimezone(rules).replace(tzinfo=None, fold=0) + timedelta(
            seconds=1
        )
        after = switch.astimezone(rules).replace(tzinfo=None, fold=0)
        if after > before:
            for missing in (before, before + (after - before) / 2, after - timedelta(seconds=1)):
                with pytest.raises(NonexistentTime) as refused:
                    instant(missing.date(), missing.time(), zone)
                assert (refused.value.gap_starts, refused.value.gap_ends) == (before, after)
            assert instant(after.date(), after.time(), zone) == switch
        elif after < before:
            for repeated in (after, after + (before - after) / 2, before - timedelta(seconds=1)):
                with pytest.raises(AmbiguousTime):
                    instant(repeated.date(), repeated.time(), zone)
                earlier = instant(repeated.date(), repeated.time(), zone, 0)
                later = instant(repeated.date(), repeated.time(), zone, 1)
                assert earlier < switch <= later
                assert later - earlier == before - after
            assert instant(before.date(), before.time(), zone) == switch + (before - after)
