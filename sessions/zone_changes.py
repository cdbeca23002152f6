"""Another time zone for a session, or for a lab with the sessions that use its zone.

Either the clock stays (10:00 in Sofia becomes 10:00 in Rome, another instant), or the instant stays (10:00 in Sofia
becomes 09:00 in Rome). Which one, only a person knows: it is asked each time, and the effect is shown before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext

from core.accounts.models import User
from core.timezones.wall_clock import WallClockError, instant, is_ambiguous, wall
from core.timezones.zones import validate_zone
from core.web.edit_conflicts import EditConflict
from core.web.errors import InvalidFields, RuleViolation
from labs.lab_editing import save
from labs.models import Lab
from labs.revisions import lock_row, touch
from labs.signals import lab_rescheduled
from sessions.models import AgendaItem, Session
from sessions.moving import Folds
from sessions.plans import SessionPlan, check_plan
from sessions.scheduling import change_session, plans_of


class Keep(StrEnum):
    """What stays when the zone changes."""

    CLOCK = "clock"
    INSTANT = "instant"


@dataclass(frozen=True)
class ZoneStep:
    """One session with another zone: its new plan, its hours that come twice, and why it cannot be."""

    session: Session
    plan: SessionPlan
    twice: tuple[str, ...] = ()
    obstacle: str = ""

    @property
    def is_undecided(self) -> bool:
        return any(getattr(self.plan, f"{which}_fold") is None for which in self.twice)

    def span(self) -> tuple[datetime, datetime] | None:
        """Return the new instants, with the first reading where none is chosen yet; None with an obstacle."""
        if self.obstacle:
            return None
        plan = self.plan
        return (
            instant(plan.start_date, plan.start_time, plan.time_zone, plan.start_fold or 0),
            instant(plan.end_date, plan.end_time, plan.time_zone, plan.end_fold or 0),
        )


@dataclass(frozen=True)
class ZoneChange:
    """What another zone means. `opens_at` and `closes_at` are the lab's, where it changes with the sessions."""

    zone: str
    keep: Keep
    steps: tuple[ZoneStep, ...]
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    problems: tuple[str, ...] = field(default=())

    @property
    def obstacles(self) -> list[ZoneStep]:
        return [step for step in self.steps if step.obstacle]

    @property
    def undecided(self) -> list[ZoneStep]:
        return [step for step in self.steps if step.is_undecided]


def keep_of(said: str | None) -> Keep:
    """Return what was asked for. Raises InvalidFields where nothing was said: it is never guessed."""
    try:
        return Keep(said or "")
    except ValueError:
        message = gettext(
            "Choose what stays when the time zone changes: “clock” keeps the hours, “instant” keeps the moment."
        )
        raise InvalidFields({"keep": [message]}) from None


def plan_session(session: Session, zone: str, keep: Keep, folds: Folds | None = None) -> ZoneChange:
    """Return what another zone means for one session. Raises InvalidFields for a zone that is none, or its own."""
    _check_zone(zone, session.time_zone)
    return ZoneChange(zone, keep, tuple(_steps([session], session.lab, zone, keep, folds or {})))


def without_zone(session: Session, plan: SessionPlan) -> SessionPlan:
    """Return the plan in the zone that the session has, because what another zone means is asked apart.

    Hours that come twice there, and were not asked about, are the stored ones or the first.
    """
    if plan.time_zone == session.time_zone:
        return plan
    is_same = {
        which: (getattr(plan, f"{which}_date"), getattr(plan, f"{which}_time"))
        == (getattr(session, f"{which}_date"), getattr(session, f"{which}_time"))
        for which in ("start", "end")
    }
    return replace(
        plan,
        time_zone=session.time_zone,
        start_fold=session.start_fold if is_same["start"] else 0,
        end_fold=session.end_fold if is_same["end"] else 0,
    )


def is_asked(lab: Lab) -> bool:
    """Tell whether another zone of the lab changes anything that stands: its sessions, or its registration."""
    moments = (lab.registration_opens_at, lab.registration_closes_at)
    return any(moments) or lab.sessions.filter(time_zone=lab.time_zone).exists()


