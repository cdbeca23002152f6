"""Recurring clean-up."""

from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session as SignIn
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core.jobs.database_clock import database_now
from core.jobs.leases import Lease, task
from core.jobs.models import Task, WorkerBeat
from core.web.idempotency import RETENTION
from core.web.models import IdempotentRequest

DONE_RETENTION = timedelta(days=30)
BEAT_RETENTION = timedelta(days=1)
BATCH_SIZE = 500


@task("jobs.prune", every=timedelta(days=1), is_long=True)
def prune(lease: Lease) -> None:
    """Delete old finished tasks, expired sign-ins, and heartbeats older than a day."""
    now = database_now()
    for outdated in (
        Task.objects.filter(state=Task.State.DONE, finished_at__lt=now - DONE_RETENTION),
        WorkerBeat.objects.filter(beat_at__lt=now - BEAT_RETENTION),
        SignIn.objects.filter(expire_date__lt=timezone.now()),
    ):
        while delete_batch(outdated):
            lease.renew()


@task("web.forget_forms", every=timedelta(hours=1))
def forget_forms(lease: Lease) -> None:
    """Delete expired idempotency records."""
    while delete_batch(IdempotentRequest.objects.filter(created_at__lt=timezone.now() - RETENTION)):
        lease.renew()


@transaction.atomic
def delete_batch(outdated: QuerySet[Any]) -> int:
    """Delete one batch of these rows, skipping locked ones. Returns how many."""
    rows = outdated.order_by("pk").select_for_update(skip_locked=True)
    keys = list(rows.values_list("pk", flat=True)[:BATCH_SIZE])
    return outdated.model._base_manager.filter(pk__in=keys).delete()[0]
