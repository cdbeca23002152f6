"""New rules of time zones: what moves by them, and applying it.

The clock on the wall is authoritative: when the rules of a zone change, its sessions keep their hours and get other
instants. The rules with which the stored instants were computed are kept (`ZoneRules`), so that what people were told
before can still be said: hours in cities whose rules changed, too.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from core.mail.health import Finding, register_finding
from core.timezones.wall_clock import wall
from core.timezones.zones import canonical_zones, rules_version
from sessions.models import ZoneRules

logger = logging.getLogger(__name__)

# Years for which offsets are kept, before and after now.
PAST, FUTURE = 1, 6
_STEP = timedelta(days=7)  # no zone changes its clocks twice within a week


class Rules:
    """The offsets of a version of the time zone database."""

    def __init__(self, version: str, offsets: Mapping[str, Sequence[Sequence[int]]]) -> None:
        self.version = version
        self.offsets = offsets

    def offset_at(self, at: datetime, zone: str) -> int | None:
        """Return the zone's offset from UTC in seconds at this instant; None where it is not kept."""
        found = self.offsets.get(zone)
        if not found or at.timestamp() > found[-1][0]:
            return None
        starts = [start for start, _offset in found[:-1]]
        return int(found[max(bisect_right(starts, at.timestamp()) - 1, 0)][1])


@lru_cache(maxsize=2)
def _current_offsets(version: str, year: int) -> dict[str, list[list[int]]]:
    """Return the offsets by the rules of this process; the last pair of a zone is the end of what is known."""
    first, last = datetime(year - PAST, 1, 1, tzinfo=UTC), datetime(year + FUTURE, 1, 1, tzinfo=UTC)
    found = {}
    for zone in canonical_zones():
        rules = ZoneInfo(zone)
        at, offset = first, _offset(first, rules)
        pairs = [[int(at.timestamp()), offset]]
        while at < last:
            after = at + _STEP
            if (changed := _offset(after, rules)) != offset:
                pairs.append([_switch(at, after, rules, offset), changed])
                offset = changed
            at = after
        found[zone] = [*pairs, [int(last.timestamp()), offset]]
    return found


def _offset(at: datetime, rules: ZoneInfo) -> int:
    return int((at.astimezone(rules).utcoffset() or timedelta()).total_seconds())


def _switch(before: datetime, after: datetime, rules: ZoneInfo, offset: int) -> int:
    """Return the first second with another offset than `offset`, by binary search."""
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(datetime.fromtimestamp(middle, UTC), rules) == offset:
            low = middle
        else:
            high = middle
    return high


def current_rules(now: datetime | None = None) -> Rules:
    """Return the rules of this process."""
    return Rules(rules_version(), _current_offsets(rules_version(), (now or timezone.now()).year))


def stored_rules() -> Rules | None:
    """Return the rules with which the stored instants were computed; None before the first are stored."""
    row = ZoneRules.objects.order_by("-pk").first()
    return Rules(row.version, row.offsets) if row else None


def stored_version() -> str:
    """Return the version of those rules, "" before the first are stored. One small query."""
    return ZoneRules.objects.order_by("-pk").values_list("version", flat=True).first() or ""


def store_current() -> None:
    """Note that the stored instants follow the rules of this process. The caller has seen to it."""
    rules = current_rules()
    row = ZoneRules.objects.create(version=rules.version, offsets=rules.offsets)
    ZoneRules.objects.exclude(pk=row.pk).delete()


def store_first(**more: object) -> None:
    """Store the rules where none are stored: nothing was computed by others before. Else say if they are outdated."""
    if not ZoneRules.objects.exists():
        store_current()
    elif is_outdated():
        logger.warning(
            "Stored instants follow tzdata %s, not %s: run manage.py refresh_instants.",
            stored_version(),
            rules_version(),
        )


@register_finding
def finding() -> Finding:
    """Whether stored instants follow the rules of this process. Without that, sessions may show an hour off."""
    facts: dict[str, object] = {"stored": stored_version(), "running": rules_version()}
    return Finding("time_zones", not is_outdated(), facts, needed=False)


def is_outdated() -> bool:
    """Tell whether stored instants may follow other rules than those of this process."""
    return stored_version() not in ("", rules_version())


def known_clocks(
    was: Mapping[str, Any], old: Rules | None, time_zone: str, offset: int
) -> dict[str, list[int]]:
    """Return the offsets of start and end that people were told by the old rules, of all zones that have others now.

    `was` are the facts of a session; `offset` is that of its own zone at both, in seconds, known from its clock.
    """
    spans = [datetime.fromisoformat(was[name]) for name in ("starts_at", "ends_at")]
    found = {time_zone: [offset, offset]}
    if old is None:
        return found
    for zone in old.offsets:
        before = [old.offset_at(at, zone) for at in spans]
        after = [int((wall(at, zone).utcoffset() or timedelta()).total_seconds()) for at in spans]
        known = [one for one in before if one is not None]
        if len(known) == len(before) and known != after:
            found[zone] = known
    return found
