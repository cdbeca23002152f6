"""Sessions and speakers, as the caller may see them. All times come in one form: wall time, zone and instant."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest
from ninja import FilterSchema, Query, Router, Schema
from ninja.pagination import paginate
from pydantic import Field

from core.api.api import FOR_EVERYBODY
from core.api.datetimes import Instant
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination, Listing
from core.web.localized_fields import languages_of
from labs.api import LocalizedText, NamedOut, addresses_of, named_data
from labs.api_authentication import reader_of
from labs.current_viewer import get_visible_lab_or_404
from labs.models import Track
from sessions.models import Appearance, Session, Speaker
from sessions.session_data import sessions_data

router = Router(tags=["Sessions and speakers"])


class MomentOut(Schema):
    local: str = Field(description="Wall time in the zone, as 2027-04-06T11:30")
    time_zone: str = Field(description="IANA name")
    at: datetime = Field(description="The same moment in UTC")


class AppearanceOut(Schema):
    speaker: str = Field(description="The speaker's slug")
    name: LocalizedText
    role: Annotated[Appearance.Role, INLINE_SCHEMA]
    affiliation: LocalizedText


class AgendaItemOut(Schema):
    title: LocalizedText
    abstract: LocalizedText
    starts: MomentOut | None = Field(description="Where known")
    ends: MomentOut | None = Field(description="Where known")
    speakers: list[AppearanceOut] = Field(description="Those of this part of the session")


class RoomOut(Schema):
    name: LocalizedText
    address: str = Field(
        description="Where to go, may be empty; links to join are told to people with a seat only"
    )
    online: bool


class SessionOut(Schema):
    slug: str
    uid: str = Field(description="The calendar UID, constant for life")
    address: str = Field(description="Its page; of an internal session, for delegates who are signed in")
    title: LocalizedText
    abstract: LocalizedText
    starts: MomentOut
    ends: MomentOut
    track: str | None = Field(description="The track's slug")
    room: RoomOut | None
    visibility: Annotated[Session.Visibility, INLINE_SCHEMA] = Field(
        description="Internal: for delegates of the cities invited; a draft is seen by those who work on it"
    )
    status: Annotated[Session.Status, INLINE_SCHEMA]
    sequence: int = Field(
        description="SEQUENCE of its calendar entry: rises with date, time, place and status"
    )
    capacity: int | None = Field(description="Seats in all; null: no limit")
    seats_left: int | None = Field(description="Seats still free; null: no limit")
    waiting: int = Field(description="How many people wait for a seat")
    revised_at: datetime = Field(description="When anything but a join link was changed last")
    agenda: list[AgendaItemOut] = Field(description="Its parts, in order; most sessions have none")
    speakers: list[AppearanceOut] = Field(description="Those of the session as a whole")


class SpeakerOut(Schema):
    slug: str
    address: str = Field(description="The speaker's page in the lab")
    name: LocalizedText
    affiliation: LocalizedText
    biography: LocalizedText
    city: str | None = Field(description="The city's slug")
    website: str = Field(description="Address, may be empty")
    sessions: list[str] = Field(description="Slugs of the lab's sessions in which the speaker appears")


class SessionFilters(FilterSchema):
    track: str | None = Field(None, max_length=60, description="Slug of a track: its sessions")
    visibility: Annotated[Session.Visibility, INLINE_SCHEMA] | None = Field(
        None, description="Of those that the caller may see"
    )
    status: Annotated[Session.Status, INLINE_SCHEMA] | None = Field(
        None, description="Without it, cancelled sessions are listed too"
    )
    starting_from: Instant | None = Field(None, description="Sessions that begin then or later")
    until: Instant | None = Field(None, description="Sessions that end then or earlier")

    def apply(self, sessions: QuerySet[Session]) -> QuerySet[Session]:
        if self.track is not None:
            sessions = sessions.filter(track__slug=self.track)
        if self.visibility is not None:
            sessions = sessions.filter(visibility=self.visibility)
        if self.status is not None:
            sessions = sessions.filter(status=self.status)
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
    """The lab's sessions in order of time."""
    found = get_visible_lab_or_404(reader_of(request), lab)
    visible = Session.objects.filter(lab=found).visible_to(reader_of(request))
    return Listing(filters.apply(visible), partial(sessions_data, lab=lab))


@router.get(
    "/labs/{lab}/sessions/{session}", response=SessionOut, url_name="session", openapi_extra=FOR_EVERYBODY
)
def session(request: HttpRequest, lab: str, session: str) -> dict[str, Any]:
    """One session."""
    in_lab = Session.objects.filter(lab=get_visible_lab_or_404(reader_of(request), lab), slug=session)
    return _only(sessions_data(in_lab.visible_to(reader_of(request)), lab))


def _only(found: list[dict[str, Any]]) -> dict[str, Any]:
    if not found:
        raise Http404
    return found[0]


class TrackOut(NamedOut):
    calendar: str = Field(description="Its public iCalendar feed")


@router.get("/labs/{lab}/tracks", response=list[TrackOut], url_name="tracks", openapi_extra=FOR_EVERYBODY)
@paginate(BoundedPagination)
def tracks(request: HttpRequest, lab: str) -> Listing:
    """The tracks of the sessions that the caller may see; of others not even the name is told."""
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
            "sessions": list(seen[speaker.pk]),
        }
        for speaker in people
    ]


@router.get(
    "/labs/{lab}/speakers", response=list[SpeakerOut], url_name="speakers", openapi_extra=FOR_EVERYBODY
)
@paginate(BoundedPagination)
def speakers(request: HttpRequest, lab: str) -> Listing:
    """Everyone who appears in a session of the lab that the caller may see."""
    return _speakers_of(request, lab)


@router.get(
    "/labs/{lab}/speakers/{speaker}", response=SpeakerOut, url_name="speaker", openapi_extra=FOR_EVERYBODY
)
def speaker(request: HttpRequest, lab: str, speaker: str) -> dict[str, Any]:
    """One speaker."""
    found = _speakers_of(request, lab)
    return _only(list(found.data(found.rows.filter(slug=speaker))))
