"""Create, change, publish, unpublish and delete labs; and functions shared by such modules.

Each operation runs in one transaction, is recorded in the history, and raises `RuleViolation` with all errors by field
before anything is saved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import slug_re
from django.db import IntegrityError, models, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext
from i18nfield.fields import I18nFieldMixin
from i18nfield.strings import LazyI18nString

from core.accounts.models import User
from core.mail.models import Message
from core.web.error_messages import messages_by_column
from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import languages_of
from core.web.slugs import save_with_unique_slug
from labs import picture_files
from labs.logos import InvalidLogo, read_logo
from labs.models import Lab, Programme
from labs.revisions import lock_row, touch
from labs.signals import lab_deleting, lab_rescheduled, lab_venue_changed
from labs.theme import clean_colour, theme_values

Texts = Mapping[str, str]

# Dates beyond these are typing errors.
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)
MAX_LAB_DAYS = 366
MAX_RETENTION_DAYS = 3650
MAX_SESSIONS = 1000
MAX_SLUG_LENGTH = 60


class Findings:
    """Collects error messages by field."""

    def __init__(self) -> None:
        self.errors: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, name: str, message: str | Promise) -> None:
        self.errors[name].append(str(message))

    def check_columns(self, row: models.Model, names: Sequence[str], at: str = "") -> None:
        """Validate these fields: lengths, control characters, zones, addresses, languages that are not offered."""
        others = {column.name for column in row._meta.concrete_fields} - set(names)
        try:
            row.clean_fields(exclude=others)
        except ValidationError as error:
            for name, messages in messages_by_column(row, error).items():
                self.errors[at + name].extend(messages)
        for name in names:
            texts = getattr(row, name)
            if isinstance(texts, dict | LazyI18nString):
                for code in sorted(languages_of(texts).keys() - dict(settings.LANGUAGES)):
                    words = gettext("“%(code)s” is not a language that this service offers.")
                    self.add(at + name, words % {"code": code[:20]})

    def raise_errors(self) -> None:
        """Raise InvalidFields if there are any errors."""
        if self.errors:
            raise InvalidFields(self.errors)


@dataclass(frozen=True)
class LabPlan:
    """The fields of a lab except its visibility, logo and signature.

    Dates are days in `time_zone`; the instants of registration are UTC. If `slug` is empty, a new lab gets one from
    its title, and an existing lab keeps its own.
    """

    title: Texts
    starts_on: date
    ends_on: date
    time_zone: str
    languages: tuple[str, ...]
    theme: Texts = field(default_factory=dict)
    description: Texts = field(default_factory=dict)
    format: str = Lab.Format.ONLINE
    venue: Texts = field(default_factory=dict)
    contact_email: str = ""
    registration_opens_at: datetime | None = None
    registration_closes_at: datetime | None = None
    consent: Texts = field(default_factory=dict)
    retention_days: int = 365
    certificate_min_sessions: int = 1
    signatory_name: str = ""
    signatory_function: Texts = field(default_factory=dict)
    colour: str = ""
    logo_alt: Texts = field(default_factory=dict)
    slug: str = ""


LAB_COLUMNS = tuple(column.name for column in fields(LabPlan) if column.name != "slug")


def apply_plan(row: models.Model, plan: object, columns: Sequence[str]) -> bool:
    """Assign a plan's values to the fields of the same names, unsaved; return whether anything differs."""
    differs = False
    for name in columns:
        value: Any = getattr(plan, name)
        old: object = getattr(row, name)
        if isinstance(value, tuple):
            value = list(value)
        elif isinstance(row._meta.get_field(name), I18nFieldMixin):
            value, old = languages_of(dict(value)), languages_of(old)
        if value != old:
            setattr(row, name, value)
            differs = True
    return differs


def save(row: models.Model, by: User | None) -> None:
    """Save a row with the user for its history."""
    row._history_user = by  # type: ignore[attr-defined]
    row.save()


@transaction.atomic
def create_lab(programme: Programme, plan: LabPlan, by: User | None = None) -> Lab:
    """Create a draft lab of the programme, its slug from its title. Raises RuleViolation."""
    # A change of the programme or of its speakers is applied to all its labs.
    Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    lab = Lab(programme=programme)
    apply_plan(lab, plan, LAB_COLUMNS)
    _check_lab(lab, plan)
    lab.theme_values = _theme_of(lab)
    if plan.slug:
        lab.slug = plan.slug
        _save_with_chosen_slug(lab, by)
    else:
        save_with_unique_slug(
            lab, languages_of(dict(plan.title)), lambda: save(lab, by), limit=60, otherwise="lab"
        )
    return lab