def plan_lab(
    lab: Lab, zone: str, keep: Keep, folds: Folds | None = None, *, along: Collection[int] | None = None
) -> ZoneChange:
    """Return what another zone means for a lab, its registration, and the sessions that are taken `along`.

    These are ids of sessions that use the lab's zone; None for all of these. Raises InvalidFields.
    """
    _check_zone(zone, lab.time_zone)
    moved = Lab(pk=lab.pk, programme_id=lab.programme_id, time_zone=zone)
    moved.starts_on, moved.ends_on = lab.starts_on, lab.ends_on
    sessions = [one for one in using_zone(lab) if along is None or one.pk in along]
    steps = _steps(sessions, moved, zone, keep, folds or {})
    times: dict[str, datetime | None] = {}
    problems = []
    for name in ("opens_at", "closes_at"):
        at = getattr(lab, f"registration_{name}")
        times[name] = at
        if at and keep is Keep.CLOCK:
            local = wall(at, lab.time_zone)
            try:
                times[name] = instant(local.date(), local.time(), zone, local.fold)
            except WallClockError as error:
                problems.append(error.message)
    others = lab.sessions.exclude(pk__in=[one.pk for one in sessions]).order_by("starts_at", "pk")
    for session in others:
        first, last = moved.days_of(session.starts_at, session.ends_at)
        if first < lab.starts_on or last > lab.ends_on:
            words = gettext("%(title)s would be outside the lab’s days. Change it first.")
            problems.append(words % {"title": session.title})
    return ZoneChange(zone, keep, tuple(steps), **times, problems=tuple(problems))


def using_zone(lab: Lab) -> list[Session]:
    """Return the sessions that use the lab's zone, in the order of the programme."""
    found = lab.sessions.filter(time_zone=lab.time_zone).select_related("track", "room")
    return list(found.order_by("starts_at", "pk"))


def plans_now(sessions: Iterable[Session]) -> list[tuple[Session, SessionPlan]]:
    """Return these sessions with the plans that they follow."""
    found = list(sessions)
    plans = plans_of(found)
    return [(session, plans[session.pk]) for session in found]


def _check_zone(zone: str, current: str) -> None:
    try:
        validate_zone(zone)
    except ValidationError as error:
        raise InvalidFields({"time_zone": error.messages}) from error
    if zone == current:
        raise InvalidFields({"time_zone": [gettext("This is the time zone already. Choose another one.")]})


def _steps(sessions: list[Session], lab: Lab, zone: str, keep: Keep, folds: Folds) -> list[ZoneStep]:
    plans = plans_of(sessions)
    items = _timed_items(sessions)
    return [
        _step(session, plans[session.pk], items.get(session.pk, {}), lab, zone, keep, folds)
        for session in sessions
    ]


def _timed_items(sessions: list[Session]) -> Mapping[int, Mapping[int, AgendaItem]]:
    found: dict[int, dict[int, AgendaItem]] = {}
    for item in AgendaItem.objects.filter(session__in=sessions, starts_at__isnull=False):
        found.setdefault(item.session_id, {})[item.pk] = item
    return found


def _step(
    session: Session,
    plan: SessionPlan,
    items: Mapping[int, AgendaItem],
    lab: Lab,
    zone: str,
    keep: Keep,
    folds: Folds,
) -> ZoneStep:
    try:
        if keep is Keep.INSTANT:
            plan, twice = _same_instant(session, plan, items, zone), ()
        else:
            plan, twice = _same_clock(session, plan, zone, folds)
    except WallClockError as error:
        return ZoneStep(session, replace(plan, time_zone=zone), obstacle=error.message)
    # Any reading will do to check the rest of the plan.
    certain = replace(
        plan,
        start_fold=0 if plan.start_fold is None else plan.start_fold,
        end_fold=(1 if twice == ("start", "end") else 0) if plan.end_fold is None else plan.end_fold,
    )
    own = session.lab
    session.lab = lab
    try:
        check_plan(session, certain)
    except InvalidFields as error:
        said = dict.fromkeys(message for messages in error.errors.values() for message in messages)
        return ZoneStep(session, plan, twice, " ".join(said))
    finally:
        session.lab = own
    return ZoneStep(session, plan, twice)


