"""The API of how registration works in a lab: its rules, quotas, and seats to approve. For organisers."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from ninja.pagination import paginate
from pydantic import ConfigDict, Field, StrictBool

from core.api.datetimes import instant_text
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination, Listing
from core.api.problems import Problem
from labs.api_authentication import account_of, lab_of_organiser
from labs.api_idempotency import Key, run_once, run_slowly
from labs.models import ApiToken, Lab
from registrations import approvals, fewer_seats, invitations, quota_editing
from registrations.address_lists import ADDRESSES_LIMIT, clean_addresses
from registrations.admission import clean_domains
from registrations.models import Invitation, Quota, RegistrationRules, Seat
from registrations.models.invitations import MAX_USES
from registrations.models.rules import (
    MAX_COMING_DAYS,
    MAX_HOLD_MINUTES,
    MAX_OFFER_HOURS,
    MAX_PEOPLE_PER_MINUTE,
    rules_of,
)
from registrations.quota_editing import QuotaPlan
from registrations.rules import RulesPlan, change_rules, plan_of
from registrations.rules_forms import MAX_LIMIT
from sessions.models.seating import Mode

router = Router(tags=["Registrations and attendance"])

Scope = ApiToken.Scope
Slug = Annotated[str, Field(max_length=80, pattern=r"^[-a-zA-Z0-9_]+$")]
Limit = Annotated[int, Field(ge=0, le=MAX_LIMIT, strict=True)]


class RulesBody(Schema):
    """How registration works in a lab."""

    model_config = ConfigDict(extra="forbid")

    access: Annotated[RegistrationRules.Access, INLINE_SCHEMA] = Field(
        RegistrationRules.Access.EVERYONE, description="Delegates: of the programme's cities, signed in"
    )
    email_domains: list[Annotated[str, Field(max_length=253)]] = Field(
        [], max_length=200, description="Only addresses of these domains and below them. Empty: any"
    )
    needs_approval: StrictBool = Field(False, description="Organisers approve each seat")
    hold_minutes: Annotated[int, Field(ge=5, le=MAX_HOLD_MINUTES, strict=True)] | None = Field(
        None, description="Minutes for which seats are held until the email is confirmed. Null: not at all"
    )
    offer_hours: Annotated[int, Field(ge=1, le=MAX_OFFER_HOURS, strict=True)] | None = Field(
        None, description="Hours to accept a seat from the waiting list. Null: it is the person's at once"
    )
    promotion: Annotated[RegistrationRules.Promotion, INLINE_SCHEMA] = Field(
        RegistrationRules.Promotion.ARRIVAL,
        description="Order of the waiting list. City: cities with the fewest seats in the session first",
    )
    overlaps: Annotated[RegistrationRules.Overlaps, INLINE_SCHEMA] = Field(
        RegistrationRules.Overlaps.WARN, description="Whether one may choose sessions at the same time"
    )
    asks_photos: StrictBool = Field(False, description="Participants choose about photos and recordings")
    coming_days: Annotated[int, Field(ge=3, le=MAX_COMING_DAYS, strict=True)] | None = Field(
        None,
        description="Days before a person's first session when he or she is asked whether to come. Null: never",
    )
    coming_releases: StrictBool = Field(
        False, description="Seats of people who do not answer are released two days before"
    )
    opening_draw: StrictBool = Field(
        False,
        description="Numbers are given from ten minutes before the opening, and their order is drawn then",
    )
    people_per_minute: Annotated[int, Field(ge=1, le=MAX_PEOPLE_PER_MINUTE, strict=True)] = Field(
        120, description="How many are let in each minute after a draw"
    )


class QuotaIn(Schema):
    model_config = ConfigDict(extra="forbid")

    limit: Limit
    session: Slug | None = Field(None, description="Null: the whole lab, each person once")
    mode: Literal["room", "online"] | None = Field(None, description="Null: both together")
    city: Slug | None = Field(None, description="Null: all cities together")
    stakeholder_group: Slug | None = None


class LimitIn(Schema):
    model_config = ConfigDict(extra="forbid")

    limit: Limit


class QuotaOut(Schema):
    id: int
    limit: int = Field(description="At most")
    taken: int
    session: str | None = Field(description="Slug. Null: the whole lab, each person once")
    mode: Annotated[Mode, INLINE_SCHEMA] | None
    city: str | None = Field(description="Slug")
    stakeholder_group: str | None = Field(description="Slug")


class InvitationIn(Schema):
    model_config = ConfigDict(extra="forbid")

    uses: Annotated[int, Field(ge=1, le=MAX_USES, strict=True)] = Field(
        1, description="How many may register"
    )
    note: str = Field("", max_length=200, description="For the organisers")


class InvitedIn(Schema):
    model_config = ConfigDict(extra="forbid")

    emails: list[Annotated[str, Field(min_length=3, max_length=254)]] = Field(
        min_length=1,
        max_length=ADDRESSES_LIMIT,
        description="Each gets an email with a link for this address alone",
    )
    language: Literal["en", "bg", "el"] = Field(description="Language of the emails")


class InvitedOut(Schema):
    new: int = Field(description="Addresses that were invited")
    known: int = Field(description="Addresses that had an invitation already")


class InvitationOut(Schema):
    id: int
    email: str = Field(description="Empty: for whoever has the link")
    note: str
    uses: int
    used: int = Field(description="Confirmed registrations")
    url: str = Field(description="The link to the form. Empty for invitations by email")
    created_at: datetime


class PendingOut(Schema):
    id: int = Field(description="ID of the seat, for `decide`")
    registration: UUID
    name: str
    session: str = Field(description="Slug")
    mode: Annotated[Mode, INLINE_SCHEMA]
    city: str | None = Field(description="Slug")
    asked_at: datetime


class DecisionIn(Schema):
    model_config = ConfigDict(extra="forbid")

    decision: Literal["approve", "refuse"]
    seats: list[Annotated[int, Field(gt=0, lt=2**63)]] = Field(min_length=1, max_length=100)
    note: str = Field("", max_length=500, description="What refused people read")


class DecisionOut(Schema):
    decided: int
    waiting: int = Field(description="Approved, and on the waiting list")
    full: int = Field(description="Approved, with no seat left and no waiting list")


def quota_data(row: Quota) -> dict[str, Any]:
    return {
        "id": row.pk,
        "limit": row.limit,
        "taken": row.taken,
        "session": row.session and row.session.slug,
        "mode": row.mode or None,
        "city": row.city and row.city.slug,
        "stakeholder_group": row.stakeholder_group and row.stakeholder_group.slug,
    }


def pending_data(seat: Seat) -> dict[str, Any]:
    person = seat.registration
    return {
        "id": seat.pk,
        "registration": person.public_id,
        "name": person.name,
        "session": seat.session.slug,
        "mode": seat.mode,
        "city": person.city and person.city.slug,
        "asked_at": instant_text(seat.changed_at),
    }


@router.get("/labs/{lab}/registration-rules", response=RulesBody, url_name="registration_rules")
def get_rules(request: HttpRequest, lab: str) -> dict[str, Any]:
    """Get how registration works in a lab. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    return vars(plan_of(rules_of(found)))


