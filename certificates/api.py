"""Certificates: checking for everybody, issuing and revoking for organisers with a token of the scope."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
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
from core.accounts.models import User
from core.api.api import FOR_EVERYBODY
from core.api.datetimes import instant_text
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination, Listing
from core.api.problems import Problem
from labs.api import LocalizedText
from labs.api_authentication import account_of, lab_of_organiser
from labs.api_idempotency import OptionalKey, run_slowly
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
    "Outdated: some details have changed since it was issued, and it is not yet replaced or revoked. "
    "Replaced: the holder has a newer certificate"
)


class CertifiedSessionOut(Schema):
    titles: LocalizedText
    on: str = Field(description="First day, in the lab's zone, like 2027-04-06")
    until: str = Field(description="Last day")
    minutes: int


class CheckOut(Schema):
    code: str
    state: State = Field(description=STATE_MEANS)
    holder_name: str | None = Field(
        description="Null if the certificate is not valid, or the name was corrected or deleted"
    )
    lab: LocalizedText = Field(description="Title by language code")
    programme: LocalizedText = Field(description="Name by language code")
    first_day: str = Field(description="First day of the lab, in its zone, like 2027-04-06")
    last_day: str = Field(description="Last day of the lab, in its zone")
    time_zone: str = Field(description="IANA name of the lab's zone")
    sessions: list[CertifiedSessionOut] = Field(
        description="Attended sessions that are still correct. Empty if revoked"
    )
    minutes: int = Field(description="Total duration in minutes. Overlapping sessions count once")
    issued_at: datetime
    revoked_at: datetime | None
    revoked_reason: str = Field(description="Empty if not revoked")


class CertificateOut(Schema):
    code: str
    state: State = Field(description=STATE_MEANS)
    registration: UUID | None = Field(description="ID of the registration. Null if the person was deleted")
    holder_name: str = Field(description="As printed. Empty if the person was deleted")
    language: str = Field(description="Language of the certificate: en, bg or el")
    minutes: int = Field(description="Total duration in minutes, as issued. Overlapping sessions count once")
    issued_at: datetime
    no_longer_so: list[str] = Field(
        description="Changes since it was issued, in the caller's language, including sessions attended later"
    )
    address: str = Field(description="Address of the check page")


class IssuingOut(Schema):
    ready: int = Field(description="Number of people who will get a certificate")
    blocked: int = Field(description="Number of people whose name cannot be printed")
    failed: int = Field(description="Number of people for whom the last run failed")
    outdated: int = Field(
        description="Number of valid certificates that are no longer correct. Replace or revoke them"
    )


class RevokeIn(Schema):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(
        min_length=1, max_length=300, description="Shown to everyone who checks the certificate"
    )


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
    """Check a certificate: whether it is valid and what it confirms."""
    response["Cache-Control"] = "no-store"  # it names a person, and is to be true at this moment
    if not may_ask(request):
        raise Throttled(wait=PER_SECONDS)
    found = get_object_or_404(Certificate.objects.compared(), code=tidy(code))
    said = found.content
    sessions, minutes = attested_now(found)
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
        "sessions": [{name: each[name] for name in CertifiedSessionOut.model_fields} for each in sessions],
        "minutes": minutes,
        "issued_at": instant_text(found.issued_at),
        "revoked_at": instant_text(found.revoked_at),
        "revoked_reason": found.revoked_reason,
    }


@router.get("/labs/{lab}/certificates", response=list[CertificateOut], url_name="certificates")
@paginate(BoundedPagination)
def certificates(request: HttpRequest, lab: str) -> Listing:
    """List certificates of a lab, newest first. Scope: certificates."""
    found = lab_of_organiser(request, lab, Scope.CERTIFICATES)
    rows = Certificate.objects.compared().filter(lab=found).select_related("registration")
    return Listing(rows, lambda page: _all_data(list(page), found))


@router.post("/labs/{lab}/certificates", response={202: IssuingOut}, url_name="issue_certificates")
def issue(request: HttpRequest, lab: str, idempotency_key: OptionalKey = None) -> Status[dict[str, int]]:
    """Issue certificates to everyone who has earned one. Scope: certificates.

    Sessions count after they end. A second request while the task runs has no effect. If no one is ready, no task is
    created.
    """
    found = lab_of_organiser(request, lab, Scope.CERTIFICATES)
    return Status(
        202,
        run_slowly(
            request, "issue_certificates", idempotency_key, lambda: _start(found, account_of(request))
        ),
    )


def _start(found: Lab, by: User | None) -> dict[str, int]:
    everyone = candidates(found)
    standings = [candidate.standing for candidate in everyone]
    ready = sum(candidate.can_be_issued for candidate in everyone)
    if ready:
        issuing.start_issuing(found, by)
    return {
        "ready": ready,
        "blocked": standings.count(Standing.BLOCKED),
        "failed": standings.count(Standing.FAILED),
        "outdated": standings.count(Standing.OUTDATED),
    }


@router.post(
    "/labs/{lab}/registrations/{registration}/certificate",
    response=CertificateOut,
    url_name="issue_certificate",
)
def issue_one(
    request: HttpRequest, lab: str, registration: UUID, idempotency_key: OptionalKey = None
) -> dict[str, Any]:
    """Issue a certificate to one person, or return the valid one. Scope: certificates.

    409: the person cannot get a certificate. 503: the certificate could not be created, try again later.
    """
    found = lab_of_organiser(request, lab, Scope.CERTIFICATES)
    people = Registration.objects.select_related("lab__programme")
    person = get_object_or_404(people, lab=found, public_id=registration)

    def operation() -> dict[str, str]:
        with _told_when_not_printed():
            return {"code": issuing.issue(person, account_of(request)).code}

    made = run_slowly(request, "issue_certificate", idempotency_key, operation)
    return _data(get_object_or_404(Certificate, lab=found, code=made["code"]), found)


@contextmanager
def _told_when_not_printed() -> Iterator[None]:
    try:
        yield
    except issuing.NotPrinted as error:
        raise Problem(error.message, status=503, retry_after=issuing.TRY_AGAIN_SECONDS) from error


def _one(request: HttpRequest, lab: str, code: str) -> Certificate:
    found = lab_of_organiser(request, lab, Scope.CERTIFICATES)
    rows = Certificate.objects.select_related("registration__lab__programme", "lab")
    return get_object_or_404(rows, lab=found, code=tidy(code))


@router.post("/labs/{lab}/certificates/{code}/revoke", response=CertificateOut, url_name="revoke_certificate")
def revoke(request: HttpRequest, lab: str, code: str, form: RevokeIn) -> dict[str, Any]:
    """Revoke a certificate. Scope: certificates."""
    row = _one(request, lab, code)
    return _data(issuing.revoke(row, form.reason, account_of(request)), row.lab)


@router.post(
    "/labs/{lab}/certificates/{code}/replace", response=CertificateOut, url_name="replace_certificate"
)
def replace(request: HttpRequest, lab: str, code: str, idempotency_key: OptionalKey = None) -> dict[str, Any]:
    """Replace a certificate with a new one that has the current data. Scope: certificates.

    409: the certificate cannot be replaced. 503: it could not be created, try again later.
    """
    row = _one(request, lab, code)

    def operation() -> dict[str, str]:
        with _told_when_not_printed():
            return {"code": issuing.reissue(row, account_of(request)).code}

    made = run_slowly(request, "replace_certificate", idempotency_key, operation)
    return _data(get_object_or_404(Certificate, lab=row.lab, code=made["code"]), row.lab)


@router.post(
    "/labs/{lab}/certificates/{code}/restore", response=CertificateOut, url_name="restore_certificate"
)
def restore(request: HttpRequest, lab: str, code: str) -> dict[str, Any]:
    """Undo a revocation. Scope: certificates."""
    row = _one(request, lab, code)
    return _data(issuing.restore(row, account_of(request)), row.lab)
