"""Workers killed at named lines and at random: nothing is lost, and at most one email repeats per kill.

Real worker processes, a real mail server, a database in a file (or PostgreSQL, where the suite runs on it).
`CHAOS_MAILS=10000 CHAOS_WORKER_KILLS=200` makes the random test as large as wanted.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from core.jobs.leases import enqueue
from core.jobs.models import Task, WorkerBeat
from core.mail.models import Message
from tests.emails import reset_email
from tests.polling import wait_until
from tests.smtp import MailServer, mail_server

ROOT = Path(__file__).resolve().parents[3]
MAILS = int(os.environ.get("CHAOS_MAILS", "150"))
KILLS = int(os.environ.get("CHAOS_WORKER_KILLS", "20"))

pytestmark = pytest.mark.xdist_group("workers")


@pytest.fixture
def database(transactional_db, tmp_path) -> Iterator[str]:
    """The address of the test database for other processes; SQLite's in memory is moved into a file."""
    own = connection.settings_dict
    if connection.vendor == "postgresql":
        login = f"{quote(own['USER'])}:{quote(own['PASSWORD'])}@" if own["USER"] else ""
        port = f":{own['PORT']}" if own["PORT"] else ""
        yield f"postgres://{login}{quote(own['HOST'], safe='')}{port}/{own['NAME']}"
        return
    file = tmp_path / "db.sqlite3"
    connection.ensure_connection()
    in_memory, name = connection.connection, own["NAME"]
    with sqlite3.connect(file) as copy:
        in_memory.backup(copy)
    copy.close()
    connection.connection, own["NAME"] = None, str(file)
    try:
        yield f"sqlite:///{file}"
    finally:
        connection.close()
        connection.connection, own["NAME"] = in_memory, name


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(database: str, server: MailServer, tmp_path: Path) -> Iterator[Start]:
    """Start worker processes; whatever is left of them at the end is killed."""
    started: list[subprocess.Popen[bytes]] = []
    log = (tmp_path / "workers.log").open("wb")

    def start_worker(crash_at: str = "", **environment: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "worker", "--poll", "0.1"],
            cwd=ROOT,
            stderr=log,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tests.worker_settings",
                "DATABASE_URL": database,
                "VAR_DIR": str(tmp_path),
                "SECRET_KEY": settings.SECRET_KEY,
                "EMAIL_URL": f"smtp://127.0.0.1:{server.port}",
                "CITYLABS_CRASH_AT": crash_at,
                **environment,
            },
        )
        started.append(process)
        return process

    yield start_worker
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
    log.close()


def queue_mails(count: int) -> list[str]:
    """Queue so many emails and return their Message-IDs."""
    return [
        reset_email(key=f"test:{number}", to_email=f"participant{number}@example.org").message_id
        for number in range(count)
    ]


def unsent() -> int:
    return Message.objects.exclude(state=Message.State.SENT).count()


@contextmanager
def stopped_in_order(
    process: subprocess.Popen[bytes], stop: signal.Signals = signal.SIGTERM
) -> Iterator[None]:
    yield
    process.send_signal(stop)
    assert process.wait(120) == 0


@pytest.mark.parametrize(
    ("crash_at", "repeated"),
    [
        ("message-after-claim", 0),
        ("message-before-send", 0),
        ("message-after-send", 1),
        ("message-before-commit", 1),
        ("message-after-commit", 0),
    ],
)
def test_a_worker_killed_at_a_named_point_loses_nothing(start: Start, server: MailServer, crash_at, repeated):
    queued = queue_mails(3)
    assert start(crash_at).wait(120) == -signal.SIGKILL
    held = Message.objects.filter(state=Message.State.SENDING).count()
    assert held == (2 if crash_at == "message-after-commit" else 3)

    with stopped_in_order(start()):
        wait_until(lambda: unsent() == 0)

    counted = Counter(server.message_ids())
    assert set(counted) == set(queued)
    assert sum(counted.values()) == 3 + repeated


def test_a_text_that_was_rendered_before_a_kill_is_the_one_that_is_sent(start: Start, server: MailServer):
    queue_mails(1)
    assert start("message-before-send").wait(120) == -signal.SIGKILL
    message = Message.objects.get()
    assert "participant0@example.org" in message.text
    # Whoever rendered it again would tell other facts now.
    Message.objects.update(context={"email": "somebody.else@example.org", "days": 9})

    with stopped_in_order(start()):
        wait_until(lambda: unsent() == 0)

    [received] = server.received
    assert received.get_body(("plain",)).get_content().replace("\r\n", "\n") == message.text
    assert Message.objects.get().text == message.text


