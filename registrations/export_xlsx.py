"""Registrations as a workbook (Office Open XML): every text is a cell of type text, which is never a formula."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO

from xlsxwriter import Workbook

from core.web.localized_fields import text_and_language
from labs.models import Lab
from registrations.export import Cell, table
from registrations.models.people import RegistrationQuerySet
from sessions.models import Session

# What XML 1.0 cannot hold.
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
LONGEST_CELL = 32_767  # characters, by the format
CHUNK_BYTES = 64 * 1024
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook_chunks(
    lab: Lab, sessions: Sequence[Session], registrations: RegistrationQuerySet, language: str
) -> Iterator[bytes]:
    """Yield the table of `export.table` as a workbook. A workbook is a ZIP, so nothing comes before it is written."""
    with TemporaryFile() as file:
        title = text_and_language(lab.title, language, lab.default_language)[0]
        write_workbook(file, title, table(lab, sessions, registrations, language))
        file.seek(0)
        while piece := file.read(CHUNK_BYTES):
            yield piece


def write_workbook(file: IO[bytes], title: str, pieces: Iterable[list[list[Cell]]]) -> None:
    """Write the pieces of a table, the heading first, as the one sheet of a workbook.

    Rows are written to a temporary file as they come, so that memory does not grow with them.
    """
    workbook = Workbook(
        file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = workbook.add_worksheet(_sheet_name(title))
    head = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    instant = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, 1, 28)
    sheet.set_column(2, 100, 18)
    row_number = 0
    for rows in pieces:
        for row in rows:
            for column, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(row_number, column, cell, instant)
                elif cell:
                    text = NOT_IN_XML.sub("", cell)[:LONGEST_CELL]
                    sheet.write_string(row_number, column, text, head if row_number == 0 else None)
            row_number += 1
    workbook.close()


def _sheet_name(title: str) -> str:
    """Return a name that a sheet may have: 31 characters, none of []:*?/\\, no apostrophe at an end."""
    return re.sub(r"[\[\]:*?/\\]", " ", title)[:31].strip().strip("'") or "1"
