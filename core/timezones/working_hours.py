"""When the clocks of a zone show certain hours of the day, as spans of instants, and arithmetic with spans.

A span is (start, end), aware and in UTC, with the end outside. Lists of spans are sorted and do not touch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.timezones.wall_clock import UnknownZone
from core.timezones.zones import known_zones

Span = tuple[datetime, datetime]

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
# Zones do not change their clocks twice within this span.
_LOOK_EVERY = timedelta(hours=12)


def spans_within_hours(zone: str, begins: time, ends: time, after: datetime, before: datetime) -> list[Span]:
    """Return the spans from `after` to `before` in which clocks in `zone` show at least `begins` and less than `ends`.

    An hour that clocks show twice counts both times; one that they skip lasts no time. Raises ValueError unless
    `begins` is before `ends`, UnknownZone if `zone` has no rules.
    """
    if begins >= ends:
        raise ValueError("the hours must begin before they end")
    if zone not in known_zones():
        raise UnknownZone(after.date(), begins, zone)
    after, before = after.astimezone(UTC), before.astimezone(UTC)
    found: list[Span] = []
    for start, end, offset in _segments(ZoneInfo(zone), after, before):
        on, last = (start + offset).date(), (end + offset).date()
        while on <= last:
            opens, closes = (_utc(on, at) - offset for at in (begins, ends))
            if (span := (max(opens, start), min(closes, end)))[0] < span[1]:
                found.append(span)
            on += _DAY
    return union(found)


def _utc(on: date, at: time) -> datetime:
    return datetime.combine(on, at.replace(tzinfo=None, fold=0), UTC)


def _segments(
    rules: ZoneInfo, after: datetime, before: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Yield the parts of a span in which the offset of a zone stays the same, with that offset."""

    def offset_at(at: datetime) -> timedelta:
        return at.astimezone(rules).utcoffset() or timedelta()

    start, at = after, after
    while at < before:
        later = min(at + _LOOK_EVERY, before)
        if offset_at(later) != offset_at(at):
            low, high = at, later
            while high - low > _SECOND:
                middle = low + (high - low) // 2
                if offset_at(middle) == offset_at(at):
                    low = middle
                else:
                    high = middle
            # Clocks change at whole seconds.
            switch = high.replace(microsecond=0)
            yield start, switch, offset_at(at)
            start = switch
        at = later
    if start < before:
        yield start, before, offset_at(start)


def union(spans: Iterable[Span]) -> list[Span]:
    """Return the instants that are in any of these spans."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def intersection(some: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """Return the instants that are in both lists of spans."""
    found, one, other = [], 0, 0
    while one < len(some) and other < len(others):
        start, end = max(some[one][0], others[other][0]), min(some[one][1], others[other][1])
        if start < end:
            found.append((start, end))
        if some[one][1] <= others[other][1]:
            one += 1
        else:
            other += 1
    return found


def difference(spans: Sequence[Span], without: Iterable[Span]) -> list[Span]:
    """Return the instants that are in `spans` and in none of `without`."""
    found: list[Span] = []
    gaps = union(without)
    for start, end in spans:
        for gap_start, gap_end in gaps:
            if gap_end <= start:
                continue
            if gap_start >= end:
                break
            if start < gap_start:
                found.append((start, gap_start))
            start = max(start, gap_end)
        if start < end:
            found.append((start, end))
    return found


def start_bits(spans: Iterable[Span], earliest: datetime, step: timedelta, length: timedelta) -> int:
    """Return an integer with a bit for each start that leaves room for `length` in a span.

    Bit n stands for `earliest` and n steps; what zones share is the `&` of their bits.
    """
    bits = 0
    for start, end in spans:
        first = max(0, -((earliest - start) // step))
        last = (end - length - earliest) // step
        if last >= first:
            bits |= ((1 << (last - first + 1)) - 1) << first
    return bits
