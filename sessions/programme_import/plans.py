"""From what a programme file says to the plan of a session, and to the columns of a lab."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from core.timezones.wall_clock import instant
from labs.models import Lab, Room, Track
from labs.theme import theme_values
from sessions.models import Speaker
from sessions.models.seating import MODES, default_format
from sessions.models.session_languages import LANGUAGE_COLUMNS, ORDER_COLUMNS
from sessions.plans import AgendaPlan, AppearancePlan, SessionPlan
from sessions.programme_import import schema
from sessions.programme_import.fields import Record
from sessions.programme_import.speakers import Appearances


def session_plan(
    lab: Lab,
    facts: schema.Session,
    before: SessionPlan | None,
    tracks: Mapping[str, Track],
    rooms: Mapping[str, Room],
    speakers: Mapping[str, Speaker],
) -> SessionPlan:
    """Return the plan that the file asks for, on top of the one that stands."""
    times: dict[str, Any] = {
        "start_date": facts.starts.date(),
        "start_time": facts.starts.time(),
        "end_date": facts.ends.date(),
        "end_time": facts.ends.time(),
        "time_zone": facts.time_zone,
        "start_fold": facts.starts_fold,
        "end_fold": facts.ends_fold,
    }
    if before is None:
        plan = SessionPlan(slug=facts.slug, title=facts.title, **times)
    else:
        plan = replace(before, title={**before.title, **facts.title})
        if not facts.times_assumed:
            plan = replace(plan, **times)
    if facts.abstract is not None:
        plan = replace(plan, abstract={**plan.abstract, **facts.abstract})
    values = given(
        facts, "join_link", "waiting_list", "needs_approval", *LANGUAGE_COLUMNS, *ORDER_COLUMNS
    ) | {
        "track": tracks[facts.track] if facts.track else None,
        "room": rooms[facts.room] if facts.room else None,
        "appearances": _appearances(facts.appearances, speakers),
        "agenda": _agenda(facts.agenda, plan.agenda, speakers),
    }
    changed = replace(plan, **{name: value for name, value in values.items() if value is not None})
    is_kept = changed.format in ("", Lab.Format.HYBRID, default_format(lab, changed.room))
    if facts.format or changed.room != plan.room or not is_kept:
        # Without a word about it, a session takes place as its room does.
        changed = replace(changed, format=facts.format or "")
    return _with_seats(lab, facts, changed)


def _with_seats(lab: Lab, facts: schema.Session, plan: SessionPlan) -> SessionPlan:
    """Return the plan with the file's seats: `capacity` is that of the only way to attend, or in person."""
    format = plan.format or default_format(lab, plan.room)
    single = "online_capacity" if format == Lab.Format.ONLINE else "room_capacity"
    seats = {f"{mode}_capacity": getattr(plan, f"{mode}_capacity") for mode in MODES[format]}
    if facts.capacity is not None:
        seats[single] = facts.capacity
    if facts.online_capacity is not None:
        seats["online_capacity"] = facts.online_capacity
    return replace(plan, format=format, **{"room_capacity": None, "online_capacity": None, **seats})


def _appearances(
    facts: Appearances | None, speakers: Mapping[str, Speaker]
) -> tuple[AppearancePlan, ...] | None:
    if facts is None:
        return None
    return tuple(AppearancePlan(speakers[fact.speaker], fact.role) for fact in facts)


def _agenda(
    facts: list[schema.AgendaItem] | None,
    before: tuple[AgendaPlan, ...],
    speakers: Mapping[str, Speaker],
) -> tuple[AgendaPlan, ...] | None:
    """Return the file's agenda; an item that shares a title with one that stands keeps its row and other languages."""
    if facts is None:
        return None
    unclaimed = list(before)
    agenda = []
    for fact in facts:
        same = next((old for old in unclaimed if old.title.items() & fact.title.items()), None)
        if same:
            unclaimed.remove(same)
        agenda.append(
            AgendaPlan(
                title={**(same.title if same else {}), **fact.title},
                abstract={**(same.abstract if same else {}), **(fact.abstract or {})},
                start_time=fact.starts.time() if fact.starts else None,
                end_time=fact.ends.time() if fact.ends else None,
                appearances=_appearances(fact.appearances, speakers) or (),
                item=same.item if same else None,
            )
        )
    return tuple(agenda)


def given(record: Record, *names: str) -> dict[str, Any]:
    """Return the fields of these names; None for what the file does not say."""
    return {name: getattr(record, name) for name in names}


def programme_values(programme: schema.Programme) -> dict[str, Any]:
    """Return the columns of a programme as the file says them; None for what it does not say."""
    columns = (
        "name", "organiser", "description", "runs", "cities_total", "languages", "visibility", "participation",
        "contact_email", "imprint", "eu_funded", "grant_number",
    )  # fmt: skip
    values = given(programme, *columns)
    if programme.eu_funded is False:
        values["grant_number"] = ""
    return values


def lab_values(lab: schema.Lab) -> dict[str, Any]:
    """Return the columns of a lab as the file says them; None for what it does not say."""

    def utc(local: datetime | None) -> datetime | None:
        return None if local is None else instant(local.date(), local.time(), lab.time_zone)

    columns = (
        "title", "theme", "description", "starts_on", "ends_on", "time_zone", "languages", "format", "venue",
        "contact_email", "visibility", "consent", "retention_days", "certificate_min_sessions", "signatory_name",
        "signatory_function", "colour",
    )  # fmt: skip
    return given(lab, *columns) | {
        "registration_opens_at": utc(lab.registration.opens) if lab.registration else None,
        "registration_closes_at": utc(lab.registration.closes) if lab.registration else None,
        "theme_values": theme_values(lab.colour) if lab.colour else None,
    }
