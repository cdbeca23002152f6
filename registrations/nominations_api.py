"""The API of nominations: the board, contacts, places, reminding, naming and withdrawing. For organisers."""

from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from ninja.pagination import paginate
from pydantic import ConfigDict, Field

from core.api.datetimes import Instant, instant_text
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination, Listing
from core.api.problems import Problem
from core.web.errors import RuleViolation
from labs.api_authentication import account_of, lab_of_organiser
from labs.api_idempotency import Key, run_once
from labs.models import ApiToken, Lab
from registrations import city_contacts, nominations
from registrations.models import CityContact, Nomination, NominationPlaces
from registrations.nominations_board import CityRow, board

router = Router(tags=["Registrations and attendance"])

Scope = ApiToken.Scope
Slug = Annotated[str, Field(max_length=80, pattern=r"^[-a-zA-Z0-9_]+$")]
Language = Literal["en", "bg", "el"]


class CityRowOut(Schema):
    city: str = Field(description="Slug")
    invited: int = Field(description="Contacts that got the private link")
    places: int
    nominated: int = Field(description="People named and not withdrawn or replaced")
    accepted: int
    declined: int
    attended: int = Field(description="People present in at least one session")


class BoardOut(Schema):
    cities: list[CityRowOut]


class ContactChangeIn(Schema):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    email: str = Field(min_length=3, max_length=254)
    language: Language
    deadline: Instant = Field(description="Until then the city may nominate, and its seats stay its own")


class ContactIn(ContactChangeIn):
    city: Slug


class ContactOut(Schema):
    id: int
    city: str = Field(description="Slug")
    name: str
    email: str
    language: str
    deadline: datetime
    invited_at: datetime | None
    reminded_at: datetime | None


class PlacesIn(Schema):
    model_config = ConfigDict(extra="forbid")

    city: Slug | None = Field(None, description="Null: the same for each city of the programme")
    role: Annotated[NominationPlaces.Role, INLINE_SCHEMA] = Field(NominationPlaces.Role.ANYONE)
    day: date | None = Field(None, description="Null: any day")
    track: Slug | None = Field(None, description="Slug. Null: any track")
    limit: Annotated[int, Field(ge=0, le=city_contacts.MAX_PLACES, strict=True)]


class PlacesOut(Schema):
    id: int
    city: str = Field(description="Slug")
    role: str
    day: date | None
    track: str | None
    limit: int
    used: int


class SentOut(Schema):
    sent: int


class CountOut(Schema):
    saved: int = Field(description="Cities whose places were set")


class NomineeIn(Schema):
    model_config = ConfigDict(extra="forbid")

    contact: Annotated[int, Field(gt=0, lt=2**63)] = Field(
        description="ID of the contact who names the person"
    )
    places: Annotated[int, Field(gt=0, lt=2**63)] = Field(description="ID of the places")
    name: str = Field(min_length=1, max_length=200)
    email: str = Field(min_length=3, max_length=254)
    language: Language
    sessions: list[Slug] = Field(min_length=1, max_length=100)


class NominationOut(Schema):
    id: int
    places: int = Field(description="ID of the places")
    registration: UUID | None
    name: str
    answer: Literal[
        "nominated", "accepted", "declined", "cancelled", "no_answer", "withdrawn", "replaced"
    ] = Field(
        description="Declined: by the person. Cancelled: by an organiser. No answer: none until the deadline"
    )


def row_data(row: CityRow) -> dict[str, Any]:
    return {
        "city": row.city.slug,
        "invited": row.invited,
        "places": row.places,
        "nominated": row.named,
        "accepted": row.accepted,
        "declined": row.declined,
        "attended": row.attended,
    }


def contact_data(row: CityContact) -> dict[str, Any]:
    return {
        "id": row.pk,
        "city": row.city.slug,
        "name": row.name,
        "email": row.email,
        "language": row.language,
        "deadline": instant_text(row.deadline),
        "invited_at": row.invited_at and instant_text(row.invited_at),
        "reminded_at": row.reminded_at and instant_text(row.reminded_at),
    }


