"""Certificates: checking for everybody, issuing and revoking for organisers with a token of the scope."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Router, Schema, Status
from ninja.errors import Throttled
from ninja.pagination import paginate
from pydantic import ConfigDict, Field

from certificates import issuing
from certificates.codes import tidy
from certificates.contents import check_url
from certificates.guessing import PER_SECONDS, may_ask
from certificates.models import Certificate
from labs.api import type_of_texts
from labs.api_access import FOR_EVERYBODY, account_of, lab_of_organiser
from labs.api_document import IN_PLACE
from labs.api_pages import Pages
from labs.models import ApiToken
from labs.problems import Refused as Problem
from registrations.models import Registration

router = Router(tags=["Certificates"])

Scope = ApiToken.Scope
State = Annotated[Certificate.State, IN_PLACE]


class AttendedOut(Schema):
    titles: type_of_texts
    on: str = Field(description="Day in the lab's zone, as 2027-04-06")
    minutes: int


class CheckOut(Schema):
    code: str
    state: State = Field(description="Replaced: the holder got another one later")
    holder_name: str | None = Field(description="Only while valid and not erased")
    lab: type_of_texts = Field(description="Its title, by language code")
    programme: type_of_texts = Field(description="Its name, by language code")
    first_day: str = Field(description="Of the lab, in its zone, as 2027-04-06")
    last_day: str = Field(description="Of the lab, in its zone")
    time_zone: str = Field(description="The lab's: IANA name")
    sessions: list[AttendedOut] = Field(description="Attended sessions; none once it is revoked")
    minutes: int = Field(description="Of the attended sessions in all")
    issued_at: datetime
    revoked_at: datetime | None
    revoked_reason: str = Field(description="Empty if it is not revoked")


class CertificateOut(Schema):
    code: str
    state: State = Field(description="Replaced: the holder got another one later")
    registration: UUID | None = Field(description="The registration's id; null once the person was erased")
    holder_name: str = Field(description="As printed; empty once the person was erased")
    language: str = Field(description="Of the paper: en, bg or el")
    minutes: int = Field(description="Of the attended sessions in all")
    issued_at: datetime
    address: str = Field(description="The page where everybody can check it")


class IssuingOut(Schema):
    ready: int = Field(description="People who will get a certificate")
    blocked: int = Field(description="People whose name cannot be printed")


class RevokeIn(Schema):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=300, description="Shown to everyone who checks")


def certificate_data(row: Certificate) -> dict[str, Any]:
    return {
        "code": row.code,
        "state": row.state,
        "registration": row.registration.public_id if row.registration else None,
        "holder_name": row.holder_name,
        "language": row.language,
        "minutes": row.minutes,
        "issued_at": row.issued_at,
        "address": check_url(row.code),
    }


@router.get("/certificates/{code}", response=CheckOut, url_name="certificate", openapi_extra=FOR_EVERYBODY)
def check(request: HttpRequest, response: HttpResponse, code: str) -> dict[str, Any]:
    """Say whether a certificate is valid and what it attests, as its page does."""
    response["Cache-Control"] = "no-store"  # it names a person, and is to be true at this moment
    if not may_ask(request):
        raise Throttled(wait=PER_SECONDS)
    found = Certificate.objects.filter(code=tidy(code)).first()
    if found is None:
        raise Http404
    said = found.content
    valid = found.state == Certificate.State.VALID
    return {
        "code": found.code,
        "state": found.state,
        "holder_name": (found.holder_name or None) if valid else None,
        "lab": said.get("lab_title", {}),
        "programme": said.get("programme_name", {}),
        "first_day": said.get("first_day", ""),
        "last_day": said.get("last_day", ""),
        "time_zone": said.get("time_zone", ""),
        "sessions": [] if found.state == Certificate.State.REVOKED else said.get("sessions", []),
        "minutes": found.minutes,
        "issued_at": found.issued_at,
        "revoked_at": found.revoked_at,
        "revoked_reason": found.revoked_reason,
    }


class PageOfCertificates(Pages):
    def paginate_queryset(self, queryset: Any, pagination: Any, request: HttpRequest, **params: Any) -> Any:
        page = super().paginate_queryset(queryset, pagination, request, **params)
        page["items"] = [certificate_data(each) for each in page["items"]]
        return page


@router.get("/labs/{lab}/certificates", response=list[CertificateOut], url_name="certificates")
@paginate(PageOfCertificates)
def certificates(request: HttpRequest, lab: str) -> QuerySet[Certificate]:
    """Certificates of the lab, the newest first. Scope: certificates."""
    found = lab_of_organiser(request, lab, Scope.CERTIFICATES)
    return Certificate.objects.filter(lab=found).select_related("registration")


@router.post("/labs/{lab}/certificates", response={202: IssuingOut}, url_name="issue_certificates")
def issue(request: HttpRequest, lab: str) -> Status[dict[str, int]]:
    """Begin issuing to everyone who has earned a certificate; a second call joins the first. Scope: certificates."""
    found = lab_of_organiser(request, lab, Scope.CERTIFICATES)
    standings = [candidate.standing for candidate in issuing.candidates(found)]
    issuing.start_issuing(found, account_of(request))
    counts = {
        "ready": standings.count(issuing.Standing.READY),
        "blocked": standings.count(issuing.Standing.BLOCKED),
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
        return certificate_data(issuing.issue(person, account_of(request)))
    except issuing.NotPrinted as error:
        raise Problem(error.message, status=503, retry_after=issuing.TRY_AGAIN_SECONDS) from error
    except issuing.CannotIssue as error:
        raise Problem(error.message, status=409) from error


def _one(request: HttpRequest, lab: str, code: str) -> Certificate:
    found = lab_of_organiser(request, lab, Scope.CERTIFICATES)
    row = Certificate.objects.select_related("registration").filter(lab=found, code=tidy(code)).first()
    if row is None:
        raise Http404
    return row


@router.post("/labs/{lab}/certificates/{code}/revoke", response=CertificateOut, url_name="revoke_certificate")
def revoke(request: HttpRequest, lab: str, code: str, form: RevokeIn) -> dict[str, Any]:
    """Withdraw a certificate. Scope: certificates."""
    try:
        return certificate_data(issuing.revoke(_one(request, lab, code), form.reason, account_of(request)))
    except issuing.CannotIssue as error:
        raise Problem(error.message, status=409) from error


@router.post(
    "/labs/{lab}/certificates/{code}/restore", response=CertificateOut, url_name="restore_certificate"
)
def restore(request: HttpRequest, lab: str, code: str) -> dict[str, Any]:
    """Undo a revocation. Scope: certificates."""
    try:
        return certificate_data(issuing.restore(_one(request, lab, code), account_of(request)))
    except issuing.CannotIssue as error:
        raise Problem(error.message, status=409) from error