def _save_with_chosen_slug(lab: Lab, by: User | None) -> None:
    """Save a lab. Raises RuleViolation if a concurrent lab takes the same slug."""
    try:
        with transaction.atomic():
            save(lab, by)
    except IntegrityError:
        if Lab.objects.filter(slug=lab.slug).exclude(pk=lab.pk).exists():
            raise InvalidFields(
                {"slug": [gettext("Another lab has this address. Choose another one.")]}
            ) from None
        raise


@transaction.atomic
def change_lab(lab: Lab, plan: LabPlan, by: User | None = None) -> Lab:
    """Apply the plan to the lab; sessions keep their wall-clock times and zones.

    Raises RuleViolation, also if sessions would be outside the new days.
    """
    lock_row(lab)
    frame = (lab.starts_on, lab.ends_on, lab.time_zone)
    before = copy(lab)
    slug = plan.slug or lab.slug
    if not apply_plan(lab, plan, LAB_COLUMNS) and slug == lab.slug:
        return lab
    _check_lab(lab, plan)
    lab.slug = slug
    lab.theme_values = _theme_of(lab)
    _save_with_chosen_slug(lab, by)
    if frame != (lab.starts_on, lab.ends_on, lab.time_zone):
        lab_rescheduled.send(sender=Lab, lab_id=lab.pk)
    if (languages_of(before.venue), before.format) != (languages_of(lab.venue), lab.format):
        lab_venue_changed.send(sender=Lab, lab_id=lab.pk, before=before, by=by)
    touch(lab.pk)
    return lab


def _theme_of(lab: Lab) -> dict[str, str]:
    return theme_values(lab.colour) if lab.colour else {}


def _check_slug(lab: Lab, slug: str, findings: Findings) -> None:
    """Add the errors of a new slug. A lab that has been public keeps its own."""
    if lab.public_revised_at is not None:
        findings.add("slug", gettext("This lab has already been public, so its address cannot change."))
    elif len(slug) > MAX_SLUG_LENGTH or not slug_re.fullmatch(slug):
        findings.add(
            "slug",
            gettext("Use at most %(count)d Latin letters, digits and hyphens.") % {"count": MAX_SLUG_LENGTH},
        )
    elif Lab.objects.filter(slug=slug).exists():
        findings.add("slug", gettext("Another lab has this address. Choose another one."))


def _check_lab(lab: Lab, plan: LabPlan) -> None:
    """Raise RuleViolation with all errors of the fields and of the plan."""
    findings = Findings()
    if lab.colour:
        try:
            lab.colour = clean_colour(lab.colour)
        except ValueError:
            findings.add(
                "colour",
                gettext(
                    "Enter the colour as six digits and letters, like #00564e, or leave the field empty."
                ),
            )
            lab.colour = ""
    findings.check_columns(lab, LAB_COLUMNS)
    if plan.slug and plan.slug != lab.slug:
        _check_slug(lab, plan.slug, findings)
    for name, on in (("starts_on", plan.starts_on), ("ends_on", plan.ends_on)):
        if not EARLIEST <= on <= LATEST:
            findings.add(
                name,
                gettext("Choose a date between %(first)d and %(last)d.")
                % {"first": EARLIEST.year, "last": LATEST.year},
            )
    if plan.ends_on < plan.starts_on:
        findings.add("ends_on", gettext("The last day is before the first one. Choose a later day."))
    elif (plan.ends_on - plan.starts_on).days >= MAX_LAB_DAYS:
        findings.add(
            "ends_on",
            gettext("A lab lasts at most %(days)d days. Choose an earlier day.") % {"days": MAX_LAB_DAYS},
        )
    opens, closes = plan.registration_opens_at, plan.registration_closes_at
    if opens and closes and closes <= opens:
        findings.add(
            "registration_closes_at", gettext("Registration closes before it opens. Choose a later time.")
        )
    if closes and not opens:
        findings.add("registration_opens_at", gettext("Enter when registration opens as well."))
    if plan.retention_days > MAX_RETENTION_DAYS:
        findings.add(
            "retention_days",
            gettext("Keep answers for at most %(days)d days.") % {"days": MAX_RETENTION_DAYS},
        )
    if not 1 <= plan.certificate_min_sessions <= MAX_SESSIONS:
        findings.add(
            "certificate_min_sessions",
            gettext("Choose a number between 1 and %(most)d.") % {"most": MAX_SESSIONS},
        )
    if lab.logo and not languages_of(dict(plan.logo_alt)):
        findings.add("logo_alt", gettext("Describe the logo for people who cannot see it."))
    if not plan.signatory_name and (lab.signature or languages_of(dict(plan.signatory_function))):
        findings.add("signatory_name", gettext("Enter the name of the person who signs."))
    findings.raise_errors()


