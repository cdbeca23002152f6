"""The SEQUENCE of a seat: calendars keep of one entry the version that has the higher one."""

import pytest

from labs.viewer import VISITOR
from registrations import managing, registering, seats
from registrations.models import Seat
from tests import factories as f
from tests.registrations.test_registering import plan, registered
from tests.registrations.test_seats import people

pytestmark = pytest.mark.django_db


def test_each_move_of_a_seat_raises_its_sequence_by_one():
    """Calendars keep the entry with the higher SEQUENCE."""
    session = f.SessionFactory()
    [person] = people(session, 1)
    for expected in (1, 3, 5):
        [seat] = seats.take(person, {session.pk: "online"})
        assert seat.sequence == expected
        [seat] = seats.give_up(person, [session.pk])
        assert Seat.objects.get().sequence == expected + 1


def test_a_later_registration_of_the_same_mailbox_goes_on_from_the_sequence_of_the_earlier_one():
    """In each session its own, in this lab alone, whether seats are taken at once or asked for first."""
    lab = f.LabFactory()
    one, two = f.SessionFactory(lab=lab), f.SessionFactory(lab=lab)
    far = f.SessionFactory()
    email = "participant17@example.org"
    earlier = f.RegistrationFactory(lab=lab, email=email)
    stranger = f.RegistrationFactory(lab=lab)
    for person, session, sequence in ((earlier, one, 4), (earlier, two, 2), (stranger, one, 17)):
        f.SeatFactory(
            registration=person, session=session, state="cancelled", queue_position=None, sequence=sequence
        )
    f.SeatFactory(
        registration=f.RegistrationFactory(lab=far.lab, email=email), session=far, queue_position=None,
        state="cancelled", sequence=40,
    )  # fmt: skip

    by_organiser, by_form = (f.RegistrationFactory(lab=lab, email=email, name=name) for name in "ab")
    seats.store_choice(by_form, {one.pk: "online", two.pk: "online"})
    taken = seats.take_requested(by_form, [VISITOR])
    assert [seat.sequence for seat in taken] == [5, 3]
    assert [seat.sequence for seat in seats.take(by_organiser, {one.pk: "online", two.pk: "online"})] == [
        6,
        4,
    ]
    [seat] = seats.take(stranger, {two.pk: "online"})
    assert seat.sequence == 1


def test_who_cancels_and_registers_anew_gets_entries_that_replace_the_earlier_ones():
    session = f.SessionFactory()
    managing.cancel(registered(session))
    [earlier] = Seat.objects.all()

    again = registering.submit(session.lab, VISITOR, plan(session))
    assert again is not None
    registering.confirm(again)

    assert Seat.objects.get(registration=again).sequence == earlier.sequence + 1 == 3
