"""Seats: who gets one, who waits, who is next."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.mail.models import Message
from registrations import seats
from registrations.models import Registration, Seat, SeatMovement
from registrations.models.seats import waiting_positions
from sessions.models import Session
from tests import factories as f

pytestmark = pytest.mark.django_db

Reason = SeatMovement.Reason


def people(session: Session, count: int) -> list[Registration]:
    return f.RegistrationFactory.create_batch(count, lab=session.lab)


def states(session: Session) -> list[tuple[str, int]]:
    """Who holds a seat or a place in line, in order."""
    held = Seat.objects.filter(session=session, queue_position__isnull=False)
    return list(held.order_by("queue_position").values_list("state", "queue_position"))


def counters(session: Session) -> tuple[int, int, int]:
    session.refresh_from_db()
    return session.seats_taken, session.seats_waiting, session.last_queue_position


def last_reason(seat: Seat) -> str:
    return seat.movements.latest("at", "pk").reason


def test_who_comes_first_is_seated_and_the_rest_wait_in_order():
    session = f.SessionFactory(capacity=2)

    for person in people(session, 4):
        seats.take(person, [session.pk])

    assert states(session) == [("confirmed", 1), ("confirmed", 2), ("waiting", 3), ("waiting", 4)]
    assert counters(session) == (2, 2, 4)
    assert seats.recount() == []


def test_without_a_limit_everybody_is_seated():
    session = f.SessionFactory(capacity=None)

    for person in people(session, 3):
        seats.take(person, [session.pk])

    assert counters(session) == (3, 0, 3)


def test_a_full_session_without_a_waiting_list_refuses_and_says_why():
    session = f.SessionFactory(capacity=0, waiting_list=False)
    [person] = people(session, 1)

    [seat] = seats.take(person, [session.pk])

    assert (seat.state, seat.queue_position, last_reason(seat)) == ("cancelled", None, "closed")
    assert counters(session) == (0, 0, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "cancelled", "cancelled_at": timezone.now()},
        {"visibility": "draft"},
        {"starts_at": timezone.now() - timedelta(hours=3), "ends_at": timezone.now() - timedelta(hours=1)},
    ],
    ids=["cancelled", "draft", "over"],
)
def test_a_session_that_cannot_be_joined_gives_no_seat(change):
    session = f.SessionFactory(**change)
    [person] = people(session, 1)

    [seat] = seats.take(person, [session.pk])

    assert (seat.state, last_reason(seat)) == ("cancelled", "not-open")
    assert counters(session) == (0, 0, 0)


def test_a_session_of_another_lab_gives_no_seat():
    foreign = f.SessionFactory()
    person = f.RegistrationFactory()

    [seat] = seats.take(person, [foreign.pk])

    assert seat.state == "cancelled"
    assert counters(foreign) == (0, 0, 0)


@pytest.mark.parametrize("state", ["unconfirmed", "cancelled"])
def test_only_a_confirmed_registration_takes_seats(state):
    session = f.SessionFactory()
    person = f.RegistrationFactory(
        lab=session.lab,
        state=state,
        confirmed_at=None,
        cancelled_at=timezone.now() if state == "cancelled" else None,
    )

    with pytest.raises(seats.RegistrationNotConfirmed):
        seats.take(person, [session.pk])

    assert counters(session) == (0, 0, 0)


def test_taking_twice_takes_one_seat():
    session = f.SessionFactory(capacity=5)
    [person] = people(session, 1)

    seats.take(person, [session.pk, session.pk])
    seats.take(person, [session.pk])

    assert counters(session) == (1, 0, 1)
    assert SeatMovement.objects.count() == 1


def test_giving_up_seats_the_next_in_line_and_tells_him_or_her():
    session = f.SessionFactory(capacity=1, join_link="https://meet.example.org/room")
    first, second, third = people(session, 3)
    for person in (first, second, third):
        seats.take(person, [session.pk])

    seats.give_up(first, [session.pk])

    moved = Seat.objects.get(registration=second)
    assert (moved.state, last_reason(moved)) == ("confirmed", "promoted")
    assert Seat.objects.get(registration=third).state == "waiting"
    assert Seat.objects.get(registration=first).queue_position is None
    assert counters(session) == (1, 1, 3)
    mail = Message.objects.get()
    assert (mail.occasion, mail.to_email) == ("seat_is_yours", second.email)


def test_leaving_the_waiting_list_seats_nobody():
    session = f.SessionFactory(capacity=1)
    first, second, third = people(session, 3)
    for person in (first, second, third):
        seats.take(person, [session.pk])

    seats.give_up(second, [session.pk])

    assert states(session) == [("confirmed", 1), ("waiting", 3)]
    assert counters(session) == (1, 1, 3)
    assert not Message.objects.exists()


def test_giving_up_twice_frees_one_seat():
    session = f.SessionFactory(capacity=5)
    [person] = people(session, 1)
    seats.take(person, [session.pk])

    seats.give_up(person, [session.pk])
    seats.give_up(person, [session.pk])

    assert counters(session) == (0, 0, 1)


def test_who_gave_up_starts_again_at_the_end_of_the_line():
    session = f.SessionFactory(capacity=1)
    first, second = people(session, 2)
    seats.take(first, [session.pk])
    seats.take(second, [session.pk])

    seats.give_up(first, [session.pk])
    [seat] = seats.take(first, [session.pk])

    assert (seat.state, seat.queue_position) == ("waiting", 3)
    assert [movement.reason for movement in seat.movements.all()] == ["chosen", "given-up", "full"]


def test_more_seats_promote_as_many_in_order_and_newcomers_do_not_pass_them():
    session = f.SessionFactory(capacity=1)
    crowd = people(session, 5)
    for person in crowd:
        seats.take(person, [session.pk])
    Session.objects.filter(pk=session.pk).update(capacity=3)
    [newcomer] = people(session, 1)

    [seat] = seats.take(newcomer, [session.pk])

    # Taking a place in line seats those in front of it first.
    assert seat.state == "waiting"
    assert states(session) == [
        *(("confirmed", place) for place in (1, 2, 3)),
        *(("waiting", place) for place in (4, 5, 6)),
    ]
    assert counters(session) == (3, 3, 6)
    assert [message.to_email for message in Message.objects.order_by("pk")] == [
        crowd[1].email,
        crowd[2].email,
    ]


def test_promoting_stops_at_the_number_asked_for():
    session = f.SessionFactory(capacity=0)
    for person in people(session, 4):
        seats.take(person, [session.pk])
    Session.objects.filter(pk=session.pk).update(capacity=None)

    assert [len(seats.promote(session.pk, at_most=3)), len(seats.promote(session.pk, at_most=3))] == [3, 1]


def test_nobody_is_promoted_into_a_cancelled_session():
    session = f.SessionFactory(capacity=1)
    first, second = people(session, 2)
    seats.take(first, [session.pk])
    seats.take(second, [session.pk])
    Session.objects.filter(pk=session.pk).update(status="cancelled", cancelled_at=timezone.now())

    seats.give_up(first, [session.pk])

    assert counters(session) == (0, 1, 2)
    assert not Message.objects.exists()


def test_the_database_itself_refuses_one_seat_too_many():
    session = f.SessionFactory(capacity=1)

    with pytest.raises(IntegrityError), transaction.atomic():
        Session.objects.filter(pk=session.pk).update(seats_taken=2)


def test_positions_in_line_count_only_those_who_still_wait():
    session = f.SessionFactory(capacity=0)
    other = f.SessionFactory(lab=session.lab, capacity=0)
    first, second, third = people(session, 3)
    for person in (first, second, third):
        seats.take(person, [session.pk])
    seats.take(third, [other.pk])
    seats.give_up(first, [session.pk])

    mine = list(Seat.objects.filter(registration=third))

    by_session = {seat.session_id: waiting_positions(mine)[seat.pk] for seat in mine}
    assert by_session == {session.pk: 2, other.pk: 1}


def test_recounting_finds_and_repairs_counters_that_differ(capsys):
    session = f.SessionFactory(capacity=2)
    crowd = people(session, 3)
    for person in crowd:
        seats.take(person, [session.pk])
    Session.objects.filter(pk=session.pk).update(seats_taken=1, seats_waiting=7)

    with pytest.raises(CommandError):
        call_command("recount_seats")
    call_command("recount_seats", repair=True)

    assert counters(session) == (2, 1, 3)
    call_command("recount_seats")
    assert "Every counter agrees" in capsys.readouterr().out


def test_a_waiting_list_that_counts_people_who_are_not_there_heals_itself():
    session = f.SessionFactory(capacity=2)
    Session.objects.filter(pk=session.pk).update(seats_waiting=2)

    assert seats.promote(session.pk) == []

    assert counters(session) == (0, 0, 0)
