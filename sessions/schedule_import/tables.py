"""From the cells of a table, CSV or workbook, to the document of a schedule (`sessions.table_columns`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter

from labs.models import Lab
from sessions import table_columns
from sessions.models.session_languages import LANGUAGE_COLUMNS, ORDER_COLUMNS
from sessions.schedule_import import times, words
from sessions.schedule_import.document import AgendaItem, Document, Kind, Place, Row, UnreadableFile
from sessions.schedule_import.texts import cleaned_line, cleaned_text, differs_visibly, without_escape

MAX_ROWS = 10_000
MAX_COLUMNS = 200
MAX_CELL = 32_767  # characters, as in workbooks
IGNORED = "-"
SHEET_OF = {
    "Sessions": Kind.SESSION, "Agenda": None, "Rooms": Kind.ROOM, "Tracks": Kind.TRACK, "Speakers": Kind.SPEAKER,
}  # fmt: skip
# Columns of several values, also one below the other.
_LISTS = {"speakers", "audience", *LANGUAGE_COLUMNS}
# Columns of texts that may have line breaks.
_LONG = {"abstract", "biography"}
_EXTRA = ("date", "end_date", "duration")  # understood in "Sessions" beside those that an export writes

# A cell: text, number, truth value, or date and time of a workbook.
Cell = Any


@dataclass
class Sheet:
    """One sheet of a file as it is read: its heading in row `first_row`, and the rows below it, lazily.

    `formulas` are the cells ("F12") whose values are what formulas came to when the file was saved.
    """

    name: str
    header: list[str]
    rows: Iterator[tuple[int, Sequence[Cell]]]
    first_row: int = 1
    formulas: frozenset[str] = frozenset()
    is_only: bool = False

    def place(self, row: int, column: int | None = None) -> Place:
        part = "" if column is None else f"{get_column_letter(column + 1)}{row}"
        if column is not None and column < len(self.header) and self.header[column]:
            part += f" ({self.header[column][:40]})"
        return Place("" if self.is_only else self.name, row, part)


@dataclass
class Table:
    """A file of sheets, before its columns are matched. `notes` are what reading it showed."""

    source: str
    sheets: list[Sheet]
    notes: list[str] = field(default_factory=list)


def columns_of(sheet: str, languages: Sequence[str]) -> list[str]:
    """Return the columns that can be chosen for a sheet, those of texts once per language."""
    model = next(one for one in table_columns.SHEETS if one.name == sheet)
    extra = _EXTRA if sheet == "Sessions" else ()
    return [*model.header(languages), *extra]


def guess(sheet: str, header: Sequence[str], lab: Lab, remembered: Mapping[str, str]) -> list[str]:
    """Return the column that each heading means, "" where none is found; no column twice.

    `remembered` has what organisers of the lab chose for headings before.
    """
    offered = columns_of(sheet, lab.languages)
    found: list[str] = []
    for heading in header:
        column = remembered.get(f"{sheet}:{words.folded(heading)}") or _guessed(sheet, heading, lab, offered)
        taken = column in found and column != IGNORED
        found.append("" if taken or column not in (*offered, IGNORED) else column)
    return found


def _guessed(sheet: str, heading: str, lab: Lab, offered: Sequence[str]) -> str:
    exact = heading.strip().casefold()
    if exact in offered:
        return exact
    said = words.folded(heading)
    model = next(one for one in table_columns.SHEETS if one.name == sheet)
    localized = {column.name for column in model.columns if column.localized}
    known = [column.name for column in model.columns] + list(_EXTRA if sheet == "Sessions" else ())
    base, language = said, ""
    first, _space, last = said.rpartition(" ")
    if first and last in _language_words():
        base, language = first, _language_words()[last]
    for name in known:
        if base in words.HEADINGS.get(name, ()) or base == words.folded(name):
            if name in localized:
                return f"{name}_{language or lab.default_language}"
            if not language:
                return name
    return ""


def _language_words() -> dict[str, str]:
    """Return how headings name languages: "bg", "bulgarian", "български"."""
    names = {
        "english": "en", "английски": "en", "αγγλικά": "en", "bulgarian": "bg", "български": "bg", "βουλγαρικά": "bg",
        "greek": "el", "гръцки": "el", "ελληνικά": "el",
    }  # fmt: skip
    return {code: code for code, _name in settings.LANGUAGES} | names


def missing_columns(sheet: str, columns: Sequence[str]) -> list[str]:
    """Return which columns a sheet of sessions cannot do without: a title or a key."""
    bases = {_base(column)[0] for column in columns}
    if sheet == "Sessions" and not bases & {"title", "session"}:
        return ["title"]
    return []


def _base(column: str) -> tuple[str, str]:
    """Return the column without its language, and the language."""
    base, _underscore, code = column.rpartition("_")
    return (base, code) if code in dict(settings.LANGUAGES) else (column, "")


def document_of(table: Table, lab: Lab, columns: Mapping[str, Sequence[str]]) -> Document:
    """Return what a table says. `columns` has the column of each heading by the name of the sheet; "" and "-" are
    left out.
    """
    document = Document(table.source)
    for note in table.notes:
        document.note(note)
    agenda: dict[str, list[AgendaItem]] | None = None
    for sheet in table.sheets:
        reader = _Reader(sheet, columns[sheet.name], lab, document)
        kind = SHEET_OF[model_of(sheet)]
        if kind is None:
            agenda = reader.agenda()
        else:
            document.rows += list(reader.rows(kind))
    _give_keys(document)
    if agenda is not None:
        _join_agenda(document, agenda)
    return document


def model_of(sheet: Sheet) -> str:
    return words.sheet_called(sheet.name) or "Sessions"


def _give_keys(document: Document) -> None:
    """Refuse keys that stand twice, and give sessions without one their title: the same file finds them again."""
    for kind in Kind:
        rows = document.of(kind)
        counts = Counter(row.key for row in rows if row.key)
        first: dict[str, Row] = {}
        titles: Counter[str] = Counter()
        for row in rows:
            if row.key and counts[row.key] > 1:
                if row.key in first:
                    message = _("“%(key)s” already stands in row %(row)d. Each row needs a key of its own.")
                    row.error("key", message % {"key": row.key[:60], "row": first[row.key].place.row})
                first.setdefault(row.key, row)
            elif not row.key:
                title = next(
                    (text for text in row.values.get("title", row.values.get("name", {})).values() if text),
                    "",
                )
                titles[title] += 1
                row.key = f"title:{title}"[:240] + (f"#{titles[title]}" if titles[title] > 1 else "")


def _join_agenda(document: Document, agenda: dict[str, list[AgendaItem]]) -> None:
    """Give each session its items; one without any has an empty agenda, since the file has a sheet of agendas."""
    for row in document.of(Kind.SESSION):
        names = {row.key, row.slug, *row.values.get("title", {}).values()} - {""}
        row.values["agenda"] = [item for name in names for item in agenda.pop(name, [])]
    for name, items in agenda.items():
        message = _("“%(key)s” is not a session of the file.") % {"key": name[:60]}
        for item in items:
            document.note(message, item.place, is_error=True)


class _Reader:
    """Reads one sheet, whose columns are matched."""

    def __init__(self, sheet: Sheet, columns: Sequence[str], lab: Lab, document: Document) -> None:
        self.sheet = sheet
        self.lab = lab
        self.document = document
        self.columns = [
            (index, column) for index, column in enumerate(columns) if column not in ("", IGNORED)
        ]
        unused = [
            sheet.header[index] for index, column in enumerate(columns) if not column and sheet.header[index]
        ]
        if unused:
            message = _("These columns are not used: %(names)s.")
            document.note(
                message % {"names": ", ".join(name[:40] for name in unused[:20])}, Place(sheet.name)
            )

    def records(self) -> Iterator[tuple[Place, dict[str, Cell], dict[str, Place], list[tuple[str, str]]]]:
        """Yield the rows that are not empty: where each stands, its cells by column, their places, and the notes."""
        count = 0
        for number, cells in self.sheet.rows:
            values, places, notes = {}, {}, []
            for index, column in self.columns:
                value = cells[index] if index < len(cells) else None
                if isinstance(value, str):
                    value = without_escape(value)
                    if len(value) > MAX_CELL:
                        place = self.sheet.place(number, index)
                        raise UnreadableFile(_("The cell has more than 32,767 characters."), place)
                values[column] = value
                places[column] = self.sheet.place(number, index)
                if self.sheet.formulas and f"{get_column_letter(index + 1)}{number}" in self.sheet.formulas:
                    notes.append((column, _("This is a formula; what it last came to is used.")))
            if all(value is None or str(value).strip() == "" for value in values.values()):
                continue
            count += 1
            if count > MAX_ROWS:
                message = _("The sheet has more than %(limit)d rows. Split the file.")
                raise UnreadableFile(message % {"limit": MAX_ROWS}, Place(self.sheet.name))
            yield Place("" if self.sheet.is_only else self.sheet.name, number), values, places, notes

    def rows(self, kind: Kind) -> Iterator[Row]:
        for place, cells, places, notes in self.records():
            row = Row(
                kind, place, places={_base(column)[0]: where for column, where in reversed(places.items())}
            )
            row.places |= places
            for column, message in notes:
                row.note(column, message)
            for column, cell in cells.items():
                self._take(row, column, cell)
            if kind == Kind.SESSION:
                times.take_when(row, cells)
            yield row

    def _take(self, row: Row, column: str, cell: Cell) -> None:
        """Read one cell into the row's values."""
        base, language = _base(column)
        text = self._text(row, column, cell, long=base in _LONG)
        if base == str(row.kind):
            row.key = text[:240]
            row.slug = text
            row.places["key"] = row.place_of(column)
        elif language:
            row.values.setdefault(base, {})[language] = text
        elif base in ("starts", "ends", "date", "end_date", "duration", "time_zone"):
            pass  # `times.take_when` reads them together
        elif base in ("room_capacity", "online_capacity", "capacity"):
            self._take_number(row, base, cell, text)
        elif base in ("waiting_list", "needs_approval", "online"):
            answer = cell if isinstance(cell, bool) else yes_or_default(base, text)
            if answer is None:
                row.error(base, _("“%(text)s” is neither yes nor no.") % {"text": text[:60]})
            else:
                row.values[base] = answer
        elif base in ("visibility", "status", "format"):
            choice = words.choice_called(base, text) if text else ""
            if choice or (not text and base == "format"):
                row.values[base] = choice
            elif text:
                message = _("“%(text)s” is not one of %(choices)s.")
                row.error(base, message % {"text": text[:60], "choices": words.offered(base)})
        elif base == "audience":
            row.values["audience"] = table_columns.read_list(text)
        elif base in LANGUAGE_COLUMNS:
            row.values[base] = [word.lower() for word in table_columns.read_list(text)]
        elif base in ORDER_COLUMNS:
            times.take_day(row, base, cell)
        elif base == "speakers":
            row.values["people"] = people_of(row, base, text)
        else:
            row.values[base] = text

    def _text(self, row: Row, column: str, cell: Cell, *, long: bool) -> str:
        if cell is None:
            return ""
        if not isinstance(cell, str):
            cell = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
        clean = cleaned_text(cell) if long or column in _LISTS else cleaned_line(cell)
        if differs_visibly(cell, clean):
            row.note(column, _("Invisible characters or ligatures were replaced."))
        elif not long and "\n" in cell.strip() and column not in _LISTS:
            row.note(column, _("Line breaks were replaced with spaces."))
        return clean

    def _take_number(self, row: Row, base: str, cell: Cell, text: str) -> None:
        if not text:
            row.values[base] = None
            return
        digits = text.replace(" ", "").replace("'", "")
        if digits.isascii() and digits.isdigit() and int(digits) <= 1_000_000 and not isinstance(cell, bool):
            row.values[base] = int(digits)
        else:
            message = _("“%(text)s” is not a whole number from 0 to 1,000,000.")
            row.error(base, message % {"text": text[:60]})

    def agenda(self) -> dict[str, list[AgendaItem]]:
        """Return the items by what the column "session" says, in their order."""
        found: dict[str, list[tuple[float, AgendaItem]]] = {}
        for place, cells, places, notes in self.records():
            row = Row(Kind.SESSION, place, places=dict(places))
            for column, message in notes:
                row.note(column, message)
            item = AgendaItem({}, place)
            position = float(len(found))
            for column, cell in cells.items():
                base, language = _base(column)
                text = self._text(row, column, cell, long=base in _LONG)
                if base == "title" and language:
                    item.title[language] = text
                elif base == "abstract" and language:
                    item.abstract = {**(item.abstract or {}), language: text}
                elif base in ("starts", "ends"):
                    setattr(item, base, times.take_hour(row, column, cell))
                elif base == "speakers":
                    item.people = people_of(row, column, text)
                elif base == "position" and text.replace(".", "").isdigit():
                    position = float(text)
            session = self._text(row, "session", cells.get("session"), long=False)
            if not session:
                row.error("session", _("Enter the key of the session."))
            for one in row.findings:
                self.document.note(one.message, one.place, is_error=one.is_error)
            found.setdefault(session, []).append((position, item))
        return {
            name: [item for _position, item in sorted(items, key=lambda one: one[0])]
            for name, items in found.items()
        }


def yes_or_default(column: str, text: str) -> bool | None:
    """Return yes or no; an empty cell is what a new row has."""
    return words.yes_or_no(text) if text else column == "waiting_list"


def people_of(row: Row, column: str, text: str) -> list[tuple[str, str]]:
    """Return the people of a cell with their roles; an unknown role is noted on the row."""
    people = []
    for name, said in table_columns.read_people(text):
        role = words.choice_called("role", said)
        if not role:
            message = _("“%(text)s” is not one of %(choices)s.")
            row.error(column, message % {"text": said[:60], "choices": words.offered("role")})
            continue
        if (name, role) in people:
            row.error(column, _("“%(name)s” stands twice in the cell.") % {"name": name[:60]})
            continue
        people.append((name, role))
    return people
