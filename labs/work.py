"""Later work: putting it down, claiming it under a lease, and ending it.

A row is written in the transaction of what it is about (`enqueue`; for mails `labs.mail.queue`). A worker claims
rows, holds each under a lease that it keeps renewing, and writes a result only while the row's fence is still the
number it got with the claim: whoever was believed dead can no longer change anything. A row whose lease has run out
is due again, whatever became of its worker.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Model
from django.utils import timezone

from labs.models import Message, Task

type_of_work = type[Task] | type[Message]
Row = TypeVar("Row", Task, Message)
# The state of a row that a worker holds, by kind; a row that waits is "queued" in both.
HELD: dict[type[Model], str] = {Task: Task.State.WORKING, Message: Message.State.SENDING}
# A lease is kept alive in the background this long after it was begun or last renewed by the work itself; work that
# hangs for longer loses it.
PATIENCE = timedelta(minutes=10)
# Seconds until the next try of a task that failed: after the last one it stays failed.
TASK_RETRIES = (10, 60, 300, 1800, 3600, 4 * 3600, 12 * 3600)
# A row that was begun this often without coming to a result ends its workers: it is given up.
ENOUGH_BEGINNINGS = 40


class LeaseLost(Exception):
    """The row belongs to another worker by now; what was done must not be written."""


@dataclass(eq=False)
class Lease:
    """One worker's hold on one row. Instants are UTC."""

    kind: type_of_work
    pk: int
    fence: int
    kept_until: datetime = field(default_factory=lambda: timezone.now() + PATIENCE)

    def renew(self) -> None:
        """Say that the work goes on; long work calls this at least every few minutes. Raises LeaseLost."""
        self.kept_until = timezone.now() + PATIENCE
        if not self.prolong():
            raise LeaseLost(f"{self.kind.__name__} {self.pk}")

    def prolong(self, **changes: Any) -> bool:
        """Put the lease's end off and write `changes`, if the row is still ours; tell whether it is."""
        return self.write(lease_until=timezone.now() + lease_time(), **changes)

    def write(self, **changes: Any) -> bool:
        """Write changes if the row is still ours; tell whether it was."""
        return bool(
            self.kind.objects.filter(pk=self.pk, fence=self.fence, state=HELD[self.kind]).update(**changes)  # type: ignore[misc]
        )


Handler = Callable[..., None]
_handlers: dict[str, Handler] = {}


def task(name: str) -> Callable[[Handler], Handler]:
    """Register a function as what a task's name stands for. It is called with a `Lease` and the task's arguments.

    It may run twice (a worker killed after the work and before its result was written), so it must bear that.
    """

    def register(handler: Handler) -> Handler:
        if _handlers.get(name, handler) is not handler:
            raise ValueError(f"two handlers for the task {name}")
        _handlers[name] = handler
        return handler

    return register


def enqueue(
    name: str, arguments: dict[str, Any], key: str | None = None, run_at: datetime | None = None
) -> Task:
    """Put work down, in the current transaction. With a key that was used before, return that earlier task."""
    values = {"name": name, "arguments": arguments, "run_at": run_at or timezone.now()}
    if key is None:
        return Task.objects.create(**values)
    return Task.objects.get_or_create(key=key, defaults=values)[0]


def lease_time() -> timedelta:
    return timedelta(seconds=settings.LEASE_SECONDS)
