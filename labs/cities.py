"""Create and change cities, by owners of programmes and by superusers.

Programmes share cities, and a new name appears in all of them. So an owner may change only cities that take part in no
programme of other owners.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.search import alphabetical_key
from core.timezones.formatting import locale_of
from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import languages_of
from core.web.slugs import save_with_unique_slug
from labs.current_viewer import viewer_for
from labs.lab_editing import Findings, Texts, apply_plan
from labs.models import City, Lab, Programme
from labs.revisions import lock_row, touch_all
from labs.viewer import Viewer

NOT_ALLOWED = _(
    "This city is also in programmes that you do not own. Their owners or an administrator can change it."
)
# Regions and reserved codes in CLDR's list that are no countries of ISO 3166-1.
_NOT_COUNTRIES = frozenset(
    ["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"]
)


@dataclass(frozen=True)
class CityPlan:
    """The fields of a city. `country` is an ISO 3166 code of two letters."""

    name: Texts
    country: str
    time_zone: str


COLUMNS = tuple(column.name for column in fields(CityPlan))


def countries(language: str) -> list[tuple[str, str]]:
    """Return (code, name) of all countries, sorted by their names in this language."""
    names: Mapping[str, str] = locale_of(language).territories
    found = [
        (code, name)
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
    ]
    return sorted(found, key=lambda pair: alphabetical_key(pair[1]))


def may_change(viewer: Viewer, city: City) -> bool:
    """Tell whether the city is in programmes of this viewer only."""
    programmes = {programme.pk for programme in city.programmes.all()}
    return viewer.is_superuser or (bool(programmes) and programmes <= viewer.owned_programmes)


@transaction.atomic
def create_city(programme: Programme, plan: CityPlan, by: User) -> City:
    """Create a city of the programme. Raises RuleViolation, also for a duplicate name."""
    if not viewer_for(by).owns(programme.pk):
        raise RuleViolation("not_allowed", NOT_ALLOWED)
    city = City()
    apply_plan(city, plan, COLUMNS)
    _check(city, plan)
    save_with_unique_slug(
        city,
        languages_of(dict(plan.name)),
        lambda: city.save(force_insert=True),
        limit=60,
        otherwise="city",
    )
    programme.cities.add(city)
    _touch_labs_of(city)
    return city


@transaction.atomic
def change_city(city: City, plan: CityPlan, by: User) -> City:
    """Apply the plan to the city, which keeps its slug. Raises RuleViolation."""
    lock_row(city)
    if not may_change(viewer_for(by), city):
        raise RuleViolation("not_allowed", NOT_ALLOWED)
    if not apply_plan(city, plan, COLUMNS):
        return city
    _check(city, plan)
    city.save()
    _touch_labs_of(city)
    return city


def _check(city: City, plan: CityPlan) -> None:
    findings = Findings()
    findings.check_columns(city, COLUMNS)
    if not findings.errors and (same := _namesake(city, plan)):
        findings.add(
            "name",
            gettext("%(city)s already exists. Select it on the programme page.") % {"city": same},
        )
    findings.raise_errors()


def _namesake(city: City, plan: CityPlan) -> City | None:
    """Return another city of the same country that has one of the names."""
    names = {text.casefold() for text in languages_of(dict(plan.name)).values()}
    for other in City.objects.filter(country=plan.country).exclude(pk=city.pk):
        if names & {text.casefold() for text in languages_of(other.name).values()}:
            return other
    return None


def _touch_labs_of(city: City) -> None:
    touch_all(Lab.objects.filter(programme__cities=city), sessions=())


@dataclass
class CityRow:
    """A city of a list: its number there, what it says, the city that it is already, and errors by column."""

    number: int
    plan: CityPlan
    existing: City | None = None
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CitiesAdded:
    """How many cities were created, and how many that existed take part now."""

    created: int
    added: int


def understand(programme: Programme, rows: Sequence[CityRow]) -> None:
    """Set which rows are cities that exist, and what is wrong with the others. Two queries."""
    known: dict[tuple[str, str], City] = {}
    for city in City.objects.order_by("pk"):
        for name in {text.casefold() for text in languages_of(city.name).values()} | {city.slug}:
            known.setdefault((city.country, name), city)
    seen: dict[object, int] = {}
    codes = {code for code, _name in countries("en")}
    for row in rows:
        names = [text.casefold() for text in languages_of(dict(row.plan.name)).values()]
        row.existing = next(
            (known[row.plan.country, name] for name in names if (row.plan.country, name) in known), None
        )
        if not names:
            row.errors.setdefault("name", gettext("Enter the city’s name in at least one language."))
        if row.plan.country not in codes:
            row.errors.setdefault("country", gettext("Enter the country’s code of two letters, like BG."))
        if row.existing is None and not row.errors:
            _note_column_errors(row)
        key: object = row.existing.pk if row.existing else (row.plan.country, *names[:1])
        earlier = seen.setdefault(key, row.number)
        if names and earlier != row.number:
            row.errors.setdefault("name", gettext("This city is in row %(row)d already.") % {"row": earlier})


def _note_column_errors(row: CityRow) -> None:
    findings = Findings()
    city = City()
    apply_plan(city, row.plan, COLUMNS)
    findings.check_columns(city, COLUMNS)
    for name, messages in findings.errors.items():
        row.errors.setdefault(name, messages[0])


@transaction.atomic
def add_cities(programme: Programme, rows: Sequence[CityRow], by: User) -> CitiesAdded:
    """Let all these cities take part in the programme, creating those that do not exist, or none of them.

    Raises RuleViolation; InvalidFields names what is wrong by row and column ("0.country").
    """
    if not viewer_for(by).owns(programme.pk):
        raise RuleViolation("not_allowed", NOT_ALLOWED)
    lock_row(programme)
    understand(programme, rows)
    errors = {f"{row.number}.{name}": [error] for row in rows for name, error in row.errors.items()}
    if errors:
        raise InvalidFields(errors)
    taking_part = set(programme.cities.values_list("pk", flat=True))
    found = [row.existing for row in rows if row.existing is not None and row.existing.pk not in taking_part]
    programme.cities.add(*found)
    new = [row for row in rows if row.existing is None]
    for row in new:
        create_city(programme, row.plan, by)
    if found:
        touch_all(Lab.objects.filter(programme=programme), sessions=())
    return CitiesAdded(len(new), len(found))
