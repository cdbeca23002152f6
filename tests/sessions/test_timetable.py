"""The timetable as geometry and as SVG: the drawing is the data."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions import timetable
from sessions.timetable import Block, Scale, Stretch, Weight, columns, ruler, tile, weigh
from sessions.timetable_svg import document, svg

DAY = datetime(2027, 4, 6, tzinfo=UTC)


def at(day: int, hour: float) -> datetime:
    return DAY + timedelta(days=day, hours=hour)


def block(day: int, start: float, end: float, weight: Weight = Weight.PLAIN) -> Block:
    return Block(at(day, start), at(day, end), weight)


def test_no_sessions_no_drawing():
    assert timetable.timetable([], "en") is None
    assert tile([]) is None


def test_a_day_is_a_row_with_its_name_and_every_hour_a_line():
    drawing = timetable.timetable([block(0, 11, 12.5), block(2, 15.5, 17.5)], "en")
    assert drawing is not None
    assert [label.text for label in drawing.labels] == ["10", "12", "14", "16", "Tue 6", "Thu 8"]
    assert len(drawing.lines) == 9
    assert (drawing.width, drawing.height) == (496, 156)


def test_days_are_named_in_the_readers_language():
    drawing = timetable.timetable([block(0, 11, 12)], "bg")
    assert drawing is not None
    assert drawing.labels[-1].text == "вт 6"


def test_places_follow_the_hours():
    drawing = timetable.timetable([block(0, 10, 18)], "en")
    assert drawing is not None
    (bar,) = drawing.bars
    assert (bar.x, bar.width) == (60, 434)


def test_sessions_at_the_same_time_share_the_row_and_later_ones_have_it_whole():
    drawing = tile([block(0, 10, 12), block(0, 11, 12), block(0, 13, 14)])
    assert drawing is not None
    assert [bar.height for bar in drawing.bars] == [26, 26, 56]
    assert drawing.bars[0].y != drawing.bars[1].y


def test_a_session_over_several_days_stands_on_each_of_them():
    drawing = timetable.timetable([block(0, 9, 24 + 18)], "en")
    assert drawing is not None
    assert [label.text for label in drawing.labels if label.css == "g-day"] == ["Tue 6", "Wed 7"]
    first, second = drawing.bars
    assert first.y < second.y
    assert first.x + first.width <= timetable.WIDTH
    assert second.x < first.x


def test_a_session_that_ends_at_midnight_stands_on_its_own_day_alone():
    drawing = tile([block(0, 19, 24)])
    assert drawing is not None
    assert len(drawing.bars) == 1


def test_internal_sessions_are_soft_and_all_others_of_one_tone():
    blocks = weigh(
        [(at(0, 11), at(0, 11.5), False), (at(1, 12), at(1, 14), False), (at(2, 10), at(2, 16), True)]
    )
    assert [one.weight for one in blocks] == [Weight.PLAIN, Weight.PLAIN, Weight.SOFT]


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 95), st.integers(1, 200)),
        min_size=1,
        max_size=80,
    )
)
def test_nothing_is_drawn_outside_however_many_sessions(sessions):
    blocks = [block(day, quarter / 4, (quarter + length) / 4) for day, quarter, length in sessions]
    for drawing in (timetable.timetable(blocks, "el"), tile(blocks)):
        assert drawing is not None
        assert len(drawing.bars) == sum(1 for one in blocks for _day in one.days)
        for bar in drawing.bars:
            assert bar.x >= 0
            assert bar.x + bar.width <= drawing.width + 1
            assert bar.y >= 0
            assert bar.y + bar.height <= drawing.height + 0.11
            assert bar.width > 0
            assert bar.height > 0


def test_a_session_stands_between_the_hours_of_two_zones():
    own = [Stretch(at(2, 12.5), at(2, 13.5), "Panel 1"), Stretch(at(2, 13.5), at(2, 14.5), "Panel 2")]
    beside = [Stretch(at(2, 13.5), at(2, 14.5), "Room 2"), Stretch(at(2, 18), at(2, 19), "Later")]
    drawing = ruler(own, beside, Scale("Europe/Sofia", "Sofia"), Scale("Europe/Rome", "Rome"))
    above = [label.text for label in drawing.labels if label.css == "g-text"]
    below = [label.text for label in drawing.labels if label.css == "g-day"]
    assert above == ["Sofia", "14:00", "15:00", "16:00", "17:00", "18:00"]
    assert below == ["Rome", "13:00", "14:00", "15:00", "16:00", "17:00"]
    assert [bar.weight for bar in drawing.bars] == [Weight.STRONG, Weight.STRONG, Weight.SOFT]
    assert [label.text for label in drawing.labels[-3:]] == ["Panel 1", "Panel 2", "Room 2"]


def test_a_zone_half_an_hour_off_has_its_own_readings():
    drawing = ruler(
        [Stretch(at(0, 9), at(0, 10))], [], Scale("Europe/Sofia", "Sofia"), Scale("Asia/Kolkata", "Kolkata")
    )
    assert [label.text for label in drawing.labels if label.css == "g-day"][1] == "13:30"


def test_labels_that_do_not_fit_are_left_out():
    drawing = ruler([Stretch(at(0, 9), at(0, 9.25), "A very long title")], [], Scale("UTC", "UTC"), None)
    assert "A very long title" not in [label.text for label in drawing.labels]


def test_the_hour_that_comes_twice_is_drawn_in_its_true_length():
    # On 31 October 2027 clocks in Sofia go back at 04:00; the session lasts three hours of real time.
    starts = datetime(2027, 10, 31, 0, 0, tzinfo=UTC)
    drawing = ruler([Stretch(starts, starts + timedelta(hours=3))], [], Scale("Europe/Sofia", "Sofia"), None)
    assert [label.text for label in drawing.labels][1:] == ["02:00", "03:00", "03:00", "04:00", "05:00"]


@pytest.mark.parametrize("hours", [0.25, 1, 8, 30])
def test_a_ruler_holds_sessions_of_any_length(hours):
    drawing = ruler([Stretch(at(0, 9), at(0, 9 + hours))], [], Scale("Europe/Sofia", "Sofia"), None)
    (bar,) = drawing.bars
    assert bar.x >= 65
    assert bar.x + bar.width <= timetable.WIDTH


def test_the_same_instants_are_drawn_as_each_zone_reads_them():
    starts = datetime(2027, 4, 6, 9, tzinfo=UTC)
    instants = [(starts, starts + timedelta(hours=2))]

    def drawn(zone: str):
        return timetable.timetable(
            [Block(*(at.astimezone(ZoneInfo(zone)) for at in one)) for one in instants], "en"
        )

    sofia, brussels = drawn("Europe/Sofia"), drawn("Europe/Brussels")
    assert (sofia.labels, sofia.bars) != (brussels.labels, brussels.bars)
    assert (drawn("Europe/Sofia"), drawn("Europe/Brussels")) == (sofia, brussels)
    assert timetable.timetable(iter(()), "en") is None


@pytest.mark.parametrize("days", [1, 8, 13, 25, 28, 60, 200])
def test_a_certificates_numbers_and_bars_stay_on_the_drawing_and_apart(days):
    drawing = columns([block(day, 10, 12) for day in range(days)])
    ends = [(one.x, one.x + 7 * len(one.text)) for one in drawing.labels if one.css == "g-day"]
    assert ends
    assert all(left >= 0 and right <= drawing.width for left, right in ends)
    assert all(right < left for (_first, right), (left, _second) in pairwise(ends))
    assert len(drawing.bars) == days
    assert all(bar.width > 0 and bar.x + bar.width <= drawing.width + 0.01 for bar in drawing.bars)


def test_a_certificates_days_are_columns_with_their_numbers_and_its_hours_lines():
    drawing = columns([block(0, 10, 12), block(1, 11, 12, Weight.SOFT)])
    assert [label.text for label in drawing.labels] == ["9", "10", "11", "12", "6", "7"]
    first, second = drawing.bars
    assert first.x < second.x
    assert first.height > second.height
    assert (first.weight, second.weight) == (Weight.PLAIN, Weight.SOFT)


def test_sessions_at_the_same_time_share_the_column_and_midnight_ends_the_day():
    bars = columns([block(0, 22, 23), block(0, 22.5, 24.5), block(0, 23, 23.5)]).bars
    on_first_day = [bar for bar in bars if bar.x < 100]
    assert len({bar.x for bar in on_first_day}) == 2
    assert all(bar.x >= 0 and bar.x + bar.width <= 193 and bar.y + bar.height <= 441 for bar in bars)
    assert all(bar.width > 0 and bar.height > 0 for bar in bars)


def test_a_session_over_three_days_stands_on_each_column():
    drawing = columns([block(0, 9, 2 * 24 + 18)])
    assert len(drawing.bars) == 3
    assert [label.text for label in drawing.labels if label.css == "g-day"] == ["6", "7", "8"]


def test_an_element_for_pages_has_neither_a_style_nor_a_decimal_comma():
    drawing = svg(timetable.timetable([block(0, 9, 10.25)], "bg"))
    assert drawing.startswith('<svg class="glyph" viewBox="0 0 496 86" aria-hidden="true" focusable="false">')
    assert "style" not in drawing
    assert "," not in drawing
    assert svg(None) == ""


def test_a_label_is_never_markup():
    drawing = ruler([Stretch(at(0, 9), at(0, 19), "<b>A & B</b>")], [], Scale("UTC", "UTC"), None)
    assert "&lt;b&gt;A &amp; B&lt;/b&gt;" in svg(drawing)


def test_a_document_brings_its_style_and_size():
    drawing = document(columns([block(0, 9, 10)]), ".g-bar { fill: red }")
    assert drawing.startswith(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 192 442" width="192" height="442">'
    )
    assert "<style>.g-bar { fill: red }</style>" in drawing
