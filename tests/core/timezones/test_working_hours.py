"""When clocks show certain hours: all zones, both changes of clocks, and arithmetic with spans."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.timezones.wall_clock import UnknownZone, wall
from core.timezones.working_hours import Span, difference, intersection, spans_within_hours, union
from core.timezones.zones import known_zones

ZONES = st.sampled_from(sorted(known_zones()))
QUARTERS = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
# Clocks go forward and back in these weeks, somewhere.
BEFORE_CHANGES = [
    datetime(2027, month, day, tzinfo=UTC) for month, day in ((3, 12), (3, 26), (4, 2), (10, 1))
]
BEFORE_CHANGES += [datetime(2027, month, day, tzinfo=UTC) for month, day in ((10, 29), (11, 5), (9, 3))]
MINUTE = timedelta(minutes=1)


@given(
    ZONES,
    QUARTERS,
    QUARTERS,
    st.sampled_from(BEFORE_CHANGES)
    | st.datetimes(datetime(2020, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC)),
    st.integers(1, 5),
)
@example("Europe/Sofia", time(2), time(4), datetime(2027, 3, 27, tzinfo=UTC), 3)
@example("Europe/Sofia", time(3), time(3, 30), datetime(2027, 10, 30, tzinfo=UTC), 3)
@example("Australia/Lord_Howe", time(1, 30), time(2, 15), datetime(2027, 4, 3, tzinfo=UTC), 2)
def test_each_instant_is_in_a_span_exactly_if_clocks_show_the_hours(
    zone: str, begins: time, ends: time, after: datetime, days: int
) -> None:
    if begins >= ends:
        with pytest.raises(ValueError, match="begin"):
            spans_within_hours(zone, begins, ends, after, after)
        return
    after = after.replace(second=0, microsecond=0)
    before = after + timedelta(days=days)
    spans = spans_within_hours(zone, begins, ends, after, before)
    at = after
    while at < before:
        shown = begins <= wall(at, zone).time() < ends
        assert any(start <= at < end for start, end in spans) == shown, at
        at += 5 * MINUTE


def test_an_hour_that_clocks_show_twice_counts_twice_and_a_skipped_one_not_at_all() -> None:
    autumn, spring = datetime(2027, 10, 30, 12, tzinfo=UTC), datetime(2027, 3, 27, 12, tzinfo=UTC)
    day = timedelta(days=1)

    def length(after: datetime) -> timedelta:
        spans = spans_within_hours("Europe/Sofia", time(3), time(4), after, after + day)
        return sum((end - start for start, end in spans), timedelta())

    assert length(autumn) == timedelta(hours=2)
    assert length(spring) == timedelta()


def test_a_zone_without_rules_is_an_error() -> None:
    with pytest.raises(UnknownZone):
        spans_within_hours("Europe/Atlantis", time(9), time(17), BEFORE_CHANGES[0], BEFORE_CHANGES[1])


def span(pair: tuple[int, int]) -> Span:
    return BEFORE_CHANGES[0] + pair[0] * MINUTE, BEFORE_CHANGES[0] + (pair[0] + pair[1]) * MINUTE


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)).map(span), max_size=8)


@given(SPANS, SPANS)
def test_spans_are_added_and_taken_away_like_sets_of_instants(some: list[Span], others: list[Span]) -> None:
    def minutes(spans: list[Span]) -> set[int]:
        return {
            minute
            for minute in range(90)
            if any(start <= BEFORE_CHANGES[0] + minute * MINUTE < end for start, end in spans)
        }

    for found, expected in (
        (union([*some, *others]), minutes(some) | minutes(others)),
        (intersection(union(some), union(others)), minutes(some) & minutes(others)),
        (difference(union(some), others), minutes(some) - minutes(others)),
    ):
        assert minutes(found) == expected
        assert all(start < end for start, end in found)
        assert all(one[1] <= other[0] for one, other in pairwise(found))