@router.put("/labs/{lab}/registration-rules", response=RulesBody, url_name="change_registration_rules")
def put_rules(request: HttpRequest, lab: str, rules: RulesBody) -> dict[str, Any]:
    """Change how registration works in a lab from now on. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    try:
        domains = tuple(clean_domains("\n".join(rules.email_domains)))
    except ValidationError as error:
        raise Problem(errors={"email_domains": " ".join(error.messages)}) from error
    plan = RulesPlan(**{**rules.model_dump(), "email_domains": domains})
    return vars(plan_of(change_rules(found, plan, account_of(request))))


def _quotas(lab: Lab) -> Any:
    return Quota.objects.filter(lab=lab).select_related("session", "city", "stakeholder_group").order_by("pk")


@router.get("/labs/{lab}/quotas", response=list[QuotaOut], url_name="quotas")
@paginate(BoundedPagination)
def list_quotas(request: HttpRequest, lab: str) -> Listing:
    """List the quotas of a lab. Scope: registrations."""
    return Listing(_quotas(lab_of_organiser(request, lab, Scope.REGISTRATIONS)), partial(map, quota_data))


@router.post("/labs/{lab}/quotas", response={201: QuotaOut}, url_name="create_quota")
def create_quota(
    request: HttpRequest, lab: str, form: QuotaIn, idempotency_key: Key
) -> Status[dict[str, Any]]:
    """Limit how many may come, of whom. Seats that are taken already are counted. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)

    def operation() -> dict[str, Any]:
        plan = QuotaPlan(
            form.limit,
            _one(found.sessions, form.session, "session"),
            form.mode or "",
            _one(found.programme.cities, form.city, "city"),
            _one(found.programme.stakeholder_groups, form.stakeholder_group, "stakeholder_group"),
        )
        return {"quota": quota_editing.add_quotas(found, [plan], account_of(request))[0].pk}

    made = run_once(request, "create_quota", idempotency_key, form, operation)
    return Status(201, quota_data(get_object_or_404(_quotas(found), pk=made["quota"])))


