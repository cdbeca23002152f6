"""Lists of people as CSV: who gets which role. Bytes to plain rows, each with what is wrong in which column."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext

from core.web.email_addresses import account_address
from core.web.error_messages import plain_messages
from core.web.localized_fields import languages_of, no_control_characters, one_line
from labs.csv_lists import rows_of
from labs.models import City, Lab, Programme, RoleInvitation

Role = RoleInvitation.Role
COLUMNS = ("email", "name", "role", "city", "language")
MAX_CELL = 500
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


def parse(text: str, where: Lab | Programme) -> list[PersonRow]:
    """Return the rows of a list with the columns of `COLUMNS` in any order; only email and role are needed.

    Cells that are wrong are errors of their row. Raises ValidationError for a text that is no such list.
    """
    rows = []
    for number, cells, is_longer in rows_of(text, COLUMNS, ("email", "role")):
        row = PersonRow(number, cells)
        if is_longer:
            row.errors[list(cells)[-1]] = gettext("The row has more cells than the list has columns.")
        rows.append(row)
    understand(rows, where)
    return rows


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
