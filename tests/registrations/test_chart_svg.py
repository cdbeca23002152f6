"""The drawing of registrations over time."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrations.chart_svg import chart

FIRST = date(2027, 3, 1)


def test_there_is_no_drawing_of_nothing() -> None:
    assert chart([], FIRST) is None


def test_counts_add_up_in_line_scale_and_weeks() -> None:
    drawn = chart([(FIRST, 10), (FIRST + timedelta(days=8), 30)], FIRST + timedelta(days=10))
    assert drawn is not None
    assert (drawn.total, drawn.busiest_count, drawn.busiest) == (40, 30, date(2027, 3, 9))
    assert drawn.scale == (40, 30, 20, 10, 0)
    assert [(week.start, week.new, week.total) for week in drawn.weeks] == [
        (FIRST, 10, 10),
        (date(2027, 3, 8), 30, 40),
    ]
    assert drawn.line.startswith("M0 100 0.00 75.00 10.00 75.00")
    assert drawn.line.endswith("100.00 0.00")


def test_a_day_after_the_end_is_still_drawn() -> None:
    drawn = chart([(FIRST, 1), (FIRST + timedelta(days=3), 1)], FIRST)
    assert drawn is not None
    assert drawn.last == date(2027, 3, 4)


@pytest.mark.parametrize("total", [1, 2, 3, 7, 99, 100, 101, 4999, 10**6])
def test_the_scale_reaches_the_total_in_few_round_steps(total: int) -> None:
    drawn = chart([(FIRST, total)], FIRST)
    assert drawn is not None
    assert drawn.scale[0] >= total
    assert 2 <= len(drawn.scale) <= 6


@given(
    st.dictionaries(st.integers(0, 400), st.integers(1, 1000), min_size=1, max_size=50), st.integers(0, 400)
)
def test_the_line_never_leaves_the_plot_and_never_falls(counts: dict[int, int], until: int) -> None:
    drawn = chart(
        [(FIRST + timedelta(days=day), count) for day, count in counts.items()], FIRST + timedelta(days=until)
    )
    assert drawn is not None
    numbers = [float(number) for number in drawn.line.removeprefix("M0 100 ").split()]
    heights = numbers[1::2]
    assert all(0 <= number <= 100 for number in numbers)
    assert heights == sorted(heights, reverse=True)
    assert drawn.weeks[-1].total == sum(counts.values())
    assert len(set(drawn.days)) == len(drawn.days)