def test_workers_killed_at_random_lose_nothing_and_repeat_at_most_one_mail_per_kill(
    start: Start, server: MailServer, record_property: Callable[[str, object], None]
):
    queued = queue_mails(MAILS)
    chance = random.Random(17)
    workers = [start(), start()]
    kills = 0
    while kills < KILLS and unsent():
        victim = chance.randrange(2)
        before = len(server.message_ids())
        # Kill in the midst of sending, not while a process still starts.
        wait_until(lambda: len(server.message_ids()) >= before + 2 or unsent() == 0)  # noqa: B023
        time.sleep(chance.uniform(0, 0.05))
        if workers[victim].poll() is None:
            workers[victim].kill()
            workers[victim].wait()
            kills += 1
        workers[victim] = start()
    wait_until(lambda: unsent() == 0, seconds=120 + MAILS / 20)

    counted = Counter(server.message_ids())
    assert set(counted) == set(queued)
    assert kills >= KILLS // 2
    repeats = sum(counted.values()) - MAILS
    for what, figure in {"emails": MAILS, "kills": kills, "repeats": repeats}.items():
        record_property(what, figure)
    assert repeats <= kills


def test_what_a_killed_worker_held_is_taken_over_within_a_minute(start: Start, server: MailServer):
    """With the settings of a real installation, whose lease is the longest part of the wait."""
    from config.settings import LEASE_SECONDS

    assert LEASE_SECONDS + 1.0 < 60
    queue_mails(1)
    assert start("message-before-send", TEST_LEASE_SECONDS="3").wait(120) == -signal.SIGKILL
    killed_at = timezone.now()
    [message] = Message.objects.all()
    free_at = message.lease_until
    assert (free_at - killed_at).total_seconds() <= 3

    with stopped_in_order(start(TEST_LEASE_SECONDS="3")):
        wait_until(lambda: unsent() == 0)
    message.refresh_from_db()
    assert message.finished_at > killed_at
    # Counted from when it was free and somebody there to take it: how long Python takes to start is no matter.
    takes_over = max(free_at, WorkerBeat.objects.latest("started_at").started_at)
    assert (message.finished_at - takes_over).total_seconds() < 10
    assert (message.fence, message.attempts) == (2, 2)


def test_a_worker_asked_to_stop_finishes_its_mail_and_gives_the_others_back(start: Start, server: MailServer):
    queue_mails(5)
    server.hang = 1.0
    worker = start()
    wait_until(lambda: Message.objects.filter(state=Message.State.SENDING, attempts=1).exists())

    worker.send_signal(signal.SIGINT)

    assert worker.wait(120) == 0
    states = Counter(Message.objects.values_list("state", flat=True))
    assert states == {"sent": 1, "queued": 4}
    assert len(server.received) == 1


def test_a_slow_server_does_not_cost_a_living_worker_its_lease(start: Start, server: MailServer):
    queue_mails(1)
    server.hang = 5.0
    first, second = (start(TEST_LEASE_SECONDS="3", EMAIL_TIMEOUT="60") for _ in range(2))

    with stopped_in_order(first), stopped_in_order(second):
        wait_until(lambda: unsent() == 0)

    assert len(server.received) == 1
    assert Message.objects.get().fence == 1


def test_a_database_that_goes_away_under_a_worker_costs_nothing(start: Start, server: MailServer):
    """The email that is under way is noted once the database is back, so that it is not sent again."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no connections that others can cut")
    queued = queue_mails(12)
    server.hang = 0.3
    with stopped_in_order(start()):
        for cut in range(3):
            wait_until(lambda: len(server.message_ids()) >= 2 + 3 * cut)  # noqa: B023
            time.sleep(0.1)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        wait_until(lambda: unsent() == 0)

    assert sorted(server.message_ids()) == sorted(queued)


def test_a_killed_task_is_done_by_the_next_worker(start: Start):
    work = enqueue("jobs.prune", {})
    WorkerBeat.objects.create(
        worker="long gone", started_at=timezone.now(), beat_at=timezone.now() - timedelta(days=2)
    )
    assert start("task-after-work").wait(120) == -signal.SIGKILL
    # Several tasks are at work at once: whichever came to the point first.
    killed = list(Task.objects.filter(state=Task.State.WORKING).values_list("pk", flat=True))
    assert killed != []

    with stopped_in_order(start()):
        wait_until(
            lambda: not Task.objects.filter(pk__in=[work.pk, *killed]).exclude(state=Task.State.DONE).exists()
        )
    assert not WorkerBeat.objects.filter(worker="long gone").exists()


def test_the_heartbeat_tells_when_a_worker_lived_last(start: Start):
    worker = start()
    wait_until(WorkerBeat.objects.exists)
    first = WorkerBeat.objects.get().beat_at
    wait_until(lambda: WorkerBeat.objects.get().beat_at > first)
    worker.kill()
    worker.wait()
    last = WorkerBeat.objects.get().beat_at
    time.sleep(1)

    assert WorkerBeat.objects.get().beat_at == last


def test_crash_points_are_dead_outside_tests(settings, monkeypatch):
    from config import settings as production
    from core.jobs.leases import crash_point

    assert production.CRASH_POINTS is False
    settings.CRASH_POINTS = False
    monkeypatch.setenv("CITYLABS_CRASH_AT", "message-before-send")

    crash_point("message-before-send")
