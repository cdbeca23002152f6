"""Later work of this floor."""

from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session as SignIn
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core.jobs.database_clock import database_now
from core.jobs.leases import Lease, task
from core.jobs.models import Task, WorkerBeat
from core.web.idempotency import KEPT
from core.web.models import IdempotentRequest

KEEP_DONE = timedelta(days=30)
KEEP_BEATS = timedelta(days=1)
AT_ONCE = 500


@task("jobs.prune", every=timedelta(days=1), is_long=True)
def prune(lease: Lease) -> None:
    """Forget old tasks that are done, sign-ins that expired, and workers that were not seen for a day."""
    now = database_now()
    for outdated in (
        Task.objects.filter(state=Task.State.DONE, finished_at__lt=now - KEEP_DONE),
        WorkerBeat.objects.filter(beat_at__lt=now - KEEP_BEATS),
        SignIn.objects.filter(expire_date__lt=timezone.now()),
    ):
        while delete_some(outdated):
            lease.renew()


@task("web.forget_forms", every=timedelta(hours=1))
def forget_forms(lease: Lease) -> None:
    """Forget forms that were sent more than a day ago."""
    while delete_some(IdempotentRequest.objects.filter(created_at__lt=timezone.now() - KEPT)):
        lease.renew()


@transaction.atomic
def delete_some(outdated: QuerySet[Any]) -> int:
    """Delete a few of these rows, and of them only what still fits once it is locked. Returns how many."""
    rows = outdated.order_by("pk").select_for_update(skip_locked=True)
    keys = list(rows.values_list("pk", flat=True)[:AT_ONCE])
    return outdated.model._base_manager.filter(pk__in=keys).delete()[0]
