"""Place one session in the schedule: its start, length, room and track; or take it out again.

The agenda goes along: each item keeps its distance from the session's start. A session keeps its length, also over a
clock change; the end on the clock follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils.translation import gettext

from core.accounts.models import User
from core.timezones.formatting import clock
from core.timezones.wall_clock import AmbiguousTime, WallClockError, instant, wall
from core.web.edit_conflicts import EditConflict
from core.web.errors import InvalidFields
from core.web.localized_fields import text_and_language
from labs.models import Room, Track
from sessions.models import AgendaItem, Session
from sessions.plans import AgendaPlan, SessionPlan
from sessions.revisions import lock_session
from sessions.scheduling import change_locked_session, plan_of

MAX_MINUTES = 14 * 24 * 60

# Fields of a plan as the fields of a placement, for errors.
_FIELDS = {"end_time": "minutes", "end_date": "minutes", "end_fold": "minutes"}


@dataclass(frozen=True)
class Placement:
    """Where a session is to be: the start as clocks in `time_zone` show it, which need not be the session's zone.

    `fold` is that of an ambiguous start, for which None is an error. `minutes` is the true length.
    """

    start_date: date
    start_time: time
    time_zone: str
    minutes: int
    room: Room | None = None
    track: Track | None = None
    start_fold: int | None = None


def placement_of(session: Session, zone: str = "") -> Placement:
    """Return where the session is now, by the clocks of `zone`, else of its own. Needs room and track."""
    zone = zone or session.time_zone
    start = wall(session.starts_at, zone)
    return Placement(
        start_date=start.date(),
        start_time=start.time(),
        time_zone=zone,
        minutes=minutes_of(session),
        room=session.room,
        track=session.track,
        start_fold=start.fold,
    )


def minutes_of(session: Session) -> int:
    return int(session.duration / timedelta(minutes=1))


@transaction.atomic
def move_session(
    session: Session, to: Placement, by: User | None = None, *, expected_version: int | None = None
) -> Session:
    """Move the session, with its agenda; nothing changes if it is there already.

    `expected_version` is the version that the organiser saw. Organisers decide afterwards whether people with seats are
    emailed (`sessions.unannounced_changes`). Returns the same object, brought up to date. Raises EditConflict, and
    InvalidFields by fields of the placement: "start_fold" for an ambiguous start, "" for the agenda.
    """
    _lock(session, expected_version)
    before = plan_of(session)
    plan = placed_plan(session, before, to)
    try:
        change_locked_session(session, before, plan, by)
    except InvalidFields as error:
        raise InvalidFields(_errors_of_placement(error, plan)) from error
    return session


@transaction.atomic
def take_out(session: Session, by: User | None = None, *, expected_version: int | None = None) -> Session:
    """Take a draft out of the schedule; it keeps its length, agenda, room and track. Raises as `move_session`."""
    _lock(session, expected_version)
    before = plan_of(session)
    change_locked_session(session, before, replace(before, is_placed=False), by)
    return session


def placed_plan(session: Session, before: SessionPlan, to: Placement) -> SessionPlan:
    """Return the plan of a session that goes there. One query, for its agenda. Raises InvalidFields."""
    try:
        starts_at = instant(to.start_date, to.start_time, to.time_zone, to.start_fold)
        if not 1 <= to.minutes <= MAX_MINUTES:
            raise InvalidFields({"minutes": [_length_text()]})
        ends_at = starts_at + _length(session, to.minutes)
        start, end = wall(starts_at, session.time_zone), wall(ends_at, session.time_zone)
    except AmbiguousTime as error:
        raise InvalidFields({"start_fold": [error.message]}) from error
    except WallClockError as error:
        raise InvalidFields({"start_time": [error.message]}) from error
    except OverflowError as error:
        raise InvalidFields({"minutes": [_length_text()]}) from error
    return replace(
        before,
        start_date=start.date(),
        start_time=start.time(),
        start_fold=start.fold,
        end_date=end.date(),
        end_time=end.time(),
        end_fold=end.fold,
        room=to.room,
        track=to.track,
        is_placed=True,
        agenda=_moved_agenda(session, before.agenda, starts_at),
    )


def _lock(session: Session, expected_version: int | None) -> None:
    lock_session(session)
    if expected_version is not None and session.version != expected_version:
        raise EditConflict


def _length(session: Session, minutes: int) -> timedelta:
    """Return the length; the session's own, with its seconds, where that is so many minutes."""
    return session.duration if minutes == minutes_of(session) else timedelta(minutes=minutes)


def _length_text() -> str:
    return gettext("Enter a length from 1 to %(limit)d minutes.") % {"limit": MAX_MINUTES}


def _moved_agenda(
    session: Session, agenda: tuple[AgendaPlan, ...], starts_at: datetime
) -> tuple[AgendaPlan, ...]:
    by = starts_at - session.starts_at
    if not by or not any(item.start_time for item in agenda):
        return agenda
    rows = AgendaItem.objects.filter(session=session).values_list("pk", "starts_at", "ends_at")
    instants = {pk: (starts, ends) for pk, starts, ends in rows}

    def moved(item: AgendaPlan) -> AgendaPlan:
        starts, ends = instants.get(item.item or 0, (None, None))
        if starts is None or ends is None:
            return item
        first, last = (wall(at + by, session.time_zone).time() for at in (starts, ends))
        return replace(item, start_time=first, end_time=last)

    return tuple(map(moved, agenda))


def _errors_of_placement(error: InvalidFields, plan: SessionPlan) -> dict[str, list[str]]:
    """Return the errors of a plan by the fields of a placement; those of the agenda name their item."""
    errors: dict[str, list[str]] = {}
    for name, messages in error.errors.items():
        first, _dot, rest = name.partition(".")
        if first != "agenda" or not rest:
            known = {message for found in errors.values() for message in found}
            if new := [message for message in messages if message not in known]:
                errors.setdefault(_FIELDS.get(name, name), []).extend(new)
            continue
        item = plan.agenda[int(rest.partition(".")[0])]
        title = text_and_language(item.title, "")[0]
        at = clock(item.start_time) if item.start_time else ""
        for message in messages:
            said = {"title": title, "time": at, "message": message}
            words = gettext("Agenda item “%(title)s” (%(time)s): %(message)s") % said
            errors.setdefault("", []).append(words)
    return errors
