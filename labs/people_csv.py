"""Lists of people as CSV: who gets which role. Bytes to plain rows, each with what is wrong in which column."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection
from dataclasses import dataclass, field

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.web.email_addresses import account_address
from core.web.error_messages import plain_messages
from core.web.localized_fields import languages_of, no_control_characters, one_line
from labs.models import City, Lab, Programme, RoleInvitation

Role = RoleInvitation.Role
COLUMNS = ("email", "name", "role", "city", "language")
ROWS_LIMIT = 500
MAX_BYTES = 256 * 1024
MAX_CELL = 500
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
ROLES_OF_LAB = (Role.ORGANISER, Role.DOOR)
ROLES_OF_PROGRAMME = (Role.OWNER, Role.DELEGATE)


@dataclass
class PersonRow:
    """A row: its number in the file (the header is 1), its cells as typed, what they mean, and errors by column."""

    number: int
    cells: dict[str, str]
    email: str = ""
    name: str = ""
    role: str = ""
    city: City | None = None
    language: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def error_lines(self) -> list[str]:
        return [
            gettext("Row %(row)d, column “%(column)s”: %(error)s")
            % {"row": self.number, "column": column, "error": error}
            for column, error in self.errors.items()
        ]


def decoded(data: bytes) -> str:
    """Return the text of a file in UTF-8 or UTF-16. Raises ValidationError."""
    if len(data) > MAX_BYTES:
        raise ValidationError(_("The file is larger than 256 kB. A list may hold at most 500 people."))
    try:
        is_wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = data.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise ValidationError(
            _("This file is not in UTF-8. In your spreadsheet, save it as “CSV UTF-8”.")
        ) from None
    if _BINARY.search(text):
        raise ValidationError(
            _("This file is not a list of people. Save the table as CSV and choose that file.")
        )
    return text


def parse(text: str, where: Lab | Programme) -> list[PersonRow]:
    """Return the rows of a list with the columns of `COLUMNS` in any order; only email and role are needed.

    Commas, semicolons or tabs stand between cells. Cells that are wrong are errors of their row. Raises ValidationError
    for a text that is no such list.
    """
    lines = text.lstrip("\ufeff").splitlines()
    if len(text) > MAX_BYTES:
        raise ValidationError(_("The list is too long. It may hold at most 500 people."))
    first = next((line for line in lines if line.strip()), "")
    if not first:
        raise ValidationError(_("The list is empty."))
    delimiter = max(",;\t", key=first.count)
    try:
        table = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter))
    except csv.Error:
        raise ValidationError(_("The list cannot be read as CSV. Check its quotation marks.")) from None
    start = next(number for number, cells in enumerate(table) if any(cell.strip() for cell in cells))
    columns = _columns(table[start])
    rows: list[PersonRow] = []
    for number, cells in enumerate(table[start + 1 :], start + 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) == ROWS_LIMIT:
            raise ValidationError(
                _("A list may hold at most %(limit)d people. Split it."), params={"limit": ROWS_LIMIT}
            )
        rows.append(
            PersonRow(number, {name: cell.strip() for name, cell in zip(columns, cells, strict=False)})
        )
        if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
            rows[-1].errors[columns[-1]] = gettext("The row has more cells than the list has columns.")
    if not rows:
        raise ValidationError(_("The list has a header and no people."))
    understand(rows, where)
    return rows


def _columns(header: list[str]) -> list[str]:
    names = [cell.strip().casefold() for cell in header]
    while names and not names[-1]:
        names.pop()
    for name in names:
        if name not in COLUMNS:
            raise ValidationError(
                _("Row 1: “%(name)s” is not a column of this list. The columns are: %(columns)s."),
                params={"name": name[:40], "columns": ", ".join(COLUMNS)},
            )
    if len(set(names)) < len(names):
        raise ValidationError(_("Row 1: a column is there twice."))
    for name in ("email", "role"):
        if name not in names:
            raise ValidationError(_("Row 1: the column “%(name)s” is missing."), params={"name": name})
    return names


def understand(rows: list[PersonRow], where: Lab | Programme) -> None:
    """Set what the cells of these rows mean, and what is wrong with them."""
    roles = _names_of_roles(ROLES_OF_LAB if isinstance(where, Lab) else ROLES_OF_PROGRAMME)
    cities = {} if isinstance(where, Lab) else _names_of_cities(where)
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        _understand_person(row)
        _understand_role(row, roles, cities)
        if row.errors:
            continue
        # One role per person and lab.
        role = "" if isinstance(where, Lab) else row.role
        earlier = seen.setdefault((row.email, role, row.city.slug if row.city else ""), row.number)
        if earlier != row.number:
            row.errors["email"] = gettext("This person is in row %(row)d already.") % {"row": earlier}


def _understand_person(row: PersonRow) -> None:
    for name, cell in row.cells.items():
        if len(cell) > MAX_CELL:
            row.errors[name] = gettext("This is too long.")
            row.cells[name] = cell[:40] + "…"
    if "email" not in row.errors:
        try:
            row.email = account_address(row.cells.get("email", ""))
        except ValidationError as error:
            row.errors["email"] = plain_messages(error)[0]
    row.name = row.cells.get("name", "")
    try:
        no_control_characters(row.name)
        one_line(row.name)
        if len(row.name) > 200:
            raise ValidationError(gettext("Enter at most 200 characters."))
    except ValidationError as error:
        row.errors.setdefault("name", plain_messages(error)[0])
    row.language = row.cells.get("language", "").lower()
    if row.language and row.language not in dict(settings.LANGUAGES):
        row.errors.setdefault("language", gettext("The language is one of en, bg, el."))


def _understand_role(row: PersonRow, roles: dict[str, str], cities: dict[str, City | None]) -> None:
    row.role = roles.get(row.cells.get("role", "").casefold(), "")
    city = row.cells.get("city", "")
    if not row.role:
        known = ", ".join(dict.fromkeys(roles.values()))
        row.errors.setdefault("role", gettext("The role is one of: %(roles)s.") % {"roles": known})
    elif row.role == Role.DELEGATE:
        row.city = cities.get(city.casefold())
        if row.city is None:
            said = gettext("This name is of several cities.") if city.casefold() in cities else ""
            row.errors.setdefault("city", said or gettext("Enter a city of this programme."))
    elif city:
        row.errors.setdefault("city", gettext("Only delegates have a city."))


def _names_of_roles(roles: Collection[Role]) -> dict[str, str]:
    """Return the role by its code and by its name in each language, in lower case."""
    names = {role.value: role.value for role in roles}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            names |= {str(role.label).casefold(): role.value for role in roles}
    return names


def _names_of_cities(programme: Programme) -> dict[str, City | None]:
    """Return the programme's cities by address and by name, in lower case; None for a name that several have."""
    names: dict[str, City | None] = {}
    for city in programme.cities.all():
        for name in {text.casefold() for text in languages_of(city.name).values()} | {city.slug}:
            names[name] = city if names.setdefault(name, city) == city else None
    return names
