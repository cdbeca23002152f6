"""CSV files: the encoding and the dialect are found from the content, and told."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from sessions.schedule_import.document import Place, UnreadableFile
from sessions.schedule_import.tables import MAX_CELL, MAX_COLUMNS, Cell, Sheet, Table

_SAMPLE = 64 * 1024  # characters from which the separator is found
_LEGACY = ("cp1252", "cp1251", "cp1253")
# The commonest letters of the languages that the old encodings are used for.
_COMMON = {
    "cp1252": "éèêàçôîùûäöüßñóíáúãõåøæœ’“”–",
    "cp1251": "аеионтрвслдкмпзу",
    "cp1253": "αοιετσνηυρπκμλςάέήίόύώ",
}


def read(content: bytes) -> Table:
    """Return the table of a CSV file. Raises UnreadableFile."""
    text, encoding = decoded(content)
    text = re.sub("\r\n?", "\n", text)
    if text[:4].lower() == "sep=":  # Excel's own line about the separator
        text = text.partition("\n")[2]
    separator = separator_of(text)
    lines = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    rows = _rows(lines)
    first = next(rows, None)
    if first is None:
        raise UnreadableFile(_("The file has no rows."))
    number, header = first
    sheet = Sheet("Sessions", [cell.strip() for cell in header], rows, number, is_only=True)
    shown = {"\t": _("tabs"), ",": _("commas"), ";": _("semicolons")}.get(separator, separator)
    note = _("The file was read as %(encoding)s, with %(separator)s between the columns.")
    return Table("table", [sheet], [note % {"encoding": encoding, "separator": shown}])


def _rows(lines: Iterator[list[str]]) -> Iterator[tuple[int, Sequence[Cell]]]:
    """Yield rows that are not empty with their numbers, counted as spreadsheets do. Raises UnreadableFile."""
    number = 0
    csv.field_size_limit(MAX_CELL * 4)
    while True:
        number += 1
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error:
            message = _("The quotation marks of this row do not match, or a cell is too long.")
            raise UnreadableFile(message, Place("", number)) from None
        if len(cells) > MAX_COLUMNS:
            message = _("The row has %(count)d columns. At most %(limit)d can be read.")
            raise UnreadableFile(message % {"count": len(cells), "limit": MAX_COLUMNS}, Place("", number))
        if any(cell.strip() for cell in cells):
            yield number, cells


def separator_of(text: str) -> str:
    """Return the separator that divides the first rows of a table into the most columns of the same number."""
    best, found = 0.0, ","
    for separator in (",", ";", "\t", "|"):
        try:
            rows = [
                row
                for row, _line in zip(
                    csv.reader(io.StringIO(text[:_SAMPLE]), delimiter=separator), range(20), strict=False
                )
                if row
            ]
        except csv.Error:
            continue
        if not rows or len(rows[0]) < 2:
            continue
        alike = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
        score = alike * 100 + min(len(rows[0]), 50)
        if score > best:
            best, found = score, separator
    return found


def decoded(content: bytes) -> tuple[str, str]:
    """Return the text of a file and the name of its encoding. Raises UnreadableFile."""
    text, name = _decoded(content)
    if "\0" in text or re.search(r"[\x01-\x08\x0e-\x1a\x1c-\x1f]", text):
        raise UnreadableFile(_("The file is not a table: it has characters that no text has."))
    return text, name


def _decoded(content: bytes) -> tuple[str, str]:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return _strictly(content, encoding)
    sample = content[:4096]
    if sample.count(0) > len(sample) // 8:
        # UTF-16 without its mark: every other byte of Latin letters and separators is zero.
        return _strictly(
            content, "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
        )
    try:
        return content.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        pass
    return _legacy(content)


def _strictly(content: bytes, encoding: str) -> tuple[str, str]:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.upper().removesuffix("-SIG")
        message = _("The file says that it is %(encoding)s, but byte %(place)d is not.")
        raise UnreadableFile(message % {"encoding": name, "place": error.start + 1}) from None
    return text.removeprefix("\ufeff"), "UTF-8" if "8" in encoding else "UTF-16"


def _legacy(content: bytes) -> tuple[str, str]:
    """Return the text in the code page of Windows in which it reads most like a language.

    Letters beyond ASCII stand alone in Western texts and make whole words in Bulgarian and Greek ones.
    """
    high = re.findall(rb"[\x80-\xff]+", content[:200_000])
    letters = sum(map(len, high))
    alone = sum(len(run) for run in high if len(run) <= 2)
    scores: dict[str, float] = {}
    for encoding in _LEGACY:
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        beyond = [sign for sign in content[:200_000].decode(encoding, "ignore").lower() if ord(sign) > 127]
        common = sum(sign in _COMMON[encoding] for sign in beyond) / max(len(beyond), 1)
        scores[encoding] = common + (1 if (encoding == "cp1252") == (alone > letters / 2) else 0)
    if not scores:
        raise UnreadableFile(_("The encoding of the file is not known. Save it as CSV UTF-8."))
    best = max(scores, key=lambda encoding: scores[encoding])
    return content.decode(best), f"Windows-{best[2:]}"
