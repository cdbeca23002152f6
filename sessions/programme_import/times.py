"""Wall times of sessions and agenda items, and the hours of sessions whose times the file leaves open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, field_validator

from core.timezones.wall_clock import AmbiguousTime, WallClockError, instant, wall
from sessions.models import Session
from sessions.programme_import.context import Info
from sessions.programme_import.fields import Record, Text, WallTime, whole
from sessions.programme_import.json_document import JsonObject
from sessions.programme_import.problems import Problem, Problems

# Where `assumed` leaves the times to us: hours on the lab's own clock.
FIRST_HOUR, LAST_HOUR = 9, 18
_TIMES = re.compile(r"\btimes?\b", re.IGNORECASE)
_MEMBERS = ("starts", "ends", "starts_fold", "ends_fold", "time_zone")
_DAY = timedelta(days=1)

Fold = Annotated[int, whole(most=1)]


class SessionTimes(Record):
    """When a session takes place: wall times in its zone, which is the lab's if the file names none."""

    table = Session

    time_zone: Text = Field(default="", validate_default=True)
    starts_fold: Fold | None = None
    ends_fold: Fold | None = None
    starts: WallTime = Field(default=None, validate_default=True)
    ends: WallTime = Field(default=None, validate_default=True)

    @property
    def times_assumed(self) -> bool:
        """Tell whether the file leaves the times to us, so that those of an existing session stay."""
        return "starts" not in self.model_fields_set

    @field_validator("time_zone", mode="before")
    @classmethod
    def _of_the_lab(cls, zone: Any, info: Info) -> Any:
        return zone or info.context.level("Lab").sound.get("time_zone", "")

    @field_validator("starts", "ends", mode="wrap")
    @classmethod
    def _check_time(cls, value: Any, handler: ValidatorFunctionWrapHandler, info: Info) -> datetime | None:
        name = str(info.field_name)
        if value is None:
            return _missing(name, info)
        local: datetime = handler(value)
        at = _instant(name, {**info.data, name: local})
        if at is None:
            return local
        starts_at = _instant("starts", info.data) if name == "ends" else None
        if starts_at and at <= starts_at:
            raise ValueError(_("The end is not after the start. Choose a later end."))
        _check_day(name, at, info)
        return local


class AgendaTimes(Record):
    """When an agenda item takes place: both times or neither, in the session's zone and within its hours."""

    starts: WallTime | None = Field(default=None, validate_default=True)
    ends: WallTime | None = Field(default=None, validate_default=True)

    @field_validator("starts", "ends", mode="wrap")
    @classmethod
    def _check_time(cls, value: Any, handler: ValidatorFunctionWrapHandler, info: Info) -> datetime | None:
        name = info.field_name
        if value is None:
            if ("ends" if name == "starts" else "starts") in info.context.here.given:
                raise ValueError(_("Enter both times, or neither."))
            return None
        local: datetime = handler(value)
        session = info.context.level("Session").sound
        readings = _readings(local, session)
        if readings is None:
            return local
        if not readings:
            raise ValueError(_("This is outside the session's hours."))
        if name == "starts" and local - session["starts"] >= _DAY:
            raise ValueError(
                _("This is more than a day after the session's start. Split the session by days.")
            )
        start = info.data.get("starts") if name == "ends" else None
        earliest = _readings(start, session) if start else None
        if earliest and not any(at > earliest[0] for at in readings):
            raise ValueError(_("The end is not after the start. Choose a later end."))
        return local


def free_hours(sessions: object, info: Info) -> Iterator[datetime]:
    """Yield where whole hours of the lab's days begin in which none of its sessions in the file takes place."""
    lab = info.context.level("Lab").sound
    taken = list(_taken(sessions if isinstance(sessions, list) else (), info))
    first, last, zone = lab.get("starts_on"), lab.get("ends_on"), lab.get("time_zone")
    if not (first and last and zone):
        return
    for number in range((last - first).days + 1):
        on = first + number * _DAY
        for hour in range(FIRST_HOUR, LAST_HOUR):
            try:
                starts_at, ends_at = (instant(on, time(at), zone) for at in (hour, hour + 1))
            except WallClockError:
                continue
            if all(ends_at <= other_starts or other_ends <= starts_at for other_starts, other_ends in taken):
                yield datetime.combine(on, time(hour))


