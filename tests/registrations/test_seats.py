"""Seats: who gets one, who waits, who is next."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.mail.models import Message
from labs.viewer import VISITOR
from registrations import recounting, seats, waiting_list
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
        seats.take(person, {session.pk: "online"})

    assert states(session) == [("confirmed", 1), ("confirmed", 2), ("waiting", 3), ("waiting", 4)]
    assert counters(session) == (2, 2, 4)
    assert recounting.recount() == []


def test_without_a_limit_everybody_is_seated():
    session = f.SessionFactory(capacity=None)

    for person in people(session, 3):
        seats.take(person, {session.pk: "online"})

    assert counters(session) == (3, 0, 3)


def test_a_full_session_without_a_waiting_list_refuses_and_says_why():
    session = f.SessionFactory(capacity=0, waiting_list=False)
    [person] = people(session, 1)

    [seat] = seats.take(person, {session.pk: "online"})

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

    [seat] = seats.take(person, {session.pk: "online"})

    assert (seat.state, last_reason(seat)) == ("cancelled", "not-open")
    assert counters(session) == (0, 0, 0)


def test_a_session_of_another_lab_gives_no_seat():
    foreign = f.SessionFactory()
    person = f.RegistrationFactory()

    [seat] = seats.take(person, {foreign.pk: "online"})

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
        seats.take(person, {session.pk: "online"})

    assert counters(session) == (0, 0, 0)


def test_taking_twice_takes_one_seat():
    session = f.SessionFactory(capacity=5)
    [person] = people(session, 1)

    seats.take(person, {session.pk: "online", session.pk: "online"})
    seats.take(person, {session.pk: "online"})

    assert counters(session) == (1, 0, 1)
    assert SeatMovement.objects.count() == 1


def test_giving_up_seats_the_next_in_line_and_tells_him_or_her():
    session = f.SessionFactory(capacity=1, join_link="https://meet.example.org/room")
    first, second, third = people(session, 3)
    for person in (first, second, third):
        seats.take(person, {session.pk: "online"})

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
        seats.take(person, {session.pk: "online"})

    seats.give_up(second, [session.pk])

    assert states(session) == [("confirmed", 1), ("waiting", 3)]
    assert counters(session) == (1, 1, 3)
    assert not Message.objects.exists()


def test_giving_up_twice_frees_one_seat():
    session = f.SessionFactory(capacity=5)
    [person] = people(session, 1)
    seats.take(person, {session.pk: "online"})

    seats.give_up(person, [session.pk])
    seats.give_up(person, [session.pk])

    assert counters(session) == (0, 0, 1)


def test_who_gave_up_starts_again_at_the_end_of_the_line():
    session = f.SessionFactory(capacity=1)
    first, second = people(session, 2)
    seats.take(first, {session.pk: "online"})
    seats.take(second, {session.pk: "online"})

    seats.give_up(first, [session.pk])
    [seat] = seats.take(first, {session.pk: "online"})

    assert (seat.state, seat.queue_position) == ("waiting", 3)
    assert [movement.reason for movement in seat.movements.all()] == ["chosen", "given-up", "full"]


def test_more_seats_promote_as_many_in_order_and_newcomers_do_not_pass_them():
    session = f.SessionFactory(capacity=1)
    crowd = people(session, 5)
    for person in crowd:
        seats.take(person, {session.pk: "online"})
    Session.objects.filter(pk=session.pk).update(online_capacity=3)
    [newcomer] = people(session, 1)

    [seat] = seats.take(newcomer, {session.pk: "online"})

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
        seats.take(person, {session.pk: "online"})
    Session.objects.filter(pk=session.pk).update(online_capacity=None)

    assert [
        len(waiting_list.promote(session.pk, at_most=3)),
        len(waiting_list.promote(session.pk, at_most=3)),
    ] == [3, 1]


def test_nobody_is_promoted_into_a_cancelled_session():
    session = f.SessionFactory(capacity=1)
    first, second = people(session, 2)
    seats.take(first, {session.pk: "online"})
    seats.take(second, {session.pk: "online"})
    Session.objects.filter(pk=session.pk).update(status="cancelled", cancelled_at=timezone.now())

    seats.give_up(first, [session.pk])

    assert counters(session) == (0, 1, 2)
    assert not Message.objects.exists()


def test_the_database_itself_refuses_one_seat_too_many():
    session = f.SessionFactory(capacity=1)

    with pytest.raises(IntegrityError), transaction.atomic():
        Session.objects.filter(pk=session.pk).update(online_taken=2)


def test_positions_in_line_count_only_those_who_still_wait():
    session = f.SessionFactory(capacity=0)
    other = f.SessionFactory(lab=session.lab, capacity=0)
    first, second, third = people(session, 3)
    for person in (first, second, third):
        seats.take(person, {session.pk: "online"})
    seats.take(third, {other.pk: "online"})
    seats.give_up(first, [session.pk])

    mine = list(Seat.objects.filter(registration=third))

    by_session = {seat.session_id: waiting_positions(mine)[seat.pk] for seat in mine}
    assert by_session == {session.pk: 2, other.pk: 1}


def rows_of(*others: Registration) -> list[object]:
    """Everything that is written down of these people's seats, and of the sessions that they are in."""
    theirs = Seat.objects.filter(registration__in=others)
    sessions = Session.objects.filter(seats__in=theirs).distinct().order_by("pk")
    return [
        *theirs.order_by("pk").values(),
        *SeatMovement.objects.filter(seat__in=theirs).order_by("pk").values(),
        *sessions.values("pk", "online_taken", "online_waiting", "last_queue_position"),
    ]


