"""The API of cloning labs and sessions. For organisers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field, StrictBool

from core.api.datetimes import Day, instant_text
from core.api.openapi import INLINE_SCHEMA
from core.web.absolute_urls import absolute_url
from core.web.errors import InvalidFields
from labs.api import LocalizedText
from labs.api_authentication import account_of, lab_of_organiser
from labs.api_idempotency import Key, run_once
from labs.current_viewer import viewer_of
from labs.models import ApiToken, Lab
from sessions.cloning import (
    Answers,
    CloneRequest,
    GapAnswer,
    LabClone,
    Part,
    SessionClone,
    clone_lab,
    clone_session,
    plan_clone,
    session_plan_for,
)
from sessions.models import Session
from sessions.plans import SessionPlan

router = Router(tags=["Sessions and speakers"])

Fold = Literal[0, 1]


class _In(Schema):
    model_config = ConfigDict(extra="forbid")


class FoldIn(_In):
    session: str = Field(description="The session's slug")
    side: Literal["start", "end"]
    fold: Fold = Field(description="0: the first time that the clock shows the hour, 1: the second")


class GapIn(_In):
    session: str = Field(description="The session's slug")
    answer: Annotated[GapAnswer, INLINE_SCHEMA] = Field(description="`later`: by as much as the clock skips")


class CloneIn(_In):
    first_day: Day
    keep_weekdays: StrictBool = Field(
        True,
        description="Move by whole weeks, to those nearest to the first day. False: begin on exactly that day",
    )
    parts: list[Annotated[Part, INLINE_SCHEMA]] = Field(
        [*Part], description="What to clone. If omitted, everything", max_length=20
    )
    folds: list[FoldIn] = Field(
        [], description="Answers where the clock shows an hour twice", max_length=1000
    )
    gaps: list[GapIn] = Field([], description="Answers where the clock skips an hour", max_length=1000)


class CloneLabIn(CloneIn):
    title: LocalizedText
    slug: str = Field("", description="If omitted, it is created from the title", max_length=60)


class SessionPreviewOut(Schema):
    session: str = Field(description="The session's slug")
    starts: str = Field(description="Local time, like 2027-04-06T11:30")
    ends: str = Field(description="Local time")
    time_zone: str = Field(description="IANA name")
    twice: list[Literal["start", "end"]] = Field(
        description="Hours that the clock shows twice: each needs a fold"
    )
    gap: str = Field(description="Which hour the clock skips, in the language asked for: it needs an answer")
    obstacle: str = Field(description="What else is in the way, in the language asked for")
    left_out: bool


class ClonePreviewOut(Schema):
    days: int = Field(description="By how many days everything moves. Negative: earlier")
    starts_on: date
    ends_on: date
    registration_opens_at: datetime | None = Field(description="Null: not set")
    registration_closes_at: datetime | None = Field(description="Null: not set")
    cancelled: int = Field(description="Number of cancelled sessions, which are left out")
    sessions: list[SessionPreviewOut]


class ClonedLabOut(Schema):
    lab: str = Field(description="The new lab's slug")
    address: str = Field(description="Its page in the console")


class CloneSessionIn(_In):
    on: Day = Field(description="The day on which the new session starts, in its time zone")
    lab: str = Field(
        "", description="Slug of a lab of the programme. If omitted, the same lab", max_length=60
    )
    slug: str = Field("", description="If omitted, it is created from the title", max_length=80)
    start_fold: Fold | None = Field(None, description="Needed where the clock shows the start twice")
    end_fold: Fold | None = Field(None, description="Needed where the clock shows the end twice")


class ClonedSessionOut(Schema):
    lab: str = Field(description="The lab's slug")
    session: str = Field(description="The new session's slug")
    address: str = Field(description="Its page in the console")


def _lab_of_owner(request: HttpRequest, slug: str) -> Lab:
    """Return the lab for whoever may create labs in its programme; 404 and 403 as `lab_of_organiser`."""
    programme = Lab.objects.filter(slug=slug).values_list("programme", flat=True).first()
    if programme is None or not viewer_of(request).owns(programme):
        raise Http404
    return lab_of_organiser(request, slug, ApiToken.Scope.SCHEDULE)


def _answers(lab: Lab, form: CloneIn) -> Answers:
    """Return the answers by the ids of sessions. Raises InvalidFields for a slug that none has."""
    ids = dict(lab.sessions.values_list("slug", "pk"))
    sent: tuple[tuple[str, Sequence[FoldIn | GapIn]], ...] = (("folds", form.folds), ("gaps", form.gaps))
    errors = {
        f"{name}.{place}.session": [_("The lab has no such session.")]
        for name, answers in sent
        for place, answer in enumerate(answers)
        if answer.session not in ids
    }
    if errors:
        raise InvalidFields(errors)
    return Answers(
        {(ids[one.session], one.side): one.fold for one in form.folds},
        {ids[one.session]: one.answer for one in form.gaps},
    )


def _request(form: CloneIn, title: dict[str, str], slug: str = "") -> CloneRequest:
    return CloneRequest(title, form.first_day, slug, form.keep_weekdays, frozenset(form.parts))


@router.post("/labs/{lab}/clone-preview", response=ClonePreviewOut, url_name="preview_lab_clone")
def preview_lab_clone(request: HttpRequest, lab: str, form: CloneIn) -> dict[str, Any]:
    """Show the days of a clone of a lab, and what has to be answered first. Creates nothing. Scope: schedule.

    For owners of the programme.
    """
    found = _lab_of_owner(request, lab)
    return _preview(plan_clone(found, _request(form, {}), _answers(found, form)))


def _preview(clone: LabClone) -> dict[str, Any]:
    opens_at, closes_at = clone.registration
    return {
        "days": clone.days,
        "starts_on": clone.starts_on,
        "ends_on": clone.ends_on,
        "registration_opens_at": instant_text(opens_at),
        "registration_closes_at": instant_text(closes_at),
        "cancelled": clone.cancelled,
        "sessions": [_step(step) for step in clone.steps],
    }


def _step(step: SessionClone) -> dict[str, Any]:
    plan: SessionPlan = step.plan
    return {
        "session": step.session.slug,
        "starts": f"{plan.start_date}T{plan.start_time:%H:%M}",
        "ends": f"{plan.end_date}T{plan.end_time:%H:%M}",
        "time_zone": plan.time_zone,
        "twice": list(step.twice),
        "gap": step.gap,
        "obstacle": step.obstacle,
        "left_out": step.is_left_out,
    }


@router.post("/labs/{lab}/clone", response={201: ClonedLabOut}, url_name="clone_lab")
def create_lab_clone(
    request: HttpRequest, lab: str, form: CloneLabIn, idempotency_key: Key
) -> Status[dict[str, Any]]:
    """Create a draft lab from this one, with its sessions on other days. Scope: schedule.

    For owners of the programme. Registrations, seats, emails, certificates, roles and join links are not cloned.
    """
    found = _lab_of_owner(request, lab)

    def operation() -> dict[str, Any]:
        wanted = _request(form, form.title, form.slug)
        return {"lab": clone_lab(found, wanted, account_of(request), _answers(found, form)).slug}

    made = run_once(request, "clone_lab", idempotency_key, form, operation)
    return Status(201, {**made, "address": absolute_url("console_lab", made["lab"])})


@router.post(
    "/labs/{lab}/sessions/{session}/clone", response={201: ClonedSessionOut}, url_name="clone_session"
)
def create_session_clone(
    request: HttpRequest, lab: str, session: str, form: CloneSessionIn, idempotency_key: Key
) -> Status[dict[str, Any]]:
    """Create a draft session from this one, in the same lab or another one of the programme. Scope: schedule."""
    found = lab_of_organiser(request, lab, ApiToken.Scope.SCHEDULE)
    of_lab = Session.objects.select_related("track", "room", "lab__programme").filter(lab=found)
    original = get_object_or_404(of_lab, slug=session)

    def operation() -> dict[str, Any]:
        into = _lab_to_clone_into(request, found, form.lab)
        plan = session_plan_for(original, into, form.on, form.slug)
        plan = replace(plan, start_fold=form.start_fold, end_fold=form.end_fold)
        made = clone_session(original, into, plan, account_of(request))
        return {"lab": into.slug, "session": made.slug}

    made = run_once(request, "clone_session", idempotency_key, form, operation)
    return Status(
        201, {**made, "address": absolute_url("console_session_edit", made["lab"], made["session"])}
    )


def _lab_to_clone_into(request: HttpRequest, lab: Lab, slug: str) -> Lab:
    if slug in ("", lab.slug):
        return lab
    into = Lab.objects.filter(programme=lab.programme_id, slug=slug).first()
    if into is None or not viewer_of(request).organises(into):
        raise InvalidFields({"lab": [_("Choose a lab of the same programme.")]})
    return into
