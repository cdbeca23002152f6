"""Registering for everybody; registrations for organisers with a token of the scope. Attendance: `door_api`."""

from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import FilterSchema, Header, Query, Router, Schema, Status
from ninja.errors import Throttled
from ninja.pagination import paginate
from pydantic import ConfigDict, Field, StrictBool

from core.api.api import FOR_EVERYBODY
from core.api.datetimes import instant_text
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination, Listing
from core.api.problems import Problem
from core.search import matches
from core.timezones.zones import canonical_of
from core.web.email_addresses import address_key
from core.web.error_messages import messages_by_column
from core.web.errors import RuleViolation
from core.web.idempotency import IdempotencyKeyReused, run_once
from core.web.rate_limits import allow, client_address
from labs.api import NamedOut, named_data
from labs.api_authentication import account_of, lab_of_organiser, reader_of
from labs.current_viewer import get_visible_lab_or_404
from labs.models import ApiToken, Lab
from registrations import registering
from registrations.availability import available_sessions
from registrations.consent import consent_text
from registrations.erasure import about_address
from registrations.models import Attendance, Registration, Seat
from sessions.models import Session

router = Router(tags=["Registrations and attendance"])

Scope = ApiToken.Scope
RegistrationState = Annotated[Registration.State, INLINE_SCHEMA]
SeatState = Annotated[Seat.State, INLINE_SCHEMA]
REGISTRATIONS_PER_HOUR = 60
# What the rules object to, by the name that the caller used.
FIELDS_OF_RULES = {"no_consent": "consent", "no_session": "sessions", "unknown_session": "sessions"}
FIELDS_OF_COLUMNS = {"email_key": "email"}


# The form of addresses: nothing else is looked for.
Slug = Annotated[str, Field(max_length=80, pattern=r"^[-a-zA-Z0-9_]+$")]


class SeatOut(Schema):
    session: str = Field(description="The session's slug")
    state: SeatState = Field(
        description="Requested: selected, but the email is not confirmed yet. Cancelled: given up"
    )
    place: int | None = Field(description="Order in which the session was selected. Null while requested")


class RegistrationOut(Schema):
    id: UUID = Field(description="ID of the registration")
    state: RegistrationState = Field(
        description="Unconfirmed: the email is not confirmed yet and there are no seats"
    )
    name: str
    email: str
    city: str | None = Field(description="Slug of a city of the programme")
    city_text: str = Field(description="City entered by the person, if it is not in the programme")
    organisation: str
    stakeholder_group: str | None = Field(description="Slug of the type of organisation")
    language: str = Field(description="Language of emails: en, bg or el")
    time_zone: str = Field(description="IANA name")
    created_at: datetime
    confirmed_at: datetime | None
    cancelled_at: datetime | None
    seats: list[SeatOut]
    attended: list[str] = Field(description="Slugs of the attended sessions")