def test_whatever_one_person_does_in_one_session_leaves_all_others_as_they_were():
    """Taking, waiting, giving up, being seated, recounting: of other sessions, labs and people nothing moves."""
    lab = f.LabFactory()
    session, beside = f.SessionFactory(lab=lab, capacity=1), f.SessionFactory(lab=lab, capacity=1)
    elsewhere = f.SessionFactory(capacity=1)
    holder, waits, asked = people(beside, 3)
    for person in (holder, waits):
        seats.take(person, {beside.pk: "online"})
    seats.store_choice(asked, {beside.pk: "online"})
    far, far_waits = people(elsewhere, 2)
    for person in (far, far_waits):
        seats.take(person, {elsewhere.pk: "online"})
    # In the other session somebody waits though there is room: nobody but its own next change may see to that.
    Session.objects.filter(pk=beside.pk).update(online_capacity=2)
    before = rows_of(holder, waits, asked, far, far_waits)

    first, second, third = people(session, 3)
    for person in (first, second, third):
        seats.take(person, {session.pk: "online"})
    seats.give_up(second, [session.pk])
    seats.give_up(first, [session.pk])
    Session.objects.filter(pk=session.pk).update(online_taken=0, online_waiting=5)
    recounting.recount(session.lab_id, repair=True)

    assert states(session) == [("confirmed", 3)]
    assert counters(session) == (1, 0, 4)
    assert rows_of(holder, waits, asked, far, far_waits) == before


def test_confirming_takes_what_the_person_asked_for_and_nothing_of_others():
    session = f.SessionFactory()
    beside = f.SessionFactory(lab=session.lab)
    mine, other = people(session, 2)
    seats.store_choice(mine, {session.pk: "online"})
    seats.store_choice(other, {session.pk: "online", beside.pk: "online"})
    seats.take(mine, {beside.pk: "online"})
    before = rows_of(other)[:2], counters(beside)

    taken = seats.take_requested(mine, [VISITOR])

    assert [(seat.session_id, seat.state) for seat in taken] == [(session.pk, "confirmed")]
    assert counters(session) == (1, 0, 1)
    assert (rows_of(other)[:2], counters(beside)) == before
    with pytest.raises(seats.RegistrationNotConfirmed):
        seats.take_requested(f.RegistrationFactory(state="unconfirmed", confirmed_at=None), [VISITOR])


def test_of_two_people_only_the_confirmed_one_takes_a_seat():
    session = f.SessionFactory()
    people(session, 1)
    unconfirmed = f.RegistrationFactory(lab=session.lab, state="unconfirmed", confirmed_at=None)
    people(session, 1)
    with pytest.raises(seats.RegistrationNotConfirmed) as refused:
        seats.take(unconfirmed, {session.pk: "online"})
    assert refused.value.code == "not_confirmed"


