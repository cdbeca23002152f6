"""Crowds for seats in two modes and under quotas, on PostgreSQL. Every rush has a control without the guard."""

from collections import Counter

import pytest
from django.db import IntegrityError, connection

from registrations import modes, quotas, recounting, seats
from registrations.models import Quota, Registration, Seat
from sessions.models import Session
from tests import factories as f
from tests.registrations.concurrency import all_at_once

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("crowds"),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL"),
]


def crowd(count: int, **more: object) -> list[Registration]:
    return f.RegistrationFactory.create_batch(count, **more)


def held(session: Session) -> Counter[tuple[str, str]]:
    return Counter(Seat.objects.filter(session=session).values_list("mode", "state"))


def take_all(wishes: list[tuple[Registration, dict[int, str]]]) -> list[BaseException]:
    return all_at_once([lambda who=who, what=what: seats.take(who, what) for who, what in wishes])


def quotas_agree() -> bool:
    return all(quota.taken == quotas.taken_of(quota) for quota in Quota.objects.all())


def test_a_crowd_for_both_modes_fills_each_exactly():
    session = f.SessionFactory(format="hybrid", room_capacity=20, online_capacity=30)
    people = crowd(100, lab=session.lab)
    wishes = [(person, {session.pk: ("room", "online")[number % 2]}) for number, person in enumerate(people)]
    assert take_all(wishes) == []
    assert held(session) == {
        ("room", "confirmed"): 20, ("room", "waiting"): 30, ("online", "confirmed"): 30, ("online", "waiting"): 20,
    }  # fmt: skip
    assert recounting.recount() == []


def test_a_crowd_of_two_cities_fills_each_quota_exactly_in_two_sessions():
    lab = f.LabFactory()
    sofia, rome = f.CityFactory.create_batch(2)
    one, two = f.SessionFactory.create_batch(2, lab=lab)
    f.QuotaFactory(lab=lab, city=sofia, limit=15)
    f.QuotaFactory(lab=lab, city=rome, limit=10)
    f.QuotaFactory(lab=lab, session=one, limit=12)
    people = [*crowd(40, lab=lab, city=sofia), *crowd(40, lab=lab, city=rome)]
    both = {one.pk: "online", two.pk: "online"}
    # In both orders, from both ends.
    assert take_all([(person, dict(reversed(both.items()))) for person in people[::3]]) == []
    assert take_all([(person, both) for person in people]) == []
    assert quotas_agree()
    assert sorted(Quota.objects.values_list("taken", flat=True)) == [10, 12, 15]
    assert recounting.recount() == []


def test_quotas_that_are_read_without_their_lock_are_exceeded_in_the_same_rush(monkeypatch):
    """The positive control: without the lock the same crowd runs into the constraint."""
    lab = f.LabFactory()
    sessions = f.SessionFactory.create_batch(8, lab=lab)
    f.QuotaFactory(lab=lab, limit=10)
    monkeypatch.setattr(
        quotas, "lock_quotas", lambda lab_id, _sessions: list(Quota.objects.filter(lab=lab_id))
    )
    people = crowd(60, lab=lab)
    errors = take_all([(person, {sessions[n % 8].pk: "online"}) for n, person in enumerate(people)])
    assert errors != []
    assert all(isinstance(error, IntegrityError) for error in errors)


def test_giving_up_taking_and_switching_at_once_end_with_every_count_right():
    lab = f.LabFactory()
    cities = f.CityFactory.create_batch(3)
    here = [f.SessionFactory(lab=lab, format="hybrid", room_capacity=5, online_capacity=5) for _ in range(3)]
    for city in cities:
        f.QuotaFactory(lab=lab, city=city, limit=6)
        f.QuotaFactory(lab=lab, session=here[0], city=city, mode="room", limit=2)
    people = [person for city in cities for person in crowd(10, lab=lab, city=city)]
    for number, person in enumerate(people):
        seats.take(person, {session.pk: ("room", "online")[number % 2] for session in here})

    def restless(person: Registration, number: int) -> None:
        for turn in range(3):
            session = here[(number + turn) % 3]
            seats.give_up(person, [session.pk])
            seats.take(person, {session.pk: ("room", "online")[turn % 2]})
            try:
                modes.switch_mode(person, session.pk, ("online", "room")[turn % 2])
            except modes.RuleViolation:
                pass  # full, or not seated

    assert all_at_once([lambda n=n, p=p: restless(p, n) for n, p in enumerate(people)]) == []
    assert quotas_agree()
    assert recounting.recount() == []
