"""The schedule as a grid: days, rooms or tracks as columns, what is still to be placed, and conflicts by session.

Hours are those of the clocks in the lab's zone. A constant number of queries, however many sessions there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext

from core.timezones.formatting import clock, duration
from core.timezones.wall_clock import NonexistentTime, TimeOutOfRange, instant, wall
from core.web.localized_fields import text_and_language
from labs.models import City, Lab, LabDay, Room, Track
from sessions.conflicts import Conflict, conflicts_of
from sessions.models import Session
from sessions.placing import minutes_of

By = Literal["room", "track"]
MAX_RULERS = 6
# So that it can be seen, and taken hold of.
SHORTEST = timedelta(minutes=15)


@dataclass(frozen=True)
class Column:
    """A room or a track; `key` is its id, "" for the sessions without one."""

    key: str
    name: str


@dataclass(frozen=True)
class Entry:
    """A session in the grid, with naive hours of the lab's clocks, and the numbers of its conflicts."""

    session: Session
    starts: datetime
    ends: datetime
    errors: int = 0
    warnings: int = 0


@dataclass(frozen=True)
class Day:
    on: date
    title: object
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Grid:
    """All of a lab's schedule. `days` are those of the lab, and any other on which a session begins."""

    lab: Lab
    by: By
    columns: tuple[Column, ...]
    days: tuple[Day, ...]
    unplaced: tuple[Session, ...]
    conflicts: tuple[Conflict, ...]

    @property
    def entries(self) -> Iterable[Entry]:
        return (entry for day in self.days for entry in day.entries)


@dataclass(frozen=True)
class Ruler:
    """What clocks in a city show at each full hour of the lab's clocks, by day: 24 texts, "–" where there is none."""

    name: str
    zone: str
    hours: dict[date, tuple[str, ...]]


def grid_of(lab: Lab, by: By, language: str, now: datetime | None = None) -> Grid:
    """Return the schedule of a lab for its organisers. Four queries, and those of `conflicts_of`."""
    found = conflicts_of(lab, now)
    counted = count_conflicts(found)
    rooms, tracks = {row.pk: row for row in lab.rooms.all()}, {row.pk: row for row in lab.tracks.all()}
    titles = dict(LabDay.objects.filter(lab=lab).values_list("on", "title"))
    zone = ZoneInfo(lab.time_zone)
    by_day: defaultdict[date, list[Entry]] = defaultdict(list)
    unplaced = []
    without = False
    for session in lab.sessions.defer("abstract", "cancel_reason").order_by("starts_at", "pk"):
        session.lab = lab
        session.room = rooms.get(session.room_id) if session.room_id else None
        session.track = tracks.get(session.track_id) if session.track_id else None
        if not session.is_placed:
            unplaced.append(session)
            continue
        without = without or key_of(session, by) == ""
        entry = _entry(session, zone, *counted)
        by_day[entry.starts.date()].append(entry)
    days = sorted({*_days_of(lab), *by_day})
    rows: Sequence[Room | Track] = list(rooms.values()) if by == "room" else list(tracks.values())
    columns = [
        Column(str(row.pk), text_and_language(row.name, language, lab.default_language)[0]) for row in rows
    ]
    if without or unplaced or not rows:
        columns.append(Column("", gettext("No room") if by == "room" else gettext("No track")))
    return Grid(
        lab=lab,
        by=by,
        columns=tuple(columns),
        days=tuple(Day(on, titles.get(on), tuple(by_day.get(on, ()))) for on in days),
        unplaced=tuple(unplaced),
        conflicts=tuple(found),
    )


def count_conflicts(found: Iterable[Conflict]) -> tuple[dict[int, int], dict[int, int]]:
    """Return how many errors and how many warnings each session has, by its id."""
    errors: defaultdict[int, int] = defaultdict(int)
    warnings: defaultdict[int, int] = defaultdict(int)
    for conflict in found:
        for session in conflict.sessions:
            (errors if conflict.is_error else warnings)[session.pk] += 1
    return errors, warnings


def key_of(session: Session, by: By) -> str:
    """Return the key of the session's column."""
    pk = session.room_id if by == "room" else session.track_id
    return "" if pk is None else str(pk)


def rulers_of(lab: Lab, cities: Iterable[City], days: Iterable[date], language: str) -> list[Ruler]:
    """Return the hours of these cities beside those of the lab, one ruler for each."""
    on_days = list(days)
    return [
        Ruler(
            text_and_language(city.name, language)[0],
            city.time_zone,
            {
                on: tuple(_shown_at(on, hour, lab.time_zone, city.time_zone) for hour in range(24))
                for on in on_days
            },
        )
        for city in cities
    ]


def _shown_at(on: date, hour: int, here: str, there: str) -> str:
    """Return what clocks `there` show when those `here` show a full hour; both hours where it comes twice."""
    try:
        found = dict.fromkeys(instant(on, time(hour), here, fold) for fold in (0, 1))
    except (NonexistentTime, TimeOutOfRange):
        return "–"
    return "/".join(dict.fromkeys(clock(wall(at, there)) for at in found))


def _days_of(lab: Lab) -> list[date]:
    return [lab.starts_on + timedelta(days=n) for n in range((lab.ends_on - lab.starts_on).days + 1)]


def entry_data(entry: Entry, language: str) -> dict[str, Any]:
    """Return a session as the page's script takes it; hours are those of the lab's clocks."""
    session = entry.session
    data = session_data(session, language)
    own = ""
    if session.time_zone != session.lab.time_zone:
        first, last = (wall(at, session.time_zone) for at in (session.starts_at, session.ends_at))
        own = f"{clock(first)}–{clock(last)}"
    return data | {
        "start": entry.starts.isoformat(timespec="minutes"),
        "end": entry.ends.isoformat(timespec="minutes"),
        "fold": session.starts_at.astimezone(ZoneInfo(session.lab.time_zone)).fold,
        "own": own,
        "errors": entry.errors,
        "warnings": entry.warnings,
    }


def session_data(session: Session, language: str) -> dict[str, Any]:
    """Return what the page's script needs of a session wherever it stands. Needs its lab."""
    title, written_in = text_and_language(session.title, language, session.lab.default_language)
    return {
        "slug": session.slug,
        "title": title,
        "lang": "" if written_in == language else written_in,
        "version": session.version,
        "minutes": minutes_of(session),
        "length": duration(minutes_of(session), language),
        "room": str(session.room_id or ""),
        "track": str(session.track_id or ""),
        "state": "cancelled" if session.is_cancelled else str(session.visibility),
        "move": reverse("console_session_move", args=[session.lab.slug, session.slug]),
    }


def entry_of(session: Session, found: Iterable[Conflict]) -> Entry:
    """Return one session's entry, as `grid_of` has it among others. Needs its lab."""
    return _entry(session, ZoneInfo(session.lab.time_zone), *count_conflicts(found))


def _entry(session: Session, zone: ZoneInfo, errors: Mapping[int, int], warnings: Mapping[int, int]) -> Entry:
    starts, ends = (at.astimezone(zone).replace(tzinfo=None) for at in (session.starts_at, session.ends_at))
    # Where clocks go back, it may end before it began.
    ends = max(ends, starts + SHORTEST)
    return Entry(session, starts, ends, errors.get(session.pk, 0), warnings.get(session.pk, 0))
