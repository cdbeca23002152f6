"""The timetable that is drawn on the certificate."""

import re
from datetime import date, time

from certificates.timetable import Shades, Slot
from certificates.timetable import svg as timetable


def test_the_timetable_shows_attended_sessions_and_the_others_in_different_shades():
    shades = Shades("#8f3219", "#e8937a", "#f6d4ca")
    drawing = timetable(
        [
            Slot(date(2021, 12, 2), time(10), time(11)),
            Slot(date(2021, 12, 3), time(10), time(11), attended=False),
        ],
        shades,
    )
    fills = re.findall(r'<rect [^>]*fill="(#[0-9a-f]{6})"', drawing)
    assert len(fills) == 2
    assert fills[0] == "#e8937a" != fills[1]


def test_sessions_at_the_same_time_stand_side_by_side_and_midnight_ends_the_day():
    shades = Shades("#8f3219", "#e8937a", "#f6d4ca")
    day = date(2021, 12, 2)
    drawing = timetable(
        [
            Slot(day, time(22), time(23)),
            Slot(day, time(22, 30), time(0, 30)),
            Slot(day, time(23), time(23, 30)),
        ],
        shades,
    )
    boxes = [
        tuple(map(float, box))
        for box in re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', drawing)
    ]
    assert len({x for x, *_ in boxes}) == 2
    assert all(x >= 0 and x + across <= 193 and y + tall <= 441 for x, y, across, tall in boxes)
    assert all(across > 0 and tall > 0 for _, _, across, tall in boxes)


def test_a_session_over_three_days_stands_on_each_of_them():
    drawing = timetable(
        [Slot(date(2021, 12, 2), time(9), time(18), until=date(2021, 12, 4))],
        Shades("#8f3219", "#e8937a", "#f6d4ca"),
    )
    assert drawing.count("<rect") == 3
    assert all(f">{day}</text>" in drawing for day in (2, 3, 4))


def test_an_empty_timetable_draws_nothing():
    assert "rect" not in timetable([], Shades("#8f3219", "#e8937a", "#f6d4ca"))
