"""Later work: put down in the transaction, claimed once, tried again, given up."""

from datetime import timedelta
from itertools import pairwise

import pytest
import time_machine
from django.contrib.sessions.models import Session as SignIn
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from core.jobs import leases
from core.jobs.leases import STALL_TIMEOUT, TASK_RETRIES, Lease, LeaseLost, claim, enqueue, task
from core.jobs.models import Task
from core.jobs.worker import Worker
from core.mail.models import Message

pytestmark = pytest.mark.django_db
SPAN = timedelta(seconds=30)


@pytest.fixture
def registry(monkeypatch):
    """A registry of its own, so that a test's tasks are forgotten; the service's own stay in the other."""
    autodiscover_modules("tasks")
    monkeypatch.setattr(leases, "handlers", dict(leases.handlers))
    monkeypatch.setattr(leases, "recurring", {})


def only(task_state: str) -> Task:
    return Task.objects.get(state=task_state, name__startswith="test.")


def drain() -> None:
    Worker().drain()


def test_a_task_is_called_with_its_lease_and_arguments(registry):
    calls = []

    @task("test.note")
    def note(lease: Lease, number: int) -> None:
        calls.append((lease.fence, number))

    enqueue("test.note", {"number": 17})
    drain()
    drain()

    assert calls == [(1, 17)]
    done = only("done")
    assert (done.attempts, done.lease_until) == (1, None)
    assert done.finished_at is not None


def test_work_of_a_transaction_that_failed_was_never_put_down(registry):
    with transaction.atomic():
        enqueue("test.note", {"number": 1})
        transaction.set_rollback(True)

    assert not Task.objects.exists()


def test_the_same_key_puts_down_the_same_task():
    first = enqueue("test.note", {"number": 1}, key="once")
    assert enqueue("test.note", {"number": 2}, key="once") == first
    assert Task.objects.get().arguments == {"number": 1}


def test_work_for_later_waits(registry):
    @task("test.note")
    def note(lease: Lease) -> None:
        pass

    enqueue("test.note", {}, run_at=timezone.now() + timedelta(hours=1))
    drain()
    assert only("queued").attempts == 0
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1)):
        drain()
    assert only("done").attempts == 1


def test_a_task_that_fails_is_tried_again_later_and_at_last_given_up(registry, caplog):
    @task("test.fail")
    def fail(lease: Lease) -> None:
        raise RuntimeError("participant17@example.org was in the way")

    enqueue("test.fail", {})
    moments = [timezone.now()]
    while True:
        with time_machine.travel(moments[-1], tick=False):
            drain()
        found = Task.objects.get(name="test.fail")
        if found.state != "queued":
            break
        moments.append(found.run_at)

    assert found.state == "failed"
    assert tuple(after - before for before, after in pairwise(moments)) == TASK_RETRIES
    assert found.last_error.startswith("RuntimeError in fail, line ")  # the row outlives the person
    assert f"task {found.pk} (test.fail) failed: RuntimeError in fail" in caplog.text
    assert "participant17" not in caplog.text


def test_a_task_without_a_handler_fails_like_any_other(registry):
    enqueue("test.unknown", {})
    drain()
    assert only("queued").last_error.startswith("LookupError in run_task")


def test_two_handlers_for_one_name_are_refused(registry):
    task("test.note")(lambda lease: None)
    with pytest.raises(ValueError, match=r"two handlers for the task test\.note"):
        task("test.note")(lambda lease: None)


def test_a_recurring_task_is_put_down_once_in_its_span_whoever_asks(registry):
    task("test.daily", every=timedelta(days=1))(lambda lease: None)
    with time_machine.travel("2026-11-23T10:00:00Z"):
        drain()
        drain()
    assert Task.objects.filter(name="test.daily").count() == 1
    with time_machine.travel("2026-11-24T10:00:00Z"):
        drain()
    assert Task.objects.filter(name="test.daily").count() == 2


def test_a_claimed_row_is_nobody_elses_until_its_lease_has_run_out():
    put_down = enqueue("test.note", {})
    [(row, lease)] = claim(Task, 5, SPAN)
    assert (row, row.state, lease.fence) == (put_down, "working", 1)
    assert claim(Task, 5, SPAN) == []

    with time_machine.travel(timezone.now() + SPAN + timedelta(seconds=1)):
        [(row, second)] = claim(Task, 5, SPAN)
        assert (row, second.fence) == (put_down, 2)


