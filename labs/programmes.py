"""Create and change programmes."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from core.accounts.models import User
from core.accounts.second_factors import has_second_factor
from core.web.localized_fields import languages_of
from core.web.slugs import save_with_unique_slug
from labs.lab_editing import Findings, Texts, apply_plan, save
from labs.models import City, Lab, Programme
from labs.models.programmes import GRANT_WITHOUT_FUNDING
from labs.revisions import lock_row, touch_all


@dataclass(frozen=True)
class ProgrammePlan:
    """The fields of a programme."""

    name: Texts
    organiser: Texts
    languages: tuple[str, ...]
    visibility: str
    description: Texts = field(default_factory=dict)
    runs: Texts = field(default_factory=dict)
    cities_total: int | None = None
    participation: Texts = field(default_factory=dict)
    contact_email: str = ""
    imprint: Texts = field(default_factory=dict)
    eu_funded: bool = False
    grant_number: str = ""
    requires_second_factor: bool = False
    cities: tuple[City, ...] = ()


PROGRAMME_COLUMNS = tuple(column.name for column in fields(ProgrammePlan) if column.name != "cities")
PROGRAMME_TEXTS = ("name", "organiser", "description", "runs", "participation", "imprint")


def create_programme(plan: ProgrammePlan, by: User | None = None) -> Programme:
    """Create a programme, its slug from its name. Raises RuleViolation."""
    programme = Programme()
    apply_plan(programme, plan, PROGRAMME_COLUMNS)
    _programme_findings(programme, plan, by).raise_errors()

    def create() -> None:
        save(programme, by)
        programme.cities.set(plan.cities)

    save_with_unique_slug(programme, languages_of(dict(plan.name)), create, limit=60, otherwise="programme")
    return programme


def _programme_findings(programme: Programme, plan: ProgrammePlan, by: User | None) -> Findings:
    """Return the errors of the fields and of the plan."""
    findings = Findings()
    findings.check_columns(programme, PROGRAMME_COLUMNS)
    if plan.cities_total is not None and plan.cities_total < len(plan.cities):
        findings.add(
            "cities_total",
            ngettext(
                "%(count)d city is selected below. Enter at least that number, or leave the field empty.",
                "%(count)d cities are selected below. Enter at least that number, or leave the field empty.",
                len(plan.cities),
            )
            % {"count": len(plan.cities)},
        )
    if plan.grant_number and not plan.eu_funded:
        findings.add("grant_number", GRANT_WITHOUT_FUNDING)
    if plan.requires_second_factor and by is not None and not has_second_factor(by):
        findings.add(
            "requires_second_factor",
            gettext("Set up two-step sign-in for your own account first. You would lose access otherwise."),
        )
    return findings


@transaction.atomic
def change_programme(programme: Programme, plan: ProgrammePlan, by: User | None = None) -> Programme:
    """Apply the plan to the programme, and touch its labs, which show its name. Raises RuleViolation."""
    lock_row(programme)
    named = (languages_of(programme.name), programme.default_language)
    differs = apply_plan(programme, plan, PROGRAMME_COLUMNS)
    findings = _programme_findings(programme, plan, by)
    wanted = {city.pk for city in plan.cities}
    gone = programme.cities.exclude(pk__in=wanted).filter(delegates__programme=programme).distinct()
    for city in gone:
        findings.add(
            "cities",
            gettext("%(city)s has delegates in this programme. Remove them first, or keep the city.")
            % {"city": city},
        )
    findings.raise_errors()
    if set(programme.cities.values_list("pk", flat=True)) != wanted:
        programme.cities.set(wanted)
        differs = True
    if differs:
        save(programme, by)
        is_renamed = named != (languages_of(programme.name), programme.default_language)
        touch_all(Lab.objects.filter(programme=programme), sessions=None if is_renamed else ())
    return programme


@dataclass(frozen=True)
class Step:
    """One of the first steps of a programme: what it is, how far it is, and the path of its page."""

    words: str
    state: str
    path: str
    is_done: bool


def first_steps(programme: Programme) -> list[Step]:
    """Return what a new programme needs, in order; nothing once it has a lab. Three queries."""
    if programme.labs.exists():
        return []
    cities = programme.cities.count()
    people = programme.staff.count() + programme.delegates.count() + programme.role_invitations.count()
    states = (
        ngettext("%(count)d city", "%(count)d cities", cities) % {"count": cities},
        ngettext("%(count)d person", "%(count)d people", people) % {"count": people},
    )
    return [
        Step(gettext("What the programme is"), "", reverse("console_programme", args=[programme.slug]), True),
        Step(gettext("Its cities"), states[0], reverse("console_cities", args=[programme.slug]), cities > 0),
        Step(
            gettext("Its people: owners and delegates"),
            states[1],
            reverse("console_programme_people", args=[programme.slug]),
            people > 0,
        ),
        Step(gettext("The first lab"), "", reverse("console_lab_new", args=[programme.slug]), False),
    ]
