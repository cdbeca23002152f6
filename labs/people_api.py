"""The API of people and roles: who has a role in a lab or programme, giving and removing it, open invitations."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Schema, Status
from ninja.pagination import paginate
from pydantic import ConfigDict, Field

from core.accounts.models import User
from core.api.datetimes import instant_text
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination, Listing
from core.web.errors import InvalidFields
from labs import cities, people_csv, role_invitations, roles
from labs.api_authentication import account_of, lab_of_organiser, programme_of_owner
from labs.api_idempotency import Key, run_once
from labs.csv_lists import ROWS_LIMIT
from labs.models import ApiToken, Delegate, Lab, Programme, RoleInvitation, Staff
from labs.people_csv import PersonRow

router = Router(tags=["People and roles"])

SCOPE = ApiToken.Scope.PEOPLE
Role = Annotated[RoleInvitation.Role, INLINE_SCHEMA]
Cell = Annotated[str, Field(max_length=people_csv.MAX_CELL)]


class PersonIn(Schema):
    model_config = ConfigDict(extra="forbid")

    email: Cell
    role: Cell = Field(description="In a lab: organiser or door. In a programme: owner or delegate")
    name: Cell = Field("", description="Of a new person")
    city: Cell = Field("", description="Slug or name of a delegate's city")
    language: Cell = Field(
        "", description="Of the invitation. By default the lab's or programme's first language"
    )


class PeopleIn(Schema):
    model_config = ConfigDict(extra="forbid")

    people: list[PersonIn] = Field(min_length=1, max_length=ROWS_LIMIT)


class AddedOut(Schema):
    given: int = Field(description="People with an account: they have the role now")
    invited: int = Field(description="People without an account: they have the role when they accept")


class PersonOut(Schema):
    id: UUID = Field(description="ID of the person's role")
    email: str
    name: str
    role: Role
    city: str | None = Field(description="Slug of a delegate's city")


class RoleInvitationOut(Schema):
    id: UUID = Field(description="ID of the invitation to a role")
    email: str
    name: str
    role: Role
    city: str | None = Field(description="Slug of a delegate's city")
    language: str
    sent_at: datetime
    expires_at: datetime
    is_open: bool = Field(description="Whether its link still works")


class CityIn(Schema):
    model_config = ConfigDict(extra="forbid")

    name: dict[str, Cell] = Field(description="Name by language code", min_length=1)
    country: str = Field(max_length=2, description="Two-letter ISO 3166 code")
    time_zone: Cell = Field("", description="IANA name. May be left out for a city that exists")


class CitiesIn(Schema):
    model_config = ConfigDict(extra="forbid")

    cities: list[CityIn] = Field(min_length=1, max_length=ROWS_LIMIT)


class CitiesAddedOut(Schema):
    created: int = Field(description="Cities that did not exist")
    added: int = Field(description="Cities that existed and take part now")


def person_data(row: Staff | Delegate) -> dict[str, Any]:
    where: dict[str, Any] = (
        {"role": "delegate", "city": row.city.slug}
        if isinstance(row, Delegate)
        else {"role": row.role, "city": None}
    )
    return {"id": row.public_id, "email": row.user.email, "name": row.user.name, **where}


def invitation_data(row: RoleInvitation) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "email": row.email,
        "name": row.name,
        "role": row.role,
        "city": row.city.slug if row.city else None,
        "language": row.language,
        "sent_at": instant_text(row.sent_at),
        "expires_at": instant_text(row.expires_at),
        "is_open": row.is_open(timezone.now()),
    }


def _lab(request: HttpRequest, lab: str) -> Lab:
    return lab_of_organiser(request, lab, SCOPE)


def _programme(request: HttpRequest, programme: str) -> Programme:
    return programme_of_owner(request, programme, SCOPE)


def _by(request: HttpRequest) -> User:
    user = account_of(request)
    if user is None:
        raise Http404
    return user


def _add(request: HttpRequest, where: Lab | Programme, form: PeopleIn, key: str) -> Status[dict[str, Any]]:
    rows = [PersonRow(number, dict(person)) for number, person in enumerate(form.people)]
    people_csv.understand(rows, where)
    errors = {
        f"people.{row.number}.{column}": [error] for row in rows for column, error in row.errors.items()
    }
    if errors:
        raise InvalidFields(errors)

    def operation() -> dict[str, Any]:
        return vars(roles.add_people(where, rows, by=_by(request)))

    return Status(201, run_once(request, f"people:{where._meta.model_name}:{where.pk}", key, form, operation))


def _delegates(programme: Programme) -> QuerySet[Delegate]:
    return programme.delegates.select_related("user", "city").order_by("city__slug", "user__email")


def _owners(programme: Programme) -> QuerySet[Staff]:
    return programme.staff.filter(role=Staff.Role.OWNER).select_related("user").order_by("user__email")


def _people(rows: Any) -> Listing:
    return Listing(rows, partial(map, person_data))


def _invitations(where: Lab | Programme) -> Listing:
    return Listing(role_invitations.listed(where), partial(map, invitation_data))


def _invitation(where: Lab | Programme, role_invitation: UUID) -> RoleInvitation:
    return get_object_or_404(role_invitations.listed(where), public_id=role_invitation)


def _send_again(
    request: HttpRequest, where: Lab | Programme, row: RoleInvitation, key: str
) -> dict[str, Any]:
    def operation() -> dict[str, Any]:
        role_invitations.send_again(row, by=_by(request))
        return {}

    run_once(request, f"role-invitation:{row.public_id}", key, None, operation)
    return invitation_data(_invitation(where, row.public_id))


@router.get("/labs/{lab}/people", response=list[PersonOut], url_name="lab_people")
@paginate(BoundedPagination)
def lab_people(request: HttpRequest, lab: str) -> Listing:
    """List the organisers and door staff of a lab. Scope: people."""
    staff = _lab(request, lab).staff.select_related("user").order_by("role", "user__email")
    return _people(staff)


@router.post("/labs/{lab}/people", response={201: AddedOut}, url_name="add_lab_people")
def add_lab_people(
    request: HttpRequest, lab: str, form: PeopleIn, idempotency_key: Key
) -> Status[dict[str, Any]]:
    """Give people a role in a lab, all or none. Scope: people.

    People with an account get it at once and an email; others get an invitation by email, for 14 days.
    """
    return _add(request, _lab(request, lab), form, idempotency_key)


@router.delete("/labs/{lab}/people/{person}", response={204: None}, url_name="remove_lab_person")
def remove_lab_person(request: HttpRequest, lab: str, person: UUID) -> Status[None]:
    """Remove a role in a lab, at once. Scope: people."""
    found = get_object_or_404(Staff.objects.select_related("lab"), lab=_lab(request, lab), public_id=person)
    roles.remove_staff(found, by=_by(request))
    return Status(204, None)


@router.get("/labs/{lab}/role-invitations", response=list[RoleInvitationOut], url_name="lab_role_invitations")
@paginate(BoundedPagination)
def lab_role_invitations(request: HttpRequest, lab: str) -> Listing:
    """List the invitations to roles in a lab that nobody accepted or withdrew. Scope: people."""
    return _invitations(_lab(request, lab))


@router.post(
    "/labs/{lab}/role-invitations/{role_invitation}/send-again",
    response=RoleInvitationOut,
    url_name="send_lab_role_invitation_again",
)
def send_lab_role_invitation_again(
    request: HttpRequest, lab: str, role_invitation: UUID, idempotency_key: Key
) -> dict[str, Any]:
    """Send a new link, for another 14 days. The one before no longer works. Scope: people."""
    found = _lab(request, lab)
    return _send_again(request, found, _invitation(found, role_invitation), idempotency_key)


@router.delete(
    "/labs/{lab}/role-invitations/{role_invitation}",
    response={204: None},
    url_name="withdraw_lab_role_invitation",
)
def withdraw_lab_role_invitation(request: HttpRequest, lab: str, role_invitation: UUID) -> Status[None]:
    """Withdraw an invitation. Its link no longer works. Scope: people."""
    role_invitations.revoke(_invitation(_lab(request, lab), role_invitation), by=_by(request))
    return Status(204, None)


@router.get("/programmes/{programme}/people", response=list[PersonOut], url_name="programme_people")
@paginate(BoundedPagination)
def programme_people(request: HttpRequest, programme: str) -> Listing:
    """List the owners of a programme, then its delegates. Scope: people."""
    found = _programme(request, programme)
    return _people([*_owners(found), *_delegates(found)])


@router.post("/programmes/{programme}/people", response={201: AddedOut}, url_name="add_programme_people")
def add_programme_people(
    request: HttpRequest, programme: str, form: PeopleIn, idempotency_key: Key
) -> Status[dict[str, Any]]:
    """Make people owners of a programme or delegates of its cities, all or none. Scope: people.

    People with an account get the role at once and an email; others get an invitation by email, for 14 days.
    """
    return _add(request, _programme(request, programme), form, idempotency_key)


@router.delete(
    "/programmes/{programme}/people/{programme_person}",
    response={204: None},
    url_name="remove_programme_person",
)
def remove_programme_person(request: HttpRequest, programme: str, programme_person: UUID) -> Status[None]:
    """Remove an owner or a delegate, at once. 409: the last owner. Scope: people."""
    found = _programme(request, programme)
    if owner := _owners(found).filter(public_id=programme_person).select_related("programme").first():
        roles.remove_staff(owner, by=_by(request))
    else:
        roles.remove_delegate(
            get_object_or_404(_delegates(found), public_id=programme_person), by=_by(request)
        )
    return Status(204, None)


@router.get(
    "/programmes/{programme}/role-invitations",
    response=list[RoleInvitationOut],
    url_name="programme_role_invitations",
)
@paginate(BoundedPagination)
def programme_role_invitations(request: HttpRequest, programme: str) -> Listing:
    """List the invitations to roles in a programme that nobody accepted or withdrew. Scope: people."""
    return _invitations(_programme(request, programme))


@router.post(
    "/programmes/{programme}/role-invitations/{programme_invitation}/send-again",
    response=RoleInvitationOut,
    url_name="send_programme_role_invitation_again",
)
def send_programme_role_invitation_again(
    request: HttpRequest, programme: str, programme_invitation: UUID, idempotency_key: Key
) -> dict[str, Any]:
    """Send a new link, for another 14 days. The one before no longer works. Scope: people."""
    found = _programme(request, programme)
    return _send_again(request, found, _invitation(found, programme_invitation), idempotency_key)


@router.delete(
    "/programmes/{programme}/role-invitations/{programme_invitation}",
    response={204: None},
    url_name="withdraw_programme_role_invitation",
)
def withdraw_programme_role_invitation(
    request: HttpRequest, programme: str, programme_invitation: UUID
) -> Status[None]:
    """Withdraw an invitation. Its link no longer works. Scope: people."""
    role_invitations.revoke(
        _invitation(_programme(request, programme), programme_invitation), by=_by(request)
    )
    return Status(204, None)


@router.post("/programmes/{programme}/cities", response={201: CitiesAddedOut}, url_name="add_cities")
def add_cities(
    request: HttpRequest, programme: str, form: CitiesIn, idempotency_key: Key
) -> Status[dict[str, Any]]:
    """Let cities take part in a programme, all or none; those that do not exist are created. Scope: people.

    A city exists if one of the same country has one of the names.
    """
    found = _programme(request, programme)
    plans = [cities.CityPlan(dict(one.name), one.country.upper(), one.time_zone) for one in form.cities]

    def operation() -> dict[str, Any]:
        rows = [cities.CityRow(number, plan) for number, plan in enumerate(plans)]
        try:
            return vars(cities.add_cities(found, rows, _by(request)))
        except InvalidFields as error:
            raise InvalidFields({f"cities.{name}": said for name, said in error.errors.items()}) from error

    return Status(201, run_once(request, f"cities:{found.pk}", idempotency_key, form, operation))
