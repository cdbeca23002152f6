"""When speakers can appear."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.timezones.wall_clock import instant
from core.web.errors import InvalidFields
from sessions.availability import Hours, availability_of, available, is_available, set_availability
from tests.factories import SpeakerFactory

NINE = datetime(2027, 4, 6, 9, tzinfo=UTC)


def hours(start: float, end: float) -> Hours:
    return Hours(NINE + timedelta(hours=start), NINE + timedelta(hours=end))


def test_without_hours_a_speaker_is_always_available() -> None:
    assert is_available(None, NINE, NINE + timedelta(hours=1))
    assert is_available([], NINE, NINE + timedelta(hours=1))


@pytest.mark.parametrize(
    ("start", "end", "is_free"),
    [
        (0, 4, True),
        (0, 2, True),
        (1, 3, True),
        (3, 4, True),
        (-1, 1, False),
        (3, 5, False),
        (5, 6, False),
        (6, 8, True),
    ],
)
def test_all_of_it_has_to_be_in_the_hours(start: float, end: float, is_free: bool) -> None:
    # Two that follow each other without a gap, and one apart.
    named = [hours(0, 2), hours(2, 4), hours(6, 8)]
    span = hours(start, end)
    assert is_available(named, span.starts_at, span.ends_at) is is_free


spans = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 6)), max_size=8)


@given(spans, st.integers(0, 40), st.integers(1, 10))
def test_available_where_every_minute_is(named: list[tuple[int, int]], start: int, length: int) -> None:
    taken: set[int] = set()
    kept = []
    for begin, size in sorted(named):
        if not taken & set(range(begin, begin + size)):
            taken |= set(range(begin, begin + size))
            kept.append(hours(begin, begin + size))
    span = hours(start, start + length)
    expected = not kept or set(range(start, start + length)) <= taken
    assert is_available(kept, span.starts_at, span.ends_at) is expected


@pytest.mark.django_db
class TestSetting:
    def test_hours_are_replaced_and_read_in_order(self) -> None:
        speaker, other = SpeakerFactory.create(), SpeakerFactory.create()
        assert set_availability(speaker, [hours(4, 5), hours(0, 2)])
        assert not set_availability(speaker, [hours(0, 2), hours(4, 5)])  # the same again
        named = availability_of([speaker.pk, other.pk])
        assert named == {speaker.pk: [hours(0, 2), hours(4, 5)]}
        assert available(named, [speaker.pk, other.pk], hours(1, 3)) == {other.pk}
        assert set_availability(speaker, [])
        assert availability_of([speaker.pk]) == {}

    def test_hours_may_follow_each_other(self) -> None:
        assert set_availability(SpeakerFactory.create(), [hours(0, 2), hours(2, 3)])

    @pytest.mark.parametrize(
        ("named", "wrong"),
        [
            ([hours(2, 2)], "availability.0"),
            ([hours(0, 1), hours(3, 2)], "availability.1"),
            ([hours(2, 4), hours(0, 3)], "availability.0"),
            ([hours(0, 1), hours(0, 1)], "availability.1"),
            ([Hours(NINE.replace(year=1999), NINE)], "availability.0"),
            ([hours(one, one + 1) for one in range(101)], "availability"),
        ],
    )
    def test_what_cannot_be_is_refused_where_it_stands(self, named: list[Hours], wrong: str) -> None:
        speaker = SpeakerFactory.create()
        with pytest.raises(InvalidFields) as refused:
            set_availability(speaker, named)
        assert [*refused.value.errors] == [wrong]
        assert availability_of([speaker.pk]) == {}

    def test_a_day_whose_clocks_go_back_is_25_hours_long(self) -> None:
        speaker = SpeakerFactory.create()
        first = instant(date(2027, 10, 31), time(0), "Europe/Sofia")
        last = instant(date(2027, 11, 1), time(0), "Europe/Sofia")
        set_availability(speaker, [Hours(first, last)])
        [day] = availability_of([speaker.pk])[speaker.pk]
        assert day.ends_at - day.starts_at == timedelta(hours=25)
        assert is_available([day], last - timedelta(hours=1), last)
        assert not is_available([day], last, last + timedelta(minutes=1))