@router.put("/labs/{lab}/quotas/{quota}", response=QuotaOut, url_name="change_quota")
def change_quota(request: HttpRequest, lab: str, quota: int, form: LimitIn) -> dict[str, Any]:
    """Change the number of a quota. A higher one lets people in from the waiting lists. Scope: registrations."""
    found = get_object_or_404(_quotas(lab_of_organiser(request, lab, Scope.REGISTRATIONS)), pk=quota)
    quota_editing.change_limit(found, form.limit, account_of(request))
    found.refresh_from_db(fields=["limit", "taken"])
    return quota_data(found)


@router.delete("/labs/{lab}/quotas/{quota}", response={204: None}, url_name="delete_quota")
def delete_quota(request: HttpRequest, lab: str, quota: int) -> Status[None]:
    """Remove a quota. Scope: registrations."""
    found = get_object_or_404(_quotas(lab_of_organiser(request, lab, Scope.REGISTRATIONS)), pk=quota)
    quota_editing.remove(found)
    return Status(204, None)


def invitation_data(row: Invitation) -> dict[str, Any]:
    """Needs its lab."""
    return {
        "id": row.pk,
        "email": row.email,
        "note": row.note,
        "uses": row.uses,
        "used": row.used,
        "url": "" if row.email else invitations.url_of(row),
        "created_at": instant_text(row.created_at),
    }


def _invitations(lab: Lab) -> QuerySet[Invitation, Invitation]:
    return Invitation.objects.filter(lab=lab, revoked_at__isnull=True).select_related("lab").order_by("pk")


@router.get("/labs/{lab}/invitations", response=list[InvitationOut], url_name="invitations")
@paginate(BoundedPagination)
def list_invitations(request: HttpRequest, lab: str) -> Listing:
    """List the invitations of a lab that were not taken back. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    return Listing(_invitations(found), partial(map, invitation_data))


@router.post("/labs/{lab}/invitations", response={201: InvitationOut}, url_name="create_invitation")
def create_invitation(
    request: HttpRequest, lab: str, form: InvitationIn, idempotency_key: Key
) -> Status[dict[str, Any]]:
    """Create a link with which so many people may register. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)

    def operation() -> dict[str, Any]:
        return {"invitation": invitations.create(found, form.uses, form.note, account_of(request)).pk}

    made = run_once(request, "create_invitation", idempotency_key, form, operation)
    return Status(201, invitation_data(get_object_or_404(_invitations(found), pk=made["invitation"])))


