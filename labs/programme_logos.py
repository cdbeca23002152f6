"""Add, change and remove the logos of the organisations behind a programme."""

from __future__ import annotations

from dataclasses import dataclass, fields

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from core.accounts.models import User
from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import languages_of
from labs import picture_files
from labs.lab_editing import Findings, Texts, apply_plan, save
from labs.logos import InvalidLogo, read_logo
from labs.models import Lab, Programme, ProgrammeLogo
from labs.revisions import lock_row, touch_all
from labs.theme import file_version

MAX_LOGOS = 20


@dataclass(frozen=True)
class LogoPlan:
    """The fields of a logo except its picture. `alt` says what it shows, for those who cannot see it."""

    alt: Texts
    link: str = ""
    position: int = 0


@dataclass(frozen=True)
class ShownLogo:
    """A logo as pages show it. `address` is that of the picture, which changes with it, for caching."""

    pk: int
    address: str
    alt: dict[str, str]
    link: str


def shown_logos(programme: Programme) -> list[ShownLogo]:
    """Return the logos of the programme, in their order."""
    return [
        ShownLogo(
            logo.pk,
            f"{reverse('programme_logo', args=[programme.slug, logo.pk])}?v={file_version(logo.picture)}",
            languages_of(logo.alt),
            logo.link,
        )
        for logo in programme.logos.all()
    ]


COLUMNS = tuple(column.name for column in fields(LogoPlan))


@transaction.atomic
def add_logo(programme: Programme, plan: LogoPlan, picture: bytes, by: User | None = None) -> ProgrammeLogo:
    """Add a logo from an uploaded file, which is checked and re-encoded. Raises RuleViolation."""
    _lock(programme.pk)
    if programme.logos.count() >= MAX_LOGOS:
        raise RuleViolation(
            "too_many_logos",
            ngettext("A programme has at most %(most)d logo.", "A programme has at most %(most)d logos.", MAX_LOGOS)
            % {"most": MAX_LOGOS},
        )  # fmt: skip
    return _save(ProgrammeLogo(programme=programme), plan, picture, by)


@transaction.atomic
def change_logo(
    logo: ProgrammeLogo, plan: LogoPlan, picture: bytes | None, by: User | None = None
) -> ProgrammeLogo:
    """Apply the plan, and the uploaded file if there is one. Raises RuleViolation."""
    _lock(logo.programme_id)
    lock_row(logo)
    return _save(logo, plan, picture, by)


@transaction.atomic
def remove_logo(logo: ProgrammeLogo, by: User | None = None) -> None:
    """Remove the logo. Its file stays for as long as the removal can be undone (`labs.picture_files`)."""
    _lock(logo.programme_id)
    logo._history_user = by  # type: ignore[attr-defined]
    logo.delete()
    _touch(logo.programme_id)


def _lock(programme_id: int) -> None:
    Programme.objects.select_for_update(no_key=True).get(pk=programme_id)


def _touch(programme_id: int) -> None:
    touch_all(Lab.objects.filter(programme=programme_id), sessions=())


def _save(logo: ProgrammeLogo, plan: LogoPlan, picture: bytes | None, by: User | None) -> ProgrammeLogo:
    differs = apply_plan(logo, plan, COLUMNS)
    findings = Findings()
    findings.check_columns(logo, COLUMNS)
    if not languages_of(dict(plan.alt)):
        findings.add("alt", gettext("Enter a description of the logo for people who cannot see it."))
    findings.raise_errors()
    if picture is not None:
        try:
            picture_files.store(logo.picture, f"programme-{logo.programme_id}", read_logo(picture))
        except InvalidLogo as error:
            raise InvalidFields(error.errors) from error
    elif not differs:
        return logo
    save(logo, by)
    _touch(logo.programme_id)
    return logo
