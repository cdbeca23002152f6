"""Numbers for organisers."""

from datetime import UTC, datetime

import pytest

from registrations import seats, statistics
from registrations.statistics import Totals
from tests import factories as f

pytestmark = pytest.mark.django_db


def test_totals_count_people_seats_and_who_came():
    lab = f.LabFactory()
    full, free = f.SessionFactory(lab=lab, capacity=1), f.SessionFactory(lab=lab)
    first, second = f.RegistrationFactory.create_batch(2, lab=lab)
    f.RegistrationFactory(lab=lab, state="unconfirmed", confirmed_at=None)
    f.RegistrationFactory()  # of another lab
    for person in (first, second):
        seats.take(person, {full.pk: "online", free.pk: "online"})
    f.AttendanceFactory(registration=first, session=full)
    f.AttendanceFactory(registration=first, session=free)

    assert statistics.totals(lab) == Totals(
        registered=2, unconfirmed=1, cancelled=0, erased=0, seats=3, waiting=1, attended=1
    )


def test_days_are_those_of_the_labs_own_zone():
    lab = f.LabFactory(time_zone="Europe/Sofia")
    late = datetime(2027, 3, 1, 23, 30, tzinfo=UTC)  # 1:30 on the second of March in Sofia
    f.RegistrationFactory(lab=lab, confirmed_at=late)

    assert statistics.by_day(lab) == [(datetime(2027, 3, 2).date(), 1)]


def test_days_follow_the_pinned_zone_rules_and_not_those_of_the_database_server():
    # Morocco left its summer hour in September 2026, which a server of the year before does not know.
    lab = f.LabFactory(time_zone="Africa/Casablanca")
    f.RegistrationFactory(lab=lab, confirmed_at=datetime(2027, 7, 1, 23, 30, tzinfo=UTC))

    assert statistics.by_day(lab) == [(datetime(2027, 7, 1).date(), 1)]
