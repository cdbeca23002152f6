"""Sample files of the table formats, with the columns of a lab and two sessions on its first day."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from core.web.workbooks import write_workbook
from labs.models import Lab
from sessions import table_columns
from sessions.table_columns import Sheet

_TITLES = {"en": ("Opening", "Panel"), "bg": ("Откриване", "Панел"), "el": ("Έναρξη", "Συζήτηση")}


def csv_sample(lab: Lab) -> bytes:
    """Return a CSV file with the sheet of sessions, in UTF-8 with the mark that spreadsheets look for."""
    file = io.StringIO()
    csv.writer(file).writerows(_rows(lab)[table_columns.SESSIONS.name])
    return file.getvalue().encode("utf-8-sig")


def xlsx_sample(lab: Lab) -> bytes:
    """Return a workbook with all sheets."""
    file = io.BytesIO()
    write_workbook(file, {name: [rows] for name, rows in _rows(lab).items()})
    return file.getvalue()


def _rows(lab: Lab) -> dict[str, list[list[str]]]:
    day, languages = lab.starts_on.isoformat(), lab.languages
    sheets: dict[Sheet, list[dict[str, str]]] = {
        table_columns.SESSIONS: [
            {
                "session": slug,
                **{f"title_{code}": _TITLES.get(code, _TITLES["en"])[number] for code in languages},
                "visibility": "draft",
                "starts": f"{day} {start}",
                "ends": f"{day} {end}",
                "time_zone": lab.time_zone,
                "track": "topic",
                "room": "Plenary hall",
                "speakers": people,
                "waiting_list": table_columns.YES,
                "needs_approval": table_columns.NO,
            }
            for number, (slug, start, end, people) in enumerate(
                [
                    ("opening", "09:30", "10:30", "speaker-one"),
                    ("panel", "11:00", "12:30", "speaker-one (moderator)"),
                ]
            )
        ],
        table_columns.AGENDA: [
            {
                "session": "panel",
                "position": "1",
                **{f"title_{code}": _TITLES.get(code, _TITLES["en"])[1] for code in languages},
                "starts": "11:00",
                "ends": "11:45",
            }
        ],
        table_columns.ROOMS: [
            {
                "room": "Plenary hall",
                f"name_{lab.default_language}": "Plenary hall",
                "online": table_columns.NO,
                "capacity": "120",
            }
        ],
        table_columns.TRACKS: [{"track": "topic", f"name_{lab.default_language}": "Topic"}],
        table_columns.SPEAKERS: [{"speaker": "speaker-one", f"name_{lab.default_language}": "First Speaker"}],
    }
    return {sheet.name: _table(sheet.header(languages), rows) for sheet, rows in sheets.items()}


def _table(header: Sequence[str], rows: Sequence[dict[str, str]]) -> list[list[str]]:
    return [list(header), *([row.get(name, "") for name in header] for row in rows)]
