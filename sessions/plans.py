"""Plans of sessions and their validation.

The wall clock is authoritative: the instants of sessions are derived from it here. All errors of a plan are raised by
field in one `InvalidFields`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from django.utils.translation import get_language, gettext, ngettext

from core.timezones.formatting import date_range
from core.timezones.wall_clock import UnknownZone, WallClockError, fold_of, instant
from core.web.errors import InvalidFields
from labs.lab_editing import Findings, Texts
from labs.models import Lab, Room, Track
from sessions.models import AgendaItem, Appearance, Session, Speaker
from sessions.models.seating import MODES, Mode, Seating, default_format
from sessions.models.session_languages import LANGUAGE_COLUMNS, ORDER_COLUMNS

AGENDA_LIMIT = 100

# Fields of both a plan and the model.
COLUMNS = (
    "slug", "title", "abstract", "track", "room", "join_link", "start_date", "start_time", "end_date", "end_time",
    "time_zone", "format", "room_capacity", "online_capacity", "waiting_list",
    "needs_approval", "is_placed", *LANGUAGE_COLUMNS, *ORDER_COLUMNS,
)  # fmt: skip


@dataclass(frozen=True)
class AppearancePlan:
    """A speaker and his or her role, in a session or in one item of its agenda."""

    speaker: Speaker
    role: str = Appearance.Role.SPEAKER


@dataclass(frozen=True)
class AgendaPlan:
    """An item of the agenda. Times are wall time in the session's zone: both or none.

    `item` is the id of the row to change; None creates a new one.
    """

    title: Texts
    abstract: Texts = field(default_factory=dict)
    start_time: time | None = None
    end_time: time | None = None
    appearances: tuple[AppearancePlan, ...] = ()
    item: int | None = None


@dataclass(frozen=True)
class SessionPlan:
    """The fields of a session except its visibility (see `sessions.publishing`).

    Dates and times are wall-clock times in `time_zone`. The folds resolve ambiguous times, for which None is an error.
    `format` is one of Lab.Format, or "" for that of the room, or of the lab without a room. A capacity is None without
    a limit, and for a mode that the format does not offer. Not `is_placed`: day and hours say the length alone.
    Languages are codes of `sessions.languages`, in the order in which they are shown; `interpretation_order_by` and
    `interpretation_ordered_on` are days, for organisers alone.
    """

    slug: str
    title: Texts
    start_date: date
    start_time: time
    end_date: date
    end_time: time
    time_zone: str
    start_fold: int | None = None
    end_fold: int | None = None
    abstract: Texts = field(default_factory=dict)
    track: Track | None = None
    room: Room | None = None
    join_link: str = ""
    format: str = ""
    room_capacity: int | None = None
    online_capacity: int | None = None
    waiting_list: bool = True
    needs_approval: bool = False
    spoken_languages: tuple[str, ...] = ()
    interpreted_languages: tuple[str, ...] = ()
    sign_languages: tuple[str, ...] = ()
    captioned_languages: tuple[str, ...] = ()
    interpretation_order_by: date | None = None
    interpretation_ordered_on: date | None = None
    is_placed: bool = True
    agenda: tuple[AgendaPlan, ...] = ()
    appearances: tuple[AppearancePlan, ...] = ()


@dataclass(frozen=True)
class Instants:
    """The instants (UTC) and folds of a plan and of each agenda item."""

    starts_at: datetime
    ends_at: datetime
    start_fold: int
    end_fold: int
    agenda: tuple[tuple[datetime, datetime] | None, ...] = ()


class _Findings(Findings):
    def attempt(self, name: str, find: Callable[[], datetime | None]) -> datetime | None:
        """Return the result of `find`; on a WallClockError, add it to this field and return None."""
        try:
            return find()
        except UnknownZone:
            pass  # reported at the zone's field
        except WallClockError as error:
            self.add(name, error.message)
        return None


def check_plan(session: Session, plan: SessionPlan, taken: Collection[str] | None = None) -> Instants:
    """Return the instants of a valid plan; raise InvalidFields with all errors.

    `taken` are the slugs of the lab's other sessions, None to ask the database about a new slug.
    """
    findings = _Findings()
    lab = session.lab
    # A copy, so that `session` is unchanged if the plan is invalid.
    candidate = copy.copy(session)
    assign_columns(candidate, plan)
    findings.check_columns(candidate, [name for name in COLUMNS if name not in ("track", "room")])
    _check_relations(lab, plan, findings)
    _check_format(session, plan, findings)
    if not plan.is_placed and session.visibility != Session.Visibility.DRAFT:
        findings.add(
            "", gettext("Only a draft can be taken out of the schedule. Change it to a draft first.")
        )
    is_other = plan.slug != session.slug  # its own is nobody else's: the database sees to that
    if is_other and (
        plan.slug in taken if taken is not None else lab.sessions.filter(slug=plan.slug).exists()
    ):
        findings.add(
            "slug", gettext("Another session of this lab has the address “%(slug)s”.") % {"slug": plan.slug}
        )
    found = _session_instants(plan, findings)
    if found and plan.is_placed and not _is_inside_lab(lab, found, findings):
        found = None
    agenda = _check_agenda(lab, plan, found, findings)
    if findings.errors or found is None:
        raise InvalidFields(findings.errors)
    return replace(found, agenda=agenda)


def derived_instants(session: Session, plan: SessionPlan) -> Instants:
    """Return the instants of a plan by the rules of its zone, without checking the rest. Raises InvalidFields."""
    findings = _Findings()
    found = _session_instants(plan, findings)
    agenda = _check_agenda(session.lab, plan, found, findings)
    if findings.errors or found is None:
        raise InvalidFields(findings.errors)
    return replace(found, agenda=agenda)


def assign_columns(session: Session, plan: SessionPlan) -> None:
    """Assign a plan's values to the fields of the same names, unsaved."""
    for name in COLUMNS:
        value = getattr(plan, name)
        setattr(session, name, list(value) if name in LANGUAGE_COLUMNS else value)
    session.set_format(plan.format or default_format(session.lab, plan.room))
    session.title, session.abstract = dict(plan.title), dict(plan.abstract)


