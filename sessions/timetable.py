"""The geometry of a timetable: wall times in, lines, bars and labels in units out.

Pure. `timetable_svg` draws it for pages and certificates, `social_image` as PNG. Each lab's drawing is made of its own
sessions, and only of those that this reader may see.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

from core.timezones.formatting import clock, day_mark

WIDTH = 496
_DAY = 24 * 60
_COLUMNS_WIDTH, _COLUMNS_HEIGHT = 192, 440
_DIGIT = 7  # units that a digit of a day's number takes on a certificate


class Weight(StrEnum):
    """How strongly a block is drawn, as the classes of static/site/programme.css."""

    PLAIN = "g-bar"
    SOFT = "g-bar-2"
    STRONG = "g-bar-3"


@dataclass(frozen=True)
class Block:
    """A session on a timetable, or one day of it: wall times of one zone (naive or aware; only the readings count)."""

    starts: datetime
    ends: datetime
    weight: Weight = Weight.PLAIN

    @cached_property
    def on(self) -> date:
        return self.starts.date()

    @cached_property
    def minutes(self) -> tuple[int, int]:
        """Start and end in minutes after the first day's midnight."""
        start = self.starts.hour * 60 + self.starts.minute
        if self.ends.date() > self.on:
            return start, _DAY
        return start, max(self.ends.hour * 60 + self.ends.minute, start + 1)

    @property
    def days(self) -> "Iterator[Block]":
        """The block as it stands on each day that it touches, from midnight to midnight where it goes on."""
        starts = self.starts
        while True:
            midnight = datetime.combine(starts.date() + timedelta(days=1), time(), starts.tzinfo)
            yield Block(starts, min(self.ends, midnight), self.weight)
            if self.ends <= midnight:
                return
            starts = midnight


@dataclass(frozen=True)
class Stretch:
    """A session or an item of its agenda on the ruler of one session: instants (aware), and a label."""

    starts: datetime
    ends: datetime
    label: str = ""


@dataclass(frozen=True)
class Scale:
    """A row of hours: a zone and the name it goes by ("Sofia")."""

    zone: str
    name: str


@dataclass(frozen=True)
class Line:
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    weight: Weight


@dataclass(frozen=True)
class Label:
    """A text on its baseline; `css` are the classes that style it."""

    x: float
    y: float
    css: str
    text: str


@dataclass(frozen=True)
class Figure:
    """A drawing: its size in units, and its shapes in the order in which they are painted."""

    width: int
    height: int
    css: str
    lines: tuple[Line, ...]
    bars: tuple[Bar, ...]
    labels: tuple[Label, ...]


def weigh(blocks: Iterable[tuple[datetime, datetime, bool]]) -> list[Block]:
    """Return blocks from (starts, ends, is internal): internal ones are soft, all others of one tone."""
    return [
        Block(starts, ends, Weight.SOFT if internal else Weight.PLAIN) for starts, ends, internal in blocks
    ]


def timetable(blocks: Iterable[Block], language: str) -> Figure | None:
    """Return a lab's timetable: a row per day with its name, a line per hour. None where there is no session."""
    return _rows(_readings(blocks), language, left=59, top=20, tallest=60, ceiling=210)


def tile(blocks: Iterable[Block]) -> Figure | None:
    """Return the same without labels, small, for lists of labs. None where there is no session."""
    return _rows(_readings(blocks), "", left=1, top=0, tallest=56, ceiling=190)


_Readings: TypeAlias = tuple[tuple[datetime, datetime, Weight], ...]


def _readings(blocks: Iterable[Block]) -> _Readings:
    """Return what the clocks show, without their zones: instants that are equal may be read otherwise elsewhere."""
    return tuple(
        (one.starts.replace(tzinfo=None), one.ends.replace(tzinfo=None), one.weight) for one in blocks
    )


@dataclass(frozen=True)
class _Hours:
    """The axis of the hours: whole hours from `first` to `last`, `hour` units each, beginning at `origin`."""

    first: int
    last: int
    origin: float
    hour: float

    def at(self, minutes: float) -> float:
        return self.origin + (minutes / 60 - self.first) * self.hour

    @property
    def marks(self) -> Iterator[tuple[int, float]]:
        """Each full hour with its coordinate."""
        return ((hour, self.at(hour * 60)) for hour in range(self.first, self.last + 1))


