"""Recurring clean-up of webhooks."""

from datetime import timedelta

from django.utils import timezone

from core.jobs.leases import Lease, task
from core.jobs.tasks import delete_batch
from core.webhooks.models import Delivery

# How long the log of a delivery is kept.
RETENTION = timedelta(days=30)


@task("webhooks.prune", every=timedelta(days=1), is_long=True)
def prune(lease: Lease) -> None:
    """Delete deliveries that ended long ago, with their attempts; end those that nobody will try any more."""
    now = timezone.now()
    stranded = Delivery.objects.filter(
        state=Delivery.State.QUEUED, endpoint__is_active=False, retry_until__lt=now
    )
    stranded.update(state=Delivery.State.FAILED, finished_at=now, last_error="disabled")
    while delete_batch(Delivery.objects.filter(finished_at__lt=now - RETENTION)):
        lease.renew()