def _check_relations(lab: Lab, plan: SessionPlan, findings: _Findings) -> None:
    if plan.track and plan.track.lab_id != lab.pk:
        findings.add("track", gettext("Choose a track of this lab."))
    if plan.room and plan.room.lab_id != lab.pk:
        findings.add("room", gettext("Choose a room of this lab."))
    _check_appearances(lab, plan.appearances, "appearances", findings)


def _check_appearances(
    lab: Lab, appearances: tuple[AppearancePlan, ...], name: str, findings: _Findings
) -> None:
    if any(appearance.speaker.programme_id != lab.programme_id for appearance in appearances):
        findings.add(name, gettext("Choose speakers of this programme."))
    if any(appearance.role not in Appearance.Role.values for appearance in appearances):
        findings.add(name, gettext("Choose a role from the list."))
    if len({(appearance.speaker.pk, appearance.role) for appearance in appearances}) != len(appearances):
        findings.add(name, gettext("The same speaker is listed here twice in the same role."))


def _check_format(session: Session, plan: SessionPlan, findings: _Findings) -> None:
    """Check the format against the room, and the capacities against the seats that are taken."""
    format = plan.format or default_format(session.lab, plan.room)
    if format not in MODES:
        findings.add("format", gettext("Choose a format from the list."))
        return
    if plan.room and len(MODES[format]) == 1 and format != default_format(session.lab, plan.room):
        findings.add(
            "room",
            gettext("This room is online. Choose a room on site, or change the format.")
            if plan.room.online
            else gettext("This room is on site. Choose an online room, or change the format."),
        )
    after = copy.copy(session)
    after.room_capacity, after.online_capacity = plan.room_capacity, plan.online_capacity
    after.set_format(format)
    for mode in Mode:
        name, seating = f"{mode}_capacity", after.seating(mode)
        if mode in MODES[format]:
            _check_capacity(name, seating, findings)
        elif seating.capacity is not None:
            findings.add(
                name,
                gettext("The session is online only. Leave this empty.")
                if mode == Mode.ROOM
                else gettext("The session is in person only. Leave this empty."),
            )


def _check_capacity(name: str, seating: Seating, findings: _Findings) -> None:
    if seating.capacity is not None and 0 <= seating.capacity < seating.taken:
        findings.add(
            name,
            ngettext(
                "%(taken)d seat is already taken. Enter at least %(taken)d, or cancel registrations first.",
                "%(taken)d seats are already taken. Enter at least %(taken)d, or cancel registrations first.",
                seating.taken,
            )
            % {"taken": seating.taken},
        )


