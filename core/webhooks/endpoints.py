"""Create, change, switch off and delete webhook endpoints; replay deliveries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.jobs.database_clock import DatabaseNow
from core.web.edit_conflicts import DeletedMeanwhile
from core.web.error_messages import messages_by_column
from core.web.errors import InvalidFields, RuleViolation
from core.webhooks import egress, events
from core.webhooks.event_types import EventType
from core.webhooks.models import RETRY_FOR, Delivery, Endpoint

MAX_ENDPOINTS = 20  # of one lab

State = Delivery.State
Disabled = Endpoint.Disabled


@dataclass(frozen=True)
class EndpointPlan:
    """What people enter of an endpoint."""

    url: str
    events: Sequence[str]
    description: str = ""
    is_active: bool = True


@transaction.atomic
def create(lab_id: int, plan: EndpointPlan) -> Endpoint:
    """Create an endpoint. `egress.check` has looked its host up before, outside of the transaction.

    Raises RuleViolation.
    """
    if Endpoint.objects.filter(lab=lab_id).count() >= MAX_ENDPOINTS:
        message = ngettext(
            "A lab can have at most %(count)d webhook.",
            "A lab can have at most %(count)d webhooks.",
            MAX_ENDPOINTS,
        )
        raise RuleViolation("too_many", message % {"count": MAX_ENDPOINTS})
    endpoint = Endpoint(lab_id=lab_id)
    _set(endpoint, plan)
    endpoint.save(force_insert=True)
    return endpoint


@transaction.atomic
def change(endpoint: Endpoint, plan: EndpointPlan) -> Endpoint:
    """Change an endpoint; switching it on, or another address, forgets its failures. Raises RuleViolation."""
    row = lock(endpoint)
    if plan.is_active and (not row.is_active or row.url != plan.url):
        row.is_active, row.disabled_because = True, Disabled.NOT
        row.failing_since, row.failures, row.paused_until = None, 0, None
    _set(row, plan)
    row.save()
    if row.is_active and not plan.is_active:
        disable(row, Disabled.BY_ORGANISER)
    return row


def _set(row: Endpoint, plan: EndpointPlan) -> None:
    """Set what people enter. Raises InvalidFields with all errors."""
    errors: dict[str, list[Any]] = {}
    chosen = [value for value in EventType.values if value in plan.events]
    if not chosen or set(plan.events) - set(chosen):
        errors["events"] = [_("Choose at least one event from the list.")]
    try:
        egress.parse(plan.url)
    except egress.AddressRefused as error:
        errors["url"] = [error.message]
    row.url, row.description, row.events = plan.url, plan.description.strip(), chosen
    try:
        row.clean_fields(exclude=["lab", "url", "events"])
    except ValidationError as error:
        errors |= messages_by_column(row, error)
    if errors:
        raise InvalidFields(errors)


def lock(endpoint: Endpoint) -> Endpoint:
    """Lock and return the current row. Raises DeletedMeanwhile."""
    row = Endpoint.objects.select_for_update(no_key=True).filter(pk=endpoint.pk).first()
    if row is None:
        raise DeletedMeanwhile
    return row


@transaction.atomic
def rotate_secret(endpoint: Endpoint) -> Endpoint:
    """Give the endpoint a new secret; the one before it signs too for 24 hours. Raises DeletedMeanwhile."""
    row = lock(endpoint)
    row.secret_version += 1
    row.secret_changed_at = timezone.now()
    row.save(update_fields=["secret_version", "secret_changed_at"])
    return row


@transaction.atomic
def disable(endpoint: Endpoint, because: Endpoint.Disabled) -> bool:
    """Switch the endpoint off; what waits for it is not delivered, and can be replayed. Returns whether it was on."""
    was_on = Endpoint.objects.filter(pk=endpoint.pk, is_active=True).update(
        is_active=False, disabled_because=because
    )
    if not was_on:
        return False
    endpoint.is_active, endpoint.disabled_because = False, because
    waiting = Delivery.objects.filter(endpoint=endpoint, state=State.QUEUED)
    waiting.update(state=State.FAILED, finished_at=timezone.now(), last_error="disabled")
    return True


def delete(endpoint: Endpoint) -> None:
    """Delete the endpoint and its log."""
    endpoint.delete()


def send_test(endpoint: Endpoint, data: Mapping[str, Any]) -> Delivery:
    """Queue a test event. Raises RuleViolation for an endpoint that is switched off."""
    _refuse_inactive(endpoint)
    return events.announce_test(endpoint, data)


def replay(delivery: Delivery) -> None:
    """Deliver again what was delivered or has failed, with the same id and body; at once what waits for its next try.

    Raises RuleViolation for an endpoint that is switched off, and while the delivery is being sent.
    """
    _refuse_inactive(delivery.endpoint)
    if not _queue_again(Delivery.objects.filter(pk=delivery.pk).exclude(state=State.SENDING)):
        raise RuleViolation("sending", _("This event is being delivered at the moment."))


def replay_failed(endpoint: Endpoint) -> int:
    """Deliver again everything that failed, and return how many. Raises RuleViolation as `replay` does."""
    _refuse_inactive(endpoint)
    return _queue_again(Delivery.objects.filter(endpoint=endpoint, state=State.FAILED))


def _queue_again(deliveries: QuerySet[Delivery]) -> int:
    return deliveries.update(
        state=State.QUEUED,
        run_at=DatabaseNow(),
        attempts=0,
        finished_at=None,
        last_error="",
        retry_until=timezone.now() + RETRY_FOR,
    )


def _refuse_inactive(endpoint: Endpoint) -> None:
    if not endpoint.is_active:
        raise RuleViolation("inactive", _("This webhook is switched off. Switch it on first."))


def forget(registration_ids: Iterable[int]) -> None:
    """Delete what was sent or waits about these people, with the answers."""
    Delivery.objects.filter(registration__in=list(registration_ids)).delete()
