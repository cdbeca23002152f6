"""The dates of a lab that is postponed or brought forward as a whole, and writing them.

Everything keeps its hour on the wall. Sessions are moved by the floor above (`sessions.moving`), which calls this.
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


def dates_after(lab: Lab, first_day: date, now: datetime) -> LabDates:
    """Return the lab's dates when it begins on `first_day`: it keeps its length, and registration moves with it.

    A registration that has opened already stays open. Raises RuleViolation.
    """
    days = first_day - lab.starts_on
    if not days:
        raise InvalidFields(
            {"first_day": [gettext("The lab begins on this day already. Choose another one.")]}
        )
    try:
        last_day = lab.ends_on + days
    except OverflowError:
        last_day = date.max
    if first_day < EARLIEST or last_day > LATEST:
        raise InvalidFields(
            {
                "first_day": [
                    gettext("Choose a date between %(first)d and %(last)d.")
                    % {"first": EARLIEST.year, "last": LATEST.year}
                ]
            }
        )
    opens_at, closes_at = lab.registration_opens_at, lab.registration_closes_at
    try:
        if opens_at and opens_at > now:
            opens_at = _shifted(opens_at, days, lab.time_zone)
        if closes_at:
            closes_at = _shifted(closes_at, days, lab.time_zone)
    except WallClockError as error:
        said = gettext(
            "The dates of registration cannot move along: %(why)s Change them in the settings first."
        )
        raise InvalidFields({"first_day": [said % {"why": error.message}]}) from error
    if opens_at and closes_at and closes_at <= opens_at:
        raise InvalidFields(
            {
                "first_day": [
                    gettext(
                        "Registration would close before it opens. Change its dates in the settings first."
                    )
                ]
            }
        )
    return LabDates(first_day, last_day, opens_at, closes_at)


def _shifted(at: datetime, days: timedelta, zone: str) -> datetime:
    """Return the instant at which clocks show the same hour so many days later."""
    local = wall(at, zone)
    return instant(local.date() + days, local.time(), zone, local.fold)


def put_dates(lab: Lab, dates: LabDates, by: User | None = None) -> None:
    """Write the dates and move the headings of the days along. The caller holds the lab and moves what is in it."""
    days = dates.starts_on - lab.starts_on
    lab.starts_on, lab.ends_on = dates.starts_on, dates.ends_on
    lab.registration_opens_at, lab.registration_closes_at = dates.opens_at, dates.closes_at
    save(lab, by)
    # From the far end, so that no heading takes the day of one that is still to move.
    for day in sorted(LabDay.objects.filter(lab=lab), key=lambda day: day.on, reverse=days.days > 0):
        day.on += days
        day.save(update_fields=["on"])