def _same_clock(
    session: Session, plan: SessionPlan, zone: str, folds: Folds
) -> tuple[SessionPlan, tuple[str, ...]]:
    """Return the plan with the same hours in another zone, and which of them come twice there."""
    plan = replace(
        plan,
        time_zone=zone,
        start_fold=folds.get((session.pk, "start")),
        end_fold=folds.get((session.pk, "end")),
    )
    hours = {"start": (plan.start_date, plan.start_time), "end": (plan.end_date, plan.end_time)}
    for on, at in hours.values():
        instant(on, at, zone, 0)  # raises for hours that clocks skip
    return plan, tuple(which for which, (on, at) in hours.items() if is_ambiguous(on, at, zone))


def _same_instant(
    session: Session, plan: SessionPlan, items: Mapping[int, AgendaItem], zone: str
) -> SessionPlan:
    """Return the plan with the hours that clocks in another zone show at the same instants, agenda included."""
    first, last = wall(session.starts_at, zone), wall(session.ends_at, zone)

    def shown(at: datetime | None) -> time | None:
        return wall(at, zone).time() if at else None

    agenda = tuple(
        replace(item, start_time=shown(row.starts_at), end_time=shown(row.ends_at))
        if item.item is not None and (row := items.get(item.item))
        else item
        for item in plan.agenda
    )
    return replace(
        plan,
        time_zone=zone,
        start_date=first.date(),
        start_time=first.time(),
        start_fold=first.fold,
        end_date=last.date(),
        end_time=last.time(),
        end_fold=last.fold,
        agenda=agenda,
    )


@transaction.atomic
def change_session_zone(
    session: Session,
    zone: str,
    keep: Keep,
    by: User | None = None,
    *,
    folds: Folds | None = None,
    expected_version: int | None = None,
) -> Session:
    """Give a session another zone. Raises InvalidFields, RuleViolation, EditConflict."""
    lock_row(session)
    if expected_version is not None and session.version != expected_version:
        raise EditConflict
    change = plan_session(session, zone, keep, folds)
    _refuse(change)
    return change_session(session, change.steps[0].plan, by)


@transaction.atomic
def change_lab_zone(
    lab: Lab,
    zone: str,
    keep: Keep,
    by: User | None = None,
    *,
    folds: Folds | None = None,
    along: Collection[int] | None = None,
    expected_version: int | None = None,
) -> ZoneChange:
    """Give a lab another zone, with the sessions taken `along` as in `plan_lab`. Returns what changed.

    Raises InvalidFields, RuleViolation, EditConflict.
    """
    lock_row(lab)
    if expected_version is not None and lab.version != expected_version:
        raise EditConflict
    list(lab.sessions.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))
    change = plan_lab(lab, zone, keep, folds, along=along)
    _refuse(change)
    lab.time_zone = zone
    lab.registration_opens_at, lab.registration_closes_at = change.opens_at, change.closes_at
    save(lab, by)
    for step in sorted(change.steps, key=lambda step: step.session.pk):
        step.session.lab = lab
        change_session(step.session, step.plan, by)
    lab_rescheduled.send(sender=Lab, lab_id=lab.pk)
    touch(lab.pk)
    return change


def _refuse(change: ZoneChange) -> None:
    """Raise RuleViolation for a change that is not possible, or not decided."""
    if change.problems:
        raise RuleViolation("obstacles", " ".join(change.problems))
    if change.obstacles:
        raise RuleViolation("obstacles", _about(change.obstacles[0], change.obstacles[0].obstacle))
    if change.undecided:
        words = gettext("Choose which time you mean where the clock shows it twice.")
        raise RuleViolation("ambiguous_time", _about(change.undecided[0], words))


def _about(step: ZoneStep, words: str) -> str:
    return gettext("%(title)s: %(problem)s") % {"title": step.session.title, "problem": words}
