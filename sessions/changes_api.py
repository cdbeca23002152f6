"""The API of what changed: for everybody of the public programme, for organisers of one session; and time zones."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from ninja.pagination import paginate
from pydantic import ConfigDict, Field

from core.api.api import FOR_EVERYBODY
from core.api.datetimes import instant_text
from core.api.pagination import BoundedPagination, Listing
from core.api.problems import Problem
from core.web.absolute_urls import absolute_url
from core.web.edit_conflicts import Difference, EditConflict
from core.web.errors import InvalidFields
from labs.api_authentication import account_of, lab_of_organiser, reader_of
from labs.current_viewer import get_visible_lab_or_404
from labs.models import ApiToken, Lab
from sessions import diff, public_changes, zone_changes
from sessions.models import Session
from sessions.session_facts import subject_text
from sessions.zone_changes import ZoneChange, ZoneStep

router = Router(tags=["Sessions and speakers"])
Scope = ApiToken.Scope


class DifferenceOut(Schema):
    label: str = Field(description="What differs, in the language asked for")
    before: str
    after: str


def difference_data(found: Iterable[Difference]) -> list[dict[str, str]]:
    return [{"label": one.label, "before": one.before, "after": one.after} for one in found]


class PublicChangeOut(Schema):
    id: str = Field(description="The id of the entry in the Atom feed: a URN that stays")
    session: str = Field(description="Slug of the session")
    address: str
    at: datetime = Field(description="When it first changed")
    updated_at: datetime = Field(description="Later, where it was changed again soon after")
    is_new: bool = Field(description="The session was published")
    summary: str = Field(description="In the language asked for")
    differences: list[DifferenceOut] = Field(description="Times are in the lab's time zone")


def _public_data(entries: Iterable[public_changes.Entry], lab: Lab) -> list[dict[str, Any]]:
    return [
        {
            "id": entry.public_id.urn,
            "session": entry.session.slug,
            "address": absolute_url("session", lab.slug, entry.session.slug),
            "at": instant_text(entry.at),
            "updated_at": instant_text(entry.updated_at),
            "is_new": entry.is_new,
            "summary": _("New session") if entry.is_new else subject_text(entry.differences),
            "differences": difference_data(entry.differences),
        }
        for entry in entries
    ]


@router.get(
    "/labs/{lab}/changes", response=list[PublicChangeOut], url_name="changes", openapi_extra=FOR_EVERYBODY
)
@paginate(BoundedPagination)
def list_changes(request: HttpRequest, lab: str) -> Listing:
    """List the latest changes of the public programme, newest first: the same for every caller."""
    found = get_visible_lab_or_404(reader_of(request), lab)
    entries = public_changes.entries(found, found.time_zone, get_language() or "en")
    return Listing(entries, partial(_public_data, lab=found))


class EventOut(Schema):
    at: datetime
    by: str = Field(description="Who did it; empty if no person did")
    what: str = Field(description="In the language asked for")
    differences: list[DifferenceOut]


def _event_data(events: Iterable[diff.Event]) -> list[dict[str, Any]]:
    return [
        {
            "at": instant_text(event.at),
            "by": event.by,
            "what": event.what,
            "differences": difference_data(event.differences),
        }
        for event in events
    ]


def session_of_lab(lab: Lab, slug: str) -> Session:
    """Return this session of the lab, or raise Http404."""
    found = lab.sessions.select_related("track", "room").filter(slug=slug).first()
    if found is None:
        raise Http404
    found.lab = lab
    return found


@router.get("/labs/{lab}/sessions/{session}/history", response=list[EventOut], url_name="session_history")
@paginate(BoundedPagination)
def session_history(request: HttpRequest, lab: str, session: str) -> Listing:
    """List who changed what of a session, and when, with what was before; newest first. Scope: read."""
    found = session_of_lab(lab_of_organiser(request, lab, Scope.READ), session)
    return Listing(diff.history_of(found), _event_data)


KEEP = "`clock`: the hours stay, in the new zone. `instant`: the moment stays, and the hours change"
Zone = Annotated[str, Field(max_length=64, description="The new zone: an IANA name")]


class ZoneQuery(Schema):
    time_zone: str | None = Field(
        None, max_length=64, description="Another zone: an IANA name. If omitted, what is now"
    )
    keep: str | None = Field(None, max_length=20, description=KEEP)


class SpanOut(Schema):
    starts: str = Field(description="Local time in `time_zone`, like 2027-04-06T11:30")
    ends: str
    time_zone: str
    starts_at: datetime
    ends_at: datetime


class ZoneStepOut(Schema):
    session: str = Field(description="Slug of the session")
    before: SpanOut
    after: SpanOut | None = Field(description="Null: it is not possible, see `problem`")
    problem: str | None
    ambiguous: list[Literal["start", "end"]] = Field(description="Hours that clocks show twice there")


class ZoneChangeOut(Schema):
    time_zone: str
    keep: Literal["clock", "instant"] | None = Field(description="Null: what is now")
    sessions: list[ZoneStepOut]
    registration_opens_at: datetime | None
    registration_closes_at: datetime | None
    problems: list[str]


def _span_data(starts: tuple[Any, Any], ends: tuple[Any, Any], zone: str, span: Any) -> dict[str, Any]:
    local = [f"{on.isoformat()}T{at.isoformat(timespec='minutes')}" for on, at in (starts, ends)]
    instants = [instant_text(at) for at in span]
    return {
        "starts": local[0],
        "ends": local[1],
        "time_zone": zone,
        "starts_at": instants[0],
        "ends_at": instants[1],
    }


def _step_data(step: ZoneStep) -> dict[str, Any]:
    session, plan, span = step.session, step.plan, step.span()
    return {
        "session": session.slug,
        "before": _span_data(
            (session.start_date, session.start_time),
            (session.end_date, session.end_time),
            session.time_zone,
            (session.starts_at, session.ends_at),
        ),
        "after": span
        and _span_data(
            (plan.start_date, plan.start_time), (plan.end_date, plan.end_time), plan.time_zone, span
        ),
        "problem": step.obstacle or None,
        "ambiguous": list(step.twice),
    }


def _now_data(lab: Lab, zone: str, sessions: Iterable[Session]) -> dict[str, Any]:
    steps = [_step_data(ZoneStep(session, plan)) for session, plan in zone_changes.plans_now(sessions)]
    return {
        "time_zone": zone,
        "keep": None,
        "sessions": steps,
        "registration_opens_at": instant_text(lab.registration_opens_at),
        "registration_closes_at": instant_text(lab.registration_closes_at),
        "problems": [],
    }


def _change_data(change: ZoneChange) -> dict[str, Any]:
    return {
        "time_zone": change.zone,
        "keep": change.keep.value,
        "sessions": [_step_data(step) for step in change.steps],
        "registration_opens_at": instant_text(change.opens_at),
        "registration_closes_at": instant_text(change.closes_at),
        "problems": list(change.problems),
    }


@router.get(
    "/labs/{lab}/sessions/{session}/time-zone", response=ZoneChangeOut, url_name="session_zone_preview"
)
def preview_session_zone(
    request: HttpRequest, lab: str, session: str, query: Query[ZoneQuery]
) -> dict[str, Any]:
    """Get what another time zone would mean for a session. Changes nothing. Scope: read."""
    found = session_of_lab(lab_of_organiser(request, lab, Scope.READ), session)
    if query.time_zone is None:
        return _now_data(found.lab, found.time_zone, [found])
    return _change_data(zone_changes.plan_session(found, query.time_zone, zone_changes.keep_of(query.keep)))


class ZoneIn(Schema):
    model_config = ConfigDict(extra="forbid")

    time_zone: Zone
    keep: str | None = Field(None, max_length=20, description=f"{KEEP}. Required: it is never guessed")
    start_fold: Literal[0, 1] | None = Field(
        None, description="Where clocks show the start twice: 0 the first, 1 the second time"
    )
    end_fold: Literal[0, 1] | None = Field(None, description="The same for the end")
    version: int | None = Field(None, ge=0, le=2**31 - 1, description="The version that you saw, if any")


@router.post("/labs/{lab}/sessions/{session}/time-zone", response=ZoneStepOut, url_name="session_zone")
def change_session_zone(request: HttpRequest, lab: str, session: str, body: ZoneIn) -> dict[str, Any]:
    """Give a session another time zone, with its agenda. Scope: schedule.

    People with a seat are not told: see the unannounced changes. 409: someone changed it since the version that you
    saw, or it is not possible. 422: nothing says what stays.
    """
    found = session_of_lab(lab_of_organiser(request, lab, Scope.SCHEDULE), session)
    keep = zone_changes.keep_of(body.keep)
    said = {"start": body.start_fold, "end": body.end_fold}
    folds = {(found.pk, which): fold for which, fold in said.items() if fold is not None}
    before = zone_changes.plan_session(found, body.time_zone, keep, folds)
    shown = _step_data(before.steps[0])
    try:
        zone_changes.change_session_zone(
            found, body.time_zone, keep, account_of(request), folds=folds, expected_version=body.version
        )
    except EditConflict:
        raise Problem(_("Another organiser changed this session. Read it again."), status=409) from None
    return shown


@router.get("/labs/{lab}/time-zone", response=ZoneChangeOut, url_name="lab_zone_preview")
def preview_lab_zone(request: HttpRequest, lab: str, query: Query[ZoneQuery]) -> dict[str, Any]:
    """Get what another time zone would mean for a lab and the sessions that use its zone. Scope: read."""
    found = lab_of_organiser(request, lab, Scope.READ)
    if query.time_zone is None:
        return _now_data(found, found.time_zone, zone_changes.using_zone(found))
    return _change_data(zone_changes.plan_lab(found, query.time_zone, zone_changes.keep_of(query.keep)))


class LabZoneIn(Schema):
    model_config = ConfigDict(extra="forbid")

    time_zone: Zone
    keep: str | None = Field(None, max_length=20, description=f"{KEEP}. Required: it is never guessed")
    sessions: list[Annotated[str, Field(max_length=80)]] | None = Field(
        None,
        max_length=1000,
        description="Slugs of sessions to take along. If omitted, all that use the lab's zone",
    )


@router.post("/labs/{lab}/time-zone", response=ZoneChangeOut, url_name="lab_zone")
def change_lab_zone(request: HttpRequest, lab: str, body: LabZoneIn) -> dict[str, Any]:
    """Give a lab another time zone, with sessions that use it. Scope: schedule.

    409: a session stands in the way, or its hours come twice there: change that session by itself first.
    """
    found = lab_of_organiser(request, lab, Scope.SCHEDULE)
    keep, along = zone_changes.keep_of(body.keep), None
    if body.sessions is not None:
        using = {session.slug: session.pk for session in zone_changes.using_zone(found)}
        if unknown := [slug for slug in body.sessions if slug not in using]:
            words = _("No session that uses the lab’s time zone is called “%(slug)s”.")
            raise InvalidFields({"sessions": [words % {"slug": unknown[0]}]})
        along = {using[slug] for slug in body.sessions}
    before = _change_data(zone_changes.plan_lab(found, body.time_zone, keep, along=along))
    zone_changes.change_lab_zone(found, body.time_zone, keep, account_of(request), along=along)
    return before
