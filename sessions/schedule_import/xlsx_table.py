"""Workbooks (Office Open XML), read row by row."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from sessions.schedule_import import words, zip_limits
from sessions.schedule_import.document import Place, UnreadableFile
from sessions.schedule_import.tables import MAX_COLUMNS, MAX_ROWS, Cell, Sheet, Table

MAX_SHEETS = 20
_LAST_ROW = 1_048_576  # of the format
_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")
_ERRORS = {"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"}


def read(content: bytes) -> Table:
    """Return the sheets of a workbook that say something about a schedule. Raises UnreadableFile.

    A sheet goes by its name; where none has a known one, the first sheet that is shown has the sessions.
    """
    zip_limits.opened(content).close()
    formulas = _formulas(content)
    book = _book(content, data_only=True)
    sheets = [one for one in book.worksheets if one.sheet_state == "visible"]
    known = [one for one in sheets if words.sheet_called(one.title)]
    if not any(words.sheet_called(one.title) == "Sessions" for one in known):
        others = [one for one in sheets if one not in known]
        known = [*others[:1], *known]
    notes, found, seen = [], [], set()
    for one in known:
        model = words.sheet_called(one.title) or "Sessions"
        if model in seen:
            raise UnreadableFile(_("Two sheets are called the same. Keep one."), Place(one.title[:60]))
        seen.add(model)
        if sheet := _sheet(one, formulas.get(one.title, frozenset())):
            found.append(sheet)
    unread = [one.title[:40] for one in book.worksheets if one not in known]
    if unread:
        notes.append(_("These sheets are not read: %(names)s.") % {"names": ", ".join(unread)})
    if not found:
        raise UnreadableFile(_("The file has no rows."))
    return Table("table", found, notes)


def _book(content: bytes, *, data_only: bool) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and the like that are not read
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=data_only, keep_links=False)
    except UnreadableFile:
        raise
    except Exception:  # openpyxl raises whatever a damaged part leads to
        raise UnreadableFile(_("The file is damaged: it is not a whole workbook.")) from None
    if len(book.sheetnames) > MAX_SHEETS:
        raise UnreadableFile(_("The workbook has more than %(limit)d sheets.") % {"limit": MAX_SHEETS})
    return book


def _formulas(content: bytes) -> dict[str, frozenset[str]]:
    """Return the cells of each sheet that have a formula, if any part of the workbook has one."""
    archive = zip_limits.opened(content)
    has_any = False
    for part in archive.namelist():
        if part.startswith("xl/worksheets/") and part.endswith(".xml"):
            with archive.open(part) as stream:
                tail = b""
                while chunk := stream.read(1 << 18):
                    has_any = has_any or bool(_FORMULA.search(tail + chunk))
                    tail = chunk[-16:]
    archive.close()
    if not has_any:
        return {}
    found = {}
    for sheet in _book(content, data_only=False).worksheets:
        cells = {
            f"{get_column_letter(index + 1)}{number}"
            for number, row in _numbered(sheet, values_only=False)
            for index, cell in enumerate(row)
            if cell.data_type == "f"
        }
        found[sheet.title] = frozenset(cells)
    return found


def _sheet(sheet: Any, formulas: frozenset[str]) -> Sheet | None:
    """Return a sheet from its first row that is not empty; None if there is none."""
    rows = _checked(sheet, formulas)
    for number, cells in rows:
        header = ["" if cell is None else str(cell).strip() for cell in cells]
        if any(header):
            while header and not header[-1]:
                header.pop()
            return Sheet(sheet.title, header, rows, number, formulas)
    return None


def _checked(sheet: Any, formulas: frozenset[str]) -> Iterator[tuple[int, Sequence[Cell]]]:
    for number, cells in _numbered(sheet):
        for index, cell in enumerate(cells):
            at = f"{get_column_letter(index + 1)}{number}"
            if at in formulas and cell is None:
                message = _("The cell has a formula without a result. Enter the value itself, or save the file in a "
                            "spreadsheet program first.")  # fmt: skip
                raise UnreadableFile(message, Place(sheet.title[:60], number, at))
            if isinstance(cell, str) and cell in _ERRORS:
                message = _("The cell has the error %(error)s.")
                raise UnreadableFile(message % {"error": cell}, Place(sheet.title[:60], number, at))
        yield number, cells


def _numbered(sheet: Any, *, values_only: bool = True) -> Iterator[tuple[int, Sequence[Any]]]:
    """Yield the rows of a sheet that are not empty, with their numbers. Raises UnreadableFile for too many."""
    # What the sheet says of its own size is often wrong, and would be believed.
    sheet.reset_dimensions()
    number = count = 0
    try:
        rows = sheet.iter_rows(max_col=MAX_COLUMNS + 1, values_only=values_only)
        for number, cells in enumerate(rows, 1):
            if number > _LAST_ROW:
                raise UnreadableFile(_("The workbook has too many cells."), Place(sheet.title[:60], number))
            if not any(cells if values_only else (cell.value for cell in cells)):
                continue
            if len(cells) > MAX_COLUMNS and (cells[-1] if values_only else cells[-1].value) is not None:
                message = _("The row has more than %(limit)d columns.")
                raise UnreadableFile(message % {"limit": MAX_COLUMNS}, Place(sheet.title[:60], number))
            count += 1
            if count > MAX_ROWS + 1:
                message = _("The sheet has more than %(limit)d rows. Split the file.")
                raise UnreadableFile(message % {"limit": MAX_ROWS}, Place(sheet.title[:60]))
            yield number, cells
    except UnreadableFile:
        raise
    except Exception:  # openpyxl raises whatever a damaged part leads to
        message = _("The file is damaged after this row.")
        raise UnreadableFile(message, Place(sheet.title[:60], number)) from None
