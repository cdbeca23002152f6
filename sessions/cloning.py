"""Clone a lab or a session: the same again on other days, as drafts with identities of their own.

Nothing of people goes along: no registrations, seats, emails, certificates, roles or links. Sessions keep their hours
on the clock; hours that do not exist on the new days, or come twice, are reported by `plan_clone`, which writes
nothing, and need an answer. What packages above have of a lab they clone on `sessions.signals.lab_cloned`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from core.accounts.models import User
from core.mail.email_templates import copy_texts
from core.timezones.wall_clock import NonexistentTime, WallClockError, instant, is_ambiguous, wall
from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import languages_of
from core.web.slugs import unique_slug
from labs.lab_editing import EARLIEST, LATEST, Texts
from labs.models import Lab, Room, Track
from labs.revisions import lock_lab
from sessions.lab_copies import copy_lab, copy_parts
from sessions.models import Session
from sessions.plans import AgendaPlan, SessionPlan, check_plan
from sessions.scheduling import NewSession, create_session, create_sessions, plans_of
from sessions.signals import lab_cloned

_WEEK = 7
MAX_SLUG = 80


class Part(StrEnum):
    """What can be cloned with a lab. Speakers, tracks and rooms are those of the sessions."""

    DAYS = "days"
    TRACKS = "tracks"
    ROOMS = "rooms"
    SESSIONS = "sessions"
    SPEAKERS = "speakers"
    QUESTIONS = "questions"
    EMAILS = "emails"


class GapAnswer(StrEnum):
    """What becomes of a session in an hour that the clock skips."""

    LATER = "later"  # it moves by the length of the gap
    LEAVE_OUT = "leave-out"


@dataclass(frozen=True)
class CloneRequest:
    """What the new lab is to be. With `keep_weekdays` it moves by whole weeks, those nearest to `first_day`."""

    title: Texts
    first_day: date
    slug: str = ""
    keep_weekdays: bool = True
    parts: frozenset[str] = field(default_factory=lambda: frozenset(Part))


@dataclass(frozen=True)
class Answers:
    """Folds of hours that come twice, by session id and "start" or "end"; answers for sessions in a gap, by id."""

    folds: Mapping[tuple[int, str], int] = field(default_factory=dict)
    gaps: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SessionClone:
    """One session of a clone: its plan on the new days, and what has to be asked about it.

    `twice` are its ends ("start", "end") that come twice, `gap` says which hour does not exist, `obstacle` what else is
    in the way. `is_left_out` if an answer says so.
    """

    session: Session
    plan: SessionPlan
    twice: tuple[str, ...] = ()
    gap: str = ""
    obstacle: str = ""
    is_left_out: bool = False


@dataclass(frozen=True)
class LabClone:
    """What a clone of a lab would be. `days` is by how many it moves; `registration` are its new instants, if any."""

    days: int
    starts_on: date
    ends_on: date
    registration: tuple[datetime | None, datetime | None]
    steps: tuple[SessionClone, ...]
    cancelled: int

    @property
    def obstacles(self) -> list[SessionClone]:
        return [step for step in self.steps if step.obstacle and not step.is_left_out]

    @property
    def undecided(self) -> list[SessionClone]:
        """The sessions about whose hours there is a question without an answer."""
        return [
            step
            for step in self.steps
            if not step.is_left_out
            and (step.gap or any(getattr(step.plan, f"{which}_fold") is None for which in step.twice))
        ]


def days_to_move(lab: Lab, first_day: date, *, keep_weekdays: bool) -> int:
    """Return by how many days a lab moves to begin on this day: with weekdays kept, by the nearest whole weeks."""
    days = (first_day - lab.starts_on).days
    return round(days / _WEEK) * _WEEK if keep_weekdays else days


def plan_clone(
    lab: Lab, request: CloneRequest, answers: Answers | None = None, *, now: datetime | None = None
) -> LabClone:
    """Return what a clone of the lab would be; nothing is written. Raises InvalidFields for its first day."""
    answers = answers or Answers()
    days = days_to_move(lab, request.first_day, keep_weekdays=request.keep_weekdays)
    try:
        starts_on, ends_on = (on + timedelta(days=days) for on in (lab.starts_on, lab.ends_on))
    except OverflowError:
        starts_on, ends_on = request.first_day, date.max
    if starts_on < EARLIEST or ends_on > LATEST:
        words = gettext("Choose a date between %(first)d and %(last)d.")
        raise InvalidFields({"first_day": [words % {"first": EARLIEST.year, "last": LATEST.year}]})
    moved = Lab(pk=lab.pk, programme_id=lab.programme_id, time_zone=lab.time_zone, format=lab.format)
    moved.starts_on, moved.ends_on = starts_on, ends_on
    steps: list[SessionClone] = []
    cancelled = 0
    if Part.SESSIONS in request.parts:
        everything = list(lab.sessions.select_related("track", "room").order_by("starts_at", "pk"))
        kept = [session for session in everything if not session.is_cancelled]
        cancelled = len(everything) - len(kept)
        plans = plans_of(kept)
        for session in kept:
            plan = _fresh(plans[session.pk], request.parts)
            steps.append(_planned(session, _on_days(plan, days), moved, answers))
    registration = _registration(lab, days, now or timezone.now())
    return LabClone(days, starts_on, ends_on, registration, tuple(steps), cancelled)


def _fresh(plan: SessionPlan, parts: Collection[str]) -> SessionPlan:
    """Return the plan without what belongs to the first time: the join link, orders of interpreters, rows, speakers."""
    speakers = Part.SPEAKERS in parts
    return replace(
        plan,
        join_link="",
        track=plan.track if Part.TRACKS in parts else None,
        room=plan.room if Part.ROOMS in parts else None,
        interpretation_order_by=None,
        interpretation_ordered_on=None,
        appearances=plan.appearances if speakers else (),
        agenda=tuple(
            replace(item, item=None, appearances=item.appearances if speakers else ()) for item in plan.agenda
        ),
    )


def _on_days(plan: SessionPlan, days: int) -> SessionPlan:
    by = timedelta(days=days)
    return replace(
        plan, start_date=plan.start_date + by, end_date=plan.end_date + by, start_fold=None, end_fold=None
    )


def _planned(session: Session, plan: SessionPlan, lab: Lab, answers: Answers) -> SessionClone:
    """Return one session as it would be in `lab` (the old one's id with the new one's days)."""
    gap = ""
    answer = answers.gaps.get(session.pk, "")
    try:
        _check_exists(plan)
    except NonexistentTime as skipped:
        if answer != GapAnswer.LATER:
            return SessionClone(session, plan, gap=skipped.message, is_left_out=answer == GapAnswer.LEAVE_OUT)
        plan = _past_gap(plan, skipped)
    except WallClockError as error:
        return SessionClone(session, plan, obstacle=error.message)
    hours = {"start": (plan.start_date, plan.start_time), "end": (plan.end_date, plan.end_time)}
    try:
        twice = tuple(which for which, (on, at) in hours.items() if is_ambiguous(on, at, plan.time_zone))
    except WallClockError as error:
        return SessionClone(session, plan, obstacle=error.message)
    folds = {which: answers.folds.get((session.pk, which)) for which in twice}
    plan = replace(plan, start_fold=folds.get("start"), end_fold=folds.get("end"))
    # Any fold will do to check the rest of a plan about which there is a question.
    certain = replace(
        plan,
        start_fold=plan.start_fold or 0,
        end_fold=plan.end_fold if plan.end_fold is not None else int(twice == ("start", "end")),
    )
    candidate = Session(lab=lab, revised_at=timezone.now(), content_revised_at=timezone.now())
    try:
        check_plan(candidate, certain, taken=())
    except InvalidFields as error:
        said = dict.fromkeys(message for messages in error.errors.values() for message in messages)
        return SessionClone(session, plan, twice, gap, " ".join(said))
    return SessionClone(session, plan, twice, gap)


def _check_exists(plan: SessionPlan) -> None:
    """Raise NonexistentTime for the first of the plan's hours that the clock skips on its day."""
    hours = [(plan.start_date, plan.start_time), (plan.end_date, plan.end_time)]
    if plan.start_date == plan.end_date:
        for item in plan.agenda:
            hours += [(plan.start_date, at) for at in (item.start_time, item.end_time) if at]
    for on, at in sorted(hours):
        instant(on, at, plan.time_zone, 0)


