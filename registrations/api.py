"""Registering for everybody; registrations for organisers with a token of the scope. Attendance: `door_api`."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from ninja.errors import Throttled
from ninja.pagination import paginate
from pydantic import ConfigDict, Field, StrictBool

from core.api.api import FOR_EVERYBODY
from core.api.datetimes import instant_text
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination, Listing
from core.api.problems import Problem
from core.timezones.zones import canonical_of
from core.web.domain_slips import meant_address
from core.web.email_addresses import address_key
from core.web.error_messages import messages_by_column
from core.web.errors import RuleViolation
from core.web.rate_limits import allow, client_address
from labs.api_authentication import account_of, lab_of_organiser, reader_of
from labs.api_idempotency import Key, run_once
from labs.current_viewer import get_visible_lab_or_404
from labs.models import ApiToken, Lab
from labs.viewer import Viewer
from registrations import managing, pending_transfers, registering
from registrations.answers import ordinary_rows
from registrations.availability import available_sessions
from registrations.erasure import about_address
from registrations.models import Attendance, Registration, Seat, Tagging
from registrations.question_schemas import ANSWERS_FORMAT
from registrations.questions_api import checked_answers
from registrations.registration_filters import (
    PhotosChoice,
    RegistrationFilters,
    RegistrationState,
    SeatState,
)
from sessions.models import Session
from sessions.models.seating import Mode

router = Router(tags=["Registrations and attendance"])

Scope = ApiToken.Scope
REGISTRATIONS_PER_HOUR = 60
# What the rules object to, by the name that the caller used.
FIELDS_OF_RULES = {
    "no_consent": "consent",
    "consent_changed": "consent",
    "document_changed": "documents",
    "document_missing": "documents",
    "document_unknown": "documents",
    "no_photos": "photos",
    "no_session": "sessions",
    "unknown_session": "sessions",
    "mode_missing": "modes",
    "mode_not_offered": "modes",
    "not_invited": "invitation",
    "invited_otherwise": "email",
    "needs_number": "queue_number",
    "not_your_turn": "queue_number",
    "number_used": "queue_number",
    "other_domain": "email",
}


# The form of addresses: nothing else is looked for.
Slug = Annotated[str, Field(max_length=80, pattern=r"^[-a-zA-Z0-9_]+$")]


class SeatOut(Schema):
    session: str = Field(description="The session's slug")
    state: SeatState = Field(
        description="Requested: selected, but the email is not confirmed yet. Cancelled: given up"
    )
    mode: Annotated[Mode, INLINE_SCHEMA] = Field(description="How the person attends")
    place: int | None = Field(description="Order in which the session was selected. Null while requested")
    until: datetime | None = Field(description="End of a seat that is held or offered")


class TransferOut(Schema):
    name: str
    email: str
    expires_at: datetime = Field(description="Until when the colleague can accept")


class RegistrationOut(Schema):
    id: UUID = Field(description="ID of the registration")
    reference: str = Field(description="Number that the person’s emails name, such as 3F2A-91BC")
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
    photos: PhotosChoice | None = Field(
        description="Whether photos may be taken of the person. Null: not asked"
    )
    created_at: datetime
    confirmed_at: datetime | None
    cancelled_at: datetime | None
    seats: list[SeatOut]
    attended: list[str] = Field(description="Slugs of the attended sessions")
    answers: dict[str, Any] = Field(
        json_schema_extra=ANSWERS_FORMAT,
        description="Answers that all organisers read, by slug of the question: text, a list of slugs of choices, or "
        "name, media type and size of a file",
    )
    tags: list[str] = Field(description="Tags of the organisers")
    transfer: TransferOut | None = Field(description="The colleague to whom the place is offered at present")


class DetailsIn(Schema):
    """What a person says of himself or herself, but for the address."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    language: Literal["en", "bg", "el"] = Field(description="Language of emails")
    time_zone: str = Field(max_length=64, description="IANA name")
    city: Slug | None = Field(None, description="Slug of a city of the programme")
    city_text: str = Field("", max_length=100, description="City that is not in the programme")
    organisation: str = Field("", max_length=200)
    stakeholder_group: Slug | None = Field(
        None, description="Slug of the type of organisation. Required if the programme has any"
    )


