"""The API of the schedule: where each session stands, and moving one. For organisers."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema
from ninja.pagination import paginate
from pydantic import ConfigDict, Field, StrictBool

from core.api.datetimes import instant_text
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination, Listing
from core.api.problems import Problem
from core.timezones.wall_clock import wall
from core.web.edit_conflicts import EditConflict
from core.web.errors import InvalidFields
from core.web.localized_fields import languages_of
from labs.api import LocalizedText
from labs.api_authentication import account_of, lab_of_organiser
from labs.models import ApiToken, Lab, Room, Track
from sessions.api import MomentOut
from sessions.conflicts import Conflict, conflicts_of
from sessions.conflicts_api import ConflictOut, conflict_data
from sessions.models import Session
from sessions.placing import MAX_MINUTES, Placement, minutes_of, move_session, placement_of, take_out
from sessions.schedule_grid import count_conflicts

router = Router(tags=["Sessions and speakers"])

# Fields of a placement as the fields of a call.
_FIELDS = {"start_date": "starts", "start_time": "starts", "start_fold": "fold"}


class PlacedRoomOut(Schema):
    id: int
    name: LocalizedText


class PlacedSessionOut(Schema):
    slug: str
    version: int = Field(description="Rises with every change. Sent back with a move")
    title: LocalizedText
    is_placed: bool = Field(description="False: a draft without a day and time, which nobody else sees")
    starts: MomentOut | None = Field(description="Null: not placed yet")
    ends: MomentOut | None = Field(description="Null: not placed yet")
    minutes: int = Field(description="The length")
    room: PlacedRoomOut | None
    track: str | None = Field(description="The track's slug")
    visibility: Annotated[Session.Visibility, INLINE_SCHEMA]
    status: Annotated[Session.Status, INLINE_SCHEMA]
    errors: int = Field(description="Number of its conflicts that are errors")
    warnings: int = Field(description="Number of its conflicts that are warnings")


class MoveIn(Schema):
    """What is left out stays. The agenda moves along."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=0, le=2**31 - 1, description="The version that you saw")
    is_placed: StrictBool = Field(
        True,
        description="False takes a draft out of the schedule, whatever else is said. It keeps its length",
    )
    starts: str | None = Field(
        None, max_length=16, description="Local time, like 2027-04-06T11:30. Needed if not placed yet"
    )
    time_zone: str | None = Field(
        None, max_length=64, description="Whose clocks show it: an IANA name. If omitted, the session's"
    )
    fold: Literal[0, 1] | None = Field(
        None, description="Where clocks show it twice: 0 the first, 1 the second time"
    )
    minutes: int | None = Field(None, ge=1, le=MAX_MINUTES, description="The length")
    room: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = Field(
        None, description="ID of the room. Null: none"
    )
    track: str | None = Field(None, max_length=80, description="The track's slug. Null: none")


class MovedOut(Schema):
    session: PlacedSessionOut
    conflicts: list[ConflictOut] = Field(description="What is wrong with it now: errors first, then by time")


def placed_data(
    sessions: QuerySet[Session], lab: Lab, found: list[Conflict] | None = None
) -> list[dict[str, Any]]:
    """Return sessions of one lab as the schedule shows them."""
    errors, warnings = count_conflicts(conflicts_of(lab) if found is None else found)
    rows = []
    for session in sessions.select_related("room", "track").defer("abstract"):
        placed = session.is_placed
        rows.append(
            {
                "slug": session.slug,
                "version": session.version,
                "title": languages_of(session.title),
                "is_placed": placed,
                "starts": _moment(session.starts_at, session.time_zone) if placed else None,
                "ends": _moment(session.ends_at, session.time_zone) if placed else None,
                "minutes": minutes_of(session),
                "room": session.room and {"id": session.room.pk, "name": languages_of(session.room.name)},
                "track": session.track.slug if session.track else None,
                "visibility": session.visibility,
                "status": session.status,
                "errors": errors.get(session.pk, 0),
                "warnings": warnings.get(session.pk, 0),
            }
        )
    return rows


