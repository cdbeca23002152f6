"""Nodes whose clocks are ten minutes apart: leases, due times and signs of life go by the database's clock."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from core.jobs.leases import claim, enqueue
from core.jobs.models import Task, WorkerBeat
from core.jobs.worker import Worker
from core.mail import delivery, health
from core.mail.models import Message
from registrations import emails
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
