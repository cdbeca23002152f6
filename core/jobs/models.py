"""Queued work: rows with a lease.

A worker claims a row by a conditional update that sets `lease_until` and increments `fence`, the fencing token; it may
write its result only while the token matches. A row whose lease has expired is claimed by the next worker.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.jobs.database_clock import DatabaseNow


class LeasedWork(models.Model):
    """Fields of every kind of queued work. Instants are UTC.

    `run_at` and `lease_until` are by the database's clock (`core.jobs.database_clock`).
    """

    state = models.CharField(_("state"), max_length=10, default="queued")
    run_at = models.DateTimeField(_("due at"), default=DatabaseNow)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    fence = models.PositiveIntegerField(default=0)
    last_error = models.TextField(_("last error"), blank=True, max_length=2000)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    # The state of a claimed row, and the order in which rows are due; the state of a due row is "queued".
    CLAIMED: ClassVar[str]
    DUE_ORDER: ClassVar[tuple[str, ...]] = ("run_at", "pk")

    class Meta:
        # Partial indexes use `finished_at` alone: SQLite uses none for states, which are parameters.
        abstract = True


class Task(LeasedWork):
    """A named task with JSON arguments; `core.jobs.leases.task` registers its handler."""

    class State(models.TextChoices):
        QUEUED = "queued", pgettext_lazy("job", "Queued")
        WORKING = "working", _("Working")
        DONE = "done", _("Done")
        FAILED = "failed", pgettext_lazy("job", "Failed")

    name = models.CharField(_("name"), max_length=60)
    arguments = models.JSONField(_("arguments"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    key = models.CharField(_("key"), max_length=200, unique=True, null=True, blank=True)

    CLAIMED = State.WORKING

    class Meta:
        verbose_name = _("background task")
        verbose_name_plural = _("background tasks")
        indexes = (
            models.Index(fields=["run_at"], name="task_due", condition=Q(finished_at__isnull=True)),
            models.Index(fields=["state"], name="task_state"),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.pk}"


class Tally(models.Model):
    """A difference of a count; the sum of those with one lab, name and part is the count (`core.jobs.tallies`)."""

    lab = models.ForeignKey("labs.Lab", models.CASCADE, null=True, related_name="+", db_index=False)
    name = models.CharField(max_length=20)
    part = models.CharField(max_length=40, blank=True)
    n = models.BigIntegerField()

    class Meta:
        indexes = (models.Index(fields=["lab", "name"], name="tally_of_lab"),)

    def __str__(self) -> str:
        return f"{self.name} {self.part} {self.n:+}"


class WorkerBeat(models.Model):
    """The last heartbeat of one worker process."""

    worker = models.CharField(_("process"), max_length=100, unique=True)
    started_at = models.DateTimeField(_("started at"))
    beat_at = models.DateTimeField(_("last seen at"))

    class Meta:
        verbose_name = _("worker process")
        verbose_name_plural = _("worker processes")
        ordering = ("-beat_at",)

    def __str__(self) -> str:
        return self.worker