def _moment(at: datetime, zone: str) -> dict[str, Any]:
    local = wall(at, zone).replace(tzinfo=None).isoformat(timespec="minutes")
    return {"local": local, "time_zone": zone, "at": instant_text(at)}


@router.get("/labs/{lab}/schedule", response=list[PlacedSessionOut], url_name="schedule")
@paginate(BoundedPagination)
def list_schedule(request: HttpRequest, lab: str) -> Listing:
    """List all sessions with their places and numbers of conflicts: those in the schedule by time, then the others.

    Scope: read.
    """
    found = lab_of_organiser(request, lab, ApiToken.Scope.READ)
    rows = found.sessions.order_by("-is_placed", "starts_at", "pk")
    return Listing(rows, partial(placed_data, lab=found))


@router.post("/labs/{lab}/sessions/{session}/move", response=MovedOut, url_name="session_move")
def move(request: HttpRequest, lab: str, session: str, body: MoveIn) -> dict[str, Any]:
    """Move a session to another time, room or track; put it into the schedule, or take it out. Scope: schedule.

    People with a seat are not told: organisers decide that in the console. 409: someone changed it since the version
    that you saw, its agenda would not fit, or it is no draft and cannot be taken out. 422: also for a time that clocks
    skip, or show twice without `fold`.
    """
    found = session_or_404(lab_of_organiser(request, lab, ApiToken.Scope.SCHEDULE), session)
    try:
        if body.is_placed:
            move_session(found, _placement(found, body), account_of(request), expected_version=body.version)
        else:
            take_out(found, account_of(request), expected_version=body.version)
    except InvalidFields as error:
        raise InvalidFields(_renamed(error)) from error
    except EditConflict as error:
        raise _changed_meanwhile(found) from error
    return _moved(found)


def session_or_404(lab: Lab, slug: str) -> Session:
    found = lab.sessions.select_related("room", "track").filter(slug=slug).first()
    if found is None:
        raise Http404
    found.lab = lab
    return found


def _placement(session: Session, body: MoveIn) -> Placement:
    """Return where a call wants the session. Raises InvalidFields for rooms and tracks that are not of the lab."""
    said = body.model_fields_set
    now = placement_of(session)
    errors: dict[str, list[str]] = {}
    on, at, fold, zone = now.start_date, now.start_time, now.start_fold, now.time_zone
    if body.starts is not None:
        try:
            local = datetime.strptime(body.starts, "%Y-%m-%dT%H:%M")
        except ValueError:
            errors["starts"] = [_("Enter a local time like 2027-04-06T11:30.")]
        else:
            on, at, fold = local.date(), local.time(), body.fold
            zone = body.time_zone or zone
    elif not session.is_placed:
        errors["starts"] = [_("This session is not in the schedule yet. Enter when it starts.")]
    room: Room | None = now.room
    track: Track | None = now.track
    if "room" in said:
        room = session.lab.rooms.filter(pk=body.room).first() if body.room is not None else None
        if body.room is not None and room is None:
            errors["room"] = [_("Choose a room of this lab.")]
    if "track" in said:
        track = session.lab.tracks.filter(slug=body.track).first() if body.track is not None else None
        if body.track is not None and track is None:
            errors["track"] = [_("Choose a track of this lab.")]
    if errors:
        raise InvalidFields(errors)
    return Placement(
        start_date=on,
        start_time=at,
        time_zone=zone,
        minutes=now.minutes if body.minutes is None else body.minutes,
        room=room,
        track=track,
        start_fold=fold,
    )


def _renamed(error: InvalidFields) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    for name, messages in error.errors.items():
        errors.setdefault(_FIELDS.get(name, name), []).extend(messages)
    return errors


def _changed_meanwhile(session: Session) -> Problem:
    said = _("Someone changed this session since you read it. Its version is now %(version)d.")
    return Problem(said % {"version": session.version}, status=409)


def _moved(session: Session) -> dict[str, Any]:
    lab = session.lab
    found = conflicts_of(lab)
    [data] = placed_data(lab.sessions.filter(pk=session.pk), lab, found)
    own = [conflict_data(one) for one in found if any(one_of.pk == session.pk for one_of in one.sessions)]
    return {"session": data, "conflicts": own}
