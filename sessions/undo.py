"""Undo of the last save of a session and of the last move of a lab."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from core.accounts.models import User
from core.web.edit_conflicts import EditConflict
from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import languages_of
from labs import undo
from labs.current_viewer import viewer_for
from labs.models import Lab
from labs.postponing import LabDates
from sessions import unannounced_changes
from sessions.group_sessions import take_back_sessions
from sessions.models import Grouping, Session, Speaker
from sessions.models.session_languages import LANGUAGE_COLUMNS, ORDER_COLUMNS
from sessions.moving import move_lab
from sessions.plans import COLUMNS, AgendaPlan, AppearancePlan, SessionPlan
from sessions.scheduling import change_session

SAVE, MOVE, GROUPS = "session-save", "lab-move", "group-sessions"  # kinds of undoing
_DATES, _TIMES = ("start_date", "end_date"), ("start_time", "end_time")
_ROWS = ("track", "room")
_CONVERTED = {"title", "abstract", *_DATES, *_TIMES, *_ROWS, *LANGUAGE_COLUMNS, *ORDER_COLUMNS}
_UNCONVERTED = (*(set(COLUMNS) - _CONVERTED), "start_fold", "end_fold")


def offer_undo_save(
    request: HttpRequest, session: Session, before: SessionPlan, words: str = "", address: str = ""
) -> None:
    """Add a success message with a button that restores the plan `before`.

    `words` is the message, `address` the path to go to once it is restored; without one it is its
    form, or the question whether people are told.
    """
    facts = {
        "session": session.pk,
        "version": session.version,
        "plan": plan_data(before),
        "address": address,
    }
    undo.offer_undo(request, words or _("Session saved."), SAVE, facts)


@undo.undo_handler(SAVE)
def undo_save(user: User, facts: dict[str, Any]) -> tuple[str, str]:
    """Restore the session's previous plan, unless it was changed again."""
    session = Session.objects.select_related("lab__programme").filter(pk=facts["session"]).first()
    if session is None or not viewer_for(user).organises(session.lab):
        raise undo.NotUndoable
    try:
        change_session(
            session, plan_from_data(facts["plan"], session), user, expected_version=facts["version"]
        )
    except (EditConflict, InvalidFields) as error:
        raise undo.NotUndoable from error
    lab = session.lab.slug
    if facts.get("address"):
        return facts["address"], _("The earlier version of the session is restored.")
    address = reverse("console_session_edit", args=[lab, session.slug])
    if unannounced_changes.asks_at_once(Session.objects.filter(pk=session.pk)):
        address = reverse("console_unannounced", args=[lab])
    return address, _("The earlier version of the session is restored.")


def plan_data(plan: SessionPlan) -> dict[str, Any]:
    """Return a plan as JSON data."""
    return {
        **{name: getattr(plan, name) for name in _UNCONVERTED},
        **{name: getattr(plan, name).isoformat() for name in (*_DATES, *_TIMES)},
        **{name: on.isoformat() if (on := getattr(plan, name)) else None for name in ORDER_COLUMNS},
        **{name: list(getattr(plan, name)) for name in LANGUAGE_COLUMNS},
        **{name: row.pk if (row := getattr(plan, name)) else None for name in _ROWS},
        "title": languages_of(dict(plan.title)),
        "abstract": languages_of(dict(plan.abstract)),
        "appearances": _people_data(plan.appearances),
        "agenda": [
            {
                "title": languages_of(dict(item.title)),
                "abstract": languages_of(dict(item.abstract)),
                "hours": [at.isoformat() if at else None for at in (item.start_time, item.end_time)],
                "appearances": _people_data(item.appearances),
                "item": item.item,
            }
            for item in plan.agenda
        ],
    }


def _people_data(appearances: tuple[AppearancePlan, ...]) -> list[tuple[int, str]]:
    return [(one.speaker.pk, str(one.role)) for one in appearances]


def plan_from_data(said: dict[str, Any], session: Session) -> SessionPlan:
    """Return the plan of JSON data. Raises NotUndoable if related rows were deleted."""
    lab = session.lab
    speakers = {speaker.pk: speaker for speaker in lab.programme.speakers.all()}
    items = set(session.agenda.values_list("pk", flat=True))
    columns: dict[str, Any] = {name: said[name] for name in _UNCONVERTED}
    columns |= {name: date.fromisoformat(said[name]) for name in _DATES}
    columns |= {name: date.fromisoformat(said[name]) if said[name] else None for name in ORDER_COLUMNS}
    columns |= {name: tuple(said[name]) for name in LANGUAGE_COLUMNS}
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


def offer_undo_move(
    request: HttpRequest, lab: Lab, before: LabDates, folds: list[tuple[int, str, int]]
) -> None:
    """Add a success message with a button that restores the dates and folds `before`."""
    moments = (before.opens_at, before.closes_at)
    dates = [str(before.starts_on), str(before.ends_on), *(at.isoformat() if at else None for at in moments)]
    facts = {"lab": lab.pk, "dates": dates, "folds": folds, "now": str(lab.starts_on)}
    words = _("Lab and sessions moved. Calendars are updated automatically.")
    undo.offer_undo(request, words, MOVE, facts)


@undo.undo_handler(MOVE)
def undo_move(user: User, facts: dict[str, Any]) -> tuple[str, str]:
    """Restore the lab's previous dates, unless it was moved again."""
    lab = Lab.objects.filter(pk=facts["lab"]).first()
    if lab is None or not viewer_for(user).organises(lab) or str(lab.starts_on) != facts["now"]:
        raise undo.NotUndoable
    first, last, opens, closes = facts["dates"]
    before = LabDates(
        date.fromisoformat(first),
        date.fromisoformat(last),
        datetime.fromisoformat(opens) if opens else None,
        datetime.fromisoformat(closes) if closes else None,
    )
    folds = {(pk, which): fold for pk, which, fold in facts["folds"]}
    try:
        move_lab(lab, before.starts_on, user, folds=folds, dates=before)
    except RuleViolation as error:
        raise undo.NotUndoable(error.message) from error
    return reverse("console_sessions", args=[lab.slug]), _("Lab and sessions moved back to their old days.")


def folds_of(lab: Lab) -> list[tuple[int, str, int]]:
    """Return the folds of the lab's sessions with ambiguous times: (session id, "start" or "end", fold)."""
    return [
        (pk, which, fold)
        for pk, start, end in lab.sessions.values_list("pk", "start_fold", "end_fold")
        for which, fold in (("start", start), ("end", end))
    ]


def offer_undo_group_sessions(
    request: HttpRequest, words: str, grouping: Grouping, sessions: list[int]
) -> None:
    """Add a success message with a button that deletes the drafts (ids) that were made for groups."""
    undo.offer_undo(request, words, GROUPS, {"grouping": grouping.pk, "sessions": sessions})


@undo.undo_handler(GROUPS)
def undo_group_sessions(user: User, facts: dict[str, Any]) -> tuple[str, str]:
    """Delete the drafts, unless one was shown to others."""
    grouping = Grouping.objects.select_related("lab").filter(pk=facts["grouping"]).first()
    if grouping is None or not viewer_for(user).organises(grouping.lab):
        raise undo.NotUndoable
    try:
        take_back_sessions(grouping, facts["sessions"], user)
    except RuleViolation as error:
        raise undo.NotUndoable(error.message) from error
    address = reverse("console_grouping", args=[grouping.lab.slug, grouping.pk])
    return address, _("The drafts are deleted. The groups stay.")