def places_data(row: NominationPlaces) -> dict[str, Any]:
    return {
        "id": row.pk,
        "city": row.city.slug,
        "role": row.role,
        "day": row.day,
        "track": row.track and row.track.slug,
        "limit": row.limit,
        "used": row.used,
    }


def nomination_data(row: Nomination) -> dict[str, Any]:
    person = row.registration
    return {
        "id": row.pk,
        "places": row.places_id,
        "registration": person and person.public_id,
        "name": person.name if person else "",
        "answer": row.answer,
    }


def _lab(request: HttpRequest, lab: str) -> Lab:
    return lab_of_organiser(request, lab, Scope.REGISTRATIONS)


def _contacts(lab: Lab) -> QuerySet[CityContact, CityContact]:
    return CityContact.objects.filter(lab=lab).select_related("city", "lab__programme").order_by("pk")


def _nominations(lab: Lab) -> QuerySet[Nomination, Nomination]:
    found = Nomination.objects.filter(places__lab=lab).order_by("pk")
    return found.select_related("registration", "places", "contact__lab__programme", "contact__city")


def _one(rows: Any, slug: str | None, field: str) -> Any:
    if slug is None:
        return None
    found = rows.filter(slug=slug).first()
    if found is None:
        raise Problem(errors={field: _("Choose from the list.")})
    return found


@router.get("/labs/{lab}/nominations/board", response=BoardOut, url_name="nominations_board")
def get_board(request: HttpRequest, lab: str) -> dict[str, Any]:
    """List what became of the places of each city. Scope: registrations."""
    return {"cities": [row_data(row) for row in board(_lab(request, lab))]}


@router.get("/labs/{lab}/city-contacts", response=list[ContactOut], url_name="city_contacts")
@paginate(BoundedPagination)
def list_contacts(request: HttpRequest, lab: str) -> Listing:
    """List who nominates for the cities. Scope: registrations."""
    return Listing(_contacts(_lab(request, lab)), partial(map, contact_data))


@router.post("/labs/{lab}/city-contacts", response={201: ContactOut}, url_name="create_city_contact")
def create_contact(
    request: HttpRequest, lab: str, form: ContactIn, idempotency_key: Key
) -> Status[dict[str, Any]]:
    """Add a contact of a city, who gets the private link with `invite`. Scope: registrations."""
    found = _lab(request, lab)

    def operation() -> dict[str, Any]:
        city = _one(found.programme.cities, form.city, "city")
        plan = city_contacts.ContactPlan(city, form.name, form.email, form.language)
        made = city_contacts.add_contacts(found, [plan], form.deadline)
        if not made:
            raise RuleViolation("exists", _("This person is a contact of the city already."), "email")
        return {"contact": made[0].pk}

    made = run_once(request, "create_city_contact", idempotency_key, form, operation)
    return Status(201, contact_data(get_object_or_404(_contacts(found), pk=made["contact"])))


@router.post("/labs/{lab}/city-contacts/invite", response=SentOut, url_name="invite_city_contacts")
def invite_contacts(request: HttpRequest, lab: str, idempotency_key: Key) -> dict[str, Any]:
    """Email the private link to the contacts who did not get it yet. Scope: registrations."""
    found = _lab(request, lab)
    return run_once(
        request, "invite_city_contacts", idempotency_key, None, lambda: {"sent": city_contacts.invite(found)}
    )


@router.post("/labs/{lab}/city-contacts/remind", response=SentOut, url_name="remind_city_contacts")
def remind_contacts(request: HttpRequest, lab: str, idempotency_key: Key) -> dict[str, Any]:
    """Remind the cities that have named nobody, at most once a day; says how many. Scope: registrations."""
    found = _lab(request, lab)
    return run_once(
        request, "remind_city_contacts", idempotency_key, None, lambda: {"sent": city_contacts.remind(found)}
    )


