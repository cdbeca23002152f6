"""Documents to accept at registration: added, changed into new versions, withdrawn, ordered, accepted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F, Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from core.accounts.models import User
from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import languages_of
from core.web.slugs import unique_slug
from labs.models import Lab
from labs.revisions import lock_lab
from registrations.models import (
    Document,
    DocumentAcceptance,
    DocumentVersion,
    Registration,
    RegistrationRules,
)
from registrations.models.rules import rules_of

MAX_DOCUMENTS = 20  # shown at one time
CHANGED = gettext_lazy("This document has changed since you opened the form. Read it and accept it again.")
MISSING = gettext_lazy("You need to accept this to register. Tick the box to continue.")


@dataclass(frozen=True)
class DocumentPlan:
    """A title, and either a text or the address of a page."""

    title: Mapping[str, str]
    text: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    is_required: bool = True


def shown(lab: Lab) -> list[DocumentVersion]:
    """Return the versions in force, in their order. One query, none for a lab that never had documents."""
    if not rules_of(lab).has_documents:
        return []
    rows = DocumentVersion.objects.filter(
        document__lab=lab, document__withdrawn_at__isnull=True, number=F("document__number")
    )
    return list(rows.select_related("document").order_by("document__position", "document_id"))


def field_name(version: DocumentVersion) -> str:
    """Return the name of the check box in the form; its value is the version's number."""
    return f"document-{version.document.slug}"


def check_for_submit(lab: Lab, accepted: Mapping[str, int]) -> list[DocumentVersion]:
    """Return the versions that the person accepts. `accepted` has version numbers by slug of the document.

    Raises RuleViolation (codes: document_changed for a version that is not in force, document_missing for a required
    one, document_unknown). One query, none for a lab that never had documents.
    """
    versions = {one.document.slug: one for one in shown(lab)}
    if set(accepted) - set(versions):
        raise RuleViolation(
            "document_unknown", gettext("The lab no longer asks for this document."), "documents"
        )
    chosen = []
    for slug, version in versions.items():
        if slug in accepted:
            if accepted[slug] != version.number:
                raise RuleViolation("document_changed", CHANGED, field_name(version))
            chosen.append(version)
        elif version.document.is_required:
            raise RuleViolation("document_missing", MISSING, field_name(version))
    return chosen


