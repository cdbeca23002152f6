"""The worker: threads ("lanes") for emails and other tasks, and a heartbeat thread that extends their leases.

One lane sends urgent emails only and one runs short tasks only, so that bulk work does not delay them. The worker may
be killed at any line: its rows are due again when their leases expire. Any number may run, on any number of machines.
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
    STALL_TIMEOUT,
    Lease,
    claim,
    enqueue_recurring,
    error_origin,
    run_task,
    short_tasks,
)
from core.jobs.models import Task, WorkerBeat

logger = logging.getLogger(__name__)

TASK_LANES = 3
RECURRING_INTERVAL = 60.0  # seconds
PAUSE_WITHOUT_DATABASE = 2.0  # seconds
PAUSE_AFTER_FAILURE = 2.0  # seconds


LaneFunction = Callable[["Worker", timedelta], bool]
_lanes: dict[str, LaneFunction] = {}


def lane(name: str) -> Callable[[LaneFunction], LaneFunction]:
    """Register a lane: a function of the worker and the initial length of leases.

    It does some due work and returns whether there was any. The packages above register theirs at import.
    """

    def register(turn: LaneFunction) -> LaneFunction:
        _lanes[name] = turn
        return turn

    return register


class Worker:
    """One process's worker. `poll` is in seconds, between checks when nothing is due."""

    def __init__(self, poll: float = 1.0) -> None:
        self.poll = poll
        self.stopping = threading.Event()
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"[-100:]
        self.leases: set[Lease] = set()
        self.leases_lock = threading.Lock()
        self.recurring_at = -RECURRING_INTERVAL

    def stop(self) -> None:
        """Stop after the current work."""
        self.stopping.set()

    def run(self) -> None:
        """Work until stopped."""
        turns: dict[str, Callable[[timedelta], bool]] = {
            name: functools.partial(turn, self) for name, turn in _lanes.items()
        }
        turns["short tasks"] = functools.partial(self.run_due_task, among=short_tasks())
        turns |= {f"tasks {number}": self.run_due_task for number in range(1, TASK_LANES)}
        lanes = [
            threading.Thread(target=self.run_lane, args=(turn,), name=name) for name, turn in turns.items()
        ]
        done = threading.Event()
        heartbeat = threading.Thread(target=self.run_heartbeat, args=(done,), name="heartbeat")
        heartbeat.start()
        logger.info("worker %s started", self.name)
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        done.set()
        heartbeat.join()
        logger.info("worker %s stopped", self.name)

    def run_lane(self, turn: Callable[[timedelta], bool]) -> None:
        """Call `turn` repeatedly; wait when nothing was due, when the database is unavailable, and after errors."""
        while not self.stopping.is_set():
            try:
                close_old_connections()
                if not turn(timedelta(seconds=settings.LEASE_SECONDS)):
                    self.stopping.wait(self.poll)
            except (DatabaseError, InterfaceError) as error:
                logger.error("the database cannot be used: %s", error_origin(error))
                connection.close()
                self.stopping.wait(PAUSE_WITHOUT_DATABASE)
            except Exception as error:
                # If the lane ended here, the worker would send heartbeats and do nothing.
                logger.error("a turn of the worker failed: %s", error_origin(error))
                self.stopping.wait(PAUSE_AFTER_FAILURE)
        connection.close()

    def run_due_task(self, span: timedelta, among: Q | None = None) -> bool:
        """Run one due task; return whether there was one."""
        if time.monotonic() - self.recurring_at >= RECURRING_INTERVAL:
            enqueue_recurring()
            self.recurring_at = time.monotonic()
        due = claim(Task, 1, span, among)
        for work, lease in due:
            with self.keeping_alive({lease}):
                run_task(work, lease)
        return bool(due)

    def drain(self) -> None:
        """Do everything that is due, in this thread. No heartbeat thread runs, so leases are long."""
        self.beat()
        while not self.stopping.is_set():
            worked = [turn(self, STALL_TIMEOUT) for turn in _lanes.values()]
            if not any([*worked, self.run_due_task(STALL_TIMEOUT)]):
                return

    @contextmanager
    def keeping_alive(self, leases: set[Lease]) -> Iterator[None]:
        """Extend these leases while the block runs."""
        with self.leases_lock:
            self.leases |= leases
        try:
            yield
        finally:
            with self.leases_lock:
                self.leases -= leases

    def run_heartbeat(self, done: threading.Event) -> None:
        """Write heartbeats and extend the worker's leases every few seconds, in a separate thread."""
        pause = min(settings.BEAT_SECONDS, settings.LEASE_SECONDS / 3)
        while True:
            try:
                close_old_connections()
                self.beat()
                self.extend_leases()
            except (DatabaseError, InterfaceError) as error:
                logger.error("the worker's heartbeat could not be written: %s", error_origin(error))
                connection.close()
            if done.wait(pause):
                break
        connection.close()

    def extend_leases(self) -> None:
        """Extend this worker's leases, except of stalled work."""
        with self.leases_lock:
            leases = list(self.leases)
        for lease in leases:
            if lease.stalls_at > timezone.now():
                lease.extend()

    def beat(self) -> None:
        """Write a heartbeat."""
        now = DatabaseNow()
        WorkerBeat.objects.update_or_create(
            worker=self.name, defaults={"beat_at": now}, create_defaults={"beat_at": now, "started_at": now}
        )
