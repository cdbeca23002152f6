"""What cities bring to small groups: set for one city, or for many from a table."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext, override

from core.accounts.models import User
from core.web.edit_conflicts import EditConflict
from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import languages_of
from core.web.spreadsheet_cells import STARTS_FORMULA, escaped_cell
from labs.current_viewer import viewer_for
from labs.lab_editing import Findings
from labs.models import City, Programme
from sessions.languages import SPOKEN, language_name
from sessions.models import CityProfile

MAX_BYTES = 512 * 1024
MOST_ROWS = 2000
ERRORS_SAID = 20
COLUMNS = ("city", "languages", "interests", "mentor")
# What a cell may say for yes and no, in the languages of the service.
_YES = frozenset(["yes", "y", "true", "1", "x", "да", "ναι"])
_NO = frozenset(["", "no", "n", "false", "0", "не", "όχι", "οχι"])
_BETWEEN = re.compile(r"[;,/|\n]")


@dataclass(frozen=True)
class ProfilePlan:
    """The fields of a profile."""

    languages: tuple[str, ...] = ()
    interests: tuple[str, ...] = ()
    is_mentor: bool = False


def clean_interests(text: str) -> tuple[str, ...]:
    """Return the interests in a text, between commas, semicolons or line breaks; each once, however it is written."""
    found: dict[str, str] = {}
    for one in _BETWEEN.split(text):
        if folded := " ".join(one.split()):
            found.setdefault(folded.casefold(), folded)
    return tuple(found.values())


@transaction.atomic
def set_profile(
    programme: Programme, city: City, plan: ProfilePlan, by: User, *, expected_version: int | None = None
) -> CityProfile:
    """Create or change the profile of a city as an owner. As `change_profile`; raises RuleViolation for others."""
    _check_owner(programme, by)
    return change_profile(programme, city, plan, expected_version=expected_version)


@transaction.atomic
def change_profile(
    programme: Programme, city: City, plan: ProfilePlan, *, expected_version: int | None = None
) -> CityProfile:
    """Create or change the profile of a city. `expected_version` is 0 for one that did not exist.

    Who may do so is checked by the callers: owners, and contacts of the city by their private link. Raises
    RuleViolation, EditConflict.
    """
    _lock(programme)
    profile = CityProfile.objects.filter(programme=programme, city=city).first()
    if expected_version is not None and expected_version != (profile.version if profile else 0):
        raise EditConflict
    if not programme.cities.filter(pk=city.pk).exists():
        raise RuleViolation("foreign_city", gettext("Choose a city of this programme."), "city")
    errors = _errors_of(plan)
    if errors:
        raise InvalidFields(errors)
    return _write(profile or CityProfile(programme=programme, city=city), plan)


@dataclass(frozen=True)
class ProfileImport:
    """What came of a table: how many profiles it had, and how many differed."""

    rows: int
    changed: int


@transaction.atomic
def import_profiles(programme: Programme, data: bytes, by: User) -> ProfileImport:
    """Set the profiles of the cities in a CSV file, all of them or none. The same file twice changes nothing.

    Columns: city (name in any language, or slug), languages (codes or names), interests, mentor (yes or no). A column
    that is missing leaves what is stored. Raises RuleViolation, InvalidFields with line and column of what is wrong.
    """
    _check_owner(programme, by)
    _lock(programme)
    rows = _rows(data)
    cities = _cities_by_name(programme)
    stored = {one.city_id: one for one in CityProfile.objects.filter(programme=programme)}
    known = _language_codes()
    errors: list[str] = []
    wanted: dict[int, tuple[City, ProfilePlan]] = {}
    for number, row in rows:
        try:
            city = cities.get(_folded(row["city"]))
            if city is None:
                raise ValidationError(
                    gettext("“%(city)s” is not a city of this programme.") % {"city": row["city"][:60]}
                )
            if city.pk in wanted:
                raise ValidationError(gettext("“%(city)s” is listed twice.") % {"city": row["city"][:60]})
            wanted[city.pk] = city, _plan_of(row, stored.get(city.pk), known)
        except ValidationError as error:
            words = gettext("Line %(number)d: %(error)s")
            errors += [words % {"number": number, "error": message} for message in error.messages]
            if len(errors) >= ERRORS_SAID:
                break
    if errors:
        raise InvalidFields({"file": errors[:ERRORS_SAID]})
    changed = 0
    for pk, (city, plan) in wanted.items():
        profile = stored.get(pk) or CityProfile(programme=programme, city=city)
        changed += profile._state.adding or plan != plan_of(profile)
        _write(profile, plan)
    return ProfileImport(len(wanted), changed)


def profile_of(programme: Programme, city: City) -> CityProfile | None:
    """Return what is known of a city in a programme."""
    return CityProfile.objects.filter(programme=programme, city=city).first()


def plan_of(profile: CityProfile) -> ProfilePlan:
    """Return the current plan of a profile."""
    return ProfilePlan(tuple(profile.languages), tuple(profile.interests), profile.is_mentor)


def as_csv(programme: Programme, name_of: Mapping[int, str]) -> str:
    """Return all cities of the programme as the table that `import_profiles` reads, by the names given."""
    profiles = {one.city_id: one for one in CityProfile.objects.filter(programme=programme)}
    file = io.StringIO()
    table = csv.writer(file)
    table.writerow(COLUMNS)
    for city in programme.cities.order_by("slug"):
        one = profiles.get(city.pk) or CityProfile()
        cells = (
            name_of.get(city.pk, city.slug),
            ", ".join(one.languages),
            "; ".join(one.interests),
            "yes" if one.is_mentor else "no",
        )
        table.writerow(map(escaped_cell, cells))
    return file.getvalue()


def _check_owner(programme: Programme, by: User) -> None:
    if not viewer_for(by).owns(programme.pk):
        raise RuleViolation("not_allowed", gettext("Only owners of the programme can change this."))


def _lock(programme: Programme) -> None:
    Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)


def _errors_of(plan: ProfilePlan) -> dict[str, list[str]]:
    findings = Findings()
    row = CityProfile(languages=list(plan.languages), interests=list(plan.interests))
    findings.check_columns(row, ["languages", "interests"])
    return findings.errors


def _write(profile: CityProfile, plan: ProfilePlan) -> CityProfile:
    if profile._state.adding or plan_of(profile) != plan:
        profile.languages, profile.interests = list(plan.languages), list(plan.interests)
        profile.is_mentor = plan.is_mentor
        profile.save()
    return profile


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _cities_by_name(programme: Programme) -> dict[str, City]:
    found: dict[str, City] = {}
    for city in programme.cities.all():
        for name in (*languages_of(city.name).values(), city.slug):
            found.setdefault(_folded(name), city)
    return found


def _language_codes() -> dict[str, str]:
    """Return the codes of languages by what people call them in the languages of the service."""
    found = {code: code for code in SPOKEN}
    for language in ("en", "bg", "el"):
        with override(language):
            found |= {language_name(code, language).casefold(): code for code in SPOKEN}
    return found


def _rows(data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the lines of a table with their numbers, cells by column. Raises InvalidFields."""
    if len(data) > MAX_BYTES:
        raise InvalidFields({"file": [gettext("The file is larger than 512 kB.")]})
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidFields({"file": [gettext("The file is not readable. Save it as CSV UTF-8.")]}) from None
    if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text):
        raise InvalidFields({"file": [gettext("The file is not readable. Save it as CSV UTF-8.")]})
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        raise InvalidFields({"file": [gettext("The file is not readable. Save it as CSV UTF-8.")]}) from None
    head = [_folded(cell) for cell in lines[0]] if lines else []
    if "city" not in head or not set(head) <= {*COLUMNS, ""}:
        words = gettext("The first line must name these columns: %(columns)s.")
        raise InvalidFields({"file": [words % {"columns": ", ".join(COLUMNS)}]})
    if len(lines) > MOST_ROWS:
        raise InvalidFields(
            {"file": [gettext("The file has more than %(limit)d lines.") % {"limit": MOST_ROWS}]}
        )
    return _cells(head, lines)