class RegistrationIn(DetailsIn):
    """Answers to the registration form. See `registration-form` for the options."""

    email: str = Field(min_length=3, max_length=254, description="Gets an email to confirm the registration")
    sessions: list[Slug] = Field(
        min_length=1,
        max_length=500,
        description="Slugs of sessions. Full sessions add the person to the waiting list",
    )
    modes: dict[Slug, Literal["room", "online"]] = Field(
        {}, max_length=500, description="How to attend, by session. Required for hybrid sessions alone"
    )
    invitation: str = Field("", max_length=100, description="The token at the end of an invitation's link")
    queue_number: str = Field(
        "", max_length=100, description="The token of a number, while a draw lets people in"
    )
    consent: StrictBool = Field(description="The person agrees to the lab's consent text in `language`")
    photos: Literal["yes", "no"] | None = Field(
        None, description="Whether photos may be taken of the person. Required if the lab asks"
    )
    consent_shown: str = Field(
        "",
        max_length=64,
        description="Mark of the consent text that the person read, from `registration-form`. If another text is in "
        "force by now, the registration is refused",
    )
    documents: dict[Slug, int] = Field(
        {},
        max_length=50,
        description="Documents that the person accepts: number of the version read, by slug, from `registration-form`",
    )
    answers: dict[str, Any] = Field(
        {},
        max_length=200,
        json_schema_extra=ANSWERS_FORMAT,
        description="Answers to the lab's own questions, by slug: text, a number, true or false, or a list of slugs "
        "of choices. See `questions`",
    )
    consents: list[Slug] = Field(
        [], max_length=50, description="Slugs of the sets of needs that the person agrees to have kept"
    )


class AcceptedOut(Schema):
    detail: str = Field(description="Next step, in the caller's language")
    email_suggestion: str | None = Field(
        description="What the email was probably meant to be, where its domain looks mistyped. It is used as sent"
    )


def registration_data(row: Registration) -> dict[str, Any]:
    """Return a registration as its organisers see it. Needs the related rows of `people_of`."""
    return {
        "id": row.public_id,
        "reference": row.reference,
        "state": row.state,
        "name": row.name,
        "email": row.email,
        "city": row.city.slug if row.city else None,
        "city_text": row.city_text,
        "organisation": row.organisation,
        "stakeholder_group": row.stakeholder_group.slug if row.stakeholder_group else None,
        "language": row.language,
        "time_zone": row.time_zone,
        "photos": row.photos or None,
        "created_at": instant_text(row.created_at),
        "confirmed_at": instant_text(row.confirmed_at),
        "cancelled_at": instant_text(row.cancelled_at),
        "seats": [
            {
                "session": seat.session.slug,
                "mode": seat.mode,
                "state": seat.state,
                "place": seat.queue_position,
                "until": instant_text(seat.until),
            }
            for seat in row.seats.all()
        ],
        "attended": [each.session.slug for each in row.attendances.all()],
        "answers": {each.question.slug: each.value for each in row.answers.all()},
        "tags": [each.tag.name for each in row.taggings.all()],
        "transfer": _transfer_data(row),
    }


def _transfer_data(row: Registration) -> dict[str, Any] | None:
    pending = pending_transfers.of(row)
    if pending is None:
        return None
    expires_at = instant_text(pending.expires_at)
    return {"name": pending.name, "email": pending.email, "expires_at": expires_at}


def people_of(lab: Lab) -> QuerySet[Registration]:
    """Return the registrations of a lab with what `registration_data` needs."""
    # Of a session only its slug: a page of people has the same few sessions again and again, abstracts and all.
    seats = Seat.objects.select_related("session").order_by("session__starts_at", "pk")
    seats = seats.only("registration", "mode", "state", "queue_position", "until", "session__slug")
    attendances = Attendance.objects.select_related("session").order_by("session__starts_at", "pk")
    attendances = attendances.only("registration", "session__slug")
    tagged = Tagging.objects.select_related("tag").order_by("tag__name", "pk")
    return (
        Registration.objects.filter(lab=lab, erased_at__isnull=True)
        .select_related("city", "stakeholder_group", "transfer")
        .prefetch_related(
            Prefetch("seats", queryset=seats),
            Prefetch("attendances", queryset=attendances),
            Prefetch("answers", queryset=ordinary_rows()),
            Prefetch("taggings", queryset=tagged),
        )
    )


@router.get("/labs/{lab}/registrations", response=list[RegistrationOut], url_name="registrations")
@paginate(BoundedPagination)
def registrations(request: HttpRequest, lab: str, filters: Query[RegistrationFilters]) -> Listing:
    """List registrations of a lab, newest first. Scope: registrations."""
    found = people_of(lab_of_organiser(request, lab, Scope.REGISTRATIONS))
    return Listing(filters.apply(found), partial(map, registration_data))


