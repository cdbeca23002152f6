"""Registrations over time as a drawing: from counts per day to paths of an SVG, labels and a table by week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

STEPS = (1, 2, 5)
LABELS_AT_MOST = 5


@dataclass(frozen=True)
class Week:
    """New registrations in the seven days from `start`, and in all by their end."""

    start: date
    new: int
    total: int


@dataclass(frozen=True)
class Chart:
    """Paths in a square of 100 by 100, stretched to the plot; `scale` are the figures at its left, top first."""

    first: date
    last: date
    total: int
    busiest: date
    busiest_count: int
    line: str
    area: str
    grid: str
    scale: tuple[int, ...]
    days: tuple[date, ...]
    weeks: tuple[Week, ...]


def chart(counts: Sequence[tuple[date, int]], until: date) -> Chart | None:
    """Draw how registrations grew from the first day on which there was one to `until`; None where there is none."""
    if not counts:
        return None
    by_day = dict(counts)
    first = min(by_day)
    last = max(until, max(by_day))
    length = (last - first).days or 1
    total = sum(by_day.values())
    top, step = _scale(total)
    points = []
    running = 0
    for number in range(length + 1):
        running += by_day.get(first + timedelta(days=number), 0)
        points.append(f"{100 * number / length:.2f} {100 - 100 * running / top:.2f}")
    line = f"M0 100 {' '.join(points)}"
    marks = range(0, top + 1, step)
    busiest = max(by_day, key=lambda on: (by_day[on], -on.toordinal()))
    return Chart(
        first=first,
        last=last,
        total=total,
        busiest=busiest,
        busiest_count=by_day[busiest],
        line=line,
        area=f"{line} 100 100Z",
        grid="".join(f"M0 {100 - 100 * mark / top:.2f}H100" for mark in marks if mark),
        scale=tuple(sorted(marks, reverse=True)),
        days=tuple(
            first + timedelta(days=round(length * part / (LABELS_AT_MOST - 1))) for part in _parts(length)
        ),
        weeks=tuple(_weeks(by_day, first, last)),
    )


def _parts(length: int) -> range:
    """Which fifths of the span are labelled: short spans would name a day twice."""
    return (
        range(LABELS_AT_MOST)
        if length >= LABELS_AT_MOST - 1
        else range(0, LABELS_AT_MOST, LABELS_AT_MOST - 1)
    )


def _scale(total: int) -> tuple[int, int]:
    """Return the top of the scale and the distance of its lines: round figures, three to five lines."""
    size = 1
    while True:
        for step in STEPS:
            if step * size * 4 >= total:
                distance = step * size
                return max(-(-total // distance), 1) * distance, distance
        size *= 10


def _weeks(by_day: dict[date, int], first: date, last: date) -> list[Week]:
    weeks = []
    running = 0
    start = first
    while start <= last:
        new = sum(by_day.get(start + timedelta(days=number), 0) for number in range(7))
        running += new
        weeks.append(Week(start, new, running))
        start += timedelta(days=7)
    return weeks