class RegistrationIn(Schema):
    """Answers to the registration form. See `registration-form` for the options."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    email: str = Field(min_length=3, max_length=254, description="Gets an email to confirm the registration")
    sessions: list[Slug] = Field(
        min_length=1,
        max_length=500,
        description="Slugs of sessions. Full sessions add the person to the waiting list",
    )
    language: Literal["en", "bg", "el"] = Field(description="Language of emails")
    time_zone: str = Field(max_length=64, description="IANA name")
    city: Slug | None = Field(None, description="Slug of a city of the programme")
    city_text: str = Field("", max_length=100, description="City that is not in the programme")
    organisation: str = Field("", max_length=200)
    stakeholder_group: Slug | None = Field(
        None, description="Slug of the type of organisation. Required if the programme has any"
    )
    consent: StrictBool = Field(description="The person agrees to the lab's consent text in `language`")


class FormOut(Schema):
    """Consent text and options of the registration form."""

    is_open: bool = Field(description="Whether registration is open")
    consent: dict[str, str] = Field(description="Consent text by language code")
    kept_until: date = Field(description="Last day on which answers are kept, in the lab's zone")
    stakeholder_groups: list[NamedOut] = Field(
        description="Types of organisation. If there are any, one is required"
    )
    cities: list[NamedOut] = Field(description="Cities of the programme. Send any other city as city_text")


class AcceptedOut(Schema):
    detail: str = Field(description="Next step, in the caller's language")


class RegistrationFilters(FilterSchema):
    state: RegistrationState | None = Field(None, description="If omitted, any state")
    session: str | None = Field(
        None, max_length=80, description="Slug of a session that the person selected, in any state"
    )
    seat: SeatState | None = Field(None, description="State of the seat, in `session` or in any session")
    city: str | None = Field(None, max_length=60, description="Slug of a city of the programme")
    search: str | None = Field(
        None, max_length=100, description="Parts of a name, email or organisation, in any order"
    )

    def apply(self, rows: QuerySet[Registration]) -> QuerySet[Registration]:
        if self.state is not None:
            rows = rows.filter(state=self.state)
        if self.session is not None or self.seat is not None:
            # Asked of each person of the lab: seats of other labs, where slugs may be the same, are not looked at.
            seats = Seat.objects.filter(registration=OuterRef("pk"))
            if self.session is not None:
                seats = seats.filter(session__slug=self.session)
            if self.seat is not None:
                seats = seats.filter(state=self.seat)
            rows = rows.filter(Exists(seats))
        if self.city is not None:
            rows = rows.filter(city__slug=self.city)
        if self.search:
            rows = rows.filter(matches(self.search, "name_key", "contact_key"))
        return rows


def registration_data(row: Registration) -> dict[str, Any]:
    """Return a registration as its organisers see it. Needs the related rows of `_of_lab`."""
    return {
        "id": row.public_id,
        "state": row.state,
        "name": row.name,
        "email": row.email,
        "city": row.city.slug if row.city else None,
        "city_text": row.city_text,
        "organisation": row.organisation,
        "stakeholder_group": row.stakeholder_group.slug if row.stakeholder_group else None,
        "language": row.language,
        "time_zone": row.time_zone,
        "created_at": instant_text(row.created_at),
        "confirmed_at": instant_text(row.confirmed_at),
        "cancelled_at": instant_text(row.cancelled_at),
        "seats": [
            {"session": seat.session.slug, "state": seat.state, "place": seat.queue_position}
            for seat in row.seats.all()
        ],
        "attended": [each.session.slug for each in row.attendances.all()],
    }


def _of_lab(lab: Lab) -> QuerySet[Registration]:
    # Of a session only its slug: a page of people has the same few sessions again and again, abstracts and all.
    seats = Seat.objects.select_related("session").order_by("session__starts_at", "pk")
    seats = seats.only("registration", "state", "queue_position", "session__slug")
    attendances = Attendance.objects.select_related("session").order_by("session__starts_at", "pk")
    attendances = attendances.only("registration", "session__slug")
    return (
        Registration.objects.filter(lab=lab, erased_at__isnull=True)
        .select_related("city", "stakeholder_group")
        .prefetch_related(Prefetch("seats", queryset=seats), Prefetch("attendances", queryset=attendances))
    )


@router.get("/labs/{lab}/registrations", response=list[RegistrationOut], url_name="registrations")
@paginate(BoundedPagination)
def registrations(request: HttpRequest, lab: str, filters: Query[RegistrationFilters]) -> Listing:
    """List registrations of a lab, newest first. Scope: registrations."""
    found = _of_lab(lab_of_organiser(request, lab, Scope.REGISTRATIONS))
    return Listing(filters.apply(found), partial(map, registration_data))


def registration_of(lab: Lab, registration: UUID) -> Registration:
    return get_object_or_404(_of_lab(lab), public_id=registration)


@router.get("/labs/{lab}/registrations/{registration}", response=RegistrationOut, url_name="registration")
def registration(request: HttpRequest, lab: str, registration: UUID) -> dict[str, Any]:
    """Get a registration. Scope: registrations."""
    return registration_data(
        registration_of(lab_of_organiser(request, lab, Scope.REGISTRATIONS), registration)
    )


@router.get(
    "/labs/{lab}/registration-form",
    response=FormOut,
    url_name="registration_form",
    openapi_extra=FOR_EVERYBODY,
)
def registration_form(request: HttpRequest, lab: str) -> dict[str, Any]:
    """Get the consent text and the options of the registration form."""
    found = get_visible_lab_or_404(reader_of(request), lab)
    return {
        "is_open": found.takes_registrations(timezone.now()),
        "consent": {code: consent_text(found, code) for code, _name in settings.LANGUAGES},
        "kept_until": found.answers_kept_until,
        "stakeholder_groups": [named_data(group) for group in found.programme.stakeholder_groups.all()],
        "cities": [named_data(city) for city in found.programme.cities.all()],
    }


@router.post(
    "/labs/{lab}/registrations",
    response={202: AcceptedOut},
    url_name="register",
    openapi_extra=FOR_EVERYBODY,
)
def register(
    request: HttpRequest,
    lab: str,
    form: RegistrationIn,
    idempotency_key: str = Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=100,
        description="Any text, new for each person. Repeating a request with the same key has no effect",
    ),
) -> Status[dict[str, str]]:
    """Register a person for sessions. The registration is valid when the email is confirmed.

    The response does not say whether the email is already registered. No API key needed. With the header
    `Idempotency-Key`, a request repeated within a day has no effect.
    """
    found = get_visible_lab_or_404(reader_of(request), lab)
    if not allow("api-register", client_address(request), REGISTRATIONS_PER_HOUR, 3600):
        raise Throttled(wait=3600)

    def operation() -> dict[str, Any]:
        try:
            registering.submit(found, reader_of(request), _plan(request, found, form))
        except RuleViolation as error:
            field = FIELDS_OF_RULES.get(error.code)
            raise (Problem(errors={field: error.message}) if field else Problem(error.message)) from error
        except ValidationError as error:
            said = messages_by_column(Registration(), error)
            raise Problem(
                errors={FIELDS_OF_COLUMNS.get(name, name): " ".join(words) for name, words in said.items()}
            ) from error
        return {}

    try:
        about = about_address(address_key(form.email))
        run_once(f"api-register:{found.pk}", idempotency_key, form.dict(), operation, about=about)
    except IdempotencyKeyReused as error:
        said = _(
            "This Idempotency-Key was already used with a different body. Send a new key for a new request."
        )
        raise Problem(said, status=409) from error
    detail = _(
        "We’re emailing the address a confirmation link. The registration is valid when it is confirmed."
    )
    return Status(202, {"detail": detail})


def _plan(request: HttpRequest, lab: Lab, form: RegistrationIn) -> registering.RegistrationPlan:
    """Turn slugs into rows. What the caller may not see is as unknown as what does not exist.

    Raises Problem, and RuleViolation for sessions that nobody can choose any longer.
    """
    errors: dict[str, str] = {}
    city = lab.programme.get_city(form.city) if form.city else None
    if form.city and city is None:
        errors["city"] = _("This city is not in the programme.")
    if form.city and form.city_text:
        errors["city_text"] = _("Send city or city_text, not both.")
    group = lab.programme.stakeholder_groups.filter(slug=form.stakeholder_group).first()
    if form.stakeholder_group and group is None:
        errors["stakeholder_group"] = _("The programme has no such type of organisation.")
    zone = canonical_of(form.time_zone)
    if not zone:
        errors["time_zone"] = _("This is not a time zone. Send a name like Europe/Sofia.")
    visible = Session.objects.filter(lab=lab).visible_to(reader_of(request))
    known = set(visible.filter(slug__in=form.sessions).values_list("slug", flat=True))
    for place, slug in enumerate(form.sessions):
        if slug not in known:
            errors[f"sessions.{place}"] = _("This session is not in the lab.")
    if errors:
        raise Problem(errors=errors)
    open_to_choose = available_sessions(lab, reader_of(request), timezone.now(), slugs=form.sessions)
    return registering.RegistrationPlan(
        details=registering.Details(
            name=form.name,
            language=form.language,
            time_zone=zone,
            city=city,
            city_text=form.city_text,
            organisation=form.organisation,
            stakeholder_group=group,
        ),
        email=form.email,
        choice=open_to_choose.choose(form.sessions),
        consent=form.consent,
        consent_language=form.language,
    )


@router.post(
    "/labs/{lab}/registrations/{registration}/cancel",
    response=RegistrationOut,
    url_name="cancel_registration",
)
def cancel(request: HttpRequest, lab: str, registration: UUID) -> dict[str, Any]:
    """Cancel a registration, give its seats to the waiting list and email the person. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    row = registration_of(found, registration)
    registering.cancel(row, by=account_of(request))
    return registration_data(registration_of(found, registration))
