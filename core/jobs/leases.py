"""Later work: putting it down, claiming it under a lease, and ending it.

A row is written in the transaction of what it is about (`enqueue`; for emails `core.mail.queue`). A worker claims
rows, holds each under a lease that is kept alive while the worker lives, and writes a result only while the row's
fence is still the number it got with the claim: whoever was believed dead can no longer change anything. A row whose
lease has run out is due again, whatever became of its worker.
"""

import logging
import os
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from core.jobs.database_clock import DatabaseNow, database_now
from core.jobs.models import LeasedWork, Task

logger = logging.getLogger(__name__)

Row = TypeVar("Row", bound=LeasedWork)
# A lease is kept alive this long after it was begun or renewed by the work itself; work that hangs longer loses it.
PATIENCE = timedelta(minutes=10)
# Until the next try of a task that failed; after the last one it stays failed.
TASK_RETRIES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 20, 60, 240, 720))
# A row that was begun this often and never came to a result takes its workers down with it: it is given up.
ENOUGH_BEGINNINGS = 40


class LeaseLost(Exception):
    """The row belongs to another worker by now; what was done must not be written."""


@dataclass(eq=False)
class Lease:
    """One worker's hold on one row, for `span` at a time; only `kept_until` goes by this machine's clock."""

    kind: type[LeasedWork]
    pk: int
    fence: int
    span: timedelta
    kept_until: datetime = field(default_factory=lambda: timezone.now() + PATIENCE)

    def renew(self) -> None:
        """Say that the work goes on; work that takes minutes calls this at every step. Raises LeaseLost."""
        self.kept_until = timezone.now() + PATIENCE
        if not self.prolong():
            raise LeaseLost(f"{self.kind.__name__} {self.pk}")

    def prolong(self, **changes: Any) -> bool:
        """Put the lease's end off and write `changes`, if the row is still ours; tell whether it is."""
        return self.write(lease_until=DatabaseNow() + self.span, **changes)

    def begin(self, **changes: Any) -> bool:
        """Count one more beginning, before anything is done that others could notice; tell whether it may go on.

        Writes `changes` with it.
        """
        self.kept_until = timezone.now() + PATIENCE
        return self.prolong(attempts=F("attempts") + 1, **changes)

    def end(self, **changes: Any) -> bool:
        """Write the result and give the row back, if it is still ours; tell whether it was.

        Insists for a while when the database is away: what was done should not be done again for want of a note.
        """
        changes = {"lease_until": None, **changes}
        deadline = time.monotonic() + self.span.total_seconds()
        while True:
            try:
                with transaction.atomic():
                    ours = self.write(**changes)
                    crash_point(f"{self.kind._meta.model_name}-before-commit")
                return ours
            except (OperationalError, InterfaceError):
                if connection.in_atomic_block or time.monotonic() > deadline:
                    raise
                connection.close()
                time.sleep(0.5)

    def release(self) -> bool:
        """Give the row back undone, due at once for whoever comes."""
        return self.end(state="queued")

    def write(self, **changes: Any) -> bool:
        """Write changes if the row is still ours; tell whether it was."""
        held = self.kind._default_manager.filter(pk=self.pk, fence=self.fence, state=self.kind.HELD)
        return bool(held.update(**changes))


def claim(kind: type[Row], limit: int, span: timedelta, among: Q | None = None) -> list[tuple[Row, Lease]]:
    """Take up to `limit` due rows for `span`: those that wait, and those whose lease has run out.

    Urgent ones come first, then the oldest. `among` narrows the choice: not every lane of a worker takes everything.

    No two callers get the same row: on PostgreSQL each skips what another has locked, on SQLite the write lock is
    taken before reading.
    """
    now = DatabaseNow()
    due = Q(state="queued", run_at__lte=now) | Q(state=kind.HELD, lease_until__lt=now)
    order = kind.DUE_FIRST
    waiting = kind._default_manager.filter(due, among or Q(), finished_at__isnull=True).order_by(*order)
    if not waiting.exists():  # looking costs no write lock
        return []
    with transaction.atomic():
        if connection.features.has_select_for_update_skip_locked:
            waiting = waiting.select_for_update(skip_locked=True)
        keys = list(waiting.values_list("pk", flat=True)[:limit])
        if not keys:  # others were quicker
            return []
        kind._default_manager.filter(due, pk__in=keys).update(
            state=kind.HELD, fence=F("fence") + 1, lease_until=now + span
        )
        rows = list(kind._default_manager.filter(pk__in=keys).order_by(*order))
    crash_point(f"{kind._meta.model_name}-after-claim")
    return [(row, Lease(kind, row.pk, row.fence, span)) for row in rows]


