"""VTIMEZONE components (RFC 5545 §3.6.5) that calendar programs interpret correctly.

Thunderbird misreads long lists of RDATE and Outlook ignores them. So a zone is written as two yearly rules, taken from
the footer of its TZif file (RFC 9636 §3.3), if the zone follows them in every year of the requested span. Earlier
years, and zones without such rules (Gaza follows Ramadan; Cairo, Nuuk, Santiago switch at odd hours), get one
observance per switch, read from the same file. An uncached component takes a fraction of a millisecond.
"""

from __future__ import annotations

import calendar
import re
import struct
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib import resources
from itertools import pairwise

# Years that a calendar may cover; sessions outside get the nearest year's rules.
FIRST_YEAR, LAST_YEAR = 1970, 2200

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_EPOCH = datetime(1970, 1, 1)
_EARLIEST = -2_208_988_800  # 1900: files may begin with the Big Bang, which datetime cannot represent
_HEADER = struct.Struct(">20s6l")  # magic, version and reserved bytes; then six counts
# RFC 5545's names, in the order in which POSIX counts the days of a week.
_WEEKDAYS = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")

_ZONE_NAME = r"(?:<[^>]+>|[A-Za-z]+)"
_OFFSET = r"[+-]?\d+(?::\d+){0,2}"
_FOOTER = re.compile(
    rf"{_ZONE_NAME}(?P<standard>{_OFFSET})(?:{_ZONE_NAME}(?P<daylight>{_OFFSET})?,(?P<starts>[^,]+),(?P<ends>[^,]+))?"
)
_RULE = re.compile(rf"M(?P<month>\d+)\.(?P<week>[1-5])\.(?P<weekday>[0-6])(?:/(?P<at>{_OFFSET}))?")


@dataclass(frozen=True)
class _Switch:
    """One change of the clocks. `at` is naive UTC; the offsets are those before and after it."""

    at: datetime
    before: timedelta
    after: timedelta


@dataclass(frozen=True)
class _YearlyRule:
    """A switch on the `week`th (5: the last) `weekday` (0: Sunday) of a month, `at` after its local midnight."""

    month: int
    week: int
    weekday: int
    at: timedelta
    before: timedelta
    after: timedelta

    def switch(self, year: int) -> _Switch:
        """Return this rule's switch in `year`."""
        first_weekday, length = calendar.monthrange(year, self.month)
        day = 1 + (self.weekday - (first_weekday + 1)) % 7 + 7 * (self.week - 1)
        if day > length:
            day -= 7
        return _Switch(datetime(year, self.month, day) + self.at - self.before, self.before, self.after)

    @property
    def is_simple(self) -> bool:
        """Tell whether the hour is on the rule's own day, so that an RRULE can express it."""
        return timedelta() <= self.at < _DAY

    @property
    def rrule(self) -> str:
        """Return the rule as RFC 5545 writes it: "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"."""
        ordinal = -1 if self.week == 5 else self.week
        return f"FREQ=YEARLY;BYMONTH={self.month};BYDAY={ordinal}{_WEEKDAYS[self.weekday]}"


@dataclass(frozen=True)
class _Observance:
    """One STANDARD or DAYLIGHT part. `starts` is wall time by the offset before it; `rrule` may be empty."""

    daylight: bool
    name: str
    before: timedelta
    after: timedelta
    starts: datetime
    rrule: str = ""


def vtimezone(zone: str, first: date, last: date) -> bytes:
    """Return the VTIMEZONE of `zone`, valid from `first` to `last` (both included), with CRLF line ends.

    Equal for all spans of the same years, and cached. Raises ZoneInfoNotFoundError for an unknown zone,
    ValueError if `last` is before `first`.
    """
    if last < first:
        raise ValueError("a span of dates ends before it starts")
    return _component(zone, _clamped(first.year), _clamped(last.year))


def _clamped(year: int) -> int:
    return min(max(year, FIRST_YEAR), LAST_YEAR)


