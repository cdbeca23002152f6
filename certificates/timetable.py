"""The certificate's picture: the timetable of a lab, days across and hours down, as an SVG document.

The picture is data: the sessions that the person attended, over those that anybody could see.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta

WIDTH, HEIGHT = 192, 440
_LEFT, _TOP = 24, 22  # room for the hours and for the days
_DAY_GAP, _SLOT_GAP = 4, 3
_MIN_HOURS = 4
_FONT = "Sofia Sans Condensed"


@dataclass(frozen=True)
class Slot:
    """One block of the timetable: wall times in the lab's zone, from `starts` on one day to `ends` on that or another.

    `until` is the last day, None for the first one; an end at or before the start is then the next midnight.
    """

    on: date
    starts: time
    ends: time
    attended: bool = True
    until: date | None = None

    @property
    def days(self) -> Iterator["Slot"]:
        """The block as it stands on each day that it touches, from midnight to midnight where it goes on."""
        last = self.until or self.on
        if last == self.on:
            yield self
            return
        midnight = time()
        yield Slot(self.on, self.starts, midnight, self.attended)
        for day in range(1, (last - self.on).days):
            yield Slot(self.on + timedelta(days=day), midnight, midnight, self.attended)
        if self.ends > midnight:
            yield Slot(last, midnight, self.ends, self.attended)


@dataclass(frozen=True)
class Shades:
    """The picture's colours on the lab's ground, each as #rrggbb."""

    ground: str
    lift: str
    soft: str


def svg(slots: Iterable[Slot], shades: Shades) -> str:
    """Return the timetable as SVG, WIDTH by HEIGHT units, without a ground; no text of people is in it."""
    days = _by_day(slots)
    if not days:
        return _document("")
    first, last = _hours(slot for day in days.values() for slot in day)
    minute = (HEIGHT - _TOP) / ((last - first) * 60)
    column = (WIDTH - _LEFT - (len(days) - 1) * _DAY_GAP) / len(days)

    parts = list(_ruler(first, last, minute, shades))
    numbered = 1 + int(
        20 // (column + _DAY_GAP)
    )  # on narrow columns only every second, third … day has its number
    for index, (on, day) in enumerate(days.items()):
        x = _LEFT + index * (column + _DAY_GAP)
        if index % numbered == 0:
            parts.append(_label(x + 1, 14, str(on.day), 14, "#ffffff", bold=True))
        lanes = _lanes(day)
        lane_width = (column - (max(lanes.values()) * 2)) / (max(lanes.values()) + 1)
        for slot, lane in lanes.items():
            top = _TOP + (_minutes(slot)[0] - first * 60) * minute
            tall = (_minutes(slot)[1] - _minutes(slot)[0]) * minute - _SLOT_GAP
            fill = shades.lift if slot.attended else _mix(shades.lift, shades.ground, 0.35)
            parts.append(
                f'<rect x="{x + lane * (lane_width + 2):.1f}" y="{top + _SLOT_GAP / 2:.1f}" '
                f'width="{lane_width:.1f}" height="{max(tall, 2):.1f}" fill="{fill}"/>'
            )
    return _document("".join(parts))


def _document(content: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + 2}" '
        f'width="{WIDTH}" height="{HEIGHT + 2}">{content}</svg>'
    )


def _by_day(slots: Iterable[Slot]) -> dict[date, list[Slot]]:
    """The slots by day, days in order and each day's slots by time."""
    days: dict[date, list[Slot]] = defaultdict(list)
    each = (day for slot in slots for day in slot.days)
    for slot in sorted(each, key=lambda slot: (slot.on, _minutes(slot), not slot.attended)):
        days[slot.on].append(slot)
    return days


def _minutes(slot: Slot) -> tuple[int, int]:
    """Start and end in minutes after the day's midnight."""
    starts = slot.starts.hour * 60 + slot.starts.minute
    ends = slot.ends.hour * 60 + slot.ends.minute
    return starts, ends if ends > starts else 24 * 60


def _hours(slots: Iterable[Slot]) -> tuple[int, int]:
    """The whole hours which the picture spans: an hour of air around the sessions, at least four hours."""
    spans = [_minutes(slot) for slot in slots]
    first = max(min(starts for starts, _ in spans) // 60 - 1, 0)
    last = min(-(-max(ends for _, ends in spans) // 60) + 1, 24)
    while last - first < _MIN_HOURS:
        first, last = max(first - 1, 0), min(last + 1, 24)
    return first, last


def _ruler(first: int, last: int, minute: float, shades: Shades) -> Iterator[str]:
    """The hours' lines, each with its number below it."""
    line = _mix("#ffffff", shades.ground, 0.26)
    for hour in range(first, last + 1):
        y = _TOP + (hour - first) * 60 * minute
        yield f'<path d="M{_LEFT - 2} {y:.1f}H{WIDTH}" stroke="{line}" stroke-width="1"/>'
        if hour < last and (last - first <= 14 or (hour - first) % 2 == 0):
            yield _label(0, y + 11, str(hour), 12, shades.soft)


def _lanes(day: list[Slot]) -> Mapping[Slot, int]:
    """Give each of a day's slots a lane, so that those at the same time stand side by side."""
    lanes: dict[Slot, int] = {}
    free: list[int] = []  # when each lane is free again, in minutes
    for slot in day:
        starts, ends = _minutes(slot)
        lane = next((number for number, until in enumerate(free) if until <= starts), len(free))
        free[lane : lane + 1] = [ends]
        lanes[slot] = lane
    return lanes


def _label(x: float, y: float, text: str, size: int, fill: str, *, bold: bool = False) -> str:
    weight = 700 if bold else 400
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}" font-size="{size}" font-weight="{weight}" '
        f'font-family="{_FONT}">{text}</text>'
    )


def _mix(colour: str, ground: str, share: float) -> str:
    """The colour laid over the ground with that share of it, both and result as #rrggbb (sRGB)."""
    channels = ((int(colour[at : at + 2], 16), int(ground[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(over * share + under * (1 - share)):02x}" for over, under in channels)
