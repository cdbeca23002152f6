"""Registrations as CSV (RFC 4180, with semicolons for some languages), protected against formula injection."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import gettext

from core.web.localized_fields import text_and_language
from labs.models import City, Lab, StakeholderGroup
from registrations.models import Attendance, Registration, Seat
from registrations.models.people import RegistrationQuerySet
from sessions.models import Session

# Spreadsheets treat these prefixes as formulas, full-width ones included; a leading quote makes it text.
STARTS_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
# In locales with semicolons as separators (Bulgarian, Greek), a spreadsheet may split a cell.
AFTER_SEMICOLON = re.compile(r"(;\s*)(?=[=+\-@＝＋－＠])")
# Where the comma is the decimal sign, spreadsheets divide the cells of a file at semicolons.
WITH_DECIMAL_COMMA = {"bg", "el"}
CHUNK_SIZE = 500
COLUMNS = (
    "pk", "name", "email", "city_id", "city_text", "organisation", "stakeholder_group_id", "language", "time_zone",
    "state", "created_at", "confirmed_at", "cancelled_at",
)  # fmt: skip


def csv_chunks(
    lab: Lab, sessions: Sequence[Session], registrations: RegistrationQuerySet, language: str
) -> Iterator[str]:
    """Yield the table in pieces of whole lines: a heading, then a line per registration, a column per session.

    Instants are wall time in the lab's zone, as "2027-04-06 11:30". The first line begins with the byte order mark
    by which spreadsheets know UTF-8; cells are divided by the sign that they expect in this language. Nothing is held
    while a reader is slow: see `_in_chunks`.
    """
    lines = partial(_lines, ";" if language in WITH_DECIMAL_COMMA else ",")
    fallback = lab.default_language
    zone = ZoneInfo(lab.time_zone)
    columns = {session.pk: column for column, session in enumerate(sessions)}
    seat_states = {value: str(label) for value, label in Seat.State.choices}
    states = {value: str(label) for value, label in Registration.State.choices}
    attended = gettext("Attended")
    cities, groups = _Names(City, language, fallback), _Names(StakeholderGroup, language, fallback)
    heading = [
        gettext("Name"),
        gettext("Email"),
        gettext("City"),
        gettext("Organisation"),
        gettext("Type of organisation"),
        gettext("Language"),
        gettext("Time zone"),
        gettext("Status"),
        gettext("Submitted"),
        gettext("Confirmed"),
        gettext("Cancelled"),
        *(text_and_language(session.title, language, fallback)[0] for session in sessions),
    ]
    yield "\ufeff" + lines([[escaped_cell(cell) for cell in heading]])
    for people in _in_chunks(registrations):
        ids = [person.pk for person in people]
        cities.fetch(person.city_id for person in people)
        groups.fetch(person.stakeholder_group_id for person in people)
        rows: dict[int, list[str]] = defaultdict(lambda: [""] * len(columns))
        for pk, session_id, state in _values(Seat, ids, "state"):
            if session_id in columns:  # not one that was made meanwhile
                rows[pk][columns[session_id]] = seat_states[state]
        for pk, session_id in _values(Attendance, ids):
            if session_id in columns:
                rows[pk][columns[session_id]] = attended
        yield lines(
            [
                escaped_cell(person.name),
                escaped_cell(person.email),
                cities[person.city_id] if person.city_id else escaped_cell(person.city_text),
                escaped_cell(person.organisation),
                groups[person.stakeholder_group_id] if person.stakeholder_group_id else "",
                person.language,
                escaped_cell(person.time_zone),
                states[person.state],
                _moment(person.created_at, zone),
                _moment(person.confirmed_at, zone),
                _moment(person.cancelled_at, zone),
                *rows[person.pk],
            ]
            for person in people
        )


def _in_chunks(registrations: RegistrationQuerySet) -> Iterator[list[Any]]:
    """Yield the rows in chunks, in the order of ids.

    PostgreSQL keeps the result for a server-side cursor outside of any transaction. SQLite would let nobody write
    while a statement is read to the end, so it is asked for a chunk at a time.
    """
    rows = registrations.order_by("pk").values_list(*COLUMNS, named=True)
    if connection.vendor == "postgresql":
        cursor = rows.iterator(chunk_size=CHUNK_SIZE)
        while chunk := list(islice(cursor, CHUNK_SIZE)):
            yield chunk
        return
    chunk = list(rows[:CHUNK_SIZE])
    while chunk:
        yield chunk
        chunk = list(rows.filter(pk__gt=chunk[-1].pk)[:CHUNK_SIZE])


def _values(model: type[Seat] | type[Attendance], ids: list[int], *columns: str) -> Iterable[Any]:
    found = model._default_manager.filter(registration__in=ids).order_by()
    return found.values_list("registration_id", "session_id", *columns)


class _Names(dict[int, str]):
    """The names of cities or groups in a language, by id, escaped; each is fetched once."""

    def __init__(self, model: type[City] | type[StakeholderGroup], language: str, fallback: str) -> None:
        self.model, self.language, self.fallback = model, language, fallback

    def fetch(self, ids: Iterable[int | None]) -> None:
        """Fetch those of these names that are not there yet. At most one query."""
        if new := set(ids) - self.keys() - {None}:
            for pk, row in self.model._default_manager.in_bulk(new).items():
                self[pk] = escaped_cell(text_and_language(row.name, self.language, self.fallback)[0])


def escaped_cell(cell: str) -> str:
    """Return the cell, escaped if a spreadsheet would treat it as a formula."""
    if ";" in cell:
        cell = AFTER_SEMICOLON.sub(r"\1'", cell)
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(STARTS_FORMULA) else cell


def _lines(delimiter: str, rows: Iterable[list[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    return buffer.getvalue()


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(" ", "minutes")[:16] if at else ""
