"""Delivery of webhooks: try, note the answer, try again at growing intervals for 72 hours.

Two lanes of the worker do it, each one request at a time. An endpoint that cannot be reached is left alone for a while,
so that it does not hold the others up.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from core.jobs.database_clock import DatabaseNow
from core.jobs.leases import MAX_STARTS, Lease, claim, crash_point, error_origin
from core.jobs.worker import Worker, lane
from core.webhooks import egress, signing
from core.webhooks.endpoints import disable
from core.webhooks.models import RETRY_FOR, Attempt, Delivery, Endpoint

logger = logging.getLogger(__name__)

State = Delivery.State
_FIRST = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14400, 21600, 36000, 43200, 43200, 43200)
)
# Until the next try, after the first, second … one: 72 hours in all.
RETRIES = (*_FIRST, RETRY_FOR - sum(_FIRST, timedelta()))
# How long an endpoint is left alone after so many failures to reach it in a row; the last one from then on.
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600))
# Errors during which a lane had to wait.
SLOW_ERRORS = frozenset({"connect", "timeout", "not_found"})
GONE = 410
REPLY_LENGTH = 1000  # characters that are kept of an answer


@dataclass(frozen=True)
class Outcome:
    """What one try came to."""

    status: int | None
    error: str
    reply: str
    milliseconds: int

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def failure(self) -> str:
        """The code of the error, or the status that is none of success; empty for a success."""
        return "" if self.is_success else self.error or str(self.status)


def deliver_due(worker: Worker, span: timedelta) -> bool:
    """Deliver one due event; tell whether there was any."""
    now = DatabaseNow()
    ready = Endpoint.objects.filter(Q(paused_until__isnull=True) | Q(paused_until__lte=now), is_active=True)
    due = claim(Delivery, 1, span, Q(endpoint__in=ready.order_by().values("pk")))
    for delivery, lease in due:
        with worker.keeping_alive({lease}):
            deliver(delivery, lease)
    return bool(due)


lane("webhooks 1")(deliver_due)
lane("webhooks 2")(deliver_due)


def deliver(delivery: Delivery, lease: Lease) -> None:
    """Make one try of a claimed delivery, and note what came of it."""
    if delivery.attempts >= MAX_STARTS:
        lease.end(state=State.FAILED, last_error="crash", finished_at=timezone.now())
        return
    endpoint = Endpoint.objects.filter(pk=delivery.endpoint_id).first()
    if endpoint is None or not lease.begin():
        return
    outcome = _try(delivery, endpoint)
    crash_point("webhook-after-send")
    now = timezone.now()
    # `delivery.attempts` are those before this one.
    is_last = delivery.attempts >= len(RETRIES) or now >= delivery.retry_until or outcome.status == GONE
    changes: dict[str, object]
    if outcome.is_success:
        changes = {"state": State.DELIVERED, "finished_at": now}
    elif is_last:
        changes = {"state": State.FAILED, "finished_at": now}
    else:
        changes = {"state": State.QUEUED, "run_at": DatabaseNow() + RETRIES[delivery.attempts]}
    ours = lease.end(
        with_it=lambda: _note(delivery, outcome, now, is_last=is_last),
        last_error=outcome.failure,
        **changes,
    )
    level = logging.INFO if outcome.is_success else logging.WARNING
    logger.log(level, "webhook %s: %s", delivery.public_id, outcome.failure or outcome.status)
    if not ours:
        logger.warning("webhook %s was taken over by another worker", delivery.public_id)


def _try(delivery: Delivery, endpoint: Endpoint) -> Outcome:
    body = delivery.body.encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "CityLabs-Webhooks/1",
        **signing.signed_headers(endpoint, delivery.message_id, body, timezone.now()),
    }
    status, error, reply = None, "", ""
    began = time.monotonic()
    try:
        answer = egress.post(endpoint.url, body, headers)
        status, reply = answer.status, answer.text[:REPLY_LENGTH]
    except egress.EgressError as failure:
        error = failure.code
    except Exception as failure:
        # Nothing that a receiver does may end the lane, or be tried again at once for ever.
        logger.error("webhook %s: %s", delivery.public_id, error_origin(failure))
        error = "protocol"
    return Outcome(status, error, reply, int((time.monotonic() - began) * 1000))


def _note(delivery: Delivery, outcome: Outcome, now: datetime, *, is_last: bool) -> None:
    """Write the attempt, and what it says about the endpoint; in the transaction of the delivery's own state."""
    Attempt.objects.create(
        delivery=delivery,
        at=now,
        milliseconds=outcome.milliseconds,
        status=outcome.status,
        error=outcome.error,
        reply=outcome.reply,
    )
    row = Endpoint.objects.filter(pk=delivery.endpoint_id)
    if outcome.is_success:
        row.exclude(failing_since=None, failures=0).update(failing_since=None, failures=0, paused_until=None)
        return
    failures = row.values_list("failures", flat=True).first() or 0
    pause = PAUSES[min(failures, len(PAUSES) - 1)]
    row.update(
        failing_since=Coalesce("failing_since", now),
        failures=F("failures") + 1,
        paused_until=DatabaseNow() + pause if outcome.error in SLOW_ERRORS else None,
    )
    endpoint = row.first()
    if endpoint is None:
        return
    if outcome.status == GONE:
        disable(endpoint, Endpoint.Disabled.GONE)
    elif is_last and endpoint.failing_since and endpoint.failing_since <= now - RETRY_FOR:
        disable(endpoint, Endpoint.Disabled.FAILING)
