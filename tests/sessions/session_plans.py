"""A plan of a session, and a lab for it."""

from datetime import date, time

from sessions.plans import SessionPlan
from tests.factories import LabFactory


def lab_over_both_switches():
    """A lab in Sofia that lasts over both switches of 2027: 28 March and 31 October."""
    return LabFactory(
        starts_on=date(2027, 3, 1),
        ends_on=date(2027, 11, 30),
        time_zone="Europe/Sofia",
        registration_opens_at=None,
    )


def plan(**different):
    values = {
        "slug": "opening",
        "title": {"en": "Opening", "bg": "Откриване"},
        "start_date": date(2027, 4, 6),
        "start_time": time(11, 30),
        "end_date": date(2027, 4, 6),
        "end_time": time(13, 0),
        "time_zone": "Europe/Sofia",
    }
    return SessionPlan(**(values | different))
