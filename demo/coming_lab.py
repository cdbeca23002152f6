"""The coming lab of the demonstration: the programme of a past lab, moved by whole weeks into the near future.

Works on the JSON of programme files, so that what comes out is checked like any other such file.
"""

import copy
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from core.timezones.wall_clock import is_ambiguous, is_nonexistent

WEEK = timedelta(weeks=1)
NEAREST, FARTHEST = timedelta(weeks=3), timedelta(weeks=8)
# Registration is open for some weeks already, so that the figures have a past.
OPEN_FOR = timedelta(days=27)
# Nobody meets between the years: (month, day), inclusive.
QUIET = ((12, 19), (1, 6))
DAYS = ("on", "starts_on", "ends_on")
TIMES = ("starts", "ends")
# What of the past lab was said about the past lab alone.
NOT_TAKEN = ("ordinal", "source", "time_zone_note", "assumed", "description")
SEASONS = ("winter", "spring", "summer", "autumn")


def made_from(past: dict[str, Any], additions: dict[str, Any], today: date) -> dict[str, Any]:
    """Return a lab like `past`, with the additions, whose first day lies three to eight weeks after `today`."""
    lab = copy.deepcopy({name: value for name, value in past.items() if name not in NOT_TAKEN})
    merge(lab, additions["lab"])
    first, last = date.fromisoformat(lab["starts_on"]), date.fromisoformat(lab["ends_on"])
    by = weeks_to_move(first, last - first, today)
    move(lab, by, lab["time_zone"])
    starts_on = first + by
    lab["registration"] = {
        "opens": f"{today - OPEN_FOR}T09:00",
        "closes": f"{starts_on - timedelta(days=1)}T18:00",
    }
    season = additions["seasons"][SEASONS[starts_on.month % 12 // 3]]
    for language, text in lab["description"].items():
        when = season[language].replace("{year}", str(starts_on.year))
        lab["description"][language] = text.replace("{season}", when)
    return lab


def merge(base: dict[str, Any], additions: dict[str, Any]) -> None:
    """Lay `additions` over `base`: objects within objects, entries of a list by their slug, day or place."""
    for name, value in additions.items():
        if isinstance(value, dict) and isinstance(base.get(name), dict):
            merge(base[name], value)
        elif isinstance(value, list) and value and isinstance(value[0], dict) and base.get(name):
            for index, entry in enumerate(value):
                merge(_twin(base[name], entry, index), entry)
        else:
            base[name] = copy.deepcopy(value)


def _twin(entries: list[dict[str, Any]], entry: dict[str, Any], index: int) -> dict[str, Any]:
    """Return the entry of a list that `entry` adds to; a new one where there is none."""
    for key in ("slug", "on"):
        if key in entry:
            found = next((other for other in entries if other.get(key) == entry[key]), None)
            if found is None:
                found = {}
                entries.append(found)
            return found
    return entries[index]


def weeks_to_move(first: date, lasting: timedelta, today: date) -> timedelta:
    """Return the whole weeks after which `first` falls three to eight weeks after `today`, if it can be outside the
    quiet days of the year; among those as near to five weeks as can be."""
    by = WEEK * -(-(today + NEAREST - first).days // 7)
    moves = []
    while first + by <= today + FARTHEST:
        moves.append(by)
        by += WEEK
    middle = today + timedelta(weeks=5)
    return min(moves, key=lambda by: (_is_quiet(first + by, lasting), abs(first + by - middle)))


def _is_quiet(first: date, lasting: timedelta) -> bool:
    days = [first + timedelta(days=n) for n in range(lasting.days + 1)]
    return any((day.month, day.day) >= QUIET[0] or (day.month, day.day) <= QUIET[1] for day in days)


def move(lab: dict[str, Any], by: timedelta, zone: str) -> None:
    """Move every day and wall time of a lab; hours stay. One that clocks skip moves to the next that exists."""
    for record in _records(lab):
        for name in DAYS:
            if name in record:
                record[name] = (date.fromisoformat(record[name]) + by).isoformat()
        for name in TIMES:
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
