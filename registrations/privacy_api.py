"""The API of personal data in a lab: what people agreed to, and the export of one person. For organisers."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language
from ninja import Router, Schema
from ninja.pagination import paginate
from pydantic import ConfigDict, Field

from core.api.datetimes import instant_text
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination, Listing
from core.api.problems import Problem
from core.web.localized_fields import languages_of
from labs.api_authentication import account_of, lab_of_organiser
from labs.current_viewer import viewer_for
from labs.models import ApiToken
from registrations import personal_export, privacy_notice, processing, search
from registrations.consent import is_current, mark_of, versions_of
from registrations.models import PrivacyNotice
from registrations.question_schemas import Texts

router = Router(tags=["Personal data"])

Scope = ApiToken.Scope


class ConsentVersionOut(Schema):
    number: int = Field(description="Number of the version in its lab")
    texts: dict[str, str] = Field(description="The text by language code, as it was shown")
    created_at: datetime = Field(description="When somebody agreed to it first")
    accepted: int = Field(description="People who agreed to it and confirmed their email, erased ones too")
    is_current: bool = Field(description="Whether it is the text in force")


def consent_data(row: Any, mark: str) -> dict[str, Any]:
    return {
        "number": row.number,
        "texts": row.texts,
        "created_at": instant_text(row.created_at),
        "accepted": row.accepted,
        "is_current": is_current(row, mark),
    }


@router.get("/labs/{lab}/consent-texts", response=list[ConsentVersionOut], url_name="consent_texts")
@paginate(BoundedPagination)
def list_consent_texts(request: HttpRequest, lab: str) -> Listing:
    """List the versions of the consent text that people agreed to, newest first. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    mark = mark_of(found)
    return Listing(versions_of(found), lambda rows: (consent_data(row, mark) for row in rows))


class PrivacyNoticeBody(Schema):
    """What a lab says itself in its notice to participants and in its record of processing."""

    model_config = ConfigDict(extra="forbid")

    controller: Texts = Field(
        {}, description="Markdown by language code. Empty: the organiser of the programme"
    )
    data_protection_officer: Texts = Field({}, description="How to contact the officer, by language code")
    paragraphs: Texts = Field({}, description="Own paragraphs, Markdown by language code")
    legal_basis: Annotated[PrivacyNotice.Basis, INLINE_SCHEMA] = Field(
        PrivacyNotice.Basis.CONSENT, description="Legal basis of registration data, Article 6(1) of the GDPR"
    )


def notice_data(row: PrivacyNotice) -> dict[str, Any]:
    return {
        "controller": languages_of(row.controller),
        "data_protection_officer": languages_of(row.data_protection_officer),
        "paragraphs": languages_of(row.paragraphs),
        "legal_basis": row.legal_basis,
    }


@router.get("/labs/{lab}/privacy-notice", response=PrivacyNoticeBody, url_name="privacy_notice")
def get_notice(request: HttpRequest, lab: str) -> dict[str, Any]:
    """Get what a lab says itself in its notice to participants. Scope: registrations."""
    return notice_data(privacy_notice.notice_of(lab_of_organiser(request, lab, Scope.REGISTRATIONS)))


@router.put("/labs/{lab}/privacy-notice", response=PrivacyNoticeBody, url_name="change_privacy_notice")
def put_notice(request: HttpRequest, lab: str, body: PrivacyNoticeBody) -> dict[str, Any]:
    """Change what a lab says itself in its notice, and the legal basis of registration data. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    plan = privacy_notice.NoticePlan(
        body.controller, body.data_protection_officer, body.paragraphs, body.legal_basis
    )
    return notice_data(privacy_notice.change_notice(found, plan, account_of(request)))


class PersonalDataOut(Schema):
    sections: dict[str, Any] = Field(
        json_schema_extra={"format": "sections"},
        description="Lists of what is stored: registration, consents, documents, seats, seat_history, attendance, "
        "answers, emails, changes, notes, certificates, person, invitations, nominations, transfer, offers, "
        "still_coming, city_contact, answers_views, webhooks. Only those that are not empty",
    )


@router.post(
    "/labs/{lab}/registrations/{registration}/data", response=PersonalDataOut, url_name="export_person"
)
def export_person(request: HttpRequest, lab: str, registration: UUID) -> dict[str, Any]:
    """Get everything that is stored about a person, without the files. Scope: registrations.

    Answers that only named people read are in it if you are one of them, which is recorded.
    """
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    account = account_of(request)
    if account is None:
        raise Problem(status=403)
    people = search.registrations_of(found).select_related("lab__programme", "consent_version")
    person = get_object_or_404(people, public_id=registration)
    return {"sections": personal_export.export_for(person, viewer_for(account), account).data}


class HoldingOut(Schema):
    key: str = Field(description="Kind of data, such as registrations, emails, or answers.<slug of the set>")
    what: str
    purpose: str
    basis: str = Field(description="Legal basis")
    readers: str = Field(description="Who reads it")
    until: date | None = Field(
        description="Last day on which it is held, in the lab's zone. Null: no day is set"
    )
    count: int = Field(description="How much is held now")


class RetentionOut(Schema):
    holdings: list[HoldingOut]
    deleted_next: str | None = Field(description="Key of what is deleted next")


@router.get("/labs/{lab}/retention", response=RetentionOut, url_name="retention")
def retention(request: HttpRequest, lab: str) -> dict[str, Any]:
    """Get what a lab holds of people, why, and until when. Texts are in the caller's language. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    rows = processing.holdings(found, get_language() or "en")
    upcoming = processing.next_deletion(rows)
    return {"holdings": [vars(row) for row in rows], "deleted_next": upcoming and upcoming.key}