@lru_cache(maxsize=32)
def _rows(
    readings: _Readings, language: str, *, left: int, top: int, tallest: int, ceiling: int
) -> Figure | None:
    """Lay out days as rows, once for all readers of the same programme in the same zone and language."""
    days = _by_day(Block(*reading) for reading in readings)
    if not days:
        return None
    first, last = _span(days, least=8)
    hours = _Hours(first, last, left, (WIDTH - 1 - left) / (last - first))
    gap = 10 if len(days) <= 8 else 4
    row = max(min((ceiling - gap * (len(days) - 1)) // len(days), tallest), 10)
    height = top + len(days) * (row + gap) - gap + (6 if top else 0)
    labels: list[Label] = []
    bars: list[Bar] = []
    if top:
        labels += [Label(x, 12, "g-text", str(hour)) for hour, x in hours.marks][: last - first : 2]
    named = 1 + int(14 // (row + gap))  # where rows are low, only every second day has its name
    for number, (on, day) in enumerate(days.items()):
        y = top + (4 if top else 0) + number * (row + gap)
        if top and number % named == 0:
            labels.append(Label(0, y + row / 2 + 5, "g-day", day_mark(on, language)))
        bars += [_bar(*hour, y + lane, size, weight) for weight, hour, lane, size in _placed(day, hours, row)]
    lines = tuple(Line(x, top, x, height) for _hour, x in hours.marks)
    return Figure(WIDTH, height, "glyph", lines, tuple(bars), tuple(labels))


def columns(blocks: Iterable[Block]) -> Figure:
    """Return a certificate's timetable: a column per day with its number, a line per hour. Labels are digits alone."""
    days = _by_day(blocks)
    first, last = _span(days, least=4, margin=1)
    left, top = 24, 22
    room = _COLUMNS_WIDTH - left
    gap = min(4, room / (3 * len(days)))
    hours = _Hours(first, last, top, (_COLUMNS_HEIGHT - top) / (last - first))
    column = (room - (len(days) - 1) * gap) / len(days)
    every = 1 if last - first <= 14 else 2
    labels = [Label(0, y + 11, "g-text", str(hour)) for hour, y in hours.marks][: last - first : every]
    bars: list[Bar] = []
    # On narrow columns only every second, third … day has its number, and the last one only where it fits.
    numbered = 1 + int(20 // (column + gap))
    for number, (on, day) in enumerate(days.items()):
        x = left + number * (column + gap)
        if number % numbered == 0 and x + 1 + _DIGIT * len(str(on.day)) <= _COLUMNS_WIDTH:
            labels.append(Label(x + 1, 14, "g-day", str(on.day)))
        for weight, (start, end), lane, size in _placed(day, hours, column, between=2):
            bars.append(Bar(x + lane, start + 1.5, size, max(end - start - 3, 2), weight))
    lines = tuple(Line(left - 2, y, _COLUMNS_WIDTH, y) for _hour, y in hours.marks)
    return Figure(_COLUMNS_WIDTH, _COLUMNS_HEIGHT + 2, "columns", lines, tuple(bars), tuple(labels))


def _placed(
    day: list[Block], hours: _Hours, room: float, between: float = 4
) -> Iterator[tuple[Weight, tuple[float, float], float, float]]:
    """Yield each block's weight, its span on the axis of the hours, and its lane's offset and size within the day.

    Sessions at the same time share the day's `room`.
    """
    for cluster in _clusters(day):
        lanes = _lanes(cluster)
        count = max(lanes) + 1
        gap = min(between, room / (3 * count))
        size = (room - gap * (count - 1)) / count
        for block, lane in zip(cluster, lanes, strict=True):
            start, end = block.minutes
            yield block.weight, (hours.at(start), hours.at(end)), lane * (size + gap), size


def _bar(start: float, end: float, y: float, height: float, weight: Weight) -> Bar:
    """A bar with one unit of air at both ends, so that neighbours stay apart and lie between the hours' lines."""
    return Bar(start + 1, y, max(end - start - 2, 1.5), height, weight)


def _by_day(blocks: Iterable[Block]) -> dict[date, list[Block]]:
    each = [day for block in blocks for day in block.days]
    days: dict[date, list[Block]] = defaultdict(list)
    for block in sorted(each, key=lambda one: (one.on, one.minutes)):
        days[block.on].append(block)
    return days


def _span(days: dict[date, list[Block]], least: int, margin: int = 0) -> tuple[int, int]:
    """The whole hours that the drawing spans: those of the sessions and of a margin around them, at least so many."""
    minutes = [block.minutes for day in days.values() for block in day]
    first = max(min(start for start, _end in minutes) // 60 - margin, 0)
    last = min(-(-max(end for _start, end in minutes) // 60) + margin, 24)
    while last - first < least:
        if (first > 0 and (last - first) % 2 == 1) or last == 24:
            first -= 1
        else:
            last += 1
    return first, last


def _clusters(day: list[Block]) -> Iterator[list[Block]]:
    """Groups of a day's blocks that hang together by overlapping, in order."""
    cluster: list[Block] = []
    until = 0
    for block in day:
        start, end = block.minutes
        if cluster and start >= until:
            yield cluster
            cluster = []
        cluster.append(block)
        until = max(until, end)
    if cluster:
        yield cluster


def _lanes(cluster: list[Block]) -> list[int]:
    """Give each block the first lane that is free when it starts."""
    free: list[int] = []
    lanes = []
    for block in cluster:
        start, end = block.minutes
        lane = next((number for number, until in enumerate(free) if until <= start), len(free))
        free[lane : lane + 1] = [end]
        lanes.append(lane)
    return lanes


def ruler(own: Sequence[Stretch], others: Iterable[Stretch], upper: Scale, lower: Scale | None) -> Figure:
    """Return one session (or the items of its agenda) under the hours of one zone and over those of another.

    `others` are sessions at the same time, drawn softly below. Raises ValueError where `own` is empty.
    """
    begins = min(one.starts for one in own)
    ends = max(one.ends for one in own)
    first = _hour_before(begins, upper.zone)
    # Full hours to at least an hour after the end.
    count = max(int(-((first - ends) // timedelta(hours=1))) + 1, 3)
    left = 65
    hours = _Hours(0, count, left, (WIDTH - 1 - left) / count)

    def place(at: datetime) -> float:
        return hours.at(min(max((at - first) / timedelta(minutes=1), 0), count * 60))

    bottom = 150 if lower else 134
    lines, labels = [], []
    scales = [(upper, 14, "g-text"), *([(lower, bottom + 20, "g-day")] if lower else [])]
    labels += [Label(0, y, css, scale.name) for scale, y, css in scales]
    every = 1 + int(40 // hours.hour)
    for number, x in hours.marks:
        lines.append(Line(x, 26, x, bottom))
        if number % every == 0 and number < count:
            at = first + timedelta(hours=number)
            labels += [
                Label(x, y, css, clock(at.astimezone(ZoneInfo(scale.zone)))) for scale, y, css in scales
            ]
    bars: list[Bar] = []
    for one in own:
        bars.append(_bar(place(one.starts), place(one.ends), 46, 56, Weight.STRONG))
        labels += _label_on(bars[-1], one.label, 79, "g-on")
    beside = [one for one in others if one.starts < ends and one.ends > begins][:6]
    for one in beside:
        bars.append(_bar(place(one.starts), place(one.ends), 106, 24, Weight.SOFT))
        labels += _label_on(bars[-1], one.label, 123, "g-day g-small") if len(beside) == 1 else ()
    height = bottom + 26 if lower else bottom
    return Figure(WIDTH, height, "glyph ruler", tuple(lines), tuple(bars), tuple(labels))


def _hour_before(at: datetime, zone: str) -> datetime:
    """The full hour of the zone at least an hour before an instant, as UTC."""
    local = at.astimezone(ZoneInfo(zone))
    begun = timedelta(hours=1, minutes=local.minute, seconds=local.second)
    return (at - begun).astimezone(UTC).replace(microsecond=0)


def _label_on(bar: Bar, text: str, y: float, css: str) -> list[Label]:
    """The label of a bar, where it has one that fits into it."""
    return [Label(bar.x + 9, y, css, text)] if text and len(text) * 8.5 + 14 <= bar.width else []
