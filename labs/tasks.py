"""Later work of this floor."""

from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session as SignIn
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from labs.accounts import send_password_reset
from labs.clock import database_now
from labs.models import Submission, Task, WorkerBeat
from labs.submissions import KEPT
from labs.work import Lease, task

KEEP_DONE = timedelta(days=30)
KEEP_BEATS = timedelta(days=1)
AT_ONCE = 500


@task("labs.prune", every=timedelta(days=1), is_long=True)
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


@task("labs.send_password_resets")
def send_password_resets(lease: Lease, users: list[int]) -> None:
    for user in users:
        send_password_reset(user)


@task("labs.forget_forms", every=timedelta(hours=1))
def forget_forms(lease: Lease) -> None:
    """Forget forms that were sent more than a day ago."""
    while delete_some(Submission.objects.filter(created_at__lt=timezone.now() - KEPT)):
        lease.renew()


@transaction.atomic
def delete_some(outdated: QuerySet[Any]) -> int:
    """Delete a few of these rows, and of them only what still fits once it is locked. Returns how many."""
    rows = outdated.order_by("pk").select_for_update(skip_locked=True)
    keys = list(rows.values_list("pk", flat=True)[:AT_ONCE])
    return outdated.model._base_manager.filter(pk__in=keys).delete()[0]
