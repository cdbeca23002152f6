"""The coming lab of the demonstration: the programme of a past lab, moved by whole weeks into the near future.

Works on the JSON of programme files, so that the importer validates the result.
"""

import copy
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from core.timezones.wall_clock import is_ambiguous, is_nonexistent

WEEK = timedelta(weeks=1)
MIN_AHEAD, MAX_AHEAD = timedelta(weeks=3), timedelta(weeks=8)
# Registration has been open for some weeks, so that statistics have data.
REGISTRATION_OPEN_FOR = timedelta(days=27)
# No sessions in these days: (month, day), inclusive.
HOLIDAYS = ((12, 19), (1, 6))
DATE_FIELDS = ("on", "starts_on", "ends_on", "interpretation_order_by", "interpretation_ordered_on")
TIME_FIELDS = ("starts", "ends")
# Fields of the past lab that do not apply to the coming one.
OMITTED_FIELDS = ("ordinal", "source", "time_zone_note", "assumed", "description")
SEASONS = ("winter", "spring", "summer", "autumn")


def build_coming_lab(past: dict[str, Any], additions: dict[str, Any], today: date) -> dict[str, Any]:
    """Return a copy of `past` with the additions, whose first day is three to eight weeks after `today`."""
    lab = copy.deepcopy({name: value for name, value in past.items() if name not in OMITTED_FIELDS})
    merge(lab, additions["lab"])
    first, last = date.fromisoformat(lab["starts_on"]), date.fromisoformat(lab["ends_on"])
    by = weeks_to_move(first, last - first, today)
    move(lab, by, lab["time_zone"])
    starts_on = first + by
    lab["registration"] = {
        "opens": f"{today - REGISTRATION_OPEN_FOR}T09:00",
        "closes": f"{starts_on - timedelta(days=1)}T18:00",
    }
    season = additions["seasons"][SEASONS[starts_on.month % 12 // 3]]
    for language, text in lab["description"].items():
        when = season[language].replace("{year}", str(starts_on.year))
        lab["description"][language] = text.replace("{season}", when)
    return lab


def merge(base: dict[str, Any], additions: dict[str, Any]) -> None:
    """Merge `additions` into `base` recursively, list entries by slug, day or index."""
    for name, value in additions.items():
        if isinstance(value, dict) and isinstance(base.get(name), dict):
            merge(base[name], value)
        elif isinstance(value, list) and value and isinstance(value[0], dict) and base.get(name):
            for index, entry in enumerate(value):
                merge(_matching_entry(base[name], entry, index), entry)
        else:
            base[name] = copy.deepcopy(value)


def _matching_entry(
    entries: list[dict[str, object]], entry: dict[str, object], index: int
) -> dict[str, object]:
    """Return the list's entry with the same slug or day, else by index; a new one if none matches."""
    for key in ("slug", "on"):
        if key in entry:
            found = next((other for other in entries if other.get(key) == entry[key]), None)
            if found is None:
                found = {}
                entries.append(found)
            return found
    return entries[index]


def weeks_to_move(first: date, lasting: timedelta, today: date) -> timedelta:
    """Return the whole weeks that move `first` to three to eight weeks after `today`, nearest to five, outside the
    holidays if possible."""
    by = WEEK * -(-(today + MIN_AHEAD - first).days // 7)
    moves = []
    while first + by <= today + MAX_AHEAD:
        moves.append(by)
        by += WEEK
    middle = today + timedelta(weeks=5)
    return min(moves, key=lambda by: (_overlaps_holidays(first + by, lasting), abs(first + by - middle)))


def _overlaps_holidays(first: date, lasting: timedelta) -> bool:
    days = [first + timedelta(days=n) for n in range(lasting.days + 1)]
    return any((day.month, day.day) >= HOLIDAYS[0] or (day.month, day.day) <= HOLIDAYS[1] for day in days)


def move(lab: dict[str, object], by: timedelta, zone: str) -> None:
    """Move every day and wall time of a lab, keeping hours. A nonexistent time moves to the next that exists."""
    for record in _records(lab):
        for name in DATE_FIELDS:
            if name in record:
                record[name] = (date.fromisoformat(record[name]) + by).isoformat()
        for name in TIME_FIELDS:
            if name in record:
                local = datetime.fromisoformat(record[name]) + by
                while is_nonexistent(local.date(), local.time(), zone):
                    local += timedelta(minutes=15)
                if is_ambiguous(local.date(), local.time(), zone) and "title" in record and "slug" in record:
                    record[f"{name}_fold"] = 0
                record[name] = local.strftime("%Y-%m-%dT%H:%M")


def _records(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from _records(member)
    elif isinstance(value, list):
        for entry in value:
            yield from _records(entry)


def days_since(day: str, today: date) -> int:
    """Return how many days ago an ISO date is."""
    return (today - date.fromisoformat(day)).days