def test_a_seat_held_elsewhere_says_nothing_about_this_session():
    session = f.SessionFactory()
    beside = f.SessionFactory(lab=session.lab)
    [person] = people(session, 1)
    seats.take(person, {beside.pk: "online"})
    [taken] = seats.take(person, {session.pk: "online"})
    assert (taken.session_id, taken.state) == (session.pk, "confirmed")
    # Asked for again beside a new one, it is not counted twice.
    third = f.SessionFactory(lab=session.lab)
    seats.take(person, {session.pk: "online", beside.pk: "online", third.pk: "online"})
    assert [counters(each)[0] for each in (session, beside, third)] == [1, 1, 1]
    seats.give_up(person, [third.pk])
    assert [counters(each)[0] for each in (session, beside, third)] == [1, 1, 0]
    given_up = seats.give_up(person, [session.pk, beside.pk])
    assert [(seat.session_id, seat.state) for seat in given_up] == [
        (session.pk, "cancelled"),
        (beside.pk, "cancelled"),
    ]
    assert seats.give_up(person, [session.pk, beside.pk]) == []


def test_whoever_is_seated_at_once_from_the_line_is_told_so_in_the_answer():
    """More seats were made and nobody was seated yet: those who wait come first, and the newcomer is next."""
    session = f.SessionFactory(capacity=1)
    first, second, third = people(session, 3)
    for person in (first, second):
        seats.take(person, {session.pk: "online"})
    Session.objects.filter(pk=session.pk).update(online_capacity=3)

    [seat] = seats.take(third, {session.pk: "online"})

    assert (seat.state, seat.queue_position) == ("confirmed", 3)
    assert states(session) == [("confirmed", 1), ("confirmed", 2), ("confirmed", 3)]


def test_those_who_wait_are_seated_in_the_order_of_their_places():
    session = f.SessionFactory(capacity=1)
    crowd = people(session, 4)
    for person in crowd:
        seats.take(person, {session.pk: "online"})
    # Whoever gave up and came back has an older row and a later place.
    seats.give_up(crowd[1], [session.pk])
    seats.take(crowd[1], {session.pk: "online"})
    seats.give_up(crowd[0], [session.pk])
    assert states(session) == [("confirmed", 3), ("waiting", 4), ("waiting", 5)]


def test_the_history_of_a_seat_notes_what_became_of_its_session_once():
    session = f.SessionFactory()
    first, second = people(session, 2)
    held = [seats.take(person, {session.pk: "online"})[0] for person in (first, second)]
    seats.record_movement(held[:1], Reason.SESSION_CANCELLED)
    seats.record_movement(held, Reason.SESSION_CANCELLED)
    reasons = [list(seat.movements.order_by("pk").values_list("reason", flat=True)) for seat in held]
    assert reasons == [[Reason.CHOSEN, Reason.SESSION_CANCELLED]] * 2
    seats.record_movement(held, Reason.SESSION_RESTORED)
    assert [last_reason(seat) for seat in held] == [Reason.SESSION_RESTORED] * 2


def test_of_several_sessions_those_with_room_seat_and_the_full_ones_line_up():
    full = f.SessionFactory(capacity=0)
    free = f.SessionFactory(lab=full.lab, capacity=1)
    f.SessionFactory(lab=full.lab)
    [person] = people(full, 1)
    assert [seat.state for seat in seats.take(person, {full.pk: "online", free.pk: "online"})] == [
        "waiting",
        "confirmed",
    ]
    assert (counters(full), counters(free)) == ((0, 1, 1), (1, 0, 1))


def test_a_full_session_without_a_waiting_list_moves_nothing_in_other_sessions():
    full = f.SessionFactory(capacity=1, waiting_list=False)
    other = f.SessionFactory(lab=full.lab)
    first, second = people(full, 2)
    seats.take(first, {full.pk: "online"})

    [refused] = seats.take(second, {full.pk: "online"})

    assert (refused.session_id, refused.state, last_reason(refused)) == (full.pk, "cancelled", Reason.CLOSED)
    assert not Seat.objects.filter(session=other).exists()
