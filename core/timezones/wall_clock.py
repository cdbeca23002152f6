"""Convert wall-clock time (date, hour, zone) to an instant and back (PEP 495).

The wall-clock time that organisers enter is authoritative; the UTC instant is derived from it. Wall times that do not
exist (clocks go forward) are rejected; ambiguous ones (clocks go back) need a fold.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, gettext

from core.timezones.formatting import clock, long_date
from core.timezones.zones import city_of, known_zones, offset_text

_SECOND = timedelta(seconds=1)


class WallClockError(ValueError):
    """A date, hour and zone that do not name one instant. `message` is the text for people."""

    def __init__(self, on: date, at: time, zone: str) -> None:
        super().__init__(on, at, zone)
        self.on = on
        self.at = at
        self.zone = zone

    @property
    def message(self) -> str:
        """Return the problem and how to solve it, in the active language."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.message


class UnknownZone(WallClockError):
    """The zone has no rules."""

    @property
    def message(self) -> str:
        return gettext("“%(zone)s” is not a known time zone. Choose one such as Europe/Sofia.") % {
            "zone": self.zone[:60]
        }


class TimeOutOfRange(WallClockError):
    """The instant is outside the years that datetime supports (1 to 9999)."""

    @property
    def message(self) -> str:
        return gettext(
            "%(date)s, %(time)s is outside the supported range. Choose a date closer to today."
        ) % {
            "date": long_date(self.on, _language()),
            "time": clock(self.at),
        }


class NonexistentTime(WallClockError):
    """Clocks skip this time. `gap_starts` and `gap_ends` are the zone's naive wall times before and after the jump."""

    def __init__(self, on: date, at: time, zone: str, *, gap_starts: datetime, gap_ends: datetime) -> None:
        super().__init__(on, at, zone)
        self.gap_starts = gap_starts
        self.gap_ends = gap_ends

    @property
    def message(self) -> str:
        language = _language()
        values = {
            "date": long_date(self.on, language),
            "time": clock(self.at),
            "zone": city_of(self.zone, language),
            "gap_starts": clock(self.gap_starts),
            "gap_ends": clock(self.gap_ends),
        }
        if self.gap_starts.date() == self.gap_ends.date():
            return (
                gettext(
                    "%(date)s, %(time)s does not exist in %(zone)s: clocks go from %(gap_starts)s to %(gap_ends)s. "
                    "Choose a time before or after."
                )
                % values
            )
        values["gap_starts_on"] = long_date(self.gap_starts.date(), language)
        values["gap_ends_on"] = long_date(self.gap_ends.date(), language)
        return (
            gettext(
                "%(date)s, %(time)s does not exist in %(zone)s: clocks go from %(gap_starts)s on %(gap_starts_on)s "
                "to %(gap_ends)s on %(gap_ends_on)s. Choose a time before or after."
            )
            % values
        )


class AmbiguousTime(WallClockError):
    """Clocks show this time twice, with these two offsets: fold 0 selects the first, 1 the second."""

    def __init__(self, on: date, at: time, zone: str, offsets: tuple[timedelta, timedelta]) -> None:
        super().__init__(on, at, zone)
        self.offsets = offsets

    @property
    def message(self) -> str:
        return gettext(
            "%(date)s, %(time)s occurs twice in %(zone)s, because clocks go back: first at "
            "%(first_offset)s, then at %(second_offset)s. Choose which one you mean."
        ) % {
            "date": long_date(self.on, _language()),
            "time": clock(self.at),
            "zone": city_of(self.zone, _language()),
            "first_offset": offset_text(self.offsets[0]),
            "second_offset": offset_text(self.offsets[1]),
        }


def instant(on: date, at: time, zone: str, fold: int | None = None) -> datetime:
    """Return the instant (aware, UTC) at which clocks in `zone` show `at` on the day `on`.

    `fold` selects the earlier (0) or later (1) instant of an ambiguous time, and is ignored elsewhere; a fold or
    zone of `at` itself is ignored. Raises UnknownZone, NonexistentTime, AmbiguousTime (only if `fold` is None),
    TimeOutOfRange; ValueError for a fold other than 0, 1, None.
    """
    if fold not in (None, 0, 1):
        raise ValueError("fold is 0, 1 or None")
    earlier, later = _readings(on, at, zone)
    if earlier == later:
        return earlier
    # In a gap the offset before the switch gives the later of the two instants (PEP 495).
    if later < earlier:
        switch = _switch_between(later, earlier, zone)
        raise NonexistentTime(
            on,
            at,
            zone,
            gap_starts=(switch - _SECOND).astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) + _SECOND,
            gap_ends=switch.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0),
        )
    if fold is None:
        local = datetime.combine(on, at.replace(tzinfo=None, fold=0)).replace(tzinfo=UTC)
        raise AmbiguousTime(on, at, zone, (local - earlier, local - later))
    return later if fold else earlier


def wall(at: datetime, zone: str) -> datetime:
    """Return what clocks in `zone` show at the instant `at`, as an aware datetime with its fold set.

    Raises ValueError if `at` is naive, UnknownZone if `zone` has no rules.
    """
    if at.tzinfo is None:
        raise ValueError("an instant must be aware")
    if zone not in known_zones():
        raise UnknownZone(at.date(), at.time(), zone)
    return at.astimezone(ZoneInfo(zone))


def fold_of(at: datetime, zone: str) -> int:
    """Return 1 if the instant `at` is the second of two equal wall times in `zone`, else 0."""
    return wall(at, zone).fold


def is_ambiguous(on: date, at: time, zone: str) -> bool:
    """Tell whether clocks in `zone` show `at` twice on the day `on`. Raises UnknownZone, TimeOutOfRange."""
    earlier, later = _readings(on, at, zone)
    return earlier < later


def is_nonexistent(on: date, at: time, zone: str) -> bool:
    """Tell whether clocks in `zone` skip `at` on the day `on`. Raises UnknownZone, TimeOutOfRange."""
    earlier, later = _readings(on, at, zone)
    return later < earlier


def _readings(on: date, at: time, zone: str) -> tuple[datetime, datetime]:
    """Return the instants (UTC) of fold 0 and fold 1; equal unless a switch is near."""
    if zone not in known_zones():
        raise UnknownZone(on, at, zone)
    local = datetime.combine(on, at.replace(tzinfo=None, fold=0), tzinfo=ZoneInfo(zone))
    try:
        return local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    except OverflowError:
        raise TimeOutOfRange(on, at, zone) from None


def _switch_between(before: datetime, after: datetime, zone: str) -> datetime:
    """Return the first instant (UTC, to the second) with the offset of `after`, by binary search."""
    rules = ZoneInfo(zone)
    target = after.astimezone(rules).utcoffset()
    low, high = before.replace(microsecond=0), after.replace(microsecond=0)
    while high - low > _SECOND:
        middle = (low + (high - low) // 2).replace(microsecond=0)
        if middle.astimezone(rules).utcoffset() == target:
            high = middle
        else:
            low = middle
    return high


def _language() -> str:
    return get_language() or "en"
