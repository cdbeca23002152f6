"""Lists that organisers paste or upload as CSV: bytes to text, text to numbered rows of cells by column."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

ROWS_LIMIT = 500
MAX_BYTES = 256 * 1024
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def decoded(data: bytes) -> str:
    """Return the text of a file in UTF-8 or UTF-16. Raises ValidationError."""
    if len(data) > MAX_BYTES:
        raise ValidationError(_("The file is larger than 256 kB. A list may have at most 500 rows."))
    try:
        is_wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = data.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise ValidationError(
            _("This file is not in UTF-8. In your spreadsheet, save it as “CSV UTF-8”.")
        ) from None
    if _BINARY.search(text):
        raise ValidationError(_("This file is not a list. Save the table as CSV and choose that file."))
    return text


def rows_of(
    text: str, columns: Collection[str], needed: Collection[str]
) -> list[tuple[int, dict[str, str], bool]]:
    """Return the rows of a list: number in the file (the header is 1), cells by column, whether there were more cells.

    The first row names the columns, in any order; `needed` must be among them. Commas, semicolons or tabs stand between
    cells. Empty rows are left out. Raises ValidationError for a text that is no such list.
    """
    if len(text) > MAX_BYTES:
        raise ValidationError(_("The list is too long. It may have at most 500 rows."))
    lines = text.lstrip("\ufeff").splitlines()
    first = next((line for line in lines if line.strip()), "")
    if not first:
        raise ValidationError(_("The list is empty."))
    delimiter = max(",;\t", key=first.count)
    try:
        table = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter))
    except csv.Error:
        raise ValidationError(_("The list cannot be read as CSV. Check its quotation marks.")) from None
    start = next(number for number, cells in enumerate(table) if any(cell.strip() for cell in cells))
    names = _names(table[start], columns, needed)
    rows: list[tuple[int, dict[str, str], bool]] = []
    for number, cells in enumerate(table[start + 1 :], start + 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) == ROWS_LIMIT:
            message = _("A list may have at most %(limit)d rows. Split it.")
            raise ValidationError(message, params={"limit": ROWS_LIMIT})
        is_longer = any(cell.strip() for cell in cells[len(names) :])
        rows.append(
            (number, {name: cell.strip() for name, cell in zip(names, cells, strict=False)}, is_longer)
        )
    if not rows:
        raise ValidationError(_("The list has a header and no rows."))
    return rows


def _names(header: list[str], columns: Collection[str], needed: Collection[str]) -> list[str]:
    names = [cell.strip().casefold() for cell in header]
    while names and not names[-1]:
        names.pop()
    for name in names:
        if name not in columns:
            raise ValidationError(
                _("Row 1: “%(name)s” is not a column of this list. The columns are: %(columns)s."),
                params={"name": name[:40], "columns": ", ".join(columns)},
            )
    if len(set(names)) < len(names):
        raise ValidationError(_("Row 1: a column is there twice."))
    for name in needed:
        if name not in names:
            raise ValidationError(_("Row 1: the column “%(name)s” is missing."), params={"name": name})
    return names
