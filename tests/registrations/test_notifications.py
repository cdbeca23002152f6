"""What people with seats hear when a session changes, and when."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from core.jobs.leases import Lease
from core.jobs.models import Task
from core.mail.models import Message
from core.mail.rendering import rendered
from registrations import seats, tasks
from registrations.models import Seat, SeatMovement
from sessions import publishing, unannounced_changes
from sessions.models import Session
from sessions.scheduling import change_session, plan_of
from tests import factories as f
from tests.registrations.form_posts import mails

pytestmark = pytest.mark.django_db


def crowd(session: Session, count: int) -> None:
    for person in f.RegistrationFactory.create_batch(count, lab=session.lab):
        seats.take(person, {session.pk: "online"})
    Message.objects.all().delete()


def work(name: str) -> int:
    """Do the later work of this name that was put down, as a worker does. Returns how much there was."""
    handlers = {
        "registrations.tell": tasks.notify,
        "registrations.tell_moves": tasks.notify_moves,
        "registrations.promote": tasks.promote,
    }
    waiting = list(Task.objects.filter(name=name, state="queued"))
    for task in waiting:
        Task.objects.filter(pk=task.pk).update(state="working")
        handlers[name](Lease(Task, task.pk, task.fence, timedelta(minutes=1)), **task.arguments)
        Task.objects.filter(pk=task.pk).update(state="done")
    return len(waiting)


def test_a_cancelled_session_is_told_to_everybody_once_and_keeps_its_seats():
    session = f.SessionFactory(capacity=2)
    crowd(session, 3)

    publishing.cancel(session, {"en": "The speaker is ill"})
    assert mails() == []  # later, by a worker
    work("registrations.tell")

    assert [mail.occasion for mail in mails()] == ["session_cancelled"] * 3
    text = rendered(mails()[0], reveal=True).text
    assert "The speaker is ill" in text
    assert "STATUS:CANCELLED" in mails()[0].calendar
    assert list(Seat.objects.order_by("queue_position").values_list("state", flat=True)) == [
        "confirmed",
        "confirmed",
        "waiting",
    ]
    assert SeatMovement.objects.filter(reason="session-cancelled").count() == 3


def test_telling_again_after_a_kill_tells_nobody_twice():
    session = f.SessionFactory()
    crowd(session, 3)
    publishing.cancel(session)

    work("registrations.tell")
    Task.objects.update(state="queued")
    work("registrations.tell")

    assert len(mails("session_cancelled")) == 3
    assert SeatMovement.objects.filter(reason="session-cancelled").count() == 3


def test_a_session_that_is_cancelled_twice_is_told_twice():
    session = f.SessionFactory()
    crowd(session, 1)

    for _ in range(2):
        publishing.cancel(session)
        work("registrations.tell")
        publishing.restore(session, tell=True)
        work("registrations.tell")

    assert [mail.occasion for mail in mails()] == ["session_cancelled", "session_restored"] * 2


def test_cancelling_silently_still_writes_the_history():
    session = f.SessionFactory()
    crowd(session, 1)

    publishing.cancel(session, tell=False)
    work("registrations.tell")

    assert mails() == []
    assert SeatMovement.objects.filter(reason="session-cancelled").count() == 1


def test_restoring_seats_who_waits_where_somebody_left_meanwhile():
    session = f.SessionFactory(capacity=1)
    crowd(session, 2)
    publishing.cancel(session, tell=False)
    first = Seat.objects.get(state="confirmed")
    seats.give_up(first.registration, [session.pk])
    assert not Seat.objects.filter(state="confirmed").exists()

    publishing.restore(session)
    work("registrations.promote")

    assert Seat.objects.get(state="confirmed").queue_position == 2
    assert [mail.occasion for mail in mails()] == ["seat_is_yours"]


def test_a_moved_session_is_told_with_its_new_hours_if_the_organiser_asks():
    session = f.SessionFactory()
    crowd(session, 1)
    plan = plan_of(session)
    later = session.starts_at + timedelta(hours=3)

    moved = replace(plan, start_time=time(14, 30), end_time=time(15, 30))
    unannounced_changes.decide([change_session(session, moved)], tell=True)
    work("registrations.tell_moves")

    session.refresh_from_db()
    assert session.starts_at == later
    [mail] = mails("session_moved")
    assert "14:30–15:30" in mail.text


def test_more_seats_seat_those_who_wait_in_order_and_tell_them():
    session = f.SessionFactory(capacity=1)
    crowd(session, 4)
    change_session(session, replace(plan_of(session), online_capacity=3))
    work("registrations.promote")

    session.refresh_from_db()
    assert (session.seats_taken, session.seats_waiting) == (3, 1)
    assert [mail.occasion for mail in mails()] == ["seat_is_yours"] * 2


def test_each_person_is_told_in_his_or_her_own_language():
    session = f.SessionFactory()
    for language in ("bg", "el", "en"):
        seats.take(f.RegistrationFactory(lab=session.lab, language=language), {session.pk: "online"})

    publishing.cancel(session)
    work("registrations.tell")

    assert sorted(mail.language for mail in mails("session_cancelled")) == ["bg", "el", "en"]


def test_many_people_are_told_in_chunks_at_a_constant_cost_each(django_assert_max_num_queries):
    session = f.SessionFactory()
    crowd(session, 120)
    publishing.cancel(session, tell=False)

    with django_assert_max_num_queries(40):
        work("registrations.tell")

    assert SeatMovement.objects.filter(reason="session-cancelled").count() == 120
