"""The timetable as a drawing: each lab's picture is its own sessions, and only those that this reader may see.

Pure: wall times in, shapes out. A template draws them with SVG attributes (`partials/figure.html`), since the pages'
policy refuses styles; coordinates are text already, so that no reader's language turns a point into a comma.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import groupby
from operator import attrgetter
from typing import TypeAlias
from zoneinfo import ZoneInfo

from core.timezones.formatting import clock, day_mark

WIDTH = 496
_DAY = 24 * 60


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
    """A session or an item of its agenda on the ruler of one session: instants (aware), and a few words."""

    starts: datetime
    ends: datetime
    words: str = ""
    weight: Weight = Weight.STRONG


@dataclass(frozen=True)
class Scale:
    """A row of hours: a zone and the name it goes by ("Sofia")."""

    zone: str
    name: str


@dataclass(frozen=True)
class Line:
    path: str


@dataclass(frozen=True)
class Words:
    x: str
    y: str
    css: str
    text: str


@dataclass(frozen=True)
class Bar:
    x: str
    y: str
    width: str
    height: str
    css: str


@dataclass(frozen=True)
class Figure:
    """A drawing: its size in units, and its shapes in the order in which they are painted."""

    width: int
    height: int
    css: str
    lines: tuple[Line, ...]
    bars: tuple[Bar, ...]
    words: tuple[Words, ...]

    @cached_property
    def shapes(self) -> list[tuple[str, str]]:
        """The bars as (class, SVG path): those that follow each other in one class are one path."""
        return [
            (css, "".join(f"M{one.x} {one.y}h{one.width}v{one.height}h-{one.width}z" for one in bars))
            for css, bars in groupby(self.bars, key=attrgetter("css"))
        ]

    @property
    def view_box(self) -> str:
        return f"0 0 {self.width} {self.height}"


def weigh(blocks: Iterable[tuple[datetime, datetime, bool]]) -> list[Block]:
    """Return blocks from (starts, ends, is internal): the longest public one strong, short and internal ones soft."""
    given = list(blocks)
    longest = max((ends - starts for starts, ends, internal in given if not internal), default=timedelta())
    strongest = [one for one in given if not one[2] and one[1] - one[0] == longest]
    weighed = []
    for one in given:
        starts, ends, internal = one
        if internal or ends - starts <= timedelta(minutes=30):
            weight = Weight.SOFT
        elif len(strongest) == 1 and one is strongest[0] and len(given) > 1:
            weight = Weight.STRONG
        else:
            weight = Weight.PLAIN
        weighed.append(Block(starts, ends, weight))
    return weighed


def timetable(blocks: Iterable[Block], language: str) -> Figure | None:
    """Return a lab's timetable: a row per day with its name, a line per hour. None where there is no session."""
    return _timetable(_readings(blocks), language, left=59, top=20, tallest=60, ceiling=210)


def tile(blocks: Iterable[Block]) -> Figure | None:
    """Return the same without words, small, for lists of labs. None where there is no session."""
    return _timetable(_readings(blocks), "", left=1, top=0, tallest=56, ceiling=190)