@transaction.atomic
def set_logo(lab: Lab, data: bytes | None, by: User | None = None) -> Lab:
    """Set the lab's logo from an uploaded file, checked and re-encoded, or remove it. Raises RuleViolation."""
    lock_row(lab)
    _set_picture(lab, "logo", data)
    save(lab, by)
    touch(lab.pk, sessions=())
    return lab


@transaction.atomic
def set_signature(lab: Lab, data: bytes | None, by: User | None = None) -> Lab:
    """Set the picture of the signature on the lab's certificates, as `set_logo` sets the logo. Raises RuleViolation.

    No page shows it to visitors, and certificates keep the one with which they were issued.
    """
    lock_row(lab)
    if data is not None and not lab.signatory_name:
        raise InvalidFields({"signatory_name": [gettext("Enter the name of the person who signs.")]})
    _set_picture(lab, "signature", data)
    save(lab, by)
    return lab


def _set_picture(lab: Lab, column: str, data: bytes | None) -> None:
    """Set or clear a picture of the lab, unsaved."""
    if data is None:
        setattr(lab, column, "")
        return
    try:
        picture_files.store(getattr(lab, column), f"lab-{lab.pk}", read_logo(data))
    except InvalidLogo as error:
        raise InvalidFields({column: [error.message]}) from error


def publish_lab(lab: Lab, by: User | None = None) -> Lab:
    """Show the lab and its public sessions to everybody."""
    return _set_visibility(lab, Lab.Visibility.PUBLIC, by)


def unpublish_lab(lab: Lab, by: User | None = None) -> Lab:
    """Make the lab a draft: its pages, feeds and registration are unavailable until it is published again."""
    return _set_visibility(lab, Lab.Visibility.DRAFT, by)


@transaction.atomic
def _set_visibility(lab: Lab, visibility: Lab.Visibility, by: User | None) -> Lab:
    lock_row(lab)
    if lab.visibility != visibility:
        lab.visibility = visibility
        lab._history_user = by  # type: ignore[attr-defined]
        lab.save(update_fields=["visibility"])
        touch(lab.pk, sessions=(), withdrawn=visibility == Lab.Visibility.DRAFT)
    return lab


@transaction.atomic
def delete_lab(lab: Lab, by: User | None = None) -> None:
    """Delete a lab with its drafts. Raises RuleViolation if other rows refer to it."""
    # Locks the key as well, so that no new row can refer to it.
    Lab.objects.select_for_update().get(pk=lab.pk)
    lab_deleting.send(sender=Lab, lab_id=lab.pk, by=by)
    if not is_empty(lab):
        raise RuleViolation(
            "in_use", gettext("This lab has registrations or emails. Only a lab without any can be deleted.")
        )
    lab._history_user = by  # type: ignore[attr-defined]
    lab.delete()


def is_empty(lab: Lab, *besides: str) -> bool:
    """Tell whether no email and no rows of packages above belong to the lab, except of the apps `besides`."""
    return not (Message.objects.filter(lab=lab).exists() or is_used(lab, "labs", *besides))


def is_used(row: models.Model, *besides: str) -> bool:
    """Tell whether any other row refers to this one, except of the apps `besides`.

    Rows of models that have `goes_with_owner` only say something about this one, and are deleted with it.
    """
    for relation in row._meta.related_objects:
        if relation.related_model._meta.app_label in besides or relation.many_to_many:
            continue
        if getattr(relation.related_model, "goes_with_owner", False):
            continue
        if relation.related_model._base_manager.filter(**{relation.field.name: row.pk}).exists():
            return True
    return False