def registration_of(lab: Lab, registration: UUID) -> Registration:
    return get_object_or_404(people_of(lab), public_id=registration)


@router.get("/labs/{lab}/registrations/{registration}", response=RegistrationOut, url_name="registration")
def registration(request: HttpRequest, lab: str, registration: UUID) -> dict[str, Any]:
    """Get a registration. Scope: registrations."""
    return registration_data(
        registration_of(lab_of_organiser(request, lab, Scope.REGISTRATIONS), registration)
    )


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
    idempotency_key: Key,
) -> Status[dict[str, str | None]]:
    """Register a person for sessions. The registration is valid when the email is confirmed.

    The response does not say whether the email is already registered. No API key needed. With the header
    `Idempotency-Key`, a request repeated within a day has no effect.
    """
    found = get_visible_lab_or_404(reader_of(request), lab)
    if not allow("api-register", client_address(request), REGISTRATIONS_PER_HOUR, 3600):
        raise Throttled(wait=3600)

    def operation() -> dict[str, Any]:
        try:
            viewer = reader_of(request)
            registering.submit(found, viewer, plan_of(found, form, viewer))
        except RuleViolation as error:
            field = FIELDS_OF_RULES.get(error.code)
            raise (Problem(errors={field: error.message}) if field else Problem(error.message)) from error
        except ValidationError as error:
            raise problem_of(error) from error
        return {}

    about = about_address(address_key(form.email))
    run_once(request, "register", idempotency_key, form, operation, about=about)
    detail = _(
        "We’re emailing the address a confirmation link. The registration is valid when it is confirmed."
    )
    return Status(202, {"detail": detail, "email_suggestion": meant_address(form.email)})


def plan_of(
    lab: Lab, form: RegistrationIn, viewer: Viewer, *, may_be_missing: bool = False
) -> registering.RegistrationPlan:
    """Turn slugs into rows. What the caller may not see is as unknown as what does not exist.

    Required answers to the lab's own questions `may_be_missing` where an organiser enters somebody.

    Raises Problem, and RuleViolation for sessions that nobody can choose any longer.
    """
    details, errors = details_of(lab, form)
    visible = Session.objects.filter(lab=lab).visible_to(viewer)
    known = set(visible.filter(slug__in=form.sessions).values_list("slug", flat=True))
    for place, slug in enumerate(form.sessions):
        if slug not in known:
            errors[f"sessions.{place}"] = _("This session is not in the lab.")
    if errors:
        raise Problem(errors=errors)
    open_to_choose = available_sessions(lab, viewer, timezone.now(), slugs=form.sessions)
    chosen = open_to_choose.choose(form.sessions, dict(form.modes))
    return registering.RegistrationPlan(
        details=details,
        email=form.email,
        choice=chosen,
        consent=form.consent,
        consent_language=form.language,
        answers=checked_answers(
            lab,
            [one.pk for one in chosen.sessions],
            form.answers,
            form.consents,
            may_be_missing=may_be_missing,
        ),
        invitation=form.invitation,
        queue_number=form.queue_number,
        consent_shown=form.consent_shown,
        photos=form.photos or "",
        documents=form.documents,
    )


def problem_of(error: ValidationError) -> Problem:
    """Return what does not fit a registration's columns, by the names that callers use."""
    said = messages_by_column(Registration(), error)
    return Problem(
        errors={"email" if name == "email_key" else name: " ".join(words) for name, words in said.items()}
    )


def details_of(lab: Lab, form: DetailsIn) -> tuple[registering.Details, dict[str, str]]:
    """Turn slugs into rows; return the details, and what is wrong with them by field."""
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
    details = registering.Details(
        name=form.name,
        language=form.language,
        time_zone=zone,
        city=city,
        city_text=form.city_text,
        organisation=form.organisation,
        stakeholder_group=group,
    )
    return details, errors


@router.post(
    "/labs/{lab}/registrations/{registration}/cancel",
    response=RegistrationOut,
    url_name="cancel_registration",
)
def cancel(request: HttpRequest, lab: str, registration: UUID) -> dict[str, Any]:
    """Cancel a registration, give its seats to the waiting list and email the person. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    row = registration_of(found, registration)
    managing.cancel(row, by=account_of(request))
    return registration_data(registration_of(found, registration))
