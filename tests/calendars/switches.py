"""When the clocks of a zone change, found without our own reading of zone files: by looking, and by halving."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_STEP = timedelta(hours=12)
_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=8192)
def switches(zone: str, year: int) -> tuple[datetime, ...]:
    """Return the instants (UTC) at which the offset becomes another in a year."""
    rules = ZoneInfo(zone)

    def offset(at: datetime) -> timedelta:
        return at.astimezone(rules).utcoffset() or timedelta()

    found = []
    at, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    while at < end:
        low, high = at, at + _STEP
        if offset(low) != offset(high):
            while high - low > _SECOND:
                middle = (low + (high - low) / 2).replace(microsecond=0)
                low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
            found.append(high)
        at += _STEP
    return tuple(found)
