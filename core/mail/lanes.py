"""The worker's lanes for emails: one for all of them, and one that is never held up by what goes to many people."""

from datetime import timedelta

from django.db.models import Q

from core.jobs.leases import claim
from core.jobs.worker import Worker, lane
from core.mail.delivery import deliver
from core.mail.models import Message

BATCH = 20  # emails sent through one connection


@lane("emails")
def all_emails(worker: Worker, span: timedelta) -> bool:
    return send_batch(worker, span)


@lane("urgent emails")
def urgent_emails(worker: Worker, span: timedelta) -> bool:
    return send_batch(worker, span, Q(is_urgent=True))


def send_batch(worker: Worker, span: timedelta, among: Q | None = None) -> bool:
    """Send one batch of due emails; tell whether there were any."""
    batch = claim(Message, BATCH, span, among)
    with worker.holding({lease for _message, lease in batch}):
        deliver(batch, worker.stopping.is_set)
    return bool(batch)
