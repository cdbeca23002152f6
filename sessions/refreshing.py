"""Recomputing stored instants by new rules of time zones: what moves, told before it is applied.

Sessions that are over keep their instants: they took place when they did.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from core.accounts.models import User
from core.timezones.wall_clock import WallClockError, instant, wall
from core.timezones.zones import rules_version
from core.web.errors import InvalidFields, RuleViolation
from labs.lab_editing import save
from labs.models import City, Lab
from labs.revisions import lock_row, touch
from sessions import public_changes, unannounced_changes, zone_rules
from sessions.agenda_rows import set_agenda
from sessions.models import Session
from sessions.plans import Instants, SessionPlan, derived_instants
from sessions.publishing import Change, send_session_changed
from sessions.revisions import lock_session, save_session
from sessions.scheduling import plan_of, plans_of
from sessions.session_facts import stored_facts

OPENINGS = ("registration_opens_at", "registration_closes_at")


@dataclass(frozen=True)
class Moved:
    """A session whose instants are others by the new rules; its clock on the wall stays."""

    session: Session
    was: tuple[datetime, datetime]
    now: tuple[datetime, datetime]


@dataclass(frozen=True)
class OpeningMoved:
    """The opening or closing of a lab's registration, `column` of `lab`, that is another instant."""

    lab: Lab
    column: str
    was: datetime
    now: datetime


@dataclass(frozen=True)
class Problem:
    """A session or an opening that cannot follow the new rules, and why."""

    about: Session | Lab
    message: str


@dataclass
class Report:
    """What new rules move. Versions are releases of tzdata, "" if none were stored."""

    version_was: str
    version_now: str
    moved: list[Moved] = field(default_factory=list)
    openings: list[OpeningMoved] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def changes_nothing(self) -> bool:
        return not (self.moved or self.openings or self.problems)


def report(now: datetime | None = None) -> Report:
    """Return what moves by the rules of this process, changing nothing."""
    now = now or timezone.now()
    found = Report(zone_rules.stored_version(), rules_version())
    sessions = list(_to_come(now))
    plans = plans_of(sessions)
    for session in sessions:
        try:
            derived = derived_instants(session, plans[session.pk])
        except InvalidFields as error:
            words = [text for texts in error.errors.values() for text in texts]
            found.problems.append(Problem(session, " ".join(dict.fromkeys(words))))
            continue
        if _differs(session, derived):
            was, becomes = (session.starts_at, session.ends_at), (derived.starts_at, derived.ends_at)
            found.moved.append(Moved(session, was, becomes))
    _add_openings(found, now)
    return found


def _to_come(now: datetime) -> Iterable[Session]:
    # By either rules: no zone moves by more than a day.
    coming = Session.objects.filter(ends_at__gt=now - timedelta(days=1))
    return coming.select_related("lab__programme", "track", "room").order_by("lab_id", "starts_at", "pk")


def _differs(session: Session, found: Instants) -> bool:
    if (session.starts_at, session.ends_at) != (found.starts_at, found.ends_at):
        return True
    rows = session.agenda.order_by("position", "id").values_list("starts_at", "ends_at")
    return list(rows) != [times or (None, None) for times in found.agenda]


def _add_openings(found: Report, now: datetime) -> None:
    """Add openings and closings of registration: typed by the lab's clock, stored as instants alone."""
    old = zone_rules.stored_rules()
    if old is None:
        return
    for lab in Lab.objects.order_by("pk"):
        for column in OPENINGS:
            at = getattr(lab, column)
            offset = at and at > now and old.offset_at(at, lab.time_zone)
            if not at or offset in (None, False):
                continue
            local = (at + timedelta(seconds=offset)).replace(tzinfo=None)
            try:
                becomes = instant(local.date(), local.time(), lab.time_zone, 0)
            except WallClockError as error:
                found.problems.append(Problem(lab, error.message))
                continue
            if becomes != at and not _is_second_reading(at, becomes, lab.time_zone):
                found.openings.append(OpeningMoved(lab, column, at, becomes))


def _is_second_reading(at: datetime, first: datetime, zone: str) -> bool:
    """Tell whether `at` is the other reading of the same hour, which clocks show twice."""
    shown = wall(at, zone)
    return bool(shown.fold) and instant(shown.date(), shown.time(), zone, 0) == first


@transaction.atomic
def refresh(by: User | None = None, *, tell: bool = False) -> Report:
    """Apply the rules of this process to all sessions to come and to openings of registration. Returns what moved.

    What moved is collected for the participants as other changes are (`sessions.unannounced_changes`); with `tell`
    they are emailed at once, in labs that are public. What cannot follow is left alone and reported.
    """
    # Held in one order, so that nothing is saved meanwhile by other rules.
    for lab in Lab.objects.select_for_update(no_key=True, of=("self",)).order_by("pk"):
        list(lab.sessions.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))
    found = report()
    old = zone_rules.stored_rules()
    for one in sorted(found.moved, key=lambda moved: (moved.session.lab_id, moved.session.pk)):
        _move(one.session, plan_of(one.session), old, by)
    for opening in found.openings:
        _move_opening(opening, found, by)
    zone_rules.store_current()
    if tell:
        _tell([one.session for one in found.moved], by)
    return found


def _move(session: Session, plan: SessionPlan, old: zone_rules.Rules | None, by: User | None) -> None:
    """Give a session the instants of its wall clock by the new rules."""
    lock_session(session)
    was = stored_facts([session])[session.pk]
    local = datetime.combine(session.start_date, session.start_time)
    offset = int((local - session.starts_at.replace(tzinfo=None)).total_seconds())
    was["clocks"] = zone_rules.known_clocks(was, old, session.time_zone, offset)
    found = derived_instants(session, plan)
    session.starts_at, session.ends_at = found.starts_at, found.ends_at
    session.start_fold, session.end_fold = found.start_fold, found.end_fold
    session.sequence += 1
    session._change_reason = f"tzdata {rules_version()}"  # type: ignore[attr-defined]
    save_session(session, by, seen=True, edited=True)
    set_agenda(session, replace(plan, start_fold=found.start_fold, end_fold=found.end_fold), found)
    touch(session.lab_id, public=session.is_public, sessions=[session.pk])
    now = stored_facts([session])[session.pk]
    unannounced_changes.collect(session, was, now)
    public_changes.record(session, was, now)
    send_session_changed(session, Change.MOVED)


def _move_opening(opening: OpeningMoved, found: Report, by: User | None) -> None:
    lab = opening.lab
    lock_row(lab)
    try:
        with transaction.atomic():
            setattr(lab, opening.column, opening.now)
            save(lab, by)
            touch(lab.pk, sessions=())
    except RuleViolation as error:
        found.problems.append(Problem(lab, error.message))


def _tell(sessions: list[Session], by: User | None) -> None:
    for lab_id in sorted({session.lab_id for session in sessions}):
        of_lab = [one for one in sessions if one.lab_id == lab_id]
        if of_lab[0].lab.visibility == Lab.Visibility.PUBLIC:
            unannounced_changes.decide(of_lab, tell=True, by=by, reason=gettext("New time zone rules"))


def cities_of(slugs: Iterable[str]) -> list[City]:
    """Return these cities in this order. Raises RuleViolation for a slug that no city has."""
    found = {city.slug: city for city in City.objects.filter(slug__in=list(slugs))}
    for slug in slugs:
        if slug not in found:
            raise RuleViolation("unknown_city", gettext("No city is called “%(slug)s”.") % {"slug": slug})
    return [found[slug] for slug in slugs]
