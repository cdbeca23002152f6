"""The API of announcements: write to participants, send, take back."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from ninja.pagination import paginate
from pydantic import ConfigDict, Field

from core.api.datetimes import instant_text
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination, Listing
from core.api.problems import Problem
from core.web.localized_fields import languages_of
from labs.api import LocalizedText
from labs.api_authentication import account_of, lab_of_organiser
from labs.api_idempotency import Key, run_once
from labs.models import ApiToken, Lab
from registrations import announcing
from registrations.audiences import Audience, size
from registrations.models import Announcement, Tag
from sessions.models import Session

router = Router(tags=["Emails"])

Scope = ApiToken.Scope
Slug = Annotated[str, Field(max_length=80, pattern=r"^[-a-zA-Z0-9_]+$")]


class AnnouncementIn(Schema):
    """What is written, and to whom: participants for whom all conditions are true, all without any."""

    model_config = ConfigDict(extra="forbid")

    subject: dict[str, str] = Field(description="By language code, at least in the lab's default language")
    body: dict[str, str] = Field(description="Markdown with placeholders, in the languages of the subject")
    session: Slug | None = Field(None, description="Slug of a session of the lab")
    seat: Literal["confirmed", "waiting", "none"] | None = Field(
        None,
        description="Seat in `session`, without it in any session. `none`: neither a seat nor waiting for one",
    )
    mode: Literal["room", "online"] | None = Field(
        None,
        description="Mode of the seat; with `seat` waiting, of the place in the waiting list. Not with `seat` none",
    )
    attended: bool | None = Field(None, description="Attended `session`, without it any session")
    city: Slug | None = Field(None, description="Slug of a city of the programme")
    stakeholder_group: Slug | None = Field(None, description="Slug of a type of organisation")
    tag: Annotated[str, Field(max_length=40)] | None = Field(None, description="Tag of the organisers")
    email_language: Literal["en", "bg", "el"] | None = Field(None, description="Language of emails")


class AnnouncementOut(Schema):
    id: UUID
    state: Annotated[Announcement.State, INLINE_SCHEMA] = Field(
        description="Waiting: confirmed, can be taken back until `sends_at`"
    )
    subject: LocalizedText
    body: LocalizedText
    reaches: int = Field(
        description="How many people the conditions find now, without those who unsubscribed"
    )
    unsubscribed: int = Field(description="How many of those found have unsubscribed")
    sent: int = Field(description="How many emails were queued so far")
    created_at: datetime
    sends_at: datetime | None = Field(description="Null: a draft")


def announcement_data(row: Announcement) -> dict[str, Any]:
    found = size(row.lab, announcing.audience_of(row))
    return {
        "id": row.public_id,
        "state": row.state,
        "subject": languages_of(row.subject),
        "body": languages_of(row.body),
        "reaches": found.reached,
        "unsubscribed": found.unsubscribed,
        "sent": row.sent,
        "created_at": instant_text(row.created_at),
        "sends_at": instant_text(row.sends_at),
    }


class ListedOut(Schema):
    id: UUID
    state: Annotated[Announcement.State, INLINE_SCHEMA]
    subject: LocalizedText
    sent: int
    created_at: datetime
    sends_at: datetime | None


def listed_data(row: Announcement) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "state": row.state,
        "subject": languages_of(row.subject),
        "sent": row.sent,
        "created_at": instant_text(row.created_at),
        "sends_at": instant_text(row.sends_at),
    }


@router.get("/labs/{lab}/announcements", response=list[ListedOut], url_name="announcements")
@paginate(BoundedPagination)
def announcements(request: HttpRequest, lab: str) -> Listing:
    """List announcements to participants, newest first. Scope: emails."""
    found = lab_of_organiser(request, lab, Scope.EMAILS)
    rows = Announcement.objects.filter(lab=found).order_by("-created_at", "-pk")
    return Listing(rows, partial(map, listed_data))


@router.get("/labs/{lab}/announcements/{announcement}", response=AnnouncementOut, url_name="announcement")
def announcement(request: HttpRequest, lab: str, announcement: UUID) -> dict[str, Any]:
    """Get an announcement, with how many people it reaches. Scope: emails."""
    return announcement_data(_get(lab_of_organiser(request, lab, Scope.EMAILS), announcement))


@router.post("/labs/{lab}/announcements", response={201: AnnouncementOut}, url_name="write_announcement")
def write(
    request: HttpRequest, lab: str, form: AnnouncementIn, idempotency_key: Key
) -> Status[dict[str, Any]]:
    """Write an announcement as a draft. Send it with the next operation. Scope: emails."""
    found = lab_of_organiser(request, lab, Scope.EMAILS)
    by = account_of(request)
    if by is None:
        raise Problem(status=403)

    def operation() -> dict[str, Any]:
        row = announcing.write(found, _audience(found, form), form.subject, form.body, by)
        return {"id": str(row.public_id)}

    made = run_once(request, "write_announcement", idempotency_key, form, operation)
    return Status(201, announcement_data(_get(found, UUID(made["id"]))))


@router.post(
    "/labs/{lab}/announcements/{announcement}/send", response=AnnouncementOut, url_name="send_announcement"
)
def send(request: HttpRequest, lab: str, announcement: UUID) -> dict[str, Any]:
    """Send an announcement. For 10 minutes it can be taken back. Repeating has no effect. Scope: emails."""
    found = lab_of_organiser(request, lab, Scope.EMAILS)
    by = account_of(request)
    if by is None:
        raise Problem(status=403)
    announcing.confirm(_get(found, announcement), by)
    return announcement_data(_get(found, announcement))


@router.post(
    "/labs/{lab}/announcements/{announcement}/take-back",
    response=AnnouncementOut,
    url_name="take_back_announcement",
)
def take_back(request: HttpRequest, lab: str, announcement: UUID) -> dict[str, Any]:
    """Take an announcement back before it is sent. Repeating has no effect. Scope: emails."""
    found = lab_of_organiser(request, lab, Scope.EMAILS)
    announcing.take_back(_get(found, announcement))
    return announcement_data(_get(found, announcement))


def _get(lab: Lab, public_id: UUID) -> Announcement:
    row = get_object_or_404(Announcement, lab=lab, public_id=public_id)
    row.lab = lab
    return row


def _audience(lab: Lab, form: AnnouncementIn) -> Audience:
    """Turn slugs into ids. Raises Problem."""
    errors: dict[str, str] = {}
    session = Session.objects.filter(lab=lab, slug=form.session).first() if form.session else None
    if form.session and session is None:
        errors["session"] = _("This session is not in the lab.")
    city = lab.programme.get_city(form.city) if form.city else None
    if form.city and city is None:
        errors["city"] = _("This city is not in the programme.")
    group = lab.programme.stakeholder_groups.filter(slug=form.stakeholder_group).first()
    if form.stakeholder_group and group is None:
        errors["stakeholder_group"] = _("The programme has no such type of organisation.")
    tag = Tag.objects.filter(lab=lab, name__iexact=form.tag).first() if form.tag else None
    if form.tag and tag is None:
        errors["tag"] = _("The lab has no such tag.")
    if errors:
        raise Problem(errors=errors)
    return Audience(
        session_id=session.pk if session else None,
        seat=form.seat or "",
        mode=form.mode or "",
        attended={None: "", True: "yes", False: "no"}[form.attended],
        city_id=city.pk if city else None,
        group_id=group.pk if group else None,
        language=form.email_language or "",
        tag=tag.name if tag else "",
    )
