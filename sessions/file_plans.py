"""From what a programme file says about a session to the plan that `sessions.scheduling` carries out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from labs.models import Room, Track
from sessions.models import Speaker
from sessions.plans import AgendaPlan, AppearancePlan, SessionPlan
from sessions.programme_file.facts import AgendaFacts, AppearanceFacts, SessionFacts


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
