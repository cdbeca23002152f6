"""Undoing the last save of a session: it follows again the plan that it had, removed items of the agenda included."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from core.accounts.models import User
from core.web.edit_conflicts import EditConflict
from core.web.errors import InvalidFields
from core.web.localized_fields import languages_of
from labs import undo
from labs.current_viewer import viewer_for
from sessions import unannounced_changes
from sessions.models import Session, Speaker
from sessions.plans import COLUMNS, AgendaPlan, AppearancePlan, SessionPlan
from sessions.scheduling import change_session

UNDOING = "session-save"
_DATES, _TIMES = ("start_date", "end_date"), ("start_time", "end_time")
_ROWS = ("track", "room")
_AS_IT_IS = (*(set(COLUMNS) - {"title", "abstract", *_DATES, *_TIMES, *_ROWS}), "start_fold", "end_fold")


def say_saved(request: HttpRequest, session: Session, before: SessionPlan) -> None:
    """Say that the session is saved, with a button that gives it back the plan that it had `before`."""
    facts = {
        "session": session.pk,
        "revised_at": session.revised_at.isoformat(),
        "plan": _plain(before),
    }
    undo.say(request, _("The session is saved."), UNDOING, facts)


@undo.undo_handler(UNDOING)
def follow_again(user: User, facts: dict[str, Any]) -> tuple[str, str]:
    session = Session.objects.select_related("lab__programme").filter(pk=facts["session"]).first()
    if session is None or not viewer_for(user).organises(session.lab):
        raise undo.NotUndoable
    revision = datetime.fromisoformat(facts["revised_at"])
    try:
        change_session(session, _plan(facts["plan"], session), user, expected_revision=revision)
    except (EditConflict, InvalidFields) as error:
        raise undo.NotUndoable from error
    lab = session.lab.slug
    address = reverse("console_session_edit", args=[lab, session.slug])
    if unannounced_changes.undecided(Session.objects.filter(pk=session.pk)):
        address = reverse("console_unannounced", args=[lab])
    return address, _("The session is back as it was.")


def _plain(plan: SessionPlan) -> dict[str, Any]:
    """Return a plan as plain data."""
    return {
        **{name: getattr(plan, name) for name in _AS_IT_IS},
        **{name: getattr(plan, name).isoformat() for name in (*_DATES, *_TIMES)},
        **{name: row.pk if (row := getattr(plan, name)) else None for name in _ROWS},
        "title": languages_of(dict(plan.title)),
        "abstract": languages_of(dict(plan.abstract)),
        "appearances": _plain_people(plan.appearances),
        "agenda": [
            {
                "title": languages_of(dict(item.title)),
                "abstract": languages_of(dict(item.abstract)),
                "hours": [at.isoformat() if at else None for at in (item.start_time, item.end_time)],
                "appearances": _plain_people(item.appearances),
                "item": item.item,
            }
            for item in plan.agenda
        ],
    }


def _plain_people(appearances: tuple[AppearancePlan, ...]) -> list[tuple[int, str]]:
    return [(one.speaker.pk, str(one.role)) for one in appearances]


def _plan(said: dict[str, Any], session: Session) -> SessionPlan:
    """Return the plan that plain data stands for. Raises NotUndoable where something of it is no more."""
    lab = session.lab
    speakers = {speaker.pk: speaker for speaker in lab.programme.speakers.all()}
    items = set(session.agenda.values_list("pk", flat=True))
    columns: dict[str, Any] = {name: said[name] for name in _AS_IT_IS}
    columns |= {name: date.fromisoformat(said[name]) for name in _DATES}
    columns |= {name: time.fromisoformat(said[name]) for name in _TIMES}
    for name, found in (("track", lab.tracks), ("room", lab.rooms)):
        columns[name] = found.filter(pk=said[name]).first() if said[name] else None
        if said[name] and columns[name] is None:
            raise undo.NotUndoable
    plan = SessionPlan(
        **columns,
        title=said["title"],
        abstract=said["abstract"],
        appearances=_people(said["appearances"], speakers),
    )
    agenda = tuple(
        AgendaPlan(
            title=one["title"],
            abstract=one["abstract"],
            start_time=_time(one["hours"][0]),
            end_time=_time(one["hours"][1]),
            appearances=_people(one["appearances"], speakers),
            item=one["item"] if one["item"] in items else None,
        )
        for one in said["agenda"]
    )
    return replace(plan, agenda=agenda)


def _people(said: list[tuple[int, str]], speakers: dict[int, Speaker]) -> tuple[AppearancePlan, ...]:
    try:
        return tuple(AppearancePlan(speakers[pk], role) for pk, role in said)
    except KeyError as error:
        raise undo.NotUndoable from error


def _time(said: str | None) -> time | None:
    return time.fromisoformat(said) if said else None
