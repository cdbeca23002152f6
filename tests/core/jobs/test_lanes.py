"""What somebody waits for is not held up: short tasks by long ones, urgent emails by those that go to many."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from core.jobs import leases
from core.jobs.leases import Lease, enqueue, short_tasks, task
from core.jobs.models import Task
from core.jobs.worker import Worker
from core.mail.message_list import OCCASIONS
from core.mail.models import Message
from core.mail.queue import TO_MANY
from tests.emails import reset_email
from tests.smtp import MailServer, mail_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("workers")]


@contextmanager
def working() -> Iterator[None]:
    """A worker with all its lanes, in threads of this process."""
    worker = Worker(poll=0.05)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(60)


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def smtp(settings: Any) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def mail(address: str, *, is_urgent: bool) -> None:
    message = reset_email(key=address, to_email=address)
    Message.objects.filter(pk=message.pk).update(is_urgent=is_urgent)


def test_long_tasks_hold_up_no_short_one(monkeypatch: pytest.MonkeyPatch) -> None:
    short_tasks()  # registers all tasks first, so that none is known to the copies alone
    monkeypatch.setattr(leases, "handlers", dict(leases.handlers))
    monkeypatch.setattr(leases, "long_tasks", set(leases.long_tasks))
    monkeypatch.setattr(leases, "recurring", {})
    go_on = threading.Event()
    begun: list[int] = []

    @task("test.long", is_long=True)
    def take_long(lease: Lease, number: int) -> None:
        begun.append(number)
        go_on.wait(60)

    @task("test.short")
    def be_short(lease: Lease) -> None:
        pass

    for number in range(5):
        enqueue("test.long", {"number": number})
    try:
        with working():
            wait_until(lambda: len(begun) == 2)  # several at once, and not all lanes
            for _time in range(3):
                enqueue("test.short", {})
            wait_until(lambda: Task.objects.filter(name="test.short", state="done").count() == 3)
            assert Task.objects.filter(name="test.long", state="done").count() == 0
            go_on.set()
            wait_until(lambda: Task.objects.filter(name="test.long", state="done").count() == 5)
    finally:
        go_on.set()


def test_an_urgent_mail_does_not_wait_for_a_batch_that_goes_to_many(smtp: MailServer) -> None:
    smtp.hang = 0.3
    for number in range(20):
        mail(f"participant{number}@example.org", is_urgent=False)
    with working():
        wait_until(lambda: len(smtp.recipients) >= 1)
        mail("asks-now@example.org", is_urgent=True)
        wait_until(lambda: ["asks-now@example.org"] in smtp.recipients)
        assert len(smtp.recipients) < 15
        smtp.hang = 0
        wait_until(lambda: len(smtp.recipients) == 21)


def test_of_what_is_due_the_urgent_comes_first(smtp: MailServer) -> None:
    mail("many@example.org", is_urgent=False)
    mail("asks@example.org", is_urgent=True)
    Worker().drain()
    assert smtp.recipients == [["asks@example.org"], ["many@example.org"]]


def test_what_goes_to_many_is_known_by_its_occasion() -> None:
    assert set(OCCASIONS) >= TO_MANY
    assert not TO_MANY & {"confirm_address", "registration_link", "password_reset", "seat_is_yours"}


def test_every_task_that_does_something_for_many_people_is_long() -> None:
    short_tasks()
    short = {name for name in leases.handlers.keys() - leases.long_tasks if not name.startswith("test")}
    # What an address is sent at one asking is a handful of emails, and somebody waits for them.
    asked_for = {"mail.send_password_resets", "registrations.send_links"}
    assert short == {"web.forget_forms", "registrations.promote"} | asked_for