def test_whoever_lost_the_lease_can_write_nothing_any_more():
    put_down = enqueue("test.note", {})
    [(_row, first)] = claim(Task, 5, SPAN)
    with time_machine.travel(timezone.now() + SPAN + timedelta(seconds=1)):
        [(_row, second)] = claim(Task, 5, SPAN)

        assert first.begin() is False
        assert first.end(state="failed", last_error="late") is False
        with pytest.raises(LeaseLost):
            first.renew()
        assert second.end(state="done") is True

    put_down.refresh_from_db()
    assert (put_down.state, put_down.last_error, put_down.lease_until) == ("done", "", None)


def test_a_task_taken_over_while_it_ran_leaves_the_result_to_the_other(registry):
    @task("test.slow")
    def slow(lease: Lease) -> None:
        Task.objects.filter(pk=lease.pk).update(fence=9)  # another worker came by
        lease.renew()

    enqueue("test.slow", {})
    drain()

    assert only("working").fence == 9


def test_renewing_puts_off_both_ends_of_a_lease():
    enqueue("test.note", {})
    [(row, lease)] = claim(Task, 1, SPAN)
    later = timezone.now() + timedelta(seconds=20)
    with time_machine.travel(later, tick=False):
        lease.renew()
    row.refresh_from_db()
    assert row.lease_until == later + SPAN
    assert lease.stalls_at == later + STALL_TIMEOUT


def test_a_living_worker_keeps_its_leases_but_not_for_work_that_hangs():
    enqueue("test.note", {})
    [(row, lease)] = claim(Task, 1, SPAN)
    worker = Worker()
    worker.leases = {lease}

    later = timezone.now() + timedelta(minutes=9)
    with time_machine.travel(later, tick=False):
        worker.extend_leases()
    row.refresh_from_db()
    assert row.lease_until == later + SPAN

    with time_machine.travel(timezone.now() + STALL_TIMEOUT + timedelta(seconds=1)):
        worker.extend_leases()
    row.refresh_from_db()
    assert row.lease_until == later + SPAN


@pytest.mark.django_db(transaction=True)
def test_a_lane_goes_on_after_a_turn_that_failed(monkeypatch, caplog):
    """Else the worker would show that it lives, and send nothing any more."""
    monkeypatch.setattr("core.jobs.worker.PAUSE_AFTER_FAILURE", 0.0)
    worker = Worker()
    turns = []

    def turn(span: timedelta) -> bool:
        turns.append(span)
        if len(turns) == 1:
            raise ValueError("somebody's name")
        worker.stop()
        return True

    worker.run_lane(turn)

    assert len(turns) == 2
    assert "a turn of the worker failed: ValueError in turn" in caplog.text
    assert "somebody's name" not in caplog.text


def test_a_row_that_ends_every_worker_is_given_up(registry, settings):
    task("test.note")(lambda lease: None)
    put_down = enqueue("test.note", {})
    Task.objects.update(attempts=leases.MAX_STARTS)
    drain()
    put_down.refresh_from_db()
    assert (put_down.state, put_down.last_error) == ("failed", "It ended its worker every time.")


def test_what_has_expired_is_forgotten_every_day():
    now = timezone.now()
    for hours in (-1, 1):
        SignIn.objects.create(
            session_key=f"{hours}", session_data="", expire_date=now + timedelta(hours=hours)
        )
    leases.enqueue_recurring()
    drain()
    assert list(SignIn.objects.values_list("session_key", flat=True)) == ["1"]


def test_looking_for_work_costs_one_query_when_there_is_none(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert claim(Message, 20, SPAN) == []


def test_the_longest_wait_for_what_a_killed_worker_held_is_under_a_minute():
    from config.settings import BEAT_SECONDS, LEASE_SECONDS
    from core.jobs.worker import PAUSE_WITHOUT_DATABASE

    poll = Worker().poll
    assert LEASE_SECONDS + poll + PAUSE_WITHOUT_DATABASE < 60
    assert min(BEAT_SECONDS, LEASE_SECONDS / 3) * 2 < LEASE_SECONDS