def _cells(head: Sequence[str], lines: Sequence[list[str]]) -> Iterator[tuple[int, dict[str, str]]]:
    for number, line in enumerate(lines[1:], 2):
        if any(cell.strip() for cell in line):
            cells = dict(zip(head, map(_unescaped, line), strict=False))
            yield number, {"city": "", **cells}


def _unescaped(cell: str) -> str:
    """Return a cell without the quote that keeps spreadsheets from reading a formula."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(STARTS_FORMULA) else cell


def _plan_of(row: Mapping[str, str], stored: CityProfile | None, known: Mapping[str, str]) -> ProfilePlan:
    """Return the plan of a line. Raises ValidationError."""
    before = plan_of(stored) if stored else ProfilePlan()
    messages = []
    languages, mentor = list(before.languages), before.is_mentor
    if "languages" in row:
        languages = []
        for said in filter(None, (_folded(one) for one in _BETWEEN.split(row["languages"]))):
            if said not in known:
                messages.append(
                    gettext("“%(language)s” is no language of the list.") % {"language": said[:60]}
                )
            elif known[said] not in languages:
                languages.append(known[said])
    if "mentor" in row:
        said = _folded(row["mentor"])
        if said not in _YES | _NO:
            messages.append(gettext("“%(said)s” is neither yes nor no.") % {"said": said[:60]})
        mentor = said in _YES
    interests = clean_interests(row["interests"]) if "interests" in row else before.interests
    plan = ProfilePlan(tuple(languages), interests, mentor)
    messages += [message for some in _errors_of(plan).values() for message in some]
    if messages:
        raise ValidationError(messages)
    return plan
