"""Sessions and speakers, as the caller may see them. All times come in one form: wall time, zone and instant."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import FilterSchema, Query, Router, Schema, Status
from ninja.pagination import paginate
from pydantic import Field

from core.api.api import FOR_EVERYBODY
from core.api.datetimes import Instant
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination, Listing
from core.web.absolute_urls import absolute_url
from core.web.localized_fields import languages_of
from labs.api import CityOut, LocalizedText, NamedOut, addresses_of, city_data, named_data
from labs.api_authentication import account_of, lab_of_organiser, reader_of
from labs.current_viewer import get_visible_lab_or_404
from labs.models import ApiToken, Lab, Programme, Track
from sessions.cities import first_appearances_of, labs_in, sessions_of
from sessions.models import Appearance, Session, Speaker
from sessions.models.agenda import SessionQuerySet
from sessions.models.seating import Mode
from sessions.scheduling import delete_session
from sessions.session_data import sessions_data
from sessions.speaker_pictures import photo_address

router = Router(tags=["Sessions and speakers"])


class MomentOut(Schema):
    local: str = Field(description="Local time, like 2027-04-06T11:30")
    time_zone: str = Field(description="IANA name")
    at: datetime = Field(description="The same time in UTC")


class AppearanceOut(Schema):
    speaker: str = Field(description="The speaker's slug")
    name: LocalizedText
    role: Annotated[Appearance.Role, INLINE_SCHEMA]
    affiliation: LocalizedText


class AgendaItemOut(Schema):
    title: LocalizedText
    abstract: LocalizedText
    starts: MomentOut | None = Field(description="Null: not set")
    ends: MomentOut | None = Field(description="Null: not set")
    speakers: list[AppearanceOut] = Field(description="Speakers of this item")


class RoomOut(Schema):
    name: LocalizedText
    address: str = Field(description="Room or venue, may be empty. Only people with a seat get the join link")
    online: bool


class SeatingOut(Schema):
    mode: Annotated[Mode, INLINE_SCHEMA]
    capacity: int | None = Field(description="Number of seats. Null: no limit")
    left: int | None = Field(description="Number of free seats. Null: no limit")
    waiting: int = Field(description="Number of people on the waiting list")


class SessionOut(Schema):
    slug: str
    uid: str = Field(description="Calendar UID. Never changes")
    address: str = Field(description="Address of the page. For internal sessions, delegates need to sign in")
    title: LocalizedText
    abstract: LocalizedText
    starts: MomentOut
    ends: MomentOut
    track: str | None = Field(description="The track's slug")
    room: RoomOut | None
    visibility: Annotated[Session.Visibility, INLINE_SCHEMA] = Field(
        description="Internal: visible to delegates of the invited cities. Draft: visible to the team only"
    )
    status: Annotated[Session.Status, INLINE_SCHEMA]
    sequence: int = Field(
        description="SEQUENCE of the calendar entry. Increases when date, time, place or status change"
    )
    format: Annotated[Lab.Format, INLINE_SCHEMA] = Field(description="How the session can be attended")
    seats: list[SeatingOut] = Field(description="The seats in each way to attend")
    spoken_languages: list[str] = Field(description="BCP 47 codes, the main one first. Empty: not said")
    interpreted_languages: list[str] = Field(
        description="BCP 47 codes of languages that it is interpreted into"
    )
    sign_languages: list[str] = Field(
        description="BCP 47 codes of sign languages that it is interpreted into"
    )
    captioned_languages: list[str] = Field(description="BCP 47 codes of the languages of its captions")
    revised_at: datetime = Field(description="Time of the last change, except to the join link")
    agenda: list[AgendaItemOut] = Field(description="Agenda items, in order. May be empty")
    speakers: list[AppearanceOut] = Field(description="Speakers of the whole session")


class SpeakerOut(Schema):
    slug: str
    address: str = Field(description="The speaker's page in the lab")
    name: LocalizedText
    affiliation: LocalizedText
    biography: LocalizedText
    city: str | None = Field(description="The city's slug")
    website: str = Field(description="Web address, may be empty")
    languages: list[str] = Field(description="BCP 47 codes of languages that the speaker speaks")
    photo: str | None = Field(description="Address of the photo, a square JPEG. It changes with the photo")
    photo_alt: LocalizedText = Field(description="What the photo shows, may be empty")
    sessions: list[str] = Field(description="Slugs of the speaker's sessions in the lab")


class SessionOfCityOut(Schema):
    lab: str = Field(description="The lab's slug")
    slug: str
    address: str = Field(description="Its page")


class CityOfProgrammeOut(CityOut):
    address: str = Field(description="Its page in the programme")
    labs: list[str] = Field(description="Slugs of the labs of these sessions")
    labs_here: list[str] = Field(description="Slugs of the labs whose venue names the city, the latest first")
    sessions: list[SessionOfCityOut] = Field(
        description="Those that the caller may see, to which the city is invited or in which its speakers appear"
    )
    speakers: list[str] = Field(description="Slugs of its speakers in sessions that the caller may see")


class SessionFilters(FilterSchema):
    track: str | None = Field(None, max_length=60, description="Slug of the track")
    visibility: Annotated[Session.Visibility, INLINE_SCHEMA] | None = Field(
        None, description="Visibility, among sessions that the caller can see"
    )
    status: Annotated[Session.Status, INLINE_SCHEMA] | None = Field(
        None, description="If omitted, cancelled sessions are included"
    )
    language: str | None = Field(
        None,
        max_length=10,
        description="BCP 47 code: sessions that are spoken or interpreted in this language",
    )
    starting_from: Instant | None = Field(None, description="Sessions that start at this time or later")
    until: Instant | None = Field(None, description="Sessions that end at this time or earlier")

    def apply(self, sessions: SessionQuerySet) -> SessionQuerySet:
        if self.track is not None:
            sessions = sessions.filter(track__slug=self.track)
        if self.visibility is not None:
            sessions = sessions.filter(visibility=self.visibility)
        if self.status is not None:
            sessions = sessions.filter(status=self.status)
        if self.language is not None:
            sessions = sessions.in_language(self.language)
        if self.starting_from is not None:
            sessions = sessions.filter(starts_at__gte=self.starting_from)
        if self.until is not None:
            sessions = sessions.filter(ends_at__lte=self.until)
        return sessions


@router.get(
    "/labs/{lab}/sessions", response=list[SessionOut], url_name="sessions", openapi_extra=FOR_EVERYBODY
)
@paginate(BoundedPagination)
def sessions(request: HttpRequest, lab: str, filters: Query[SessionFilters]) -> Listing:
    """List the sessions of a lab, in order of time."""
    found = get_visible_lab_or_404(reader_of(request), lab)
    visible = Session.objects.filter(lab=found).visible_to(reader_of(request))
    return Listing(filters.apply(visible), partial(sessions_data, lab=lab))


@router.get(
    "/labs/{lab}/sessions/{session}", response=SessionOut, url_name="session", openapi_extra=FOR_EVERYBODY
)
def session(request: HttpRequest, lab: str, session: str) -> dict[str, Any]:
    """Get a session."""
    in_lab = Session.objects.filter(lab=get_visible_lab_or_404(reader_of(request), lab), slug=session)
    return _only(sessions_data(in_lab.visible_to(reader_of(request)), lab))


def _only(found: list[dict[str, Any]]) -> dict[str, Any]:
    if not found:
        raise Http404
    return found[0]


@router.delete("/labs/{lab}/sessions/{session}", response={204: None}, url_name="session_delete")
def delete(request: HttpRequest, lab: str, session: str) -> Status[None]:
    """Delete a draft that only organisers have seen. It cannot be undone. Scope: schedule.

    409: others have seen it. Cancel it instead.
    """
    found = lab_of_organiser(request, lab, ApiToken.Scope.SCHEDULE)
    delete_session(get_object_or_404(found.sessions, slug=session), account_of(request))
    return Status(204, None)


class TrackOut(NamedOut):
    calendar: str = Field(description="Address of the public iCalendar feed")


@router.get("/labs/{lab}/tracks", response=list[TrackOut], url_name="tracks", openapi_extra=FOR_EVERYBODY)
@paginate(BoundedPagination)
def tracks(request: HttpRequest, lab: str) -> Listing:
    """List tracks that have sessions the caller can see."""
    found = get_visible_lab_or_404(reader_of(request), lab)
    visible = Session.objects.filter(track=OuterRef("pk")).visible_to(reader_of(request))
    calendar = addresses_of("track_feed", lab)
    return Listing(
        Track.objects.filter(Exists(visible), lab=found),
        lambda rows: ({**named_data(track), "calendar": calendar(track.slug)} for track in rows),
    )


def _speakers_of(request: HttpRequest, lab: str) -> Listing:
    found = get_visible_lab_or_404(reader_of(request), lab)
    visible = Session.objects.filter(lab=found).visible_to(reader_of(request))
    appearing = Appearance.objects.filter(session__in=visible)
    speakers = Speaker.objects.filter(pk__in=appearing.values("speaker")).select_related("city")
    return Listing(speakers, lambda rows: speakers_data(rows, appearing, lab))


def speakers_data(
    speakers: Iterable[Speaker], appearing: QuerySet[Appearance], lab: str
) -> list[dict[str, Any]]:
    """Return speakers of the lab of this slug as the API shows them. `appearing` are the appearances in sight."""
    people = list(speakers)
    seen: defaultdict[int, dict[str, None]] = defaultdict(dict)
    in_order = appearing.filter(speaker__in=people).order_by("session__starts_at")
    for speaker, slug in in_order.values_list("speaker", "session__slug"):
        seen[speaker][slug] = None
    address = addresses_of("speaker", lab)
    return [
        {
            "slug": speaker.slug,
            "address": address(speaker.slug),
            "name": languages_of(speaker.name),
            "affiliation": languages_of(speaker.affiliation),
            "biography": languages_of(speaker.biography),
            "city": speaker.city.slug if speaker.city else None,
            "website": speaker.website,
            "languages": speaker.languages,
            "photo": settings.BASE_URL + photo_address(lab, speaker) if speaker.photo else None,
            "photo_alt": languages_of(speaker.photo_alt),
            "sessions": list(seen[speaker.pk]),
        }
        for speaker in people
    ]


@router.get(
    "/labs/{lab}/speakers", response=list[SpeakerOut], url_name="speakers", openapi_extra=FOR_EVERYBODY
)
@paginate(BoundedPagination)
def speakers(request: HttpRequest, lab: str) -> Listing:
    """List speakers of the sessions that the caller can see."""
    return _speakers_of(request, lab)


@router.get(
    "/labs/{lab}/speakers/{speaker}", response=SpeakerOut, url_name="speaker", openapi_extra=FOR_EVERYBODY
)
def speaker(request: HttpRequest, lab: str, speaker: str) -> dict[str, Any]:
    """Get a speaker."""
    found = _speakers_of(request, lab)
    return _only(list(found.data(found.rows.filter(slug=speaker))))


@router.get(
    "/programmes/{programme}/cities/{city}",
    response=CityOfProgrammeOut,
    url_name="city",
    openapi_extra=FOR_EVERYBODY,
)
def city(request: HttpRequest, programme: str, city: str) -> dict[str, Any]:
    """One city of a programme, with its sessions and speakers in order of time."""
    viewer = reader_of(request)
    of_programme = Programme.objects.visible_to(viewer).filter(slug=programme).first()
    found = of_programme.cities.filter(slug=city).first() if of_programme else None
    if of_programme is None or found is None:
        raise Http404
    sessions = list(
        sessions_of(found, of_programme, viewer).order_by("starts_at", "pk").values_list("lab__slug", "slug")
    )
    speakers = first_appearances_of(found, of_programme, viewer).values_list("speaker__slug", flat=True)
    return {
        **city_data(found),
        "address": absolute_url("city", of_programme.slug, found.slug),
        "labs": list(dict.fromkeys(lab for lab, _slug in sessions)),
        "labs_here": [lab.slug for lab in labs_in(found, of_programme, viewer)],
        "sessions": [
            {
                "lab": lab,
                "slug": slug,
                "address": absolute_url("session", lab, slug),
            }
            for lab, slug in sessions
        ],
        "speakers": list(speakers),
    }
