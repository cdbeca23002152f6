"""Labs: created, changed, shown, hidden and deleted here; and what all verbs of this kind share.

Every verb takes effect in one transaction, is remembered in the history, and raises `RuleViolation` with all that is
wrong, field by field, before anything is saved.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.validators import slug_re
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext

from core.accounts.models import User
from core.mail.models import Message
from core.web.error_messages import messages_by_column
from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import languages_of
from core.web.slugs import save_with_address
from labs.logos import InvalidLogo, read_logo
from labs.models import Lab, Programme
from labs.revisions import touch
from labs.signals import lab_deleting, lab_has_another_place, lab_rescheduled
from labs.theme import clean_colour, theme_values

Texts = Mapping[str, str]

# Dates beyond these are slips of the keyboard, and would lead outside the years that calendars can hold.
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)
LONGEST = 366  # days of one lab
KEPT_AT_MOST = 3650
SESSIONS_AT_MOST = 1000
SLUG_LENGTH = 60


class Findings:
    """Collects what is wrong, by field."""

    def __init__(self) -> None:
        self.errors: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, name: str, message: str | Promise) -> None:
        self.errors[name].append(str(message))

    def columns(self, row: models.Model, names: Sequence[str], at: str = "") -> None:
        """Apply the limits of these columns: lengths, control characters, zones, addresses."""
        others = {column.name for column in row._meta.concrete_fields} - set(names)
        try:
            row.clean_fields(exclude=others)
        except ValidationError as error:
            for name, messages in messages_by_column(row, error).items():
                self.errors[at + name].extend(messages)

    def languages(self, name: str, texts: Texts) -> None:
        """Refuse texts in languages that this service does not offer."""
        for code in sorted(set(texts) - {code for code, _name in settings.LANGUAGES}):
            self.add(
                name,
                gettext("“%(code)s” is not a language that this service offers.") % {"code": code[:20]},
            )

    def refuse(self) -> None:
        """Raise RuleViolation if anything was found."""
        if self.errors:
            raise InvalidFields(self.errors)


@dataclass(frozen=True)
class LabPlan:
    """Everything that an organiser says about a lab, except who sees it and its logo.

    Dates are days in `time_zone`; the instants of registration are UTC. `slug` is the lab's part of
    its address; left empty, a new lab gets one from its title, and any other keeps its own.
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
    colour: str = ""
    logo_alt: Texts = field(default_factory=dict)
    slug: str = ""


LAB_COLUMNS = tuple(column.name for column in fields(LabPlan) if column.name != "slug")
_TEXTS = {"title", "theme", "description", "venue", "consent", "logo_alt", "name", "organiser", "runs"}


def put(row: models.Model, plan: object, columns: Sequence[str]) -> bool:
    """Write what a plan says into the columns of the same names, unsaved; tell whether anything differs."""
    differs = False
    for name in columns:
        value: Any = getattr(plan, name)
        old: Any = getattr(row, name)
        if isinstance(value, tuple):
            value = list(value)
        elif name in _TEXTS:
            value, old = languages_of(dict(value)), languages_of(old)
        if value != old:
            setattr(row, name, value)
            differs = True
    return differs


def save(row: models.Model, by: User | None) -> None:
    """Save a row whose history says by whom."""
    row._history_user = by  # type: ignore[attr-defined]
    row.save()


@transaction.atomic
def create_lab(programme: Programme, plan: LabPlan, by: User | None = None) -> Lab:
    """Make a lab of the programme as a draft, its address from its title. Raises RuleViolation."""
    lab = Lab(programme=programme)
    put(lab, plan, LAB_COLUMNS)
    _check_lab(lab, plan)
    lab.theme_values = _theme_of(lab)
    if plan.slug:
        lab.slug = plan.slug
        _save_under_chosen_address(lab, by)
    else:
        save_with_address(
            lab, languages_of(dict(plan.title)), lambda: save(lab, by), limit=60, otherwise="lab"
        )
    return lab


def _save_under_chosen_address(lab: Lab, by: User | None) -> None:
    """Save a lab. Raises RuleViolation where another one was given the same address at the same moment."""
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
    """Make the lab follow the plan; sessions keep their own clock times and zones.

    Raises RuleViolation, also where sessions would be left outside the new days.
    """
    lab.refresh_from_db(from_queryset=Lab.objects.select_for_update(no_key=True, of=("self",)))
    frame = (lab.starts_on, lab.ends_on, lab.time_zone)
    before = copy(lab)
    slug = plan.slug or lab.slug
    if not put(lab, plan, LAB_COLUMNS) and slug == lab.slug:
        return lab
    _check_lab(lab, plan)
    lab.slug = slug
    lab.theme_values = _theme_of(lab)
    _save_under_chosen_address(lab, by)
    if frame != (lab.starts_on, lab.ends_on, lab.time_zone):
        lab_rescheduled.send(sender=Lab, lab_id=lab.pk)
    if (languages_of(before.venue), before.format) != (languages_of(lab.venue), lab.format):
        lab_has_another_place.send(sender=Lab, lab_id=lab.pk, before=before, by=by)
    touch(lab.pk)
    return lab


def _theme_of(lab: Lab) -> dict[str, str]:
    return theme_values(lab.colour) if lab.colour else {}


def _check_address(lab: Lab, slug: str, findings: Findings) -> None:
    """Note what speaks against a new address: people and programs rely on it once the lab was public."""
    if lab.public_revised_at is not None:
        findings.add("slug", gettext("This lab has been public, so its address stays as it is."))
    elif len(slug) > SLUG_LENGTH or not slug_re.fullmatch(slug):
        findings.add(
            "slug",
            gettext("Use at most %(count)d Latin letters, digits and hyphens.") % {"count": SLUG_LENGTH},
        )
    elif Lab.objects.filter(slug=slug).exists():
        findings.add("slug", gettext("Another lab has this address. Choose another one."))


