"""Nodes whose clocks are ten minutes apart: leases, due times and signs of life go by the database's clock."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.http import Http404
from django.utils import timezone

from core.jobs.leases import claim, enqueue
from core.jobs.models import Task, WorkerBeat
from core.jobs.worker import Worker
from core.mail import delivery, health
from core.mail.models import Message
from core.web.errors import RuleViolation
from registrations import emails, managing, seats, transfers
from registrations.models import Registration, RegistrationRules, Seat, SeatMovement, Transfer
from sessions.models import Session
from tests import factories as f

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="SQLite lies on one machine, with one clock"
    ),
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("clock_of_the_database"),
]
SPAN = timedelta(seconds=30)


@pytest.fixture(params=[timedelta(minutes=10), timedelta(minutes=-10)], ids=["ahead", "behind"])
def other_node(request: pytest.FixtureRequest) -> Iterator[time_machine.travel]:
    """A node whose clock is ten minutes off."""
    return time_machine.travel(timezone.now() + request.param)


def passes(seconds: float) -> None:
    """Let what is held be older by so many seconds."""
    Task.objects.filter(lease_until__isnull=False).update(
        lease_until=timezone.now() - timedelta(seconds=seconds)
    )


def test_a_node_with_another_clock_does_not_take_over_what_a_living_worker_holds(other_node):
    put_down = enqueue("test.note", {})
    [(_row, lease)] = claim(Task, 5, SPAN)
    with other_node:
        assert claim(Task, 5, SPAN) == []
    assert lease.extend()
    assert Task.objects.get(pk=put_down.pk).fence == 1


def test_what_a_node_with_another_clock_holds_is_its_own_and_is_free_when_the_lease_is_over(other_node):
    enqueue("test.note", {})
    with other_node:
        [(_row, lease)] = claim(Task, 5, SPAN)
        lease.renew()
    assert claim(Task, 5, SPAN) == []
    held_for = Task.objects.get().lease_until - timezone.now()
    assert timedelta(0) < held_for <= SPAN
    passes(1)
    with other_node:
        assert [second.fence for _row, second in claim(Task, 5, SPAN)] == [2]


def test_what_a_node_with_another_clock_puts_down_is_due_at_once_for_all(other_node):
    person = f.RegistrationFactory()
    with other_node:
        enqueue("test.note", {})
        emails.link_again(person)
    assert (len(claim(Task, 5, SPAN)), len(claim(Message, 5, SPAN))) == (1, 1)


def test_a_mail_that_failed_is_tried_again_after_its_wait_whatever_the_clock_of_the_node(other_node):
    enqueue("test.unknown", {})
    with other_node:
        Worker().drain()
    wait = Task.objects.get(name="test.unknown").run_at - timezone.now()
    assert timedelta(seconds=50) < wait <= timedelta(seconds=60)


def test_a_node_with_another_clock_tells_that_workers_live_and_mail_goes(other_node):
    Worker().beat()
    with other_node:
        answers = {finding.name: finding.ok for finding in health.readiness()}
        assert (answers["worker"], answers["mail"]) == (True, True)
        assert delivery.summary().beat_age < timedelta(seconds=30)
    WorkerBeat.objects.all().delete()
    with other_node:
        Worker().beat()
    assert abs(delivery.summary().beat_age) < timedelta(seconds=30)


def offered(minutes: float) -> tuple[Registration, Session]:
    """Somebody to whom a seat is offered for so many minutes from now."""
    session = f.SessionFactory(capacity=1)
    first, second = f.RegistrationFactory.create_batch(2, lab=session.lab)
    for person in (first, second):
        seats.take(person, {session.pk: "online"})
    RegistrationRules.objects.create(lab=session.lab, offer_hours=1)
    seats.give_up(first, [session.pk])
    Seat.objects.filter(registration=second).update(until=timezone.now() + timedelta(minutes=minutes))
    return second, session


def expire_offers() -> None:
    enqueue("registrations.expire_offers", {})
    Worker().drain()


def test_a_seat_that_is_offered_is_the_persons_until_then_on_every_node(other_node):
    person, session = offered(minutes=5)
    with other_node:
        expire_offers()
        assert Seat.objects.get(registration=person).state == "offered"
        managing.accept_offer(person, session.pk)
    assert Seat.objects.get(registration=person).state == "confirmed"


def test_a_seat_that_was_offered_until_now_is_lost_on_every_node(other_node):
    person, session = offered(minutes=-1)
    with other_node:
        with pytest.raises(RuleViolation):
            managing.accept_offer(person, session.pk)
        expire_offers()
    assert Seat.objects.get(registration=person).state == "cancelled"
    assert SeatMovement.objects.filter(seat__registration=person).latest("pk").reason == "offer-expired"


def test_a_colleagues_link_opens_until_its_end_on_every_node(other_node):
    session = f.SessionFactory()
    giver = f.RegistrationFactory(lab=session.lab)
    seats.take(giver, {session.pk: "online"})
    offer = transfers.offer(giver, "Demo colleague", "colleague@example.org")
    for minutes, is_open in ((5, True), (-1, False)):
        Transfer.objects.update(expires_at=timezone.now() + timedelta(minutes=minutes))
        with other_node:
            if is_open:
                assert transfers.find(transfers.token_of(offer)) == offer
            else:
                with pytest.raises(Http404):
                    transfers.find(transfers.token_of(offer))
