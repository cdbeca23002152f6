"""The best times for a session with these cities, speakers and rooms. Pure: no queries, no requests.

A slot lies within the working hours of every city by its own clocks, on the lab's days, while cities and speakers are
free, and one of the rooms where any are asked for. Slots are ranked by a score from 0 to 100, with the reasons for it.
Where nothing fits, the nearest misses say what is in the way.
"""

from __future__ import annotations

import enum
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from core.timezones.wall_clock import wall
from core.timezones.working_hours import Span, difference, intersection, spans_within_hours

STEP = timedelta(minutes=15)
# Less than this before or after another session of the same people is no break.
BREAK = timedelta(minutes=15)
# What begins or ends nearer to the limits of the working day than this costs points.
COMFORT = timedelta(minutes=60)
# The hours in which a speaker may be asked to speak, as in `sessions.conflicts`.
SPEAKERS_DAY = time(7), time(22)
MISSES = 5

Name = Mapping[str, str]


class Reason(enum.StrEnum):
    """Why a slot is worth its score, or what is in its way."""

    COMFORTABLE = "comfortable"
    EARLY_OR_LATE = "early-or-late"
    WEEKEND = "weekend"
    NO_BREAK = "no-break"
    BESIDE_OPEN_SESSION = "beside-open-session"
    SPEAKER_AT_NIGHT = "speaker-at-night"
    OUTSIDE_HOURS = "outside-hours"
    CITY_BUSY = "city-busy"
    SPEAKER_BUSY = "speaker-busy"
    SPEAKER_UNAVAILABLE = "speaker-unavailable"
    NO_ROOM_FREE = "no-room-free"


@dataclass(frozen=True)
class Busy:
    """A span in which somebody or something is taken: by a session, or without a title for a reason of its own."""

    starts_at: datetime
    ends_at: datetime
    title: Name | None = None


@dataclass(frozen=True)
class Party:
    """A city, a speaker or a room. `time_zone` is "" for rooms, and for speakers without a city."""

    slug: str
    name: Name
    time_zone: str = ""
    busy: tuple[Busy, ...] = ()


@dataclass(frozen=True)
class SlotQuery:
    """What a slot is asked for. The span is that of the lab's days; `time_zone`, the lab's, gives the step its minutes.

    With `rooms_needed` one of `rooms` has to be free, otherwise they are only looked up. `open_sessions` are those that
    anybody may attend, which cost points.
    """

    cities: tuple[Party, ...]
    minutes: int
    earliest: datetime
    latest: datetime
    time_zone: str
    speakers: tuple[Party, ...] = ()
    rooms: tuple[Party, ...] = ()
    rooms_needed: bool = False
    day_begins: time = time(9)
    day_ends: time = time(17)
    step: timedelta = STEP
    open_sessions: tuple[Busy, ...] = ()

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.minutes)


@dataclass(frozen=True)
class Remark:
    """A reason, whom it concerns, and the titles of sessions that it is about."""

    reason: Reason
    parties: tuple[Party, ...] = ()
    titles: tuple[Name, ...] = ()


@dataclass(frozen=True)
class Slot:
    """A time, with the rooms that are free then. One with `obstacles` is a near miss, without a score."""

    starts_at: datetime
    ends_at: datetime
    rooms: tuple[Party, ...] = ()
    score: int = 0
    remarks: tuple[Remark, ...] = ()
    obstacles: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Found:
    """All slots that fit, the best first; where there are none, the nearest misses, the nearest first."""

    slots: tuple[Slot, ...]
    misses: tuple[Slot, ...] = field(default=())

    def best_of_days(self, time_zone: str, each: int, apart: timedelta) -> tuple[Slot, ...]:
        """Return the best slots of each day in a zone: at most `each`, whose starts are at least `apart`."""
        kept: list[Slot] = []
        starts: defaultdict[date, list[datetime]] = defaultdict(list)
        for slot in self.slots:
            of_day = starts[wall(slot.starts_at, time_zone).date()]
            if len(of_day) < each and all(abs(slot.starts_at - other) >= apart for other in of_day):
                of_day.append(slot.starts_at)
                kept.append(slot)
        return tuple(kept)


