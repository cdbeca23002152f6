"""The API of what speakers are asked for: gaps, availability, private links, reminders, slides. For organisers."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import get_language
from ninja import FilterSchema, Query, Router, Schema, Status
from ninja.pagination import paginate
from pydantic import ConfigDict, Field

from core.api.datetimes import Instant, instant_text
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination, Listing
from core.web.localized_fields import languages_of
from labs.api import LocalizedText
from labs.api_authentication import lab_of_organiser
from labs.api_idempotency import Key, run_once
from labs.models import ApiToken, Lab
from sessions import slides as slides_of_speakers
from sessions import speaker_requests
from sessions.appearance_replies import Reply
from sessions.availability import MAX_HOURS, Availability, Hours, availability_of, set_availability
from sessions.models import Session, Slides, Speaker
from sessions.speaker_gaps import Gap, SpeakerOfLab, speakers_of

router = Router(tags=["Sessions and speakers"])

Scope = ApiToken.Scope
Slug = Annotated[str, Field(max_length=80, pattern=r"^[-a-zA-Z0-9_]+$")]


class SlidesOut(Schema):
    name: str = Field(description="Name of the file, as it is downloaded")
    media_type: str
    size: int = Field(description="Bytes")
    sent_at: datetime
    is_published: bool = Field(description="Whether they are on the page of the session")


class SpeakingOut(Schema):
    session: str = Field(description="Slug of the session")
    roles: list[str]
    reply: Annotated[Reply, INLINE_SCHEMA] = Field(
        description="other-hours: confirmed, and then the session moved"
    )
    slides: SlidesOut | None


class MissingOut(Schema):
    gap: Annotated[Gap, INLINE_SCHEMA]
    languages: list[str] = Field(description="Languages of the lab without a biography")
    sessions: list[str] = Field(description="Slugs of the sessions without a reply, or slides, or declined")
    message: str = Field(description="The same in words, in the language asked for")


class AvailableHoursOut(Schema):
    starts_at: datetime
    ends_at: datetime = Field(description="The first instant at which the speaker is away again")


class SpeakerRequestOut(Schema):
    speaker: str = Field(description="Slug of the speaker")
    name: LocalizedText
    email: str = Field(description="For organisers only. May be empty")
    language: str = Field(description="Language of emails. Empty: that of the lab")
    asked_at: datetime | None = Field(description="When the private link was sent last")
    reminded_at: datetime | None
    sessions: list[SpeakingOut] = Field(description="Sessions in this lab, in order of time")
    availability: list[AvailableHoursOut] = Field(description="Empty: always available")
    missing: list[MissingOut]


def hours_data(availability: Availability, speaker: int) -> list[dict[str, Any]]:
    return [
        {"starts_at": instant_text(one.starts_at), "ends_at": instant_text(one.ends_at)}
        for one in availability.get(speaker, ())
    ]


def slides_data(row: Slides | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "name": row.name,
        "media_type": row.media_type,
        "size": row.size,
        "sent_at": instant_text(row.sent_at),
        "is_published": row.is_published,
    }


def request_data(one: SpeakerOfLab, availability: Availability) -> dict[str, Any]:
    speaker, language = one.speaker, get_language() or "en"
    return {
        "speaker": speaker.slug,
        "name": languages_of(speaker.name),
        "email": speaker.email,
        "language": speaker.language,
        "asked_at": instant_text(speaker.asked_at),
        "reminded_at": instant_text(speaker.reminded_at),
        "sessions": [
            {
                "session": session.slug,
                "roles": [each.role for each in one.appearances if each.session_id == session.pk],
                "reply": one.reply_in(session),
                "slides": slides_data(one.slides.get(session.pk)),
            }
            for session in one.sessions
        ],
        "availability": hours_data(availability, speaker.pk),
        "missing": [
            {
                "gap": missing.gap,
                "languages": list(missing.languages),
                "sessions": [session.slug for session in missing.sessions],
                "message": missing.in_words(language),
            }
            for missing in one.missing
        ],
    }


class RequestFilters(FilterSchema):
    missing: Annotated[Gap, INLINE_SCHEMA] | None = Field(None, description="Only speakers who lack this")


@router.get("/labs/{lab}/speaker-requests", response=list[SpeakerRequestOut], url_name="speaker_requests")
@paginate(BoundedPagination)
def list_speaker_requests(request: HttpRequest, lab: str, filters: Query[RequestFilters]) -> Listing:
    """List who appears in the lab, with replies, slides, availability and what is missing. Scope: schedule."""
    found = lab_of_organiser(request, lab, Scope.SCHEDULE)
    here = [one for one in speakers_of(found, timezone.now()) if filters.missing in (None, *one.gaps)]
    availability = availability_of([one.speaker.pk for one in here])
    return Listing(here, partial(map, lambda one: request_data(one, availability)))


class HoursIn(Schema):
    model_config = ConfigDict(extra="forbid")

    starts_at: Instant
    ends_at: Instant = Field(description="The first instant at which the speaker is away again")


class AvailabilityIn(Schema):
    """All hours in which the speaker can appear, in place of those so far."""

    model_config = ConfigDict(extra="forbid")

    availability: list[HoursIn] = Field(description="Empty: always available", max_length=MAX_HOURS)


class AvailabilityOut(Schema):
    availability: list[AvailableHoursOut] = Field(description="Empty: always available")


@router.put(
    "/labs/{lab}/speakers/{speaker}/availability", response=AvailabilityOut, url_name="speaker_availability"
)
def replace_availability(
    request: HttpRequest, lab: str, speaker: str, form: AvailabilityIn
) -> dict[str, Any]:
    """Set when a speaker can appear. Spans must not overlap. Scope: schedule."""
    row = _speaker(lab_of_organiser(request, lab, Scope.SCHEDULE), speaker)
    set_availability(row, [Hours(one.starts_at, one.ends_at) for one in form.availability])
    return {"availability": hours_data(availability_of([row.pk]), row.pk)}


class LinkSentOut(Schema):
    asked_at: datetime


@router.post("/labs/{lab}/speakers/{speaker}/link", response={202: LinkSentOut}, url_name="speaker_link")
def send_link(request: HttpRequest, lab: str, speaker: str, idempotency_key: Key) -> Status[dict[str, Any]]:
    """Email a speaker the private link, at most three times a day. Scope: emails."""
    found = lab_of_organiser(request, lab, Scope.EMAILS)
    row = _speaker(found, speaker)

    def operation() -> dict[str, Any]:
        now = timezone.now()
        speaker_requests.ask(row, found, now)
        return {"asked_at": instant_text(now)}

    return Status(202, run_once(request, "speaker_link", idempotency_key, None, operation))


class SpeakerRemindersIn(Schema):
    model_config = ConfigDict(extra="forbid")

    speakers: list[Slug] = Field(description="Slugs of the speakers to remind", max_length=2000)


class SpeakerRemindersOut(Schema):
    count: int = Field(
        description="How many get an email: the others are complete, or were written to this week"
    )


@router.post(
    "/labs/{lab}/speaker-reminders", response={202: SpeakerRemindersOut}, url_name="speaker_reminders"
)
def send_reminders(
    request: HttpRequest, lab: str, form: SpeakerRemindersIn, idempotency_key: Key
) -> Status[dict[str, Any]]:
    """Remind speakers of what is missing, each at most once in seven days. Scope: emails."""
    found = lab_of_organiser(request, lab, Scope.EMAILS)

    def operation() -> dict[str, Any]:
        return {"count": speaker_requests.remind(found, form.speakers, timezone.now())}

    return Status(202, run_once(request, "speaker_reminders", idempotency_key, form, operation))


class PublishSlidesIn(Schema):
    model_config = ConfigDict(extra="forbid")

    is_published: bool


@router.put("/labs/{lab}/sessions/{session}/slides/{speaker}", response=SlidesOut, url_name="publish_slides")
def publish_slides(
    request: HttpRequest, lab: str, session: str, speaker: str, form: PublishSlidesIn
) -> dict[str, Any]:
    """Show a speaker's slides on the page of the session, or no longer. Scope: schedule."""
    found = lab_of_organiser(request, lab, Scope.SCHEDULE)
    row = get_object_or_404(
        Slides.objects.select_related("session"),
        session__in=Session.objects.filter(lab=found, slug=session),
        speaker__slug=speaker,
    )
    slides_of_speakers.publish(row, form.is_published)
    return slides_data(row) or {}


def _speaker(lab: Lab, slug: str) -> Speaker:
    row = lab.programme.speakers.filter(slug=slug).first()
    if row is None:
        raise Http404
    return row
