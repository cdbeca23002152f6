"""Registrations as a table, and as CSV (RFC 4180, with semicolons for some languages) that holds no formulas."""

import csv
import io
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
from core.web.spreadsheet_cells import WITH_DECIMAL_COMMA, escaped_cell
from labs.models import City, Lab, StakeholderGroup
from registrations.answers_export import AnswerColumns
from registrations.models import Attendance, Registration, Seat
from registrations.models.people import RegistrationQuerySet
from registrations.models.seats import ACTIVE
from registrations.photos import PHOTOS_IN_WORDS
from registrations.tags import tag_names
from sessions.models import Session
from sessions.models.seating import Mode

CHUNK_SIZE = 500
COLUMNS = (
    "pk", "name", "email", "city_id", "city_text", "organisation", "stakeholder_group_id", "language", "time_zone",
    "state", "photos", "created_at", "confirmed_at", "cancelled_at", "cancelled_as",
)  # fmt: skip


# Of one cell; instants are wall time without a zone.
Cell = str | datetime | None


def csv_chunks(
    lab: Lab, sessions: Sequence[Session], registrations: RegistrationQuerySet, language: str
) -> Iterator[str]:
    """Yield the table as CSV, in pieces of whole lines. Instants are written as "2027-04-06 11:30".

    The first line begins with the byte order mark by which spreadsheets know UTF-8; cells are divided by the sign that
    they expect in this language.
    """
    lines = partial(_lines, ";" if language in WITH_DECIMAL_COMMA else ",")
    mark = "\ufeff"
    for rows in table(lab, sessions, registrations, language):
        yield mark + lines([[_csv_cell(cell) for cell in row] for row in rows])
        mark = ""


def _csv_cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return escaped_cell(cell)
    return cell.isoformat(" ", "minutes")[:16] if cell else ""


def table(
    lab: Lab, sessions: Sequence[Session], registrations: RegistrationQuerySet, language: str
) -> Iterator[list[list[Cell]]]:
    """Yield the table in pieces: the heading, then rows of registrations, with a column per session, and
    per question whose answers all organisers read.

    Texts are as people typed them. Instants are wall time in the lab's zone. Nothing is held while a reader is slow:
    see `_in_chunks`.
    """
    fallback = lab.default_language
    zone = ZoneInfo(lab.time_zone)
    columns = {session.pk: column for column, session in enumerate(sessions)}
    seat_states = {value: str(label) for value, label in Seat.State.choices}
    hybrid = {session.pk for session in sessions if session.is_hybrid}
    modes = {value: str(label) for value, label in Mode.choices}
    states = {value: str(label) for value, label in Registration.State.choices}
    ways = {"": "", **{value: str(label) for value, label in Registration.CancelledAs.choices}}
    photos = {value: str(label) for value, label in PHOTOS_IN_WORDS}
    attended = gettext("Attended")
    cities, groups = _Names(City, language, fallback), _Names(StakeholderGroup, language, fallback)
    answers = AnswerColumns(lab, language)
    yield [
        [
            gettext("Name"),
            gettext("Email"),
            gettext("City"),
            gettext("Organisation"),
            gettext("Type of organisation"),
            gettext("Tags"),
            gettext("Language"),
            gettext("Time zone"),
            gettext("Photos and recordings"),
            gettext("Status"),
            gettext("Submitted"),
            gettext("Confirmed"),
            gettext("Cancelled"),
            gettext("Cancelled by"),
            *(text_and_language(session.title, language, fallback)[0] for session in sessions),
            *answers.headings,
        ]
    ]
    for people in _in_chunks(registrations):
        ids = [person.pk for person in people]
        cities.fetch(person.city_id for person in people)
        groups.fetch(person.stakeholder_group_id for person in people)
        tags = tag_names(ids)
        rows: dict[int, list[str]] = defaultdict(lambda: [""] * len(columns))
        for pk, session_id, state, mode in _values(Seat, ids, "state", "mode"):
            if session_id in columns:  # not one that was made meanwhile
                words = seat_states[state]
                if session_id in hybrid and state in ACTIVE:
                    words = f"{words} ({modes[mode]})"
                rows[pk][columns[session_id]] = words
        for pk, session_id in _values(Attendance, ids):
            if session_id in columns:
                rows[pk][columns[session_id]] = attended
        answered = answers.rows(ids)
        yield [
            [
                person.name,
                person.email,
                cities[person.city_id] if person.city_id else person.city_text,
                person.organisation,
                groups[person.stakeholder_group_id] if person.stakeholder_group_id else "",
                ", ".join(tags.get(person.pk, ())),
                person.language,
                person.time_zone,
                photos.get(person.photos, ""),
                states[person.state],
                _wall(person.created_at, zone),
                _wall(person.confirmed_at, zone),
                _wall(person.cancelled_at, zone),
                ways[person.cancelled_as],
                *rows[person.pk],
                *answered[person.pk],
            ]
            for person in people
        ]


def _wall(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return at.astimezone(zone).replace(tzinfo=None) if at else None


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
    """The names of cities or groups in a language, by id; each is fetched once."""

    def __init__(self, model: type[City] | type[StakeholderGroup], language: str, fallback: str) -> None:
        self.model, self.language, self.fallback = model, language, fallback

    def fetch(self, ids: Iterable[int | None]) -> None:
        """Fetch those of these names that are not there yet. At most one query."""
        if new := set(ids) - self.keys() - {None}:
            for pk, row in self.model._default_manager.in_bulk(new).items():
                self[pk] = text_and_language(row.name, self.language, self.fallback)[0]


def _lines(delimiter: str, rows: Iterable[list[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    return buffer.getvalue()
