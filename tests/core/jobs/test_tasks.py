"""Pruning: what is old goes, whatever is needed stays."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session as SignIn
from django.utils import timezone

from core.jobs import leases, tasks
from core.jobs.models import Task, WorkerBeat
from core.jobs.worker import Worker
from core.web.idempotency import run_once
from core.web.models import IdempotentRequest

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def left_after(task: str, now: datetime) -> None:
    """Have a worker do this task at that instant."""
    with time_machine.travel(now, tick=False):
        leases.enqueue(task, {})
        Worker().drain()


def made(state: str, finished_at: datetime | None) -> int:
    task = Task.objects.create(
        name="test.nothing", arguments={}, state=state, run_at=timezone.now() + 100 * DAY
    )
    Task.objects.filter(pk=task.pk).update(finished_at=finished_at)
    return task.pk


def test_tasks_are_kept_for_thirty_days_after_they_are_done(now: datetime) -> None:
    old, recent = now - 30 * DAY - A_MINUTE, now - 30 * DAY + A_MINUTE
    made("done", old)
    kept = {made("done", recent), made("failed", old), made("queued", None)}
    left_after("jobs.prune", now)
    assert set(Task.objects.filter(name="test.nothing").values_list("pk", flat=True)) == kept


def test_workers_are_known_for_a_day_after_they_were_seen(now: datetime) -> None:
    for worker, seen in (("gone", now - DAY - A_MINUTE), ("resting", now - DAY + A_MINUTE)):
        WorkerBeat.objects.create(worker=worker, started_at=now - 100 * DAY, beat_at=seen)
    left_after("jobs.prune", now)
    workers = WorkerBeat.objects.filter(worker__in=["gone", "resting"])
    assert list(workers.values_list("worker", flat=True)) == ["resting"]


def test_sign_ins_go_when_they_expire(now: datetime) -> None:
    for key, expires in (("expired", now - A_MINUTE), ("valid", now + A_MINUTE)):
        SignIn.objects.create(session_key=key, session_data="", expire_date=expires)
    left_after("jobs.prune", now)
    assert list(SignIn.objects.values_list("session_key", flat=True)) == ["valid"]


def test_forms_are_remembered_for_a_day(now: datetime) -> None:
    for key, sent in (("old", now - DAY - A_MINUTE), ("recent", now - DAY + A_MINUTE)):
        with time_machine.travel(sent, tick=False):
            run_once("form", key, {}, dict)
    recent = IdempotentRequest.objects.order_by("-created_at").values_list("pk", flat=True)[0]
    left_after("web.forget_forms", now)
    assert list(IdempotentRequest.objects.values_list("pk", flat=True)) == [recent]


def test_however_many_there_are_all_of_them_go(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "BATCH_SIZE", 2)
    for number in range(5):
        SignIn.objects.create(session_key=str(number), session_data="", expire_date=now - DAY)
    left_after("jobs.prune", now)
    assert not SignIn.objects.exists()
    assert set(Task.objects.filter(name="jobs.prune").values_list("state", flat=True)) == {"done"}


def test_it_is_done_every_day(now: datetime) -> None:
    leases.enqueue_recurring()
    recurring = {"jobs.prune", "web.forget_forms"}
    assert recurring <= set(Task.objects.values_list("name", flat=True))
