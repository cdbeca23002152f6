"""The columns of a programme as a table: the sheets of a workbook, of which a CSV file has the first.

`sessions.programme_import` reads what the export of a schedule writes. A column of texts stands once for each language
of the lab (`title_en`, `title_bg`). A sheet or column that is missing in a file says nothing about what is stored; an
empty cell says that there is nothing. The first column of a sheet is the key of its rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time

from core.timezones.wall_clock import WallClockError, instant, is_ambiguous, wall
from sessions.models import Appearance
from sessions.models.session_languages import LANGUAGE_COLUMNS, ORDER_COLUMNS

SEPARATOR = "; "


@dataclass(frozen=True)
class Column:
    """One column; `localized` ones stand once per language, under `name_language`."""

    name: str
    localized: bool = False


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name, which is the same in every language, and its columns, the key first."""

    name: str
    columns: tuple[Column, ...]

    def header(self, languages: Sequence[str]) -> list[str]:
        """Return the first row of the sheet, for a lab with these languages."""
        return [
            name
            for column in self.columns
            for name in (
                [f"{column.name}_{code}" for code in languages] if column.localized else [column.name]
            )
        ]


def _sheet(name: str, *columns: str) -> Sheet:
    """Return a sheet with these columns; "title*" stands once per language."""
    return Sheet(name, tuple(Column(one.rstrip("*"), one.endswith("*")) for one in columns))


# session: slug. starts, ends: `written_time`, empty for a session that is not in the schedule yet. track, room: slug of
# the track; name of the room in the lab's main language. audience: slugs of cities. speakers: `written_people`.
# waiting_list, needs_approval: yes or no. spoken_languages and so on: codes. Lists have SEPARATOR between their values.
# status is for readers: an import reports where it differs and changes nothing.
SESSIONS = _sheet(
    "Sessions",
    "session", "title*", "abstract*", "visibility", "status", "starts", "ends", "time_zone", "track", "room",
    "format", "room_capacity", "online_capacity", "waiting_list", "needs_approval", "audience", "speakers",
    "join_link", *LANGUAGE_COLUMNS, *ORDER_COLUMNS,
)  # fmt: skip
# position: from 1. starts, ends: hours in the session's zone ("09:30"), or like those of sessions.
AGENDA = _sheet("Agenda", "session", "position", "title*", "abstract*", "starts", "ends", "speakers")
# room: the name in the lab's main language, as in the sheet of sessions.
ROOMS = _sheet("Rooms", "room", "name*", "address", "online", "capacity", "join_link")
TRACKS = _sheet("Tracks", "track", "name*")
# speaker: slug. city: slug.
SPEAKERS = _sheet("Speakers", "speaker", "name*", "affiliation*", "biography*", "city", "website")

SHEETS = (SESSIONS, AGENDA, ROOMS, TRACKS, SPEAKERS)
YES, NO = "yes", "no"


def written_time(on: date, at: time, zone: str, fold: int) -> str:
    """Return a wall time as a cell: "2027-03-01 09:30", with the offset where clocks show it twice."""
    text = f"{on.isoformat()} {at.isoformat('minutes' if not at.second else 'seconds')}"
    try:
        if not is_ambiguous(on, at, zone):
            return text
        offset = wall(instant(on, at, zone, fold), zone).isoformat()[19:]
    except WallClockError:
        return text
    return text + offset


def written_people(people: Iterable[tuple[str, str]]) -> str:
    """Return slugs of speakers with their roles as a cell: "jane-doe; john-roe (moderator)"."""
    return SEPARATOR.join(
        slug if role == Appearance.Role.SPEAKER else f"{slug} ({role})" for slug, role in people
    )


def read_people(cell: str) -> list[tuple[str, str]]:
    """Return what a cell says of speakers: (slug or name, role in lower case, "speaker" without one)."""
    found = []
    for part in re.split(r"[;\n]", cell):
        matched = re.fullmatch(r"\s*(.+?)\s*(?:\(([^()]*)\))?\s*", part)
        if matched:
            found.append((matched[1], (matched[2] or Appearance.Role.SPEAKER).strip().lower()))
    return found


def read_list(cell: str) -> list[str]:
    """Return the values of a cell that are separated by semicolons or line breaks."""
    return [part for one in re.split(r"[;\n]", cell) if (part := one.strip())]