def _past_gap(plan: SessionPlan, skipped: NonexistentTime) -> SessionPlan:
    """Return the plan with every hour from the gap on later by its length, so that nothing becomes shorter."""
    begins, by = skipped.gap_starts, skipped.gap_ends - skipped.gap_starts

    def later(on: date, at: time) -> datetime:
        local = datetime.combine(on, at)
        return local + by if local >= begins else local

    starts, ends = later(plan.start_date, plan.start_time), later(plan.end_date, plan.end_time)
    agenda = plan.agenda
    if plan.start_date == plan.end_date:
        agenda = tuple(_item_past_gap(item, plan.start_date, begins, by) for item in agenda)
    return replace(
        plan,
        start_date=starts.date(),
        start_time=starts.time(),
        end_date=ends.date(),
        end_time=ends.time(),
        agenda=agenda,
    )


def _item_past_gap(item: AgendaPlan, on: date, begins: datetime, by: timedelta) -> AgendaPlan:
    def later(at: time | None) -> time | None:
        if at is None or datetime.combine(on, at) < begins:
            return at
        return (datetime.combine(on, at) + by).time()

    return replace(item, start_time=later(item.start_time), end_time=later(item.end_time))


def _registration(lab: Lab, days: int, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Return when registration opens and closes, moved along; none of both where it would be open at once."""
    moved: list[datetime | None] = []
    for at in (lab.registration_opens_at, lab.registration_closes_at):
        if at is None:
            moved.append(None)
            continue
        local = wall(at, lab.time_zone)
        try:
            moved.append(
                instant(local.date() + timedelta(days=days), local.time(), lab.time_zone, local.fold)
            )
        except (WallClockError, OverflowError):
            return None, None
    opens, closes = moved
    return (opens, closes) if opens and opens > now else (None, None)


@transaction.atomic
def clone_lab(lab: Lab, request: CloneRequest, by: User | None = None, answers: Answers | None = None) -> Lab:
    """Create a draft lab of the same programme with what the request names, and return it.

    Raises RuleViolation: for fields of the request, for sessions that cannot be on the new days (obstacles), and where
    an hour has a question without an answer (ambiguous_time).
    """
    lab = lock_lab(lab.pk)
    clone = plan_clone(lab, request, answers)
    _refuse_open_questions(clone)
    made = copy_lab(lab, request.title, request.slug, clone.starts_on, clone.ends_on, clone.registration, by)
    copied = copy_parts(
        lab,
        made,
        days=clone.days if Part.DAYS in request.parts else None,
        tracks=Part.TRACKS in request.parts,
        rooms=Part.ROOMS in request.parts,
        by=by,
    )
    if Part.EMAILS in request.parts:
        copy_texts(lab.pk, made.pk)
    steps = [step for step in clone.steps if not step.is_left_out]
    plans = [_in_copy(step.plan, copied.tracks, copied.rooms) for step in steps]
    sessions = create_sessions(made, [NewSession(plan) for plan in plans], by)
    lab_cloned.send(
        sender=Lab,
        lab_id=lab.pk,
        clone_id=made.pk,
        sessions={step.session.pk: new.pk for step, new in zip(steps, sessions, strict=True)},
        parts=frozenset(request.parts),
        by=by,
    )
    return made


def _refuse_open_questions(clone: LabClone) -> None:
    if clone.obstacles:
        count = len(clone.obstacles)
        raise RuleViolation(
            "obstacles",
            ngettext(
                "%(count)d session cannot be on the new days: %(title)s. Change it first.",
                "%(count)d sessions cannot be on the new days, first %(title)s. Change them first.",
                count,
            )
            % {"count": count, "title": clone.obstacles[0].session.title},
        )
    if clone.undecided:
        raise RuleViolation(
            "ambiguous_time",
            gettext("Answer the questions about hours that the clock skips or shows twice."),
        )


def _in_copy(plan: SessionPlan, tracks: Mapping[int, Track], rooms: Mapping[int, Room]) -> SessionPlan:
    """Return the plan with the track and the room of the new lab."""
    return replace(
        plan,
        track=tracks.get(plan.track.pk) if plan.track else None,
        room=rooms.get(plan.room.pk) if plan.room else None,
    )


@transaction.atomic
def clone_session(
    session: Session,
    into: Lab,
    plan: SessionPlan,
    by: User | None = None,
) -> Session:
    """Create a draft after `plan` (of `session_plan_for`) in a lab of the session's programme. Raises InvalidFields."""
    if into.programme_id != session.lab.programme_id:
        raise InvalidFields({"lab": [gettext("Choose a lab of the same programme.")]})
    return create_session(into, plan, by)


def session_plan_for(session: Session, into: Lab, on: date, slug: str = "") -> SessionPlan:
    """Return the plan of a clone of the session in a lab that starts on this day, at the same hours of its zone.

    In another lab it has the track of the same address and the room of the same name, if there are such.
    """
    plan = _fresh(plans_of([session])[session.pk], frozenset(Part))
    plan = replace(_on_days(plan, (on - plan.start_date).days), is_placed=True)
    if into.pk != session.lab_id:
        plan = replace(
            plan,
            track=into.tracks.filter(slug=plan.track.slug).first() if plan.track else None,
            room=_same_room(plan.room, into) if plan.room else None,
        )
    taken = set(into.sessions.values_list("slug", flat=True))
    return replace(
        plan,
        slug=slug or unique_slug(languages_of(dict(plan.title)), taken, limit=MAX_SLUG, otherwise="session"),
    )


def _same_room(room: Room, into: Lab) -> Room | None:
    names = languages_of(room.name).items()
    return next((one for one in into.rooms.all() if names & languages_of(one.name).items()), None)
