"""Waiting lists are promoted while organisers change the number of seats, on PostgreSQL. The control looks first, and
promotes by what it saw.
"""

from contextlib import suppress
from dataclasses import replace
from functools import partial

import pytest
from django.db import IntegrityError, connection
from django.db.models import Q

from core.mail.models import Message
from core.web.errors import InvalidFields, RuleViolation
from registrations import seats, waiting_list
from registrations.models import Registration, Seat, SeatMovement
from sessions import scheduling
from sessions.models import Session
from sessions.models.seating import Seating, has_free_seat
from tests import factories as f
from tests.chaos import invariants
from tests.registrations.concurrency import all_at_once, while_open

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("crowds"),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL"),
]

PEOPLE, SEATS = 40, 10


def full_session() -> tuple[Session, list[Registration]]:
    """A session whose seats are taken, and people who wait."""
    session = f.SessionFactory(format="online", online_capacity=SEATS)
    people = f.RegistrationFactory.create_batch(PEOPLE, lab=session.lab)
    for person in people:
        seats.take(person, {session.pk: "online"})
    return session, people


def resize(session: Session, capacity: int) -> None:
    found = Session.objects.get(pk=session.pk)
    scheduling.change_session(found, replace(scheduling.plan_of(found), online_capacity=capacity))


def count(session: Session, state: str) -> int:
    return Seat.objects.filter(session=session, state=state).count()


def test_promotions_and_changes_of_capacity_at_once_end_with_every_count_right() -> None:
    session, people = full_session()

    def restless(turns: list[int]) -> None:
        for capacity in turns:
            with suppress(RuleViolation, InvalidFields):  # fewer seats than are taken
                resize(session, capacity)

    def promote() -> None:
        for _turn in range(6):
            waiting_list.promote(session.pk)

    works = [partial(restless, [SEATS + more, SEATS - 1, SEATS + 2 * more]) for more in (1, 2, 3)]
    works += [partial(seats.give_up, person, [session.pk]) for person in people[:SEATS]]
    assert all_at_once([*works, *[promote] * 5]) == []

    waiting_list.promote(session.pk)
    session.refresh_from_db()
    assert invariants.broken(by_form=False) == []
    assert session.online_taken == count(session, "confirmed") == session.online_capacity
    assert session.online_waiting == count(session, "waiting") == PEOPLE - SEATS - session.online_taken
    # In the order of arrival, and each told once.
    promoted = SeatMovement.objects.filter(reason="promoted").values_list("seat", flat=True)
    assert sorted(promoted) == sorted(Seat.objects.filter(state="confirmed").values_list("pk", flat=True))
    assert set(Seat.objects.filter(state="confirmed").values_list("registration", flat=True)) == {
        person.pk for person in people[SEATS : SEATS + session.online_taken]
    }
    assert Message.objects.filter(occasion="seat_is_yours").count() == len(promoted)


def seats_taken_away_meanwhile(session: Session, people: list[Registration]) -> list[BaseException]:
    """Leave one seat free, and take it away while somebody is promoted to it."""
    Session.objects.filter(pk=session.pk).update(online_capacity=SEATS + 1)
    return while_open(lambda: resize(session, SEATS), lambda: waiting_list.promote(session.pk))


def test_nobody_is_promoted_to_a_seat_that_is_taken_away_meanwhile() -> None:
    session, people = full_session()
    assert seats_taken_away_meanwhile(session, people) == []
    assert count(session, "confirmed") == SEATS
    assert invariants.broken(by_form=False) == []


def test_a_promotion_by_what_was_seen_before_is_stopped_by_the_constraint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control: the free seat is looked for before the lock, as a program without the condition would."""
    session, people = full_session()
    real = waiting_list.promote

    def looks_first(session_id: int) -> list[Seat]:
        is_free = Session.objects.filter(has_free_seat(session.modes[0]), pk=session_id).exists()
        seating = Seating(session.modes[0], capacity=None, taken=0, held=0, waiting=1)
        monkeypatch.setattr(waiting_list, "has_free_seat", lambda _mode: Q() if is_free else Q(pk__in=[]))
        monkeypatch.setattr(waiting_list, "seating_of", lambda _session, _mode: seating)
        return real(session_id, at_most=1)

    monkeypatch.setattr(waiting_list, "promote", looks_first)
    [error] = seats_taken_away_meanwhile(session, people)
    assert isinstance(error, IntegrityError)