def find_slots(query: SlotQuery) -> Found:
    """Return the slots that fit, or the nearest misses. Raises ValueError for hours or lengths that make no sense."""
    if query.minutes <= 0 or query.step <= timedelta():
        raise ValueError("length and step must be positive")
    hours = _Hours(query)
    free = [(query.earliest, query.latest)] if query.earliest < query.latest else []
    for spans in hours.by_zone.values():
        free = intersection(free, spans)
    for party in (*query.cities, *query.speakers):
        free = difference(free, [(one.starts_at, one.ends_at) for one in party.busy])
    slots = []
    for starts_at in _starts(query, free):
        span = starts_at, starts_at + query.length
        rooms = _free_rooms(query, span)
        if rooms or not query.rooms_needed:
            score, remarks = _rated(query, span)
            slots.append(Slot(*span, rooms, score, remarks))
    slots.sort(key=lambda slot: (-slot.score, slot.starts_at))
    return Found(tuple(slots), () if slots else _misses(query, hours))


def _starts(query: SlotQuery, free: Iterable[Span]) -> Iterator[datetime]:
    """Yield the starts within free spans at which the lab's clocks show whole steps."""
    for start, end in free:
        offset = wall(start, query.time_zone).utcoffset() or timedelta()
        over = (start.astimezone(UTC) + offset - datetime(2000, 1, 1, tzinfo=UTC)) % query.step
        at = start + (query.step - over if over else timedelta())
        while at + query.length <= end:
            yield at.astimezone(UTC)
            at += query.step


class _Hours:
    """The working hours of the cities, by zone."""

    def __init__(self, query: SlotQuery) -> None:
        zones = dict.fromkeys(city.time_zone for city in query.cities)
        self.by_zone = {
            zone: spans_within_hours(zone, query.day_begins, query.day_ends, query.earliest, query.latest)
            for zone in zones
        }

    def outside(self, zone: str, span: Span) -> timedelta:
        """Return how much of a span is outside the working hours of a zone."""
        spans = self.by_zone[zone]
        place = max(bisect_right(spans, span) - 1, 0)
        inside = intersection([span], spans[place : place + 3])
        return (span[1] - span[0]) - sum((end - start for start, end in inside), timedelta())


def _overlapping(busy: Iterable[Busy], span: Span) -> list[Busy]:
    return [one for one in busy if one.starts_at < span[1] and span[0] < one.ends_at]


def _free_rooms(query: SlotQuery, span: Span) -> tuple[Party, ...]:
    return tuple(room for room in query.rooms if not _overlapping(room.busy, span))


def _rated(query: SlotQuery, span: Span) -> tuple[int, tuple[Remark, ...]]:
    """Return the score of a slot that fits, and why."""
    remarks, lost = [], 0.0
    zones = {city.time_zone for city in query.cities}
    lacks = {zone: _lack_of_comfort(query, zone, span) for zone in zones}
    tight = tuple(city for city in query.cities if lacks[city.time_zone])
    if tight:
        lost += 20 * max(lacks.values()) + 20 * len(tight) / len(query.cities)
        remarks.append(Remark(Reason.EARLY_OR_LATE, tight))
    elif query.cities:
        remarks.append(Remark(Reason.COMFORTABLE))
    if zones:
        # Of two comfortable times the one nearer to the middle of the day is better.
        lost += 6 * sum(_off_the_middle(query, zone, span) for zone in zones) / len(zones)
    weekend = {zone for zone in zones if wall(span[0], zone).weekday() >= 5}
    resting = tuple(city for city in query.cities if city.time_zone in weekend)
    if resting:
        lost += 25
        remarks.append(Remark(Reason.WEEKEND, resting))
    around = span[0] - BREAK, span[1] + BREAK
    rushed = tuple(
        party for party in (*query.cities, *query.speakers) if _overlapping(party.busy, _shrunk(around))
    )
    if rushed:
        lost += min(15, 5 * len(rushed))
        remarks.append(Remark(Reason.NO_BREAK, rushed))
    if beside := _overlapping(query.open_sessions, span):
        lost += 10
        titles = tuple(one.title for one in beside if one.title)
        remarks.append(Remark(Reason.BESIDE_OPEN_SESSION, titles=titles))
    if awake := tuple(one for one in query.speakers if one.time_zone and _at_night(one.time_zone, span)):
        lost += 15
        remarks.append(Remark(Reason.SPEAKER_AT_NIGHT, awake))
    return max(0, round(100 - lost)), tuple(remarks)


