"""The programme as tables: a workbook with a sheet for each kind of thing, or the sessions alone as CSV (RFC 4180).

The columns are those of `sessions.table_columns`, which the import reads; what only organisers may read is left out for
everybody else.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from tempfile import TemporaryFile
from typing import Any

from core.web.localized_fields import languages_of
from core.web.spreadsheet_cells import WITH_DECIMAL_COMMA, escaped_cell
from core.web.workbooks import write_workbook
from sessions.exports.contents import Contents
from sessions.models import AgendaItem, Appearance
from sessions.models.session_languages import LANGUAGE_COLUMNS, ORDER_COLUMNS
from sessions.table_columns import (
    AGENDA,
    NO,
    ROOMS,
    SEPARATOR,
    SESSIONS,
    SPEAKERS,
    TRACKS,
    YES,
    Column,
    Sheet,
    written_people,
    written_time,
)

CSV_TYPE = "text/csv; charset=utf-8"
# The columns of each sheet that only organisers read.
OF_ORGANISERS = {
    SESSIONS.name: frozenset(
        {"visibility", "waiting_list", "needs_approval", "audience", "join_link", *ORDER_COLUMNS}
    ),
    ROOMS.name: frozenset({"capacity", "join_link"}),
}

Cell = str | int | None
Values = Mapping[str, Any]


def tables(contents: Contents) -> dict[str, list[list[Cell]]]:
    """Return the sheets by name: the heading and the rows of each."""
    return {
        sheet.name: _table(sheet, rows(contents), contents)
        for sheet, rows in (
            (SESSIONS, _sessions),
            (AGENDA, _agenda),
            (ROOMS, _rooms),
            (TRACKS, _tracks),
            (SPEAKERS, _speakers),
        )
    }


def workbook(contents: Contents, as_of: datetime) -> bytes:
    """Return all sheets as a workbook (Office Open XML), which says that it was made `as_of`."""
    with TemporaryFile() as file:
        write_workbook(file, {name: [rows] for name, rows in tables(contents).items()}, as_of)
        file.seek(0)
        return file.read()


def csv_file(contents: Contents, language: str) -> bytes:
    """Return the sheet of sessions as CSV in UTF-8, which begins with the byte order mark.

    By the mark spreadsheets know the encoding; cells are divided by the sign that they expect in this language. A cell
    that they would take for a formula begins with an apostrophe.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";" if language in WITH_DECIMAL_COMMA else ",")
    for row in _table(SESSIONS, _sessions(contents), contents):
        writer.writerow([escaped_cell(cell) if isinstance(cell, str) else cell for cell in row])
    return f"\ufeff{buffer.getvalue()}".encode()


def _table(sheet: Sheet, rows: Iterable[Values], contents: Contents) -> list[list[Cell]]:
    """Return heading and rows with the columns that the reader may see."""
    hidden = frozenset() if contents.for_organisers else OF_ORGANISERS.get(sheet.name, frozenset())
    seen = Sheet(sheet.name, tuple(column for column in sheet.columns if column.name not in hidden))
    languages = contents.lab.languages
    heading: list[Cell] = [*seen.header(languages)]
    return [heading, *(_row(seen.columns, values, languages) for values in rows)]


def _row(columns: Sequence[Column], values: Values, languages: Sequence[str]) -> list[Cell]:
    cells: list[Cell] = []
    for column in columns:
        value = values.get(column.name)
        if column.localized:
            texts = languages_of(value)
            cells += [texts.get(code, "") for code in languages]
        elif isinstance(value, bool):
            cells.append(YES if value else NO)
        else:
            cells.append(value)
    return cells


def _main_name(contents: Contents) -> Callable[[object], str]:
    """Return what names a room: in the lab's main language."""
    return lambda name: contents.text(name, contents.lab.default_language)


def _sessions(contents: Contents) -> Iterable[Values]:
    name_of = _main_name(contents)
    for session in contents.sessions:
        yield {
            "session": session.slug,
            "title": session.title,
            "abstract": session.abstract,
            "visibility": session.visibility,
            "status": session.status,
            "starts": written_time(
                session.start_date, session.start_time, session.time_zone, session.start_fold
            ),
            "ends": written_time(session.end_date, session.end_time, session.time_zone, session.end_fold),
            "time_zone": session.time_zone,
            "track": session.track.slug if session.track else "",
            "room": name_of(session.room.name) if session.room else "",
            "format": session.format,
            "room_capacity": session.room_capacity,
            "online_capacity": session.online_capacity,
            "waiting_list": session.waiting_list,
            "needs_approval": session.needs_approval,
            "audience": SEPARATOR.join(city.slug for city in session.audience.all()),
            "speakers": _people(session.appearances_in()),
            "join_link": session.join_link,
            **{name: SEPARATOR.join(getattr(session, name)) for name in LANGUAGE_COLUMNS},
            **{name: at.isoformat() if (at := getattr(session, name)) else "" for name in ORDER_COLUMNS},
        }


def _agenda(contents: Contents) -> Iterable[Values]:
    for session in contents.sessions:
        for position, item in enumerate(session.agenda_items, start=1):
            yield {
                "session": session.slug,
                "position": position,
                "title": item.title,
                "abstract": item.abstract,
                **_hours(item),
                "speakers": _people(session.appearances_in(item)),
            }


def _hours(item: AgendaItem) -> dict[str, str]:
    sides = {"starts": item.start_time, "ends": item.end_time}
    return {name: at.isoformat("minutes") if at else "" for name, at in sides.items()}


def _rooms(contents: Contents) -> Iterable[Values]:
    name_of = _main_name(contents)
    for room in contents.rooms:
        yield {
            "room": name_of(room.name),
            "name": room.name,
            "address": room.address,
            "online": room.online,
            "capacity": room.capacity,
            "join_link": room.join_link,
        }


def _tracks(contents: Contents) -> Iterable[Values]:
    return ({"track": track.slug, "name": track.name} for track in contents.tracks)


def _speakers(contents: Contents) -> Iterable[Values]:
    for speaker in contents.speakers:
        yield {
            "speaker": speaker.slug,
            "name": speaker.name,
            "affiliation": speaker.affiliation,
            "biography": speaker.biography,
            "city": speaker.city.slug if speaker.city else "",
            "website": speaker.website,
        }


def _people(appearances: Iterable[Appearance]) -> str:
    return written_people((one.speaker.slug, one.role) for one in appearances)
