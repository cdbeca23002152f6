"""From what a programme file says to the plan of a session, and to the columns of a lab."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from core.timezones.wall_clock import instant
from labs.models import Room, Track
from labs.theme import theme_values
from sessions.models import Speaker
from sessions.plans import AgendaPlan, AppearancePlan, SessionPlan
from sessions.programme_import.facts import AgendaFacts, AppearanceFacts, LabFacts, SessionFacts


def session_plan(
    facts: SessionFacts,
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
        if not facts.time_assumed:
            plan = replace(plan, **times)
    if facts.abstract is not None:
        plan = replace(plan, abstract={**plan.abstract, **facts.abstract})
    given: dict[str, Any] = {
        "track": tracks[facts.track] if facts.track else None,
        "room": rooms[facts.room] if facts.room else None,
        "join_link": facts.join_link,
        "capacity": facts.capacity,
        "waiting_list": facts.waiting_list,
        "appearances": _appearances(facts.appearances, speakers),
        "agenda": _agenda(facts.agenda, plan.agenda, speakers),
    }
    return replace(plan, **{name: value for name, value in given.items() if value is not None})


def _appearances(
    facts: tuple[AppearanceFacts, ...] | None, speakers: Mapping[str, Speaker]
) -> tuple[AppearancePlan, ...] | None:
    if facts is None:
        return None
    return tuple(AppearancePlan(speakers[fact.speaker], fact.role) for fact in facts)


def _agenda(
    facts: tuple[AgendaFacts, ...] | None,
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


def lab_values(facts: LabFacts) -> dict[str, Any]:
    """Return the columns of a lab as the file says them; None for what it does not say."""

    def utc(local: datetime | None) -> datetime | None:
        return None if local is None else instant(local.date(), local.time(), facts.time_zone)

    return {
        "title": facts.title,
        "theme": facts.theme,
        "description": facts.description,
        "starts_on": facts.starts_on,
        "ends_on": facts.ends_on,
        "time_zone": facts.time_zone,
        "languages": None if facts.languages is None else list(facts.languages),
        "format": facts.format,
        "venue": facts.venue,
        "contact_email": facts.contact_email,
        "visibility": facts.visibility,
        "registration_opens_at": utc(facts.registration_opens),
        "registration_closes_at": utc(facts.registration_closes),
        "consent": facts.consent,
        "retention_days": facts.retention_days,
        "certificate_min_sessions": facts.certificate_min_sessions,
        "colour": facts.colour,
        "theme_values": theme_values(facts.colour) if facts.colour else None,
    }