@router.post("/labs/{lab}/invitations/emails", response=InvitedOut, url_name="invite")
def invite(request: HttpRequest, lab: str, form: InvitedIn, idempotency_key: Key) -> dict[str, Any]:
    """Invite people by email, each once. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    try:
        addresses = clean_addresses("\n".join(["email", *form.emails]))
    except ValidationError as error:
        raise Problem(errors={"emails": " ".join(error.messages)}) from error

    def operation() -> dict[str, Any]:
        return vars(invitations.invite(found, addresses, form.language, account_of(request)))

    return run_once(request, "invite", idempotency_key, form, operation)


@router.delete("/labs/{lab}/invitations/{invitation}", response={204: None}, url_name="revoke_invitation")
def revoke_invitation(request: HttpRequest, lab: str, invitation: int) -> Status[None]:
    """Take an invitation back. Who registered with it stays registered. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    invitations.revoke(get_object_or_404(_invitations(found), pk=invitation))
    return Status(204, None)


@router.get("/labs/{lab}/approvals", response=list[PendingOut], url_name="approvals")
@paginate(BoundedPagination)
def list_pending(request: HttpRequest, lab: str) -> Listing:
    """List the seats that wait for approval, in the order of arrival. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    return Listing(approvals.pending(found), partial(map, pending_data))


@router.post("/labs/{lab}/approvals", response=DecisionOut, url_name="decide")
def decide(request: HttpRequest, lab: str, form: DecisionIn, idempotency_key: Key) -> dict[str, Any]:
    """Approve or refuse seats. Each person gets one email. Seats that do not wait are left alone.

    Scope: registrations.
    """
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    by = account_of(request)

    def operation() -> dict[str, Any]:
        if form.decision == "approve":
            return vars(approvals.approve(found, form.seats, by))
        return vars(approvals.refuse(found, form.seats, by, form.note))

    # Each person in a transaction of its own: one for all would lock registrations after sessions.
    return run_slowly(request, "decide", idempotency_key, operation, form)


def _one(rows: Any, slug: str | None, field: str) -> Any:
    """Return the row of this slug; None for none. Raises Problem."""
    if slug is None:
        return None
    found = rows.filter(slug=slug).first()
    if found is None:
        raise Problem(errors={field: "Unknown."})
    return found


def moved_data(seats: list[Seat]) -> dict[str, Any]:
    moved = [str(seat.registration.public_id) for seat in seats]
    return {"moved": moved, "key": fewer_seats.key_of(seats)}


class FewerSeatsIn(Schema):
    model_config = ConfigDict(extra="forbid")

    mode: Literal["room", "online"]
    capacity: Annotated[int, Field(ge=0, le=MAX_LIMIT, strict=True)]
    is_preview: StrictBool = Field(False, description="Only tell who would move")
    expected: str | None = Field(
        None, max_length=64, description="The `key` of a preview: 409 if other people would move by now"
    )


class FewerSeatsOut(Schema):
    key: str = Field(description="Tells whether the same people move")
    moved: list[UUID] = Field(description="IDs of the registrations, those that came last first")


@router.post("/labs/{lab}/sessions/{session}/fewer-seats", response=FewerSeatsOut, url_name="set_fewer_seats")
def set_fewer_seats(
    request: HttpRequest, lab: str, session: str, form: FewerSeatsIn, idempotency_key: Key
) -> dict[str, Any]:
    """Set fewer seats than are taken: who came last moves to the waiting list. Scope: registrations."""
    found = get_object_or_404(lab_of_organiser(request, lab, Scope.REGISTRATIONS).sessions, slug=session)
    if form.is_preview:
        return moved_data(fewer_seats.who_would_move(found, form.mode, form.capacity))

    def operation() -> dict[str, Any]:
        by = account_of(request)
        return moved_data(fewer_seats.lower(found, form.mode, form.capacity, by, form.expected))

    return run_once(request, "set_fewer_seats", idempotency_key, form, operation)
