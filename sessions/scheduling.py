"""Create, change and delete sessions from plans."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from core.accounts.models import User
from core.web.edit_conflicts import EditConflict
from core.web.errors import InvalidFields, RuleViolation
from core.web.history import record_creation
from core.web.localized_fields import languages_of
from labs.lab_editing import is_used
from labs.models import City, Lab
from labs.revisions import lock_lab, touch
from sessions import public_changes, unannounced_changes
from sessions.agenda_rows import insert_agendas, set_agenda
from sessions.models import AgendaItem, Appearance, AppearanceChange, Session
from sessions.models.seating import default_format
from sessions.models.session_languages import LANGUAGE_COLUMNS, ORDER_COLUMNS
from sessions.plans import (
    COLUMNS,
    AgendaPlan,
    AppearancePlan,
    Instants,
    SessionPlan,
    assign_columns,
    check_plan,
)
from sessions.publishing import NOT_PLACED, Change, check_audience, send_session_changed
from sessions.revisions import lock_session, save_session, set_history_user
from sessions.session_facts import appearing, facts_of, parts_in

# Fields whose change increments SEQUENCE (RFC 5545 §3.8.7.4).
RESCHEDULES = frozenset(
    {
        "start_date",
        "start_time",
        "start_fold",
        "end_date",
        "end_time",
        "end_fold",
        "time_zone",
        "room",
        "format",
    }
)
# Only for people with a seat: a change affects nothing that others can read, not even SEQUENCE.
LINKS = frozenset({"join_link"})
# Only for organisers: a change moves nothing that anybody else can read, not even the date of a revision.
FOR_ORGANISERS = frozenset(ORDER_COLUMNS)
MOVES = RESCHEDULES | LINKS
SEATING = frozenset({"format", "room_capacity", "online_capacity", "waiting_list", "needs_approval"})


def plan_of(session: Session) -> SessionPlan:
    """Return the current plan of `session`."""
    return plans_of([session])[session.pk]


def plans_of(sessions: Sequence[Session]) -> dict[int, SessionPlan]:
    """Return the current plans of sessions by id. Two queries: for agendas and for appearances."""
    people: defaultdict[tuple[int, int | None], list[AppearancePlan]] = defaultdict(list)
    appearances = Appearance.objects.filter(session__in=sessions).select_related("speaker")
    for appearance in appearances.order_by("position", "id"):
        people[appearance.session_id, appearance.agenda_item_id].append(
            AppearancePlan(appearance.speaker, appearance.role)
        )
    agendas: defaultdict[int, list[AgendaPlan]] = defaultdict(list)
    for item in AgendaItem.objects.filter(session__in=sessions).order_by("position", "id"):
        agendas[item.session_id].append(
            AgendaPlan(
                title=languages_of(item.title),
                abstract=languages_of(item.abstract),
                start_time=item.start_time,
                end_time=item.end_time,
                appearances=tuple(people[item.session_id, item.pk]),
                item=item.pk,
            )
        )
    return {
        session.pk: _plan_from(session, tuple(agendas[session.pk]), tuple(people[session.pk, None]))
        for session in sessions
    }


def _plan_from(
    session: Session, agenda: tuple[AgendaPlan, ...], appearances: tuple[AppearancePlan, ...]
) -> SessionPlan:
    columns: dict[str, Any] = {name: getattr(session, name) for name in COLUMNS}
    columns |= {"title": languages_of(session.title), "abstract": languages_of(session.abstract)}
    columns |= {name: tuple(columns[name]) for name in LANGUAGE_COLUMNS}
    return SessionPlan(
        **columns,
        start_fold=session.start_fold,
        end_fold=session.end_fold,
        agenda=agenda,
        appearances=appearances,
    )


@dataclass(frozen=True)
class NewSession:
    """A session to create, and who may see it: `audience` as in `publishing.make_internal`."""

    plan: SessionPlan
    visibility: str = Session.Visibility.DRAFT
    audience: tuple[City, ...] = ()


@transaction.atomic
def create_session(lab: Lab, plan: SessionPlan, by: User | None = None) -> Session:
    """Create a draft session of `lab`. Raises InvalidFields."""
    lab = lock_lab(lab.pk)
    session = _unsaved(lab)
    found = check_plan(session, plan)
    return _insert(lab, [(session, NewSession(plan), found)], by)[0]


@transaction.atomic
def create_sessions(lab: Lab, wanted: Sequence[NewSession], by: User | None = None) -> list[Session]:
    """Create sessions of `lab`, in a number of queries that does not depend on theirs.

    Raises InvalidFields with all errors, each field after the place of its session in `wanted`: "3.start_time".
    Raises RuleViolation for an audience that is not of the programme.
    """
    if not wanted:
        return []
    lab = lock_lab(lab.pk)
    check_audience(lab.programme, {city.pk for new in wanted for city in new.audience})
    taken = set(lab.sessions.values_list("slug", flat=True))
    checked: list[tuple[Session, NewSession, Instants]] = []
    errors: dict[str, list[str]] = {}
    for place, new in enumerate(wanted):
        session = _unsaved(lab)
        try:
            checked.append((session, new, check_plan(session, new.plan, taken)))
        except InvalidFields as error:
            errors |= {f"{place}.{name}": messages for name, messages in error.errors.items()}
        if not new.plan.is_placed and new.visibility != Session.Visibility.DRAFT:
            errors[f"{place}.visibility"] = [str(NOT_PLACED)]
        taken.add(new.plan.slug)
    if errors:
        raise InvalidFields(errors)
    return _insert(lab, checked, by)


def _unsaved(lab: Lab) -> Session:
    now = timezone.now()
    return Session(lab=lab, revised_at=now, content_revised_at=now)


def _insert(lab: Lab, new: Sequence[tuple[Session, NewSession, Instants]], by: User | None) -> list[Session]:
    """Write sessions of a locked lab whose plans are valid, with their parts and the first version of each."""
    for session, wanted, found in new:
        _apply_plan(session, wanted.plan, found)
        session.visibility = wanted.visibility
    sessions = Session.objects.bulk_create(session for session, _wanted, _found in new)
    audience = Session.audience.through
    audience.objects.bulk_create(
        audience(session_id=session.pk, city_id=city.pk)
        for session, wanted, _ in new
        for city in wanted.audience
    )
    record_creation(sessions, by)
    insert_agendas([(session, wanted.plan, found) for session, wanted, found in new], by)
    public = any(session.is_public for session in sessions)
    touch(lab.pk, public=public, sessions=[session.pk for session in sessions])
    for session in sessions:
        send_session_changed(session, Change.CREATED)
    return sessions


@transaction.atomic
def change_session(
    session: Session,
    plan: SessionPlan,
    by: User | None = None,
    *,
    expected_version: int | None = None,
    carry_agenda: bool = False,
) -> Session:
    """Make `session` follow `plan`; a plan that it follows already changes nothing.

    `expected_version` is the version that the editor saw. Organisers are asked afterwards whether its people are
    told of what they need to know (`sessions.unannounced_changes`). `carry_agenda` moves items whose hours the plan
    leaves alone along with the session.

    Returns the same object, brought up to date. Raises InvalidFields, EditConflict.
    """
    lock_session(session)
    if expected_version is not None and session.version != expected_version:
        raise EditConflict
    before = plan_of(session)
    if carry_agenda:
        plan = replace(plan, agenda=_moved_agenda(before, plan))
    change_locked_session(session, before, plan, by)
    return session


def change_locked_session(
    session: Session, before: SessionPlan, plan: SessionPlan, by: User | None = None
) -> bool:
    """Make a session follow `plan` that is locked with its lab and follows `before`; tell whether it differs.

    Needs the session's lab, room and track; no query where nothing differs. Raises InvalidFields.
    """
    found = check_plan(session, plan)
    plan = replace(
        plan,
        format=plan.format or default_format(session.lab, plan.room),
        start_fold=found.start_fold,
        end_fold=found.end_fold,
        agenda=_matched_items(before.agenda, plan.agenda),
    )
    differing = {name for name in SessionPlan.__dataclass_fields__ if _differs(before, plan, name)}
    if not differing:
        return False
    is_moved = bool(differing & MOVES)
    was = facts_of(session, parts_in(before))
    _apply_plan(session, plan, found)
    seen = bool(differing - LINKS - FOR_ORGANISERS)
    session.sequence += bool(differing & RESCHEDULES)
    save_session(
        session,
        by,
        seen=seen,
        edited=True,
        reformatted="format" in differing,
        revised=bool(differing - FOR_ORGANISERS),
    )
    # The agenda's instants depend on the session's day and zone.
    if is_moved or differing & {"agenda", "appearances"}:
        set_agenda(session, plan, found)
    if (was_there := appearing(before)) != (is_there := appearing(plan)):
        AppearanceChange.objects.create(session=session, by=by, was=was_there, now=is_there)
    touch(session.lab_id, public=seen and session.is_public, sessions=[session.pk])
    now = facts_of(session, parts_in(plan))
    unannounced_changes.collect(session, was, now)
    public_changes.record(session, was, now)
    if is_moved:
        send_session_changed(session, Change.MOVED)
    elif differing - SEATING - FOR_ORGANISERS:
        send_session_changed(session, Change.EDITED)
    if differing & SEATING:
        send_session_changed(session, Change.CAPACITY)
    return True


def _moved_agenda(before: SessionPlan, plan: SessionPlan) -> tuple[AgendaPlan, ...]:
    """Return the plan's agenda, with items that keep their hours shifted along with the session.

    The session moves if start and end shift equally, or if old and new hours do not overlap; otherwise it only becomes
    longer or shorter, and items stay.
    """
    old = [datetime.combine(before.start_date, before.start_time)]
    old.append(datetime.combine(before.end_date, before.end_time))
    new = [datetime.combine(plan.start_date, plan.start_time), datetime.combine(plan.end_date, plan.end_time)]
    # By the clock: on another day the same hours are the same.
    by = new[0] - datetime.combine(plan.start_date, before.start_time)
    here = [at - (new[0].date() - old[0].date()) for at in new]
    if not by or not (old[1] - old[0] == new[1] - new[0] or here[0] >= old[1] or here[1] <= old[0]):
        return plan.agenda
    hours = {item.item: (item.start_time, item.end_time) for item in before.agenda}
    return tuple(
        replace(item, start_time=_shifted(item.start_time, by), end_time=_shifted(item.end_time, by))
        if item.item in hours and hours[item.item] == (item.start_time, item.end_time)
        else item
        for item in plan.agenda
    )


def _shifted(at: time | None, by: timedelta) -> time | None:
    return None if at is None else (datetime.combine(date.min + timedelta(days=1), at) + by).time()


def was_visible(session: Session) -> bool:
    """Tell whether the session is or was visible to anybody but organisers."""
    if session.visibility == Session.Visibility.DRAFT:
        shown: Any = session.history.exclude(visibility=Session.Visibility.DRAFT)
        if not shown.exists():
            return False
    lab = session.lab
    public = Lab.Visibility.PUBLIC
    return lab.visibility == public or lab.history.filter(visibility=public).exists()


def may_be_deleted(session: Session) -> bool:
    return not was_visible(session) and not is_used(session, Session._meta.app_label)


@transaction.atomic
def delete_session(session: Session, by: User | None = None) -> None:
    """Delete a draft session. Raises RuleViolation if it was visible or other rows refer to it."""
    lock_session(session)
    if not may_be_deleted(session):
        raise RuleViolation(
            "was_seen",
            gettext(
                "This session has been visible to others. Cancel it instead, so that everyone is notified."
            ),
        )
    lab_id = session.lab_id
    set_history_user(session, by)
    session.delete()
    touch(lab_id, public=False, sessions=())


def _differs(before: SessionPlan, after: SessionPlan, name: str) -> bool:
    old, new = getattr(before, name), getattr(after, name)
    if name == "agenda":
        return [_item(plan) for plan in old] != [_item(plan) for plan in new]
    if name in ("title", "abstract"):
        return languages_of(dict(old)) != languages_of(dict(new))
    return bool(old != new)


def _item(plan: AgendaPlan) -> AgendaPlan:
    return replace(plan, title=languages_of(dict(plan.title)), abstract=languages_of(dict(plan.abstract)))


def _matched_items(before: tuple[AgendaPlan, ...], after: tuple[AgendaPlan, ...]) -> tuple[AgendaPlan, ...]:
    """Match items without an id to equal existing rows, so that none is created twice."""
    unclaimed = [item for item in before if item.item not in {planned.item for planned in after}]
    found = []
    for item in after:
        same = next((old for old in unclaimed if _item(replace(old, item=None)) == _item(item)), None)
        if same:
            unclaimed.remove(same)
            item = replace(item, item=same.item)
        found.append(item)
    return tuple(found)


def _apply_plan(session: Session, plan: SessionPlan, found: Instants) -> None:
    """Assign a valid plan to the session's fields, unsaved."""
    assign_columns(session, plan)
    session.starts_at, session.ends_at = found.starts_at, found.ends_at
    session.start_fold, session.end_fold = found.start_fold, found.end_fold
