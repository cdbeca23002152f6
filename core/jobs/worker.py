"""The worker: lanes for emails and for other tasks, and a keeper who shows that all of them live.

What somebody waits for is not held up by what goes to many: one lane sends urgent mails only, and one does short tasks
only, whatever the others are at.

It may be killed at any line: what it held is due again when the lease runs out. As many workers as wanted may run
at once, on as many machines.
"""

import functools
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.db.models import Q
from django.utils import timezone

from core.jobs.database_clock import DatabaseNow
from core.jobs.leases import (
    PATIENCE,
    Lease,
    claim,
    enqueue_recurring,
    lease_time,
    run_task,
    short_tasks,
    where,
)
from core.jobs.models import Task, WorkerBeat

logger = logging.getLogger(__name__)

TASKS_AT_ONCE = 3
BETWEEN_RECURRING = 60.0  # seconds
PAUSE_WITHOUT_DATABASE = 2.0  # seconds
PAUSE_AFTER_FAILURE = 2.0  # seconds


Turn = Callable[["Worker", timedelta], bool]
_lanes: dict[str, Turn] = {}


def lane(name: str) -> Callable[[Turn], Turn]:
    """Give every worker a lane more: a function of the worker and of how long a lease lasts at first.

    It does some of what is due and tells whether there was anything. The packages above add theirs when they load.
    """

    def register(turn: Turn) -> Turn:
        _lanes[name] = turn
        return turn

    return register


class Worker:
    """One process's worker. `poll` is how many seconds it waits when nothing is due."""

    def __init__(self, poll: float = 1.0) -> None:
        self.poll = poll
        self.stopping = threading.Event()
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"[-100:]
        self.held: set[Lease] = set()
        self.held_lock = threading.Lock()
        self.recurring_at = -BETWEEN_RECURRING

    def stop(self) -> None:
        """Ask it to finish what it is at and end."""
        self.stopping.set()

    def run(self) -> None:
        """Work until asked to stop."""
        turns: dict[str, Callable[[timedelta], bool]] = {
            name: functools.partial(turn, self) for name, turn in _lanes.items()
        }
        turns["short tasks"] = functools.partial(self.tasks, among=short_tasks())
        turns |= {f"tasks {number}": self.tasks for number in range(1, TASKS_AT_ONCE)}
        lanes = [
            threading.Thread(target=self.work_in_turns, args=(turn,), name=name)
            for name, turn in turns.items()
        ]
        done = threading.Event()
        keeper = threading.Thread(target=self.keep, args=(done,), name="keeper")
        keeper.start()
        logger.info("worker %s started", self.name)
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        done.set()
        keeper.join()
        logger.info("worker %s stopped", self.name)

    def work_in_turns(self, turn: Callable[[timedelta], bool]) -> None:
        """Take turns; wait when there was nothing to do, when the database is away, and after a turn that failed."""
        while not self.stopping.is_set():
            try:
                close_old_connections()
                if not turn(lease_time()):
                    self.stopping.wait(self.poll)
            except (DatabaseError, InterfaceError) as error:
                logger.error("the database cannot be used: %s", where(error))
                connection.close()
                self.stopping.wait(PAUSE_WITHOUT_DATABASE)
            except Exception as error:
                # A lane that ended here would leave a worker that shows that it lives, and sends nothing.
                logger.error("a turn of the worker failed: %s", where(error))
                self.stopping.wait(PAUSE_AFTER_FAILURE)
        connection.close()

    def tasks(self, span: timedelta, among: Q | None = None) -> bool:
        """Do one due task; tell whether there was one."""
        if time.monotonic() - self.recurring_at >= BETWEEN_RECURRING:
            enqueue_recurring()
            self.recurring_at = time.monotonic()
        due = claim(Task, 1, span, among)
        for work, lease in due:
            with self.holding({lease}):
                run_task(work, lease)
        return bool(due)

    def work_off(self) -> None:
        """Do everything that is due, in this thread, and return. No keeper runs, so leases are long from the start."""
        self.beat()
        while not self.stopping.is_set():
            worked = [turn(self, PATIENCE) for turn in _lanes.values()]
            if not any([*worked, self.tasks(PATIENCE)]):
                return

    @contextmanager
    def holding(self, leases: set[Lease]) -> Iterator[None]:
        """Keep these leases alive until it is over."""
        self.hold(leases)
        try:
            yield
        finally:
            self.let_go(leases)

    def hold(self, leases: set[Lease]) -> None:
        with self.held_lock:
            self.held |= leases

    def let_go(self, leases: set[Lease]) -> None:
        with self.held_lock:
            self.held -= leases

    def keep(self, done: threading.Event) -> None:
        """Show every few seconds that this worker lives, and keep its leases alive, in a thread of its own."""
        pause = min(settings.BEAT_SECONDS, settings.LEASE_SECONDS / 3)
        while True:
            try:
                close_old_connections()
                self.beat()
                self.prolong_leases()
            except (DatabaseError, InterfaceError) as error:
                logger.error("the worker's sign of life could not be written: %s", where(error))
                connection.close()
            if done.wait(pause):
                break
        connection.close()

    def prolong_leases(self) -> None:
        """Keep alive what this worker holds, but for work that has hung too long."""
        with self.held_lock:
            held = list(self.held)
        for lease in held:
            if lease.kept_until > timezone.now():
                lease.prolong()

    def beat(self) -> None:
        """Write the sign of life."""
        now = DatabaseNow()
        WorkerBeat.objects.update_or_create(
            worker=self.name, defaults={"beat_at": now}, create_defaults={"beat_at": now, "started_at": now}
        )
