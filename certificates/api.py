"""Certificates: checking for everybody, issuing and revoking for organisers with a token of the scope."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Router, Schema, Status
from ninja.errors import Throttled
from ninja.pagination import paginate
from pydantic import ConfigDict, Field

from certificates import issuing
from certificates.candidates import Standing, candidates
from certificates.codes import PER_SECONDS, may_ask, tidy
from certificates.models import Certificate
from certificates.outdated import attested_now, differences
from certificates.snapshot import check_url
from core.api.api import FOR_EVERYBODY
from core.api.datetimes import instant_text
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination, Listing
from core.api.problems import Problem
from labs.api import LocalizedText
from labs.api_authentication import account_of, lab_of_organiser
from labs.models import ApiToken, Lab
from registrations.models import Registration

router = Router(tags=["Certificates"])

Scope = ApiToken.Scope


class PublicState(StrEnum):
    VALID = "valid"
    OUTDATED = "outdated"
    REPLACED = "replaced"
    REVOKED = "revoked"


State = Annotated[PublicState, INLINE_SCHEMA]
STATE_MEANS = (
    "Outdated: something that it says has changed since, and the organiser has neither replaced nor revoked it yet. "
    "Replaced: the holder got another one later"
)


class AttendedOut(Schema):
    titles: LocalizedText
    on: str = Field(description="Its first day, in the lab's zone, as 2027-04-06")
    until: str = Field(description="Its last day")
    minutes: int


class CheckOut(Schema):
    code: str
    state: State = Field(description=STATE_MEANS)
    holder_name: str | None = Field(description="Only while valid, not corrected and not erased")
    lab: LocalizedText = Field(description="Its title, by language code")
    programme: LocalizedText = Field(description="Its name, by language code")
    first_day: str = Field(description="Of the lab, in its zone, as 2027-04-06")
    last_day: str = Field(description="Of the lab, in its zone")
    time_zone: str = Field(description="The lab's: IANA name")
    sessions: list[AttendedOut] = Field(
        description="Attended sessions, as far as that is so today; none once it is revoked"
    )
    minutes: int = Field(
        description="Of these sessions in all; hours of sessions at the same time count once"
    )
    issued_at: datetime
    revoked_at: datetime | None
    revoked_reason: str = Field(description="Empty if it is not revoked")


class CertificateOut(Schema):
    code: str
    state: State = Field(description=STATE_MEANS)
    registration: UUID | None = Field(description="The registration's id; null once the person was erased")
    holder_name: str = Field(description="As printed; empty once the person was erased")
    language: str = Field(description="Of the paper: en, bg or el")
    minutes: int = Field(description="As issued; hours of sessions at the same time count once")
    issued_at: datetime
    no_longer_so: list[str] = Field(
        description="What has changed since it was issued, as sentences in the caller's language; further attended "
        "sessions too, which make nothing on it wrong"
    )
    address: str = Field(description="The page where everybody can check it")


class IssuingOut(Schema):
    ready: int = Field(description="People who will get a certificate")
    blocked: int = Field(description="People whose name cannot be printed")
    failed: int = Field(description="Of those who are ready: people for whom the last run could not make one")
    outdated: int = Field(
        description="Valid certificates that say what is no longer so; replace or revoke them"
    )


class RevokeIn(Schema):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=300, description="Shown to everyone who checks")


def certificate_data(row: Certificate, no_longer_so: list[str]) -> dict[str, Any]:
    return {
        "code": row.code,
        "state": row.public_state,
        "registration": row.registration.public_id if row.registration else None,
        "holder_name": row.holder_name,
        "language": row.language,
        "minutes": row.minutes,
        "issued_at": instant_text(row.issued_at),
        "no_longer_so": no_longer_so,
        "address": check_url(row.code),
    }


def _all_data(rows: list[Certificate], lab: Lab) -> list[dict[str, Any]]:
    said = differences((row for row in rows if row.state == Certificate.State.VALID), lab)
    return [certificate_data(row, said.get(row.pk, [])) for row in rows]


def _data(row: Certificate, lab: Lab) -> dict[str, Any]:
    """Return one certificate as it is now."""
    return _all_data([Certificate.objects.compared().select_related("registration").get(pk=row.pk)], lab)[0]


@router.get("/certificates/{code}", response=CheckOut, url_name="certificate", openapi_extra=FOR_EVERYBODY)
def check(request: HttpRequest, response: HttpResponse, code: str) -> dict[str, Any]:
    """Say whether a certificate is valid and what it attests, as its page does."""
    response["Cache-Control"] = "no-store"  # it names a person, and is to be true at this moment
    if not may_ask(request):
        raise Throttled(wait=PER_SECONDS)
    found = Certificate.objects.compared().filter(code=tidy(code)).first()
    if found is None:
        raise Http404
    said = found.content
    attested = attested_now(found)
    named = found.state == Certificate.State.VALID and not found.other_name
    return {
        "code": found.code,
        "state": found.public_state,
        "holder_name": (found.holder_name or None) if named else None,
        "lab": said.get("lab_title", {}),
        "programme": said.get("programme_name", {}),
        "first_day": said.get("first_day", ""),
        "last_day": said.get("last_day", ""),
        "time_zone": said.get("time_zone", ""),
        "sessions": [{name: each[name] for name in AttendedOut.model_fields} for each in attested.sessions],
        "minutes": attested.minutes,
        "issued_at": instant_text(found.issued_at),
        "revoked_at": instant_text(found.revoked_at),
        "revoked_reason": found.revoked_reason,
    }


@router.get("/labs/{lab}/certificates", response=list[CertificateOut], url_name="certificates")
@paginate(BoundedPagination)
def certificates(request: HttpRequest, lab: str) -> Listing:
    """Certificates of the lab, the newest first. Scope: certificates."""
    found = lab_of_organiser(request, lab, Scope.CERTIFICATES)
    rows = Certificate.objects.compared().filter(lab=found).select_related("registration")
    return Listing(rows, lambda page: _all_data(list(page), found))


@router.post("/labs/{lab}/certificates", response={202: IssuingOut}, url_name="issue_certificates")
def issue(request: HttpRequest, lab: str) -> Status[dict[str, int]]:
    """Begin issuing to everyone who has earned a certificate; a second call joins the first. Scope: certificates.

    Sessions count once they have ended. Where nobody is ready, no task is created.
    """
    found = lab_of_organiser(request, lab, Scope.CERTIFICATES)
    everyone = candidates(found)
    standings = [candidate.standing for candidate in everyone]
    ready = sum(candidate.can_be_issued for candidate in everyone)
    if ready:
        issuing.start_issuing(found, account_of(request))
    counts = {
        "ready": ready,
        "blocked": standings.count(Standing.BLOCKED),
        "failed": standings.count(Standing.FAILED),
        "outdated": standings.count(Standing.OUTDATED),
    }
    return Status(202, counts)


@router.post(
    "/labs/{lab}/registrations/{registration}/certificate",
    response=CertificateOut,
    url_name="issue_certificate",
)
def issue_one(request: HttpRequest, lab: str, registration: UUID) -> dict[str, Any]:
    """Issue one person's certificate, or return the valid one there is. Scope: certificates.

    409 says why the person cannot get one; 503, that it could not be printed this time: try again later.
    """
    found = lab_of_organiser(request, lab, Scope.CERTIFICATES)
    person = (
        Registration.objects.select_related("lab__programme")
        .filter(lab=found, public_id=registration)
        .first()
    )
    if person is None:
        raise Http404
    try:
        return _data(issuing.issue(person, account_of(request)), found)
    except issuing.NotPrinted as error:
        raise Problem(error.message, status=503, retry_after=issuing.TRY_AGAIN_SECONDS) from error


def _one(request: HttpRequest, lab: str, code: str) -> Certificate:
    found = lab_of_organiser(request, lab, Scope.CERTIFICATES)
    row = (
        Certificate.objects.select_related("registration__lab__programme", "lab")
        .filter(lab=found, code=tidy(code))
        .first()
    )
    if row is None:
        raise Http404
    return row


@router.post("/labs/{lab}/certificates/{code}/revoke", response=CertificateOut, url_name="revoke_certificate")
def revoke(request: HttpRequest, lab: str, code: str, form: RevokeIn) -> dict[str, Any]:
    """Withdraw a certificate. Scope: certificates."""
    row = _one(request, lab, code)
    return _data(issuing.revoke(row, form.reason, account_of(request)), row.lab)


@router.post(
    "/labs/{lab}/certificates/{code}/replace", response=CertificateOut, url_name="replace_certificate"
)
def replace(request: HttpRequest, lab: str, code: str) -> dict[str, Any]:
    """Issue a new certificate, of what is so today, in place of this one; returns the new one. Scope: certificates.

    409 says why it cannot be; 503, that it could not be printed this time: try again later.
    """
    row = _one(request, lab, code)
    try:
        return _data(issuing.reissue(row, account_of(request)), row.lab)
    except issuing.NotPrinted as error:
        raise Problem(error.message, status=503, retry_after=issuing.TRY_AGAIN_SECONDS) from error


@router.post(
    "/labs/{lab}/certificates/{code}/restore", response=CertificateOut, url_name="restore_certificate"
)
def restore(request: HttpRequest, lab: str, code: str) -> dict[str, Any]:
    """Undo a revocation. Scope: certificates."""
    row = _one(request, lab, code)
    return _data(issuing.restore(row, account_of(request)), row.lab)