@lru_cache(maxsize=1024)
def _component(zone: str, first_year: int, last_year: int) -> bytes:
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone}", f"X-LIC-LOCATION:{zone}"]
    for observance in sorted(_observances(zone, first_year, last_year), key=lambda part: part.starts):
        kind = "DAYLIGHT" if observance.daylight else "STANDARD"
        lines += [
            f"BEGIN:{kind}",
            f"TZNAME:{observance.name}",
            f"TZOFFSETFROM:{_offset_text(observance.before)}",
            f"TZOFFSETTO:{_offset_text(observance.after)}",
            f"DTSTART:{observance.starts:%Y%m%dT%H%M%S}",
            *([f"RRULE:{observance.rrule}"] if observance.rrule else []),
            f"END:{kind}",
        ]
    lines.append("END:VTIMEZONE")
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _observances(zone: str, first_year: int, last_year: int) -> Iterator[_Observance]:
    """Yield the zone's observances from the year before the span, whose last switch applies on 1 January."""
    rules, file = zoneinfo.ZoneInfo(zone), _read(zone)
    years, yearly = range(first_year - 1, last_year + 2), file.yearly
    switches = _switches(file, years)
    rule_year = _year_from_which_rules_hold(yearly, switches, years)
    explicit = [switch for switch in switches if rule_year is None or _local_year(switch) < rule_year]
    # Rules that hold in every year of the span need no other beginning.
    if rule_year != years.start:
        yield _opening(rules, datetime(years.start, 1, 1))
    for switch in explicit:
        yield _single(rules, switch)
    if rule_year is not None:
        for rule in yearly:
            yield replace(_single(rules, rule.switch(rule_year)), rrule=rule.rrule)


def _year_from_which_rules_hold(
    yearly: tuple[_YearlyRule, ...], switches: list[_Switch], years: range
) -> int | None:
    """Return the first of `years` from which on the switches are exactly those of the rules; None if none."""
    if not yearly or not all(rule.is_simple for rule in yearly):
        return None
    found = None
    for year in reversed(years):
        actual = {switch for switch in switches if _local_year(switch) == year}
        if actual != {rule.switch(year) for rule in yearly}:
            break
        found = year
    return found


def _local_year(switch: _Switch) -> int:
    return (switch.at + switch.before).year


def _opening(rules: zoneinfo.ZoneInfo, starts: datetime) -> _Observance:
    """Return the observance at the start of the span: no change, only the offset of that day."""
    local = starts.replace(tzinfo=rules)
    offset = local.utcoffset() or timedelta()
    return _Observance(bool(local.dst()), local.tzname() or "", offset, offset, starts)


def _single(rules: zoneinfo.ZoneInfo, switch: _Switch) -> _Observance:
    """Return the observance that begins with one switch."""
    earlier, later = ((at.replace(tzinfo=UTC)).astimezone(rules) for at in (switch.at - _SECOND, switch.at))
    # Ireland and Morocco call their summer "standard" and have a negative winter offset: calendars still expect
    # "daylight" in summer. Elsewhere a switch may change the standard offset itself.
    seasonal = bool(earlier.dst()) != bool(later.dst())
    daylight = switch.after > switch.before if seasonal else bool(later.dst())
    return _Observance(daylight, later.tzname() or "", switch.before, switch.after, switch.at + switch.before)


@dataclass(frozen=True)
class _File:
    """A TZif file's first offset, its listed changes, and the two rules for later years."""

    first: timedelta
    changes: tuple[tuple[datetime, timedelta], ...]
    yearly: tuple[_YearlyRule, ...]


