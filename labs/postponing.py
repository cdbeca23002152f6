"""Compute and save the dates of a lab that moves as a whole, keeping wall-clock hours.

`sessions.moving` calls this and moves the sessions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext

from core.accounts.models import User
from core.timezones.wall_clock import WallClockError, instant, wall
from core.web.errors import InvalidFields
from labs.lab_editing import EARLIEST, LATEST, save
from labs.models import Lab, LabDay


@dataclass(frozen=True)
class LabDates:
    """Days are those of the lab's zone; the instants of registration are UTC."""

    starts_on: date
    ends_on: date
    opens_at: datetime | None
    closes_at: datetime | None


def dates_of(lab: Lab) -> LabDates:
    return LabDates(lab.starts_on, lab.ends_on, lab.registration_opens_at, lab.registration_closes_at)


def moved_dates(lab: Lab, first_day: date, now: datetime) -> LabDates:
    """Return the lab's dates if it began on `first_day`: with the same length, and registration moved along.

    The opening of registration stays if it is past. Raises RuleViolation.
    """
    days = first_day - lab.starts_on
    if not days:
        raise _refused(gettext("The lab already begins on this day. Choose another one."))
    try:
        last_day = lab.ends_on + days
    except OverflowError:
        last_day = date.max
    if first_day < EARLIEST or last_day > LATEST:
        words = gettext("Choose a date between %(first)d and %(last)d.")
        raise _refused(words % {"first": EARLIEST.year, "last": LATEST.year})
    opens_at, closes_at = lab.registration_opens_at, lab.registration_closes_at
    try:
        if opens_at and opens_at > now:
            opens_at = _shifted(opens_at, days, lab.time_zone)
        if closes_at:
            closes_at = _shifted(closes_at, days, lab.time_zone)
    except WallClockError as error:
        message = gettext(
            "The registration dates cannot move with the lab: %(why)s Change them in the settings first."
        )
        raise _refused(message % {"why": error.message}) from error
    if opens_at and closes_at and closes_at <= opens_at:
        raise _refused(
            gettext("Registration would close before it opens. Change its dates in the settings first.")
        )
    return LabDates(first_day, last_day, opens_at, closes_at)


def _refused(message: str) -> InvalidFields:
    return InvalidFields({"first_day": [message]})


def _shifted(at: datetime, days: timedelta, zone: str) -> datetime:
    """Return the instant with the same wall-clock time so many days later."""
    local = wall(at, zone)
    return instant(local.date() + days, local.time(), zone, local.fold)


def set_dates(lab: Lab, dates: LabDates, by: User | None = None) -> None:
    """Save the dates and move the headings of the days. The caller has locked the lab and moves the sessions."""
    days = dates.starts_on - lab.starts_on
    lab.starts_on, lab.ends_on = dates.starts_on, dates.ends_on
    lab.registration_opens_at, lab.registration_closes_at = dates.opens_at, dates.closes_at
    save(lab, by)
    # In an order in which no heading takes the day of another one.
    for day in sorted(LabDay.objects.filter(lab=lab), key=lambda day: day.on, reverse=days.days > 0):
        day.on += days
        day.save(update_fields=["on"])