# After invite and remind, whose addresses its own would catch
@router.put("/labs/{lab}/city-contacts/{contact}", response=ContactOut, url_name="change_city_contact")
def change_contact(request: HttpRequest, lab: str, contact: int, form: ContactChangeIn) -> dict[str, Any]:
    """Change a contact. Another address gets a new link by email; the old one stops. Scope: registrations."""
    found = _lab(request, lab)
    row = get_object_or_404(_contacts(found), pk=contact)
    city_contacts.change(row, form.name, form.email, form.language, form.deadline)
    return contact_data(get_object_or_404(_contacts(found), pk=contact))


@router.delete("/labs/{lab}/city-contacts/{contact}", response={204: None}, url_name="remove_city_contact")
def remove_contact(request: HttpRequest, lab: str, contact: int) -> Status[None]:
    """Remove a contact, whose link no longer works. People named stay named. Scope: registrations."""
    city_contacts.remove(get_object_or_404(_contacts(_lab(request, lab)), pk=contact))
    return Status(204, None)


@router.get("/labs/{lab}/nomination-places", response=list[PlacesOut], url_name="nomination_places")
@paginate(BoundedPagination)
def list_places(request: HttpRequest, lab: str) -> Listing:
    """List how many each city may nominate. Scope: registrations."""
    rows = (
        NominationPlaces.objects.filter(lab=_lab(request, lab)).select_related("city", "track").order_by("pk")
    )
    return Listing(rows, partial(map, places_data))


@router.put("/labs/{lab}/nomination-places", response=CountOut, url_name="set_nomination_places")
def put_places(request: HttpRequest, lab: str, form: PlacesIn) -> dict[str, Any]:
    """Set how many a city, or each city, may nominate for a role, day and track. Scope: registrations."""
    found = _lab(request, lab)
    city = _one(found.programme.cities, form.city, "city") or found.programme.cities.order_by("pk").first()
    if city is None:
        return {"saved": 0}
    plan = city_contacts.PlacesPlan(
        city, form.limit, form.role, form.day, _one(found.tracks, form.track, "track")
    )
    plans = [plan] if form.city else city_contacts.each_city(found, plan)
    return {"saved": city_contacts.set_places(found, plans)}


@router.get("/labs/{lab}/nominations", response=list[NominationOut], url_name="nominations")
@paginate(BoundedPagination)
def list_nominations(request: HttpRequest, lab: str) -> Listing:
    """List whom the cities have named. Scope: registrations."""
    return Listing(_nominations(_lab(request, lab)), partial(map, nomination_data))


@router.post("/labs/{lab}/nominations", response={201: NominationOut}, url_name="nominate")
def nominate(request: HttpRequest, lab: str, form: NomineeIn, idempotency_key: Key) -> Status[dict[str, Any]]:
    """Name a person for a city. He or she is asked by email to accept. Scope: registrations."""
    found = _lab(request, lab)

    def operation() -> dict[str, Any]:
        contact = _contacts(found).filter(pk=form.contact).first()
        places = NominationPlaces.objects.filter(lab=found, pk=form.places).first()
        if contact is None or places is None:
            raise Problem(errors={"contact" if contact is None else "places": _("Choose from the list.")})
        sessions = found.sessions.filter(slug__in=form.sessions).values_list("pk", flat=True)
        if len(sessions) != len(set(form.sessions)):
            raise Problem(errors={"sessions": _("Choose from the list.")})
        one = nominations.Nominee(form.name, form.email, form.language)
        return {"nomination": nominations.nominate(contact, places, [one], sessions)[0].pk}

    made = run_once(request, "nominate", idempotency_key, form, operation)
    return Status(201, nomination_data(get_object_or_404(_nominations(found), pk=made["nomination"])))


@router.delete("/labs/{lab}/nominations/{nomination}", response={204: None}, url_name="withdraw_nomination")
def withdraw(request: HttpRequest, lab: str, nomination: int) -> Status[None]:
    """Withdraw a nomination; its seats stay the city's until the deadline. Scope: registrations."""
    found = _lab(request, lab)
    row = get_object_or_404(_nominations(found).filter(ended_at__isnull=True), pk=nomination)
    nominations.withdraw_by_organiser(row, account_of(request))
    return Status(204, None)
