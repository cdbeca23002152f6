"""The API of held proof: its rules, and what is held, for its readers."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema
from pydantic import ConfigDict, Field, StrictBool

from core.api.datetimes import instant_text
from core.api.problems import Problem
from core.web.localized_fields import languages_of
from labs.api_authentication import account_of, lab_of_organiser
from labs.current_viewer import viewer_of
from labs.models import ApiToken
from registrations import proof
from registrations.models import ProofRules, ProofView
from registrations.question_plans import readers_of
from registrations.question_schemas import Texts

router = Router(tags=["Personal data"])

Scope = ApiToken.Scope


class ProofRulesBody(Schema):
    """Whether attendance is held as proof after a person's data is deleted."""

    model_config = ConfigDict(extra="forbid")

    is_held: StrictBool = Field(description="Whether anything is held")
    legal_basis: Texts = Field({}, description="Text by language code, which participants read")
    until: date | None = Field(None, description="Last day on which proof is held, in the lab's zone")
    readers: list[str] = Field(
        [], max_length=50, description="Emails of people who work on the lab and may read what is held"
    )


class AttendedOut(Schema):
    title: str = Field(description="Title of the session, in the lab's first language")
    at: datetime = Field(description="When attendance was recorded")


class ProofOut(Schema):
    name: str
    city: str
    organisation: str
    sessions: list[AttendedOut]
    certificates: list[str] = Field(description="Codes of certificates")
    until: date = Field(description="Last day on which this is held")


class HeldProofOut(Schema):
    people: list[ProofOut]


def rules_data(rules: ProofRules) -> dict[str, Any]:
    saved = not rules._state.adding
    return {
        "is_held": rules.is_held,
        "legal_basis": languages_of(rules.legal_basis),
        "until": rules.until,
        "readers": list(rules.readers.order_by("email").values_list("email", flat=True)) if saved else [],
    }


@router.get("/labs/{lab}/proof-rules", response=ProofRulesBody, url_name="proof_rules")
def get_proof_rules(request: HttpRequest, lab: str) -> dict[str, Any]:
    """Get what a lab holds as proof of attendance. Scope: registrations."""
    return rules_data(proof.proof_rules_of(lab_of_organiser(request, lab, Scope.REGISTRATIONS)))


@router.put("/labs/{lab}/proof-rules", response=ProofRulesBody, url_name="change_proof_rules")
def put_proof_rules(request: HttpRequest, lab: str, body: ProofRulesBody) -> dict[str, Any]:
    """Change what a lab holds as proof of attendance. An earlier day applies to what is held. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    known = {user.email: pk for pk, user in readers_of(found).items()}
    errors = {
        f"readers.{place}": _("Choose people who work on this lab.")
        for place, email in enumerate(body.readers)
        if email.lower() not in known
    }
    if errors:
        raise Problem(errors=errors)
    readers = tuple(known[email.lower()] for email in body.readers)
    plan = proof.ProofPlan(body.is_held, body.legal_basis, body.until, readers)
    return rules_data(proof.change_proof_rules(found, plan, account_of(request)))


@router.post("/labs/{lab}/held-proof", response=HeldProofOut, url_name="held_proof")
def held_proof(request: HttpRequest, lab: str) -> dict[str, Any]:
    """Get what is held of people whose data was deleted. Each call is recorded. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    viewer, account = viewer_of(request), account_of(request)
    if account is None or not proof.may_read(viewer, found):
        raise Problem(_("You are not one of the people who can read the held proof."), status=403)
    return {
        "people": [
            {
                "name": one.name,
                "city": one.city,
                "organisation": one.organisation,
                "sessions": [{"title": each.title, "at": instant_text(each.at)} for each in one.sessions],
                "certificates": list(one.certificates),
                "until": one.until,
            }
            for one in proof.open_all(found, viewer, account, ProofView.What.API)
        ]
    }
