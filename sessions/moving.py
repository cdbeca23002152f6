"""Plan and execute moves of a lab with all its sessions.

Every session keeps its wall-clock time, zone, agenda and seats. Nonexistent times on the new day are errors; ambiguous
ones need a fold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from core.accounts.models import User
from core.timezones.wall_clock import WallClockError, is_ambiguous
from core.web.errors import InvalidFields, RuleViolation
from labs.models import Lab
from labs.postponing import LabDates, moved_dates, set_dates
from labs.revisions import touch
from labs.signals import lab_moving, lab_rescheduled
from sessions.models import Session
from sessions.plans import SessionPlan, check_plan
from sessions.scheduling import change_session, plans_of

# Folds of ambiguous times, by session id and "start" or "end".
Folds = Mapping[tuple[int, str], int]


@dataclass(frozen=True)
class SessionMove:
    """One session of a move: its new plan, its ambiguous times and its errors."""

    session: Session
    plan: SessionPlan
    twice: tuple[str, ...] = ()
    obstacle: str = ""


@dataclass(frozen=True)
class LabMove:
    """The changes of a lab that moves to another day."""

    days: int  # negative if the lab is brought forward
    dates: LabDates
    steps: tuple[SessionMove, ...]

    @property
    def obstacles(self) -> list[SessionMove]:
        return [step for step in self.steps if step.obstacle]

    @property
    def undecided(self) -> list[SessionMove]:
        """The sessions with ambiguous times that have no fold yet."""
        return [
            step
            for step in self.steps
            if any(getattr(step.plan, f"{which}_fold") is None for which in step.twice)
        ]


def plan_move(
    lab: Lab,
    first_day: date,
    folds: Folds | None = None,
    *,
    dates: LabDates | None = None,
    now: datetime | None = None,
) -> LabMove:
    """Return the changes. `dates` overrides the computed dates of the lab. Raises RuleViolation."""
    now = now or timezone.now()
    found = dates or moved_dates(lab, first_day, now)
    moved = Lab(pk=lab.pk, programme_id=lab.programme_id, time_zone=lab.time_zone)
    moved.starts_on, moved.ends_on = found.starts_on, found.ends_on
    days = found.starts_on - lab.starts_on
    sessions = list(lab.sessions.select_related("track", "room").order_by("starts_at", "pk"))
    plans = plans_of(sessions)
    steps = [
        _plan_session(session, plans[session.pk], lab, moved, days, folds or {}, now) for session in sessions
    ]
    return LabMove(days.days, found, tuple(steps))


def _plan_session(
    session: Session, plan: SessionPlan, lab: Lab, moved: Lab, days: timedelta, folds: Folds, now: datetime
) -> SessionMove:
    plan = replace(
        plan,
        start_date=plan.start_date + days,
        end_date=plan.end_date + days,
        start_fold=folds.get((session.pk, "start")),
        end_fold=folds.get((session.pk, "end")),
    )
    seen = lab.visibility == Lab.Visibility.PUBLIC and session.visibility != Session.Visibility.DRAFT
    if seen and not session.is_cancelled and session.starts_at <= now:
        return SessionMove(session, plan, obstacle=gettext("It has already begun."))
    hours = {"start": (plan.start_date, plan.start_time), "end": (plan.end_date, plan.end_time)}
    try:
        twice = tuple(which for which, (on, at) in hours.items() if is_ambiguous(on, at, plan.time_zone))
    except WallClockError as error:
        return SessionMove(session, plan, obstacle=error.message)
    # Any fold will do to check the rest of the plan.
    certain = replace(
        plan,
        start_fold=folds.get((session.pk, "start"), 0),
        end_fold=folds.get((session.pk, "end"), 1 if twice == ("start", "end") else 0),
    )
    session.lab = moved
    try:
        check_plan(session, certain)
    except InvalidFields as error:
        said = dict.fromkeys(message for messages in error.errors.values() for message in messages)
        return SessionMove(session, plan, twice, " ".join(said))
    finally:
        session.lab = lab
    return SessionMove(session, plan, twice)


@transaction.atomic
def move_lab(
    lab: Lab,
    first_day: date,
    by: User | None = None,
    *,
    folds: Folds | None = None,
    dates: LabDates | None = None,
) -> LabMove:
    """Move the lab and all its sessions, so that it begins on `first_day`. Returns the changes.

    Organisers decide afterwards whether people with seats are emailed (`sessions.unannounced_changes`). Raises
    RuleViolation.
    """
    lab.refresh_from_db(from_queryset=Lab.objects.select_for_update(no_key=True, of=("self",)))
    list(lab.sessions.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))
    lab_moving.send(sender=Lab, lab_id=lab.pk)
    move = plan_move(lab, first_day, folds, dates=dates)
    if move.obstacles:
        count = len(move.obstacles)
        raise RuleViolation(
            "obstacles",
            ngettext(
                "%(count)d session cannot move with the lab: %(title)s. Change it first.",
                "%(count)d sessions cannot move with the lab, first %(title)s. Change them first.",
                count,
            )
            % {"count": count, "title": move.obstacles[0].session.title},
        )
    if move.undecided:
        raise RuleViolation(
            "ambiguous_time", gettext("Choose which time you mean where the clock shows it twice.")
        )
    set_dates(lab, move.dates, by)
    for step in sorted(move.steps, key=lambda step: step.session.pk):
        change_session(step.session, step.plan, by)
    lab_rescheduled.send(sender=Lab, lab_id=lab.pk)
    touch(lab.pk, sessions=())
    return move