def ruler(own: Sequence[Stretch], others: Iterable[Stretch], upper: Scale, lower: Scale | None) -> Figure:
    """Return one session (or the items of its agenda) under the hours of one zone and over those of another.

    `others` are sessions at the same time, drawn softly below. Raises ValueError where `own` is empty.
    """
    begins = min(one.starts for one in own)
    ends = max(one.ends for one in own)
    first = _hour_before(begins, upper.zone)
    hours = _hours_until(ends, first)
    left, right = 65, WIDTH - 1
    hour = (right - left) / hours

    def place(at: datetime) -> float:
        return left + min(max((at - first).total_seconds() / 3600, 0), hours) * hour

    bottom = 150 if lower else 134
    lines, words = [], [Words("0", "14", "g-text", upper.name)]
    if lower:
        words.append(Words("0", f"{bottom + 20}", "g-day", lower.name))
    every = 1 + int(40 // hour)
    for number in range(hours + 1):
        x = left + number * hour
        lines.append(Line(f"M{x:.1f} 26V{bottom}"))
        if number % every or number == hours:
            continue
        at = first + timedelta(hours=number)
        words.append(Words(f"{x:.1f}", "14", "g-text", clock(at.astimezone(ZoneInfo(upper.zone)))))
        if lower:
            words.append(
                Words(f"{x:.1f}", f"{bottom + 20}", "g-day", clock(at.astimezone(ZoneInfo(lower.zone))))
            )
    bars: list[Bar] = []
    for one in own:
        bar = _bar(place(one.starts), place(one.ends), 46, 56, one.weight)
        bars.append(bar)
        if one.words and _fits(one.words, bar):
            words.append(Words(f"{float(bar.x) + 9:.1f}", "79", "g-on", one.words))
    beside = [one for one in others if one.starts < ends and one.ends > begins][:6]
    for one in beside:
        bar = _bar(place(one.starts), place(one.ends), 106, 24, Weight.SOFT)
        bars.append(bar)
        if one.words and len(beside) == 1 and _fits(one.words, bar):
            words.append(Words(f"{float(bar.x) + 9:.1f}", "123", "g-day g-small", one.words))
    return Figure(
        WIDTH, bottom + 26 if lower else bottom, "glyph ruler", tuple(lines), tuple(bars), tuple(words)
    )


_Readings: TypeAlias = tuple[tuple[datetime, datetime, Weight], ...]


def _readings(blocks: Iterable[Block]) -> _Readings:
    """Return what the clocks show, without their zones: instants that are equal may be read otherwise elsewhere."""
    return tuple(
        (one.starts.replace(tzinfo=None), one.ends.replace(tzinfo=None), one.weight) for one in blocks
    )


@lru_cache(maxsize=32)
def _timetable(
    readings: _Readings, language: str, *, left: int, top: int, tallest: int, ceiling: int
) -> Figure | None:
    """Draw it once for all readers of the same programme in the same zone and language."""
    if not readings:
        return None
    blocks = [day for reading in readings for day in Block(*reading).days]
    days = _by_day(blocks)
    first, last = _span(blocks)
    gap = 10 if len(days) <= 8 else 4
    row = max(min((ceiling - gap * (len(days) - 1)) // len(days), tallest), 10)
    height = top + len(days) * (row + gap) - gap + (6 if top else 0)
    minute = (WIDTH - 1 - left) / ((last - first) * 60)

    lines: list[Line] = []
    words: list[Words] = []
    bars: list[Bar] = []
    for hour in range(first, last + 1):
        x = left + (hour - first) * 60 * minute
        lines.append(Line(f"M{x:.1f} {top}V{height}"))
        if top and (hour - first) % 2 == 0 and hour < last:
            words.append(Words(f"{x:.1f}", "12", "g-text", str(hour)))
    named = 1 + int(14 // (row + gap))  # where rows are low, only every second day has its name
    for number, (on, day) in enumerate(days.items()):
        y = top + (4 if top else 0) + number * (row + gap)
        if top and number % named == 0:
            words.append(Words("0", f"{y + row / 2 + 5:.1f}", "g-day", day_mark(on, language)))
        bars.extend(_row(day, y, row, left, first, minute))
    return Figure(WIDTH, height, "glyph", tuple(lines), tuple(bars), tuple(words))


def _row(day: list[Block], y: float, row: float, left: int, first: int, minute: float) -> Iterable[Bar]:
    """The bars of one day; sessions at the same time share the height of the row."""
    for cluster in _clusters(day):
        lanes = _lanes(cluster)
        count = max(lanes) + 1
        gap = min(4.0, row / (3 * count))
        tall = (row - gap * (count - 1)) / count
        for block, lane in zip(cluster, lanes, strict=True):
            start, end = block.minutes
            yield _bar(
                left + (start - first * 60) * minute,
                left + (end - first * 60) * minute,
                y + lane * (tall + gap),
                tall,
                block.weight,
            )


def _bar(start: float, end: float, y: float, height: float, weight: Weight) -> Bar:
    """A bar with one unit of air at both ends, so that neighbours stay apart and lie between the hours' lines."""
    width = max(end - start - 2, 1.5)
    return Bar(f"{start + 1:.1f}", f"{y:.1f}", f"{width:.1f}", f"{height:.1f}", weight.value)


def _by_day(blocks: list[Block]) -> dict[date, list[Block]]:
    days: dict[date, list[Block]] = defaultdict(list)
    for block in sorted(blocks, key=lambda block: (block.on, block.minutes)):
        days[block.on].append(block)
    return days


def _span(blocks: list[Block]) -> tuple[int, int]:
    """The whole hours that the drawing spans: those of the sessions, at least eight."""
    first = min(block.minutes[0] for block in blocks) // 60
    last = -(-max(block.minutes[1] for block in blocks) // 60)
    while last - first < 8:
        if (first > 0 and (last - first) % 2 == 1) or last == 24:
            first -= 1
        else:
            last += 1
    return first, last


def _clusters(day: list[Block]) -> Iterable[list[Block]]:
    """Groups of a day's blocks that hang together by overlapping, in order."""
    cluster: list[Block] = []
    until = 0
    for block in day:
        start, end = block.minutes
        if cluster and start >= until:
            yield cluster
            cluster = []
        cluster.append(block)
        until = max(until, end) if len(cluster) > 1 else end
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


def _hour_before(at: datetime, zone: str) -> datetime:
    """The full hour of the zone at least an hour before an instant, as UTC."""
    local = at.astimezone(ZoneInfo(zone))
    return (
        (at - timedelta(hours=1, minutes=local.minute, seconds=local.second))
        .astimezone(UTC)
        .replace(microsecond=0)
    )


def _hours_until(at: datetime, first: datetime) -> int:
    """Full hours from `first` to at least an hour after an instant."""
    return max(int(-((first - at) // timedelta(hours=1))) + 1, 3)


def _fits(words: str, bar: Bar) -> bool:
    return len(words) * 8.5 + 14 <= float(bar.width)
