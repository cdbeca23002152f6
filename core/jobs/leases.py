"""Queue rows of work, claim them under a lease, and finish them.

A row is written in the transaction of the change that causes it (`enqueue`; for emails `core.mail.queue`). A worker
claims rows, each under a lease that is extended while the worker runs, and writes a result only while the row's
fencing token is the one of its claim. A row whose lease has expired is due again.
"""

import logging
import os
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from core.jobs.database_clock import DatabaseNow, database_now
from core.jobs.models import LeasedWork, Task

logger = logging.getLogger(__name__)

Row = TypeVar("Row", bound=LeasedWork)
# A lease is extended until this long after the work began or renewed it; work that hangs longer loses it.
STALL_TIMEOUT = timedelta(minutes=10)
# Delays before the retries of a failed task; after the last one it stays failed.
TASK_RETRIES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 20, 60, 240, 720))
# A row that was started this often without a result crashes its workers: it fails.
MAX_STARTS = 40


class LeaseLost(Exception):
    """Another worker has claimed the row; the result must not be written."""


@dataclass(eq=False)
class Lease:
    """One worker's lease on one row, for `span` at a time; only `stalls_at` is by this machine's clock."""

    kind: type[LeasedWork]
    pk: int
    fence: int
    span: timedelta
    stalls_at: datetime = field(default_factory=lambda: timezone.now() + STALL_TIMEOUT)

    def renew(self) -> None:
        """Report progress; work that takes minutes calls this at every step. Raises LeaseLost."""
        self.stalls_at = timezone.now() + STALL_TIMEOUT
        if not self.extend():
            raise LeaseLost(f"{self.kind.__name__} {self.pk}")

    def extend(self, **changes: object) -> bool:
        """Extend the lease and write `changes` if the fencing token matches; return whether it does."""
        return self.write(lease_until=DatabaseNow() + self.span, **changes)

    def begin(self, **changes: object) -> bool:
        """Count one more beginning, before anything is done that others could notice; tell whether it may go on.

        Writes `changes` with it.
        """
        self.stalls_at = timezone.now() + STALL_TIMEOUT
        return self.extend(attempts=F("attempts") + 1, **changes)

    def end(self, *, with_it: Callable[[], object] | None = None, **changes: object) -> bool:
        """Write the result and release the row if the fencing token matches; return whether it did.

        `with_it` is called in the same transaction if it did. Retries for a while if the database is unavailable, so
        that finished work is not repeated.
        """
        changes = {"lease_until": None, **changes}
        deadline = time.monotonic() + self.span.total_seconds()
        while True:
            try:
                with transaction.atomic():
                    ours = self.write(**changes)
                    if ours and with_it is not None:
                        with_it()
                    crash_point(f"{self.kind._meta.model_name}-before-commit")
                return ours
            except (OperationalError, InterfaceError):
                if connection.in_atomic_block or time.monotonic() > deadline:
                    raise
                connection.close()
                time.sleep(0.5)

    def release(self) -> bool:
        """Put the row back into the queue, due at once."""
        return self.end(state="queued")

    def write(self, **changes: object) -> bool:
        """Write changes if the fencing token matches; return whether it did."""
        claimed = self.kind._default_manager.filter(pk=self.pk, fence=self.fence, state=self.kind.CLAIMED)
        return bool(claimed.update(**changes))


