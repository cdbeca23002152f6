"""What programs read of registrations, and send about people."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from ninja import Schema
from pydantic import ConfigDict, Field, StrictBool

from core.api.datetimes import instant_text
from core.api.openapi import INLINE_SCHEMA
from labs.models import Lab
from registrations import pending_transfers, quota_reasons
from registrations.answers import ordinary_rows
from registrations.models import Attendance, Registration, Seat, SeatMovement, Tagging
from registrations.models.seats import with_reasons
from registrations.question_schemas import ANSWERS_FORMAT
from registrations.registration_filters import PhotosChoice, RegistrationState, SeatState
from sessions.models.seating import Mode

# The form of addresses: nothing else is looked for.
Slug = Annotated[str, Field(max_length=80, pattern=r"^[-a-zA-Z0-9_]+$")]


class SeatOut(Schema):
    session: str = Field(description="The session's slug")
    state: SeatState = Field(
        description="Requested: selected, but the email is not confirmed yet. Cancelled: given up"
    )
    mode: Annotated[Mode, INLINE_SCHEMA] = Field(description="How the person attends")
    place: int | None = Field(description="Order in which the session was selected. Null while requested")
    waiting_position: int | None = Field(
        description="Position in the waiting list, 1 for the next. Null: not on the waiting list"
    )
    reason: str | None = Field(
        description="Why the seat is in this state, in the caller's language: the reason of the last change and, if a "
        "full quota leaves the person without a seat, which one. Null: nothing has happened to it yet"
    )
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
    cancelled_as: Annotated[Registration.CancelledAs, INLINE_SCHEMA] | None = Field(
        description="Who cancelled, or what became of the place. Null: not cancelled, or not known"
    )
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
    [data] = registrations_data([row])
    return data


def registrations_data(rows: Iterable[Registration]) -> list[dict[str, Any]]:
    """Return registrations of one lab, each as `registration_data`. One query, none where all have seats."""
    rows = list(rows)
    quotas = quota_reasons.of_people(rows)
    return [_data(row, quotas) for row in rows]


def _data(row: Registration, quotas: Mapping[int, str]) -> dict[str, Any]:
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
        "cancelled_as": row.cancelled_as or None,
        "seats": [
            {
                "session": seat.session.slug,
                "mode": seat.mode,
                "state": seat.state,
                "place": seat.queue_position,
                "waiting_position": seat.position,
                "reason": _reason(seat, quotas.get(seat.pk, "")),
                "until": instant_text(seat.until),
            }
            for seat in row.seats.all()
        ],
        "attended": [each.session.slug for each in row.attendances.all()],
        "answers": {each.question.slug: each.value for each in row.answers.all()},
        "tags": [each.tag.name for each in row.taggings.all()],
        "transfer": _transfer_data(row),
    }


def _reason(seat: Seat, quota: str) -> str | None:
    """Return why the seat is as it is, in the active language; `quota` are the words of one that has no room."""
    if quota and seat.moved_for in (None, SeatMovement.Reason.QUOTA):
        return quota
    moved = str(SeatMovement.Reason(seat.moved_for).label) if seat.moved_for else None
    return f"{moved}. {quota}" if quota else moved


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
    seats = with_reasons(seats).only(
        "registration", "mode", "state", "queue_position", "until", "session__slug"
    )
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
