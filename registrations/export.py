"""Registrations as CSV (RFC 4180), protected against formula injection."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.utils.translation import gettext

from core.timezones.wall_clock import wall
from core.web.localized_fields import text_and_language
from labs.models import Lab
from registrations.models import Registration
from registrations.models.people import RegistrationQuerySet
from sessions.models import Session

# Spreadsheets treat these prefixes as formulas, full-width ones included; a leading quote makes it text.
STARTS_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
# In locales with semicolons as separators (Bulgarian, Greek), a spreadsheet may split a cell.
AFTER_SEMICOLON = re.compile(r"(;\s*)(?=[=+\-@＝＋－＠])")
CHUNK_SIZE = 500


def for_export(registrations: RegistrationQuerySet) -> Iterator[Registration]:
    """Yield registrations with their related rows, in chunks."""
    return (
        registrations.select_related("city", "stakeholder_group")
        .prefetch_related("seats", "attendances")
        .order_by("pk")
        .iterator(chunk_size=CHUNK_SIZE)
    )


def csv_lines(
    lab: Lab, sessions: Sequence[Session], registrations: Iterable[Registration], language: str
) -> Iterator[str]:
    """Yield the table line by line: a heading, then one line per registration, one column per session.

    Instants are wall time in the lab's zone, as "2027-04-06 11:30". The first line begins with the byte order mark
    by which spreadsheets know UTF-8.
    """
    fallback = lab.default_language
    heading = [
        gettext("Name"),
        gettext("E-mail"),
        gettext("City"),
        gettext("Organisation"),
        gettext("Group"),
        gettext("Language"),
        gettext("Time zone"),
        gettext("State"),
        gettext("Form sent"),
        gettext("Confirmed"),
        gettext("Cancelled"),
        *(text_and_language(session.title, language, fallback)[0] for session in sessions),
    ]
    yield "\ufeff" + _line(heading)
    for registration in registrations:
        seats = {seat.session_id: str(seat.get_state_display()) for seat in registration.seats.all()}
        attended = {attendance.session_id for attendance in registration.attendances.all()}
        city = registration.city
        group = registration.stakeholder_group
        yield _line(
            [
                registration.name,
                registration.email,
                text_and_language(city.name, language, fallback)[0] if city else registration.city_text,
                registration.organisation,
                text_and_language(group.name, language, fallback)[0] if group else "",
                registration.language,
                registration.time_zone,
                str(registration.get_state_display()),
                _moment(registration.created_at, lab),
                _moment(registration.confirmed_at, lab),
                _moment(registration.cancelled_at, lab),
                *(
                    gettext("Attended") if session.pk in attended else seats.get(session.pk, "")
                    for session in sessions
                ),
            ]
        )


def escaped_cell(cell: str) -> str:
    """Return the cell, escaped if a spreadsheet would treat it as a formula."""
    cell = AFTER_SEMICOLON.sub(r"\1'", cell)
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(STARTS_FORMULA) else cell


def _line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([escaped_cell(cell) for cell in cells])
    return buffer.getvalue()


def _moment(at: datetime | None, lab: Lab) -> str:
    return f"{wall(at, lab.time_zone):%Y-%m-%d %H:%M}" if at else ""
