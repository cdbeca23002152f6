"""Work done later: rows with a lease, written in the transaction of what they are about.

A worker claims a row by a conditional update that sets `lease_until` and raises `fence`; it may write its
result only while the fence is still its own. A row whose lease has expired is taken over by the next worker.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.jobs.database_clock import DatabaseNow


class LeasedWork(models.Model):
    """What every kind of later work has in common. Instants are UTC.

    `run_at` and `lease_until` go by the database's clock (`core.jobs.database_clock`).
    """

    state = models.CharField(max_length=10, default="queued")
    run_at = models.DateTimeField(default=DatabaseNow)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True, max_length=2000)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    # The state of a row that a worker holds, and the order in which rows are due; one that waits is "queued".
    HELD: ClassVar[str]
    DUE_FIRST: ClassVar[tuple[str, ...]] = ("run_at", "pk")

    class Meta:
        # Indexes of what is not finished go by `finished_at` alone: SQLite finds none by states, which are parameters.
        abstract = True


class Task(LeasedWork):
    """A named piece of work with plain arguments; `core.jobs.leases.task` registers what the name stands for."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        WORKING = "working", _("Working")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    name = models.CharField(max_length=60)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    key = models.CharField(max_length=200, unique=True, null=True, blank=True)

    HELD = State.WORKING

    class Meta:
        indexes = (models.Index(fields=["run_at"], name="task_due", condition=Q(finished_at__isnull=True)),)

    def __str__(self) -> str:
        return f"{self.name} {self.pk}"


class WorkerBeat(models.Model):
    """The last sign of life of one worker process."""

    worker = models.CharField(max_length=100, unique=True)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()

    class Meta:
        ordering = ("-beat_at",)

    def __str__(self) -> str:
        return self.worker