def lease_time() -> timedelta:
    """How long a lease lasts unless it is kept alive."""
    return timedelta(seconds=settings.LEASE_SECONDS)


Handler = Callable[..., None]
handlers: dict[str, Handler] = {}
recurring: dict[str, timedelta] = {}


long_tasks: set[str] = set()


def task(name: str, *, every: timedelta | None = None, is_long: bool = False) -> Callable[[Handler], Handler]:
    """Register in an app's tasks.py what a task's name stands for: a function of a `Lease` and the task's arguments.

    It may run twice (its worker killed after the work, before the note), so it has to bear that. One that recurs is
    put down by the workers themselves, once in every span, without arguments. One that is long (it does something for
    each of many people) is never given to the lane that each worker keeps free for short ones.
    """

    def register(handler: Handler) -> Handler:
        if name in handlers:
            raise ValueError(f"two handlers for the task {name}")
        handlers[name] = handler
        if is_long:
            long_tasks.add(name)
        if every is not None:
            recurring[name] = every
        return handler

    return register


def short_tasks() -> Q:
    """Tasks that are over soon."""
    autodiscover_modules("tasks")
    return ~Q(name__in=long_tasks)


def enqueue(
    name: str, arguments: dict[str, Any], key: str | None = None, run_at: datetime | None = None
) -> Task:
    """Put work down, in the current transaction. With a key that was used before, return that earlier task."""
    values = {"name": name, "arguments": arguments, "run_at": run_at or DatabaseNow()}
    if key is None:
        return Task.objects.create(**values)
    return Task.objects.get_or_create(key=key, defaults=values)[0]


def enqueue_recurring() -> None:
    """Put down the recurring tasks of this hour, day …, each once, whoever asks how often."""
    autodiscover_modules("tasks")
    now = database_now().timestamp()
    known = {f"{name}:{int(now // every.total_seconds())}": name for name, every in recurring.items()}
    for key in sorted(known.keys() - set(Task.objects.filter(key__in=known).values_list("key", flat=True))):
        enqueue(known[key], {}, key=key)


def run_task(work: Task, lease: Lease) -> None:
    """Do one claimed task and write what came of it: done, to be tried again later, or failed for good."""
    autodiscover_modules("tasks")
    if work.attempts >= ENOUGH_BEGINNINGS:
        lease.end(
            state=Task.State.FAILED, last_error="It ended its worker every time.", finished_at=timezone.now()
        )
        return
    if not lease.begin():
        return
    handler = handlers.get(work.name)
    try:
        if handler is None:
            raise LookupError(f"no handler for the task {work.name}")
        handler(lease, **work.arguments)
    except LeaseLost:
        logger.warning("task %s (%s) was taken over by another worker", work.pk, work.name)
    except Exception as error:
        logger.error("task %s (%s) failed: %s", work.pk, work.name, where(error))
        tries = work.attempts + 1
        if tries > len(TASK_RETRIES):
            lease.end(state=Task.State.FAILED, last_error=said(error), finished_at=timezone.now())
        else:
            run_at = DatabaseNow() + TASK_RETRIES[tries - 1]
            lease.end(state=Task.State.QUEUED, last_error=said(error), run_at=run_at)
    else:
        crash_point("task-after-work")
        lease.end(state=Task.State.DONE, last_error="", finished_at=timezone.now())


def said(error: BaseException) -> str:
    """What an error says, short enough to keep with its row."""
    return f"{type(error).__name__}: {error}"[:1000].replace("\0", "")


def where(error: BaseException) -> str:
    """What kind of error it is and where it arose, for logs: its own words may hold personal data."""
    frames = traceback.extract_tb(error.__traceback__)
    return (
        f"{type(error).__name__} in {frames[-1].name}, line {frames[-1].lineno}"
        if frames
        else type(error).__name__
    )


def crash_point(name: str) -> None:
    """Die here without a word, if this is a test that asks for it (settings.CRASH_POINTS, CITYLABS_CRASH_AT)."""
    if settings.CRASH_POINTS and os.environ.get("CITYLABS_CRASH_AT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
