"""S34: two completions of one order, capacity counted twice. Every rush has a control without the guard."""

import random
import threading
import time
from collections import Counter

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from labs.viewer import VISITOR
from registrations import managing, recounting, registering, seats, waiting_list
from registrations.models import Registration, Seat
from sessions.models import Session
from tests import factories as f
from tests.registrations.concurrency import all_at_once

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("crowds"),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs PostgreSQL"),
]

SEATS, PEOPLE = 100, 200


def crowd(session: Session, count: int = PEOPLE) -> list[Registration]:
    return f.RegistrationFactory.create_batch(count, lab=session.lab)


def held(session: Session) -> Counter:
    return Counter(Seat.objects.filter(session=session).values_list("state", flat=True))


def test_200_people_at_once_for_100_seats_are_seated_and_queued_exactly():
    session = f.SessionFactory(capacity=SEATS)
    people = crowd(session)

    errors = all_at_once(
        [lambda person=person: seats.take(person, {session.pk: "online"}) for person in people]
    )

    assert errors == []
    by_state = {
        state: sorted(
            Seat.objects.filter(session=session, state=state).values_list("queue_position", flat=True)
        )
        for state in ("confirmed", "waiting")
    }
    assert by_state == {"confirmed": list(range(1, 101)), "waiting": list(range(101, 201))}
    session.refresh_from_db()
    assert (session.seats_taken, session.seats_waiting, session.last_queue_position) == (100, 100, 200)
    assert recounting.recount() == []


def test_reading_first_and_writing_then_oversells_in_the_same_rush():
    """The positive control: this rush does find a race where there is one."""
    session = f.SessionFactory(capacity=SEATS)
    people = crowd(session)

    def naively(person: Registration) -> None:
        with transaction.atomic():
            free = session.capacity - Seat.objects.filter(session=session, state="confirmed").count()
            time.sleep(0.02)
            Seat.objects.create(
                registration=person,
                session=session,
                state="confirmed" if free > 0 else "requested",
                queue_position=person.pk if free > 0 else None,
                changed_at=timezone.now(),
            )

    assert all_at_once([lambda person=person: naively(person) for person in people]) == []
    assert held(session)["confirmed"] > SEATS


def test_one_person_twenty_times_at_once_has_one_seat():
    session = f.SessionFactory(capacity=SEATS)
    [person] = crowd(session, 1)

    assert all_at_once([lambda: seats.take(person, {session.pk: "online"})] * 20) == []

    session.refresh_from_db()
    assert (session.seats_taken, held(session)) == (1, Counter(confirmed=1))


def test_one_link_pressed_twenty_times_at_once_confirms_once():
    session = f.SessionFactory(capacity=SEATS)
    person = f.RegistrationFactory(lab=session.lab, state="unconfirmed", confirmed_at=None)
    seats.store_choice(person, {session.pk: "online"})

    assert all_at_once([lambda: registering.confirm(person)] * 20) == []

    session.refresh_from_db()
    assert (session.seats_taken, held(session)) == (1, Counter(confirmed=1))


def test_two_links_of_one_address_confirm_one_registration():
    session = f.SessionFactory(capacity=SEATS)
    rows = [
        f.RegistrationFactory(
            lab=session.lab,
            state="unconfirmed",
            confirmed_at=None,
            name="Demo participant",
            email="one@example.org",
            email_key="one@example.org",
        )
        for _ in range(8)
    ]
    for row in rows:
        seats.store_choice(row, {session.pk: "online"})

    errors = all_at_once([lambda row=row: registering.confirm(row) for row in rows])

    assert {getattr(error, "code", error) for error in errors} <= {"gone", "already_registered"}
    assert list(Registration.objects.values_list("state", flat=True)) == ["confirmed"]
    assert held(session) == Counter(confirmed=1)


def test_taking_giving_up_and_growing_all_at_once_never_oversells_and_never_deadlocks():
    """Three sessions, everybody in a random order of them: rows locked in two orders would deadlock here."""
    lab = f.LabFactory()
    sessions = [f.SessionFactory(lab=lab, capacity=20) for _ in range(3)]
    people = crowd(sessions[0], 90)
    early = people[:45]
    for person in early:
        seats.take(person, {session.pk: "online" for session in sessions})
    dice = random.Random(7)

    def change(person: Registration) -> None:
        mine = list(range(3))
        dice.shuffle(mine)
        if person in early:
            managing.change_sessions(person, VISITOR, {sessions[mine[0]].pk: ""})
        else:
            seats.take(person, {sessions[number].pk: "online" for number in mine})

    def grow() -> None:
        for _ in range(5):
            for session in sessions:
                Session.objects.filter(pk=session.pk).update(online_capacity=F("online_capacity") + 1)
                waiting_list.promote(session.pk)

    watched = threading.Event()
    oversold: list[int] = []

    def watch() -> None:
        while not watched.is_set():
            oversold.extend(
                Session.objects.filter(online_taken__gt=F("online_capacity")).values_list("pk", flat=True)
            )

    watcher = threading.Thread(target=lambda: (watch(), connection.close()))
    watcher.start()
    errors = all_at_once([*(lambda person=person: change(person) for person in people), grow, grow])
    watched.set()
    watcher.join()

    assert errors == []
    assert oversold == []
    assert recounting.recount() == []
    for session in sessions:
        session.refresh_from_db()
        # Nobody waits while there is room, and nobody who waits was passed.
        assert session.seats_waiting == 0 or session.seats_taken == session.capacity
        last_seated = (
            Seat.objects.filter(session=session, state="confirmed").latest("queue_position").queue_position
        )
        first_waiting = (
            Seat.objects.filter(session=session, state="waiting").order_by("queue_position").first()
        )
        assert first_waiting is None or first_waiting.queue_position > last_seated