def store(registration: Registration, versions: Sequence[DocumentVersion], language: str) -> None:
    """Keep that the person accepted these versions; what was accepted before stays as it is. At most one query."""
    if not versions:
        return
    now = timezone.now()
    DocumentAcceptance.objects.bulk_create(
        [
            DocumentAcceptance(registration=registration, version=one, at=now, language=language)
            for one in versions
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def accept_later(registration: Registration, accepted: Mapping[str, int], language: str) -> None:
    """Accept versions in force from the private page. Raises RuleViolation (document_changed, gone)."""
    versions = {one.document.slug: one for one in shown(registration.lab)}
    found = [versions[slug] for slug, number in accepted.items() if slug in versions]
    if len(found) < len(accepted) or any(one.number != accepted[one.document.slug] for one in found):
        raise RuleViolation("document_changed", CHANGED)
    row = Registration.objects.select_for_update(no_key=True).filter(pk=registration.pk).first()
    if row is None or row.erased_at is not None:
        raise RuleViolation("gone", gettext("This registration no longer exists."))
    store(row, found, language)


def left_to_accept(
    registration: Registration, accepted: Iterable[DocumentAcceptance]
) -> list[DocumentVersion]:
    """Return the versions in force that are not among those accepted: the form did not show them, or they are new."""
    known = {one.version_id for one in accepted}
    return [one for one in shown(registration.lab) if one.pk not in known]


def required_left(registration: Registration) -> int:
    """Return how many required documents the person has not accepted. No query for a lab without documents."""
    required = [one for one in shown(registration.lab) if one.document.is_required]
    if not required:
        return 0
    return (
        len(required)
        - DocumentAcceptance.objects.filter(registration=registration.pk, version__in=required).count()
    )


def accepted_by(registration: Registration) -> QuerySet[DocumentAcceptance]:
    """Return what a person accepted, in the order of the form."""
    rows = DocumentAcceptance.objects.filter(registration=registration)
    return rows.select_related("version__document").order_by(
        "version__document__position", "version__document_id", "version__number"
    )


def forget(registrations: Sequence[Registration]) -> None:
    """Delete what these people accepted. Called when erasing."""
    DocumentAcceptance.objects.filter(registration__in=registrations).delete()


def documents_of(lab: Lab) -> QuerySet[Document]:
    """Return the documents that are shown, in their order."""
    return Document.objects.filter(lab=lab, withdrawn_at__isnull=True).order_by("position", "pk")


def versions_of(lab: Lab) -> QuerySet[DocumentVersion]:
    """Return all versions, also of withdrawn documents: in the order of the form, newest version first.

    Each with the number of people who `accepted` it and confirmed their address.
    """
    confirmed = Q(acceptances__registration__confirmed_at__isnull=False)
    rows = DocumentVersion.objects.filter(document__lab=lab).select_related("document", "created_by")
    rows = rows.annotate(accepted=Count("acceptances", filter=confirmed))
    return rows.order_by(
        F("document__withdrawn_at").asc(nulls_first=True), "document__position", "document_id", "-number"
    )


# Editing


@transaction.atomic
def add(lab: Lab, plan: DocumentPlan, by: User | None = None) -> Document:
    """Add a document at the end. Raises RuleViolation (code: too_many) and InvalidFields."""
    lab = lock_lab(lab.pk)
    if documents_of(lab).count() >= MAX_DOCUMENTS:
        message = gettext("You can have at most %(limit)d documents.") % {"limit": MAX_DOCUMENTS}
        raise RuleViolation("too_many", message)
    rows = Document.objects.filter(lab=lab)
    last = rows.aggregate(last=Max("position"))["last"]
    slug = unique_slug(
        dict(plan.title), set(rows.values_list("slug", flat=True)), limit=60, otherwise="document"
    )
    document = Document(
        lab=lab, slug=slug, is_required=plan.is_required, position=0 if last is None else last + 1
    )
    version = _version(document, plan, by)
    document.save(force_insert=True)
    version.document = document
    version.save(force_insert=True)
    RegistrationRules.objects.get_or_create(lab=lab)
    RegistrationRules.objects.filter(lab=lab).update(has_documents=True)
    return document


@transaction.atomic
def change(document: Document, plan: DocumentPlan, by: User | None = None) -> Document:
    """Make the document follow `plan`. Another title, text or address is a new version.

    Raises RuleViolation (code: withdrawn) and InvalidFields.
    """
    row = _locked(document)
    before = DocumentVersion.objects.get(document=row, number=row.number)
    version = _version(row, plan, by)
    if _said(version) != _said(before):
        version.number = row.number = row.number + 1
        version.save(force_insert=True)
    row.is_required = plan.is_required
    row.save(update_fields=["number", "is_required", "version"])
    return row


@transaction.atomic
def withdraw(document: Document) -> None:
    """No longer show the document. What people accepted is kept. A second call changes nothing."""
    lock_lab(document.lab_id)
    rows = Document.objects.filter(pk=document.pk, withdrawn_at__isnull=True)
    rows.update(withdrawn_at=timezone.now())


@transaction.atomic
def move(document: Document, place: int) -> None:
    """Put the document at this place of those shown, from 1."""
    row = _locked(document)
    others = list(documents_of(row.lab).exclude(pk=row.pk))
    others.insert(min(max(place, 1), len(others) + 1) - 1, row)
    for position, each in enumerate(others):
        if each.position != position:
            # The form of each shows its place.
            Document.objects.filter(pk=each.pk).update(position=position, version=F("version") + 1)


def _locked(document: Document) -> Document:
    lock_lab(document.lab_id)
    row = Document.objects.select_related("lab").get(pk=document.pk)
    if row.withdrawn_at is not None:
        raise RuleViolation("withdrawn", gettext("This document is withdrawn."))
    return row


def _version(document: Document, plan: DocumentPlan, by: User | None) -> DocumentVersion:
    """Return a valid version, unsaved."""
    version = DocumentVersion(
        document=document,
        number=document.number,
        title=dict(plan.title),
        text=dict(plan.text),
        address=plan.address.strip(),
        created_at=timezone.now(),
        created_by=by,
    )
    errors: dict[str, list[Any]] = {}
    try:
        version.clean_fields(exclude=["document"])
    except ValidationError as error:
        errors = {name: list(said) for name, said in error.message_dict.items()}
    has_text = any(text.strip() for text in languages_of(version.text).values())
    if not errors and has_text == bool(version.address):
        errors["text"] = [gettext("Enter a text or a web address, not both.")]
    if errors:
        raise InvalidFields(errors)
    return version


def _said(version: DocumentVersion) -> tuple[dict[str, str], dict[str, str], str]:
    return languages_of(version.title), languages_of(version.text), version.address