def _taken(sessions: Iterable[object], info: Info) -> Iterator[tuple[datetime, datetime]]:
    """Yield when sessions with sound times take place; what is wrong with others is said where they stand."""
    aside = replace(info.context, problems=Problems())
    for session in sessions:
        if isinstance(session, JsonObject):
            times = JsonObject({name: session[name] for name in _MEMBERS if name in session})
            try:
                sound = vars(SessionTimes.model_validate(times, context=aside))
            except ValidationError:
                continue
            starts_at, ends_at = _instant("starts", sound), _instant("ends", sound)
            if starts_at and ends_at:
                yield starts_at, ends_at


def _missing(name: str, info: Info) -> datetime | None:
    """Return the start or end of a session that gives none: an assumed one, if the file asks for it."""
    given = info.context.here.given
    if _is_open(given):
        return _assumed_start(info) if name == "starts" else _hour_later(info.data.get("starts"))
    if "starts" in given or "ends" in given:
        raise ValueError(_("is missing."))
    if name == "ends":
        return None  # said once, beside the start
    raise ValueError(
        _("is missing. Enter starts and ends, or “assumed”: “times” to use free times of the lab.")
    )


def _is_open(given: Mapping[str, Any]) -> bool:
    """Tell whether the file leaves the times to us: it gives none, and its `assumed` says so."""
    assumed = given.get("assumed")
    has_times = any(name in given for name in ("starts", "ends", "time_zone"))
    return not has_times and isinstance(assumed, str) and bool(_TIMES.search(assumed))


def _assumed_start(info: Info) -> datetime | None:
    lab = info.context.level("Lab").sound
    start = next(info.context.free_hours, None)
    if start:
        message = _("no times given; a new session is placed on %(start)s to %(end)s, as the file requests.")
        said = message % {"start": f"{start:%Y-%m-%d %H:%M}", "end": f"{_hour_later(start):%H:%M}"}
        info.context.notices.append(Problem(info.context.here.path, said))
    elif lab.get("starts_on") and lab.get("ends_on") and lab.get("time_zone"):
        raise ValueError(_("is missing, and the lab's days have no free time. Enter starts and ends."))
    return start  # none where something is wrong with the lab's days or zone, which is said there


def _hour_later(start: datetime | None) -> datetime | None:
    return start + timedelta(hours=1) if start else None


def _instant(name: str, sound: Mapping[str, Any]) -> datetime | None:
    """Return the instant of a session's time, or None where it or what it depends on is not sound."""
    local, zone = sound.get(name), sound.get("time_zone")
    if local is None or not zone or f"{name}_fold" not in sound:
        return None
    try:
        return instant(local.date(), local.time(), zone, sound[f"{name}_fold"])
    except AmbiguousTime as error:
        hint = _("Specify it with “%(name)s”: 0 or 1.") % {"name": f"{name}_fold"}
        raise ValueError(f"{error.message} {hint}") from None


def _check_day(name: str, at: datetime, info: Info) -> None:
    """Keep a session inside the lab's days, which are days in the lab's own zone."""
    lab = info.context.level("Lab").sound
    first, last, zone = lab.get("starts_on"), lab.get("ends_on"), lab.get("time_zone")
    if not (first and last and zone):
        return
    # A session that ends at midnight ends with the day, not on the next one.
    on = wall(at if name == "starts" else at - timedelta(microseconds=1), zone).date()
    if not first <= on <= last:
        message = _("This is outside the lab, which lasts from %(first)s to %(last)s in %(zone)s.")
        raise ValueError(message % {"first": first, "last": last, "zone": zone})


def _readings(local: datetime, session: Mapping[str, Any]) -> list[datetime] | None:
    """Return the instants inside the session that a wall time stands for; None where its hours are not sound."""
    starts_at, ends_at = _instant("starts", session), _instant("ends", session)
    if starts_at is None or ends_at is None:
        return None
    found = [instant(local.date(), local.time(), session["time_zone"], fold) for fold in (0, 1)]
    return [at for at in found if starts_at <= at <= ends_at]