def _check_lab(lab: Lab, plan: LabPlan) -> None:
    """Raise RuleViolation with all that the columns' limits and the plan's own sense object to."""
    findings = Findings()
    if lab.colour:
        try:
            lab.colour = clean_colour(lab.colour)
        except ValueError:
            findings.add(
                "colour",
                gettext("Write the colour as six digits and letters, like #00564e, or leave it empty."),
            )
            lab.colour = ""
    findings.columns(lab, LAB_COLUMNS)
    if plan.slug and plan.slug != lab.slug:
        _check_address(lab, plan.slug, findings)
    for name in ("title", "theme", "description", "venue", "consent", "logo_alt"):
        findings.languages(name, getattr(plan, name))
    for name, on in (("starts_on", plan.starts_on), ("ends_on", plan.ends_on)):
        if not EARLIEST <= on <= LATEST:
            findings.add(
                name,
                gettext("Choose a date between %(first)d and %(last)d.")
                % {"first": EARLIEST.year, "last": LATEST.year},
            )
    if plan.ends_on < plan.starts_on:
        findings.add("ends_on", gettext("The last day is before the first one. Choose a later day."))
    elif (plan.ends_on - plan.starts_on).days >= LONGEST:
        findings.add(
            "ends_on",
            gettext("A lab lasts at most %(days)d days. Choose an earlier day.") % {"days": LONGEST},
        )
    opens, closes = plan.registration_opens_at, plan.registration_closes_at
    if opens and closes and closes <= opens:
        findings.add(
            "registration_closes_at", gettext("Registration closes before it opens. Choose a later time.")
        )
    if closes and not opens:
        findings.add("registration_opens_at", gettext("Say when registration opens, too."))
    if plan.retention_days > KEPT_AT_MOST:
        findings.add(
            "retention_days", gettext("Keep answers for at most %(days)d days.") % {"days": KEPT_AT_MOST}
        )
    if not 1 <= plan.certificate_min_sessions <= SESSIONS_AT_MOST:
        findings.add(
            "certificate_min_sessions",
            gettext("Choose a number between 1 and %(most)d.") % {"most": SESSIONS_AT_MOST},
        )
    if lab.logo and not languages_of(dict(plan.logo_alt)):
        findings.add("logo_alt", gettext("Say in words what the logo shows, for those who cannot see it."))
    findings.refuse()


@transaction.atomic
def set_logo(lab: Lab, data: bytes | None, by: User | None = None) -> Lab:
    """Give the lab a logo from an uploaded file, checked and written anew, or none. Raises RuleViolation."""
    lab.refresh_from_db(from_queryset=Lab.objects.select_for_update(no_key=True, of=("self",)))
    old = lab.logo.name
    if data is None:
        lab.logo = ""
    else:
        try:
            logo = read_logo(data)
        except InvalidLogo as error:
            raise InvalidFields(error.errors) from error
        # Of the lab's number and the content: what pages link to then changes with it, and never names two pictures.
        digest = hashlib.sha256(logo.content).hexdigest()[:16]
        lab.logo.save(f"lab-{lab.pk}-{digest}.{logo.extension}", ContentFile(logo.content), save=False)
    save(lab, by)
    touch(lab.pk)
    if old and old != lab.logo.name:
        storage = lab.logo.storage
        transaction.on_commit(lambda: storage.delete(old))
    return lab


def publish_lab(lab: Lab, by: User | None = None) -> Lab:
    """Show the lab and its public sessions to everybody."""
    return _show(lab, Lab.Visibility.PUBLIC, by)


def unpublish_lab(lab: Lab, by: User | None = None) -> Lab:
    """Take the lab back into the drafts: its pages, feeds and registration are gone until it is published again."""
    return _show(lab, Lab.Visibility.DRAFT, by)


@transaction.atomic
def _show(lab: Lab, visibility: Lab.Visibility, by: User | None) -> Lab:
    lab.refresh_from_db(from_queryset=Lab.objects.select_for_update(no_key=True, of=("self",)))
    if lab.visibility != visibility:
        lab.visibility = visibility
        # Of a lab that is withdrawn, too: its sessions leave the programme's calendar.
        lab.public_revised_at = timezone.now()
        lab._history_user = by  # type: ignore[attr-defined]
        lab.save(update_fields=["visibility", "public_revised_at"])
        touch(lab.pk)
    return lab


@transaction.atomic
def delete_lab(lab: Lab, by: User | None = None) -> None:
    """Delete a lab that nobody has seen, with its drafts. Raises RuleViolation where anything else hangs on it."""
    # With its key: nothing new can refer to it until it is gone.
    Lab.objects.select_for_update().get(pk=lab.pk)
    lab_deleting.send(sender=Lab, lab_id=lab.pk, by=by)
    if not is_empty(lab):
        raise RuleViolation(
            "in_use", gettext("This lab has registrations or emails. Only a lab without any can be deleted.")
        )
    lab._history_user = by  # type: ignore[attr-defined]
    lab.delete()


def is_empty(lab: Lab, *besides: str) -> bool:
    """Tell whether nothing of the floors above belongs to the lab, and no email; apps of `besides` do not count."""
    return not (Message.objects.filter(lab=lab).exists() or is_used(lab, "labs", *besides))


def is_used(row: models.Model, *besides: str) -> bool:
    """Tell whether any other row refers to this one; rows of the apps `besides` do not count."""
    for relation in row._meta.related_objects:
        if relation.related_model._meta.app_label in besides or relation.many_to_many:
            continue
        if relation.related_model._base_manager.filter(**{relation.field.name: row.pk}).exists():
            return True
    return False
