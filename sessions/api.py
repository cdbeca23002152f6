"""Sessions and speakers, as the caller may see them. All times come in one form: wall time, zone and instant."""

from datetime import date, datetime, time
from typing import Annotated, Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import Http404, HttpRequest
from ninja import FilterSchema, Query, Router, Schema
from ninja.pagination import paginate
from pydantic import Field

from core.api.api import FOR_EVERYBODY
from core.api.datetimes import Instant
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination
from core.timezones.wall_clock import wall
from core.web.localized_fields import languages_of
from labs.api import LocalizedText, NamedOut, page_address
from labs.api_authentication import reader_of
from labs.current_viewer import get_visible_lab_or_404
from labs.models import Track
from sessions.models import Appearance, Session, Speaker

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


def _moment_at(instant: datetime | None, zone: str) -> dict[str, Any] | None:
    if instant is None:
        return None
    there = wall(instant, zone)
    return _moment(there.date(), there.time(), zone, instant)


def _moment(on: date, at: time, zone: str, instant: datetime) -> dict[str, Any]:
    return {"local": f"{on.isoformat()}T{at.strftime('%H:%M')}", "time_zone": zone, "at": instant}


def _appearance(appearance: Appearance) -> dict[str, Any]:
    return {
        "speaker": appearance.speaker.slug,
        "name": languages_of(appearance.speaker.name),
        "role": appearance.role,
        "affiliation": languages_of(appearance.speaker.affiliation),
    }


def session_data(session: Session, lab: str) -> dict[str, Any]:
    """Return a session of the lab of this slug as the API shows it.

    Needs the related rows of `for_pages`; makes no query.
    """
    room = session.room
    return {
        "slug": session.slug,
        "uid": session.uid,
        "address": page_address("session", lab, session.slug),
        "title": languages_of(session.title),
        "abstract": languages_of(session.abstract),
        "starts": _moment(session.start_date, session.start_time, session.time_zone, session.starts_at),
        "ends": _moment(session.end_date, session.end_time, session.time_zone, session.ends_at),
        "track": session.track.slug if session.track else None,
        "room": {"name": languages_of(room.name), "address": room.address, "online": room.online}
        if room
        else None,
        "visibility": session.visibility,
        "status": session.status,
        "sequence": session.sequence,
        "capacity": session.capacity,
        "seats_left": session.seats_left,
        "waiting": session.seats_waiting,
        "revised_at": session.content_revised_at,
        "agenda": [
            {
                "title": languages_of(item.title),
                "abstract": languages_of(item.abstract),
                "starts": _moment_at(item.starts_at, session.time_zone),
                "ends": _moment_at(item.ends_at, session.time_zone),
                "speakers": [_appearance(each) for each in session.appearances_in(item)],
            }
            for item in session.agenda_items
        ],
        "speakers": [_appearance(each) for each in session.appearances_in()],
    }


class PageOfSessions(BoundedPagination):
    """Pagination of sessions, serialized per page."""

    def paginate_queryset(self, queryset: Any, pagination: Any, request: HttpRequest, **params: Any) -> Any:
        page = super().paginate_queryset(queryset, pagination, request, **params)
        page["items"] = [session_data(each, params["lab"]) for each in page["items"]]
        return page


@router.get(
    "/labs/{lab}/sessions", response=list[SessionOut], url_name="sessions", openapi_extra=FOR_EVERYBODY
)
@paginate(PageOfSessions)
def sessions(request: HttpRequest, lab: str, filters: Query[SessionFilters]) -> QuerySet[Session]:
    """The lab's sessions in order of time."""
    found = get_visible_lab_or_404(reader_of(request), lab)
    return filters.apply(Session.objects.filter(lab=found).visible_to(reader_of(request)).for_pages())


@router.get(
    "/labs/{lab}/sessions/{session}", response=SessionOut, url_name="session", openapi_extra=FOR_EVERYBODY
)
def session(request: HttpRequest, lab: str, session: str) -> dict[str, Any]:
    """One session."""
    in_lab = Session.objects.filter(lab=get_visible_lab_or_404(reader_of(request), lab), slug=session)
    found = in_lab.visible_to(reader_of(request)).for_pages().first()
    if found is None:
        raise Http404
    return session_data(found, lab)


class TrackOut(NamedOut):
    calendar: str = Field(description="Its public iCalendar feed")

    @staticmethod
    def resolve_calendar(track: Any) -> str:
        return page_address("track_feed", track.lab.slug, track.slug)


@router.get("/labs/{lab}/tracks", response=list[TrackOut], url_name="tracks", openapi_extra=FOR_EVERYBODY)
@paginate(BoundedPagination)
def tracks(request: HttpRequest, lab: str) -> QuerySet[Track]:
    """The tracks of the sessions that the caller may see; of others not even the name is told."""
    found = get_visible_lab_or_404(reader_of(request), lab)
    visible = Session.objects.filter(track=OuterRef("pk")).visible_to(reader_of(request))
    return Track.objects.filter(Exists(visible), lab=found).select_related("lab")


def speaker_data(speaker: Speaker, lab: str) -> dict[str, Any]:
    """Return a speaker of the lab of this slug as the API shows it; `seen` holds the appearances in sight."""
    slugs = dict.fromkeys(each.session.slug for each in speaker.seen)  # type: ignore[attr-defined]
    return {
        "slug": speaker.slug,
        "address": page_address("speaker", lab, speaker.slug),
        "name": languages_of(speaker.name),
        "affiliation": languages_of(speaker.affiliation),
        "biography": languages_of(speaker.biography),
        "city": speaker.city.slug if speaker.city else None,
        "website": speaker.website,
        "sessions": list(slugs),
    }


def _speakers_of(request: HttpRequest, lab: str) -> QuerySet[Speaker]:
    found = get_visible_lab_or_404(reader_of(request), lab)
    visible = Session.objects.filter(lab=found).visible_to(reader_of(request))
    seen = (
        Appearance.objects.filter(session__in=visible)
        .select_related("session")
        .order_by("session__starts_at")
    )
    appearing = Appearance.objects.filter(session__in=visible).values("speaker")
    return (
        Speaker.objects.filter(pk__in=appearing)
        .select_related("city")
        .prefetch_related(Prefetch("appearances", queryset=seen, to_attr="seen"))
    )


class PageOfSpeakers(BoundedPagination):
    def paginate_queryset(self, queryset: Any, pagination: Any, request: HttpRequest, **params: Any) -> Any:
        page = super().paginate_queryset(queryset, pagination, request, **params)
        page["items"] = [speaker_data(each, params["lab"]) for each in page["items"]]
        return page


@router.get(
    "/labs/{lab}/speakers", response=list[SpeakerOut], url_name="speakers", openapi_extra=FOR_EVERYBODY
)
@paginate(PageOfSpeakers)
def speakers(request: HttpRequest, lab: str) -> QuerySet[Speaker]:
    """Everyone who appears in a session of the lab that the caller may see."""
    return _speakers_of(request, lab)


@router.get(
    "/labs/{lab}/speakers/{speaker}", response=SpeakerOut, url_name="speaker", openapi_extra=FOR_EVERYBODY
)
def speaker(request: HttpRequest, lab: str, speaker: str) -> dict[str, Any]:
    """One speaker."""
    found = _speakers_of(request, lab).filter(slug=speaker).first()
    if found is None:
        raise Http404
    return speaker_data(found, lab)