def _session_instants(plan: SessionPlan, findings: _Findings) -> Instants | None:
    """Return the plan's instants, or None after adding errors."""
    starts_at = findings.attempt(
        "start_time", lambda: instant(plan.start_date, plan.start_time, plan.time_zone, plan.start_fold)
    )
    ends_at = findings.attempt(
        "end_time", lambda: instant(plan.end_date, plan.end_time, plan.time_zone, plan.end_fold)
    )
    if starts_at is None or ends_at is None:
        return None
    if ends_at <= starts_at:
        findings.add("end_time", gettext("The end is not after the start. Choose a later end."))
        return None
    return Instants(starts_at, ends_at, fold_of(starts_at, plan.time_zone), fold_of(ends_at, plan.time_zone))


def _is_inside_lab(lab: Lab, span: Instants, findings: _Findings) -> bool:
    """Tell whether the session is within the lab's days in the lab's zone."""
    first, last = lab.days_of(span.starts_at, span.ends_at)
    for name, on in (("start_date", first), ("end_date", last)):
        if not lab.starts_on <= on <= lab.ends_on:
            days = date_range(lab.starts_on, lab.ends_on, get_language() or "en")
            findings.add(
                name,
                gettext(
                    "The lab lasts %(days)s in %(zone)s. Choose one of its days, or change the lab's dates."
                )
                % {"days": days, "zone": lab.time_zone},
            )
    return lab.starts_on <= first and last <= lab.ends_on


def _check_agenda(
    lab: Lab, plan: SessionPlan, span: Instants | None, findings: _Findings
) -> tuple[tuple[datetime, datetime] | None, ...]:
    if len(plan.agenda) > AGENDA_LIMIT:
        findings.add("agenda", gettext("An agenda has at most %(limit)d items.") % {"limit": AGENDA_LIMIT})
        return ()
    instants = []
    for place, item in enumerate(plan.agenda):
        name = f"agenda.{place}"
        row = AgendaItem(title=dict(item.title), abstract=dict(item.abstract))
        findings.check_columns(row, ["title", "abstract"], f"{name}.")
        _check_appearances(lab, item.appearances, f"{name}.appearances", findings)
        instants.append(_item_instants(plan, span, item, name, findings) if span else None)
    return tuple(instants)


def _item_instants(
    plan: SessionPlan, span: Instants, item: AgendaPlan, name: str, findings: _Findings
) -> tuple[datetime, datetime] | None:
    """Return an item's instants: the first within the session that match its times, the end after the start."""
    start, end = item.start_time, item.end_time
    if start is None and end is None:
        return None
    if start is None or end is None:
        missing = "start_time" if start is None else "end_time"
        findings.add(f"{name}.{missing}", gettext("Enter both times, or neither."))
        return None
    outside = gettext("This is outside the session's hours.")
    field = f"{name}.start_time"
    starts_at = findings.attempt(field, lambda: _reading(plan, span, start, span.starts_at))
    if starts_at is None or starts_at == span.ends_at:
        if field not in findings.errors:
            findings.add(field, outside)
        return None
    field = f"{name}.end_time"
    earliest = starts_at + timedelta(microseconds=1)
    ends_at = findings.attempt(field, lambda: _reading(plan, span, end, earliest))
    if ends_at is None:
        if field not in findings.errors:
            before = _reading(plan, span, end, span.starts_at)
            late = gettext("The end is not after the start. Choose a later end.")
            findings.add(field, late if before else outside)
        return None
    return starts_at, ends_at


def _reading(plan: SessionPlan, span: Instants, at: time, not_before: datetime) -> datetime | None:
    """Return the first instant from `not_before` to the session's end at which clocks show `at`.

    Raises NonexistentTime if clocks skip it on the session's only day.
    """
    skipped: WallClockError | None = None
    for days in range((plan.end_date - plan.start_date).days + 1):
        on = plan.start_date + timedelta(days=days)
        for fold in (0, 1):
            try:
                found = instant(on, at, plan.time_zone, fold)
            except WallClockError as error:
                skipped = skipped or error
            else:
                if not_before <= found <= span.ends_at:
                    return found
    if skipped:
        raise skipped
    return None