def _switches(file: _File, years: range) -> list[_Switch]:
    """Return all changes of offset in `years`, in order."""
    offsets = [file.first, *(offset for _at, offset in file.changes)]
    listed = (
        _Switch(at, before, after)
        for (at, _), (before, after) in zip(file.changes, pairwise(offsets), strict=True)
        # A change of the abbreviation alone is no switch.
        if before != after
    )
    last = file.changes[-1][0] if file.changes else datetime.min
    ruled = sorted(
        (rule.switch(year) for year in years for rule in file.yearly), key=lambda switch: switch.at
    )
    found = (*listed, *(switch for switch in ruled if switch.at > last))
    return [switch for switch in found if _local_year(switch) in years]


@lru_cache(maxsize=1024)
def _read(zone: str) -> _File:
    """Read the zone's file of the `tzdata` package (RFC 9636 §3), which `zoneinfo` uses as well."""
    tzif = resources.files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes()
    # The second block has 64-bit instants; the first, 32-bit, is for old readers.
    start = _HEADER.size + _length(tzif, 0, 4)
    _isutc, _isstd, _leaps, changes, kinds, _letters = _HEADER.unpack_from(tzif, start)[1:]
    at = start + _HEADER.size
    seconds = struct.unpack_from(f">{changes}q", tzif, at)
    kind_of = tzif[at + 8 * changes : at + 9 * changes]
    offsets = [
        timedelta(seconds=struct.unpack_from(">l", tzif, at + 9 * changes + 6 * kind)[0])
        for kind in range(kinds)
    ]
    footer = tzif[start + _HEADER.size + _length(tzif, start, 8) :].decode("ascii").strip("\n")
    return _File(
        offsets[0],
        tuple(
            (_EPOCH + timedelta(seconds=max(second, _EARLIEST)), offsets[kind])
            for second, kind in zip(seconds, kind_of, strict=True)
        ),
        _yearly_rules(footer),
    )


def _length(tzif: bytes, start: int, octets: int) -> int:
    """Return the length of the data after the header at `start`, with instants of so many octets."""
    isutc, isstd, leaps, changes, kinds, letters = _HEADER.unpack_from(tzif, start)[1:]
    return changes * (octets + 1) + kinds * 6 + letters + leaps * (octets + 4) + isstd + isutc


def _yearly_rules(text: str) -> tuple[_YearlyRule, ...]:
    """Return the two rules of a TZif footer; none if the zone keeps one offset.

    Raises ValueError for another form of footer, which no zone of tzdata has.
    """
    footer = _FOOTER.fullmatch(text)
    if not footer:
        raise ValueError(f"not a supported TZif footer: {text}")
    if not footer["starts"]:
        return ()
    # POSIX counts offsets westward.
    standard = -_offset_of(footer["standard"])
    daylight = -_offset_of(footer["daylight"]) if footer["daylight"] else standard + timedelta(hours=1)
    return (
        _yearly_rule(footer["starts"], standard, daylight),
        _yearly_rule(footer["ends"], daylight, standard),
    )


def _yearly_rule(text: str, before: timedelta, after: timedelta) -> _YearlyRule:
    """Read "M3.5.0/3". Raises ValueError for other forms."""
    rule = _RULE.fullmatch(text)
    if not rule:
        raise ValueError(f"not a weekday of a month: {text}")
    at = _offset_of(rule["at"] or "2")
    return _YearlyRule(int(rule["month"]), int(rule["week"]), int(rule["weekday"]), at, before, after)


def _offset_of(text: str) -> timedelta:
    """Read POSIX "[+-]hh[:mm[:ss]]"."""
    hours, minutes, seconds = [*(int(part) for part in text.lstrip("+-").split(":")), 0, 0][:3]
    value = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return -value if text.startswith("-") else value


def _offset_text(offset: timedelta) -> str:
    """Return "+0300", "-0330", with seconds only where there are any (RFC 5545 §3.3.14)."""
    minutes, seconds = divmod(abs(round(offset.total_seconds())), 60)
    sign = "-" if offset < timedelta() else "+"
    return f"{sign}{minutes // 60:02d}{minutes % 60:02d}" + (f"{seconds:02d}" if seconds else "")
