"""Workbooks (Office Open XML): every text is a cell of type text, which is never a formula."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import IO

from xlsxwriter import Workbook

# What XML 1.0 cannot hold.
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
LONGEST_CELL = 32_767  # characters, by the format
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# Of one cell; instants are wall time without a zone.
Cell = str | int | datetime | None


def write_workbook(
    file: IO[bytes],
    sheets: Mapping[str, Iterable[Sequence[Sequence[Cell]]]],
    created: datetime | None = None,
) -> None:
    """Write a workbook. `sheets` are by name; each is a table in pieces of rows, the heading first.

    Rows are written to a temporary file as they come, so that memory does not grow with them. It says that it was
    `created` now unless another instant is given: then the same tables give the same bytes.
    """
    workbook = Workbook(
        file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    if created is not None:
        workbook.set_properties({"created": created.replace(tzinfo=None, microsecond=0)})
    head = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    instant = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for title, pieces in sheets.items():
        sheet = workbook.add_worksheet(_sheet_name(title))
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, 1, 28)
        sheet.set_column(2, 100, 18)
        row_number = 0
        for rows in pieces:
            for row in rows:
                for column, cell in enumerate(row):
                    if isinstance(cell, datetime):
                        sheet.write_datetime(row_number, column, cell, instant)
                    elif isinstance(cell, int):
                        sheet.write_number(row_number, column, cell)
                    elif cell:
                        text = NOT_IN_XML.sub("", cell)[:LONGEST_CELL]
                        sheet.write_string(row_number, column, text, head if row_number == 0 else None)
                row_number += 1
    workbook.close()


def _sheet_name(title: str) -> str:
    """Return a name that a sheet may have: 31 characters, none of []:*?/\\, no apostrophe at an end."""
    return re.sub(r"[\[\]:*?/\\]", " ", title)[:31].strip().strip("'") or "1"
