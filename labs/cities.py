"""Create and change cities, by owners of programmes and by superusers.

Programmes share cities, and a new name appears in all of them. So an owner may change only cities that take part in no
programme of other owners.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.search import alphabetical_key
from core.timezones.formatting import locale_of
from core.web.errors import RuleViolation
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