def claim(kind: type[Row], limit: int, span: timedelta, among: Q | None = None) -> list[tuple[Row, Lease]]:
    """Claim up to `limit` due rows for `span`: queued ones, and those whose lease has expired.

    In the order `DUE_ORDER`. `among` filters the rows of a lane. No two callers get the same row: PostgreSQL skips
    locked rows, SQLite takes the write lock before reading.
    """
    now = DatabaseNow()
    due = Q(state="queued", run_at__lte=now) | Q(state=kind.CLAIMED, lease_until__lt=now)
    order = kind.DUE_ORDER
    waiting = kind._default_manager.filter(due, among or Q(), finished_at__isnull=True).order_by(*order)
    if not waiting.exists():  # takes no write lock
        return []
    with transaction.atomic():
        if connection.features.has_select_for_update_skip_locked:
            waiting = waiting.select_for_update(skip_locked=True)
        keys = list(waiting.values_list("pk", flat=True)[:limit])
        if not keys:  # claimed by others
            return []
        kind._default_manager.filter(due, pk__in=keys).update(
            state=kind.CLAIMED, fence=F("fence") + 1, lease_until=now + span
        )
        rows = list(kind._default_manager.filter(pk__in=keys).order_by(*order))
    crash_point(f"{kind._meta.model_name}-after-claim")
    return [(row, Lease(kind, row.pk, row.fence, span)) for row in rows]


Handler = Callable[..., None]
handlers: dict[str, Handler] = {}
recurring: dict[str, timedelta] = {}
long_tasks: set[str] = set()


def task(name: str, *, every: timedelta | None = None, is_long: bool = False) -> Callable[[Handler], Handler]:
    """Register a task's handler in an app's tasks.py: a function of a `Lease` and the task's arguments.

    It must be idempotent: it runs again if its worker is killed before the result is written. With `every`, workers
    enqueue it once per interval, without arguments. A long one (it loops over many people) never runs in the lane for
    short tasks.
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
    """Return the condition of tasks that are not long."""
    autodiscover_modules("tasks")
    return ~Q(name__in=long_tasks)


def enqueue(
    name: str, arguments: dict[str, object], key: str | None = None, run_at: datetime | None = None
) -> Task:
    """Queue a task in the current transaction. With a key that was used before, return that earlier task."""
    values = {"name": name, "arguments": arguments, "run_at": run_at or DatabaseNow()}
    if key is None:
        return Task.objects.create(**values)
    return Task.objects.get_or_create(key=key, defaults=values)[0]


def enqueue_recurring() -> None:
    """Queue the recurring tasks of the current interval, each once however often this is called."""
    autodiscover_modules("tasks")
    now = database_now().timestamp()
    known = {f"{name}:{int(now // every.total_seconds())}": name for name, every in recurring.items()}
    for key in sorted(known.keys() - set(Task.objects.filter(key__in=known).values_list("key", flat=True))):
        enqueue(known[key], {}, key=key)


def run_task(work: Task, lease: Lease) -> None:
    """Run one claimed task and write its result: done, to be retried, or failed."""
    autodiscover_modules("tasks")
    if work.attempts >= MAX_STARTS:
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
        origin = error_origin(error)
        logger.error("task %s (%s) failed: %s", work.pk, work.name, origin)
        tries = work.attempts + 1
        if tries > len(TASK_RETRIES):
            lease.end(state=Task.State.FAILED, last_error=origin, finished_at=timezone.now())
        else:
            run_at = DatabaseNow() + TASK_RETRIES[tries - 1]
            lease.end(state=Task.State.QUEUED, last_error=origin, run_at=run_at)
    else:
        crash_point("task-after-work")
        lease.end(state=Task.State.DONE, last_error="", finished_at=timezone.now())


def error_text(error: BaseException) -> str:
    """Return an error's type and message, truncated for its row."""
    return f"{type(error).__name__}: {error}"[:1000].replace("\0", "")


def error_origin(error: BaseException) -> str:
    """Return an error's type and location for logs, without its message, which may contain personal data."""
    name, frames = type(error).__name__, traceback.extract_tb(error.__traceback__)
    return f"{name} in {frames[-1].name}, line {frames[-1].lineno}" if frames else name


def crash_point(name: str) -> None:
    """Kill this process if a test asks for it (settings.CRASH_POINTS, CITYLABS_CRASH_AT)."""
    if settings.CRASH_POINTS and os.environ.get("CITYLABS_CRASH_AT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