def _shrunk(span: Span) -> Span:
    """Return a span that no longer touches what begins at its end or ends at its start."""
    return span[0] + timedelta(microseconds=1), span[1] - timedelta(microseconds=1)


def _lack_of_comfort(query: SlotQuery, zone: str, span: Span) -> float:
    """Return from 0 to 1 how near a slot is to the limits of the working day in a zone.

    A day that leaves no room for comfort beside the session asks for less of it.
    """
    day = _minutes(query.day_ends) - _minutes(query.day_begins)
    wanted = min(COMFORT.seconds / 60, max(0, day - query.minutes) / 2)
    if not wanted:
        return 0.0
    starts, ends = wall(span[0], zone), wall(span[1], zone)
    margin = min(
        _minutes(starts.time()) - _minutes(query.day_begins), _minutes(query.day_ends) - _minutes(ends.time())
    )
    return min(1.0, max(0.0, wanted - margin) / wanted)


def _off_the_middle(query: SlotQuery, zone: str, span: Span) -> float:
    """Return from 0 to 1 how far the middle of a slot is from that of the working day in a zone."""
    day = _minutes(query.day_begins) + _minutes(query.day_ends)
    middle = _minutes(wall(span[0], zone).time()) + query.minutes / 2
    spare = max(1, _minutes(query.day_ends) - _minutes(query.day_begins) - query.minutes) / 2
    return min(1.0, abs(middle - day / 2) / spare)


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _at_night(zone: str, span: Span) -> bool:
    starts, ends = wall(span[0], zone), wall(span[1], zone)
    begins, closes = SPEAKERS_DAY
    return not (starts.date() == ends.date() and starts.time() >= begins and ends.time() <= closes)


def _misses(query: SlotQuery, hours: _Hours) -> tuple[Slot, ...]:
    """Return the times at which the least is in the way, none of which overlap."""
    span = (query.earliest, query.latest)
    rated = []
    for starts_at in _starts(query, [span]):
        at = starts_at, starts_at + query.length
        away, outside = 0, timedelta()
        beyond = {zone: hours.outside(zone, at) for zone in hours.by_zone}
        for city in query.cities:
            out = beyond[city.time_zone]
            outside += out
            away += bool(out) + bool(_overlapping(city.busy, at))
        away += sum(bool(_overlapping(speaker.busy, at)) for speaker in query.speakers)
        away += query.rooms_needed and not _free_rooms(query, at)
        resting = any(wall(starts_at, zone).weekday() >= 5 for zone in beyond)
        rated.append((away, resting, outside, at))
    kept: list[Span] = []

    def apart() -> Iterator[Span]:
        for *_how_far, at in sorted(rated):
            if all(at[1] <= start or end <= at[0] for start, end in kept):
                kept.append(at)
                yield at

    return tuple(
        Slot(*at, _free_rooms(query, at), obstacles=_obstacles(query, hours, at))
        for at in islice(apart(), MISSES)
    )


def _obstacles(query: SlotQuery, hours: _Hours, span: Span) -> tuple[Remark, ...]:
    """Return what is in the way of a slot."""
    found = []
    out = tuple(city for city in query.cities if hours.outside(city.time_zone, span))
    if out:
        found.append(Remark(Reason.OUTSIDE_HOURS, out))
    found += _taken(Reason.CITY_BUSY, query.cities, span, lambda one: True)
    found += _taken(Reason.SPEAKER_BUSY, query.speakers, span, lambda one: one.title is not None)
    found += _taken(Reason.SPEAKER_UNAVAILABLE, query.speakers, span, lambda one: one.title is None)
    if query.rooms_needed and not _free_rooms(query, span):
        found.append(Remark(Reason.NO_ROOM_FREE, query.rooms))
    return tuple(found)


def _taken(
    reason: Reason, parties: Sequence[Party], span: Span, counts: Callable[[Busy], bool]
) -> list[Remark]:
    """Return one remark for those who are taken for the same reason at the same time."""
    by_titles: dict[tuple[str, ...], tuple[list[Party], tuple[Name, ...]]] = {}
    for party in parties:
        busy = [one for one in _overlapping(party.busy, span) if counts(one)]
        if busy:
            titles = tuple(one.title for one in busy if one.title)
            by_titles.setdefault(tuple(map(str, titles)), ([], titles))[0].append(party)
    return [Remark(reason, tuple(some), titles) for some, titles in by_titles.values()]
