"""Webhooks of a lab, for organisers with a token of the scope."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import FilterSchema, Query, Router, Schema, Status
from ninja.errors import Throttled
from ninja.pagination import paginate
from pydantic import ConfigDict, Field, StrictBool

from core.api.datetimes import instant_text
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination, Listing
from core.api.problems import Problem
from core.web.rate_limits import allow
from core.webhooks import egress, endpoints, log
from core.webhooks.event_types import EventType
from core.webhooks.models import MAX_URL_LENGTH, Delivery, Endpoint
from core.webhooks.signing import secret_of
from labs.api_authentication import lab_of_organiser
from labs.api_idempotency import Key, run_once
from labs.current_viewer import viewer_of
from labs.models import ApiToken, Lab

router = Router(tags=["Webhooks"])

LOOK_UPS_PER_HOUR = 60
Event = Annotated[EventType, INLINE_SCHEMA]
DeliveryState = Annotated[Delivery.State, INLINE_SCHEMA]
Url = Annotated[str, Field(max_length=MAX_URL_LENGTH, description="Public server, with https")]
Description = Annotated[str, Field(max_length=100)]
Events = Annotated[list[Event], Field(min_length=1, max_length=50, description="Types of events to send")]


class WebhookIn(Schema):
    model_config = ConfigDict(extra="forbid")

    url: Url
    events: Events
    description: Description = ""


class WebhookChanges(Schema):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    url: Url | None = None
    events: Events | None = None
    description: Description | None = None
    is_active: StrictBool | None = Field(None, description="Whether events are sent")


class WebhookOut(Schema):
    id: UUID = Field(description="ID of the webhook")
    url: str
    description: str
    events: list[Event]
    is_active: bool = Field(description="Whether events are sent")
    disabled_because: Literal["", "organiser", "failing", "gone"] = Field(
        description="Failing: nothing was delivered for 72 hours. Gone: the server answered 410. Empty if active"
    )
    failing_since: datetime | None = Field(description="First failure since the last successful delivery")
    created_at: datetime


class NewWebhookOut(WebhookOut):
    secret: str = Field(description="Key of the signatures (Standard Webhooks). It is not shown again")


class AttemptOut(Schema):
    at: datetime
    milliseconds: int
    status: int | None = Field(description="Status of the response, null if there was none")
    error: str = Field(
        description="If there was no response: address, not_found, not_public, connect, tls, timeout, protocol"
    )
    reply: str = Field(description="Beginning of the response")


class DeliveryOut(Schema):
    id: UUID = Field(description="ID of the delivery")
    message_id: str = Field(description="The header `webhook-id`, the same at every attempt")
    event: str = Field(description="Type of the event")
    state: DeliveryState
    attempts: int = Field(description="Attempts since it was queued or replayed")
    last_error: str = Field(description="Status or error of the last attempt, disabled, or empty")
    created_at: datetime
    next_attempt_at: datetime | None = Field(description="Null if there will be none")
    finished_at: datetime | None


class WholeDeliveryOut(DeliveryOut):
    body: str = Field(description="The request body, as it was signed")
    attempts_made: list[AttemptOut] = Field(description="All attempts, newest first")


class DeliveryFilters(FilterSchema):
    state: DeliveryState | None = Field(None, description="If omitted, any state")


def webhook_data(row: Endpoint) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "url": row.url,
        "description": row.description,
        "events": row.events,
        "is_active": row.is_active,
        "disabled_because": row.disabled_because,
        "failing_since": instant_text(row.failing_since),
        "created_at": instant_text(row.created_at),
    }


def delivery_data(row: Delivery) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "message_id": row.message_id,
        "event": row.event,
        "state": row.state,
        "attempts": row.attempts,
        "last_error": row.last_error,
        "created_at": instant_text(row.created_at),
        "next_attempt_at": instant_text(None if row.finished_at else row.run_at),
        "finished_at": instant_text(row.finished_at),
    }


def _whole(row: Delivery) -> dict[str, Any]:
    made = row.attempts_made.order_by("-at", "-pk")
    return delivery_data(row) | {
        "body": row.body,
        "attempts_made": [
            {
                "at": instant_text(each.at),
                "milliseconds": each.milliseconds,
                "status": each.status,
                "error": each.error,
                "reply": each.reply,
            }
            for each in made
        ],
    }


def _lab(request: HttpRequest, lab: str) -> Lab:
    return lab_of_organiser(request, lab, ApiToken.Scope.WEBHOOKS)


def _one(request: HttpRequest, lab: str, webhook: UUID) -> Endpoint:
    return get_object_or_404(Endpoint, lab=_lab(request, lab), public_id=webhook)


def _delivery(request: HttpRequest, lab: str, webhook: UUID, delivery: UUID) -> Delivery:
    rows = Delivery.objects.select_related("endpoint")
    return get_object_or_404(rows, endpoint=_one(request, lab, webhook), public_id=delivery)


def _look_up(request: HttpRequest, url: str) -> None:
    """Look the host up before anything is locked. Raises Problem for an address that is not taken, and Throttled."""
    try:
        egress.parse(url)
        if not allow("webhook-look-up", str(viewer_of(request).user_id), LOOK_UPS_PER_HOUR, 3600):
            raise Throttled(wait=3600)
        egress.check(url)
    except egress.AddressRefused as error:
        raise Problem(errors={"url": error.message}) from error


@router.get("/labs/{lab}/webhooks", response=list[WebhookOut], url_name="webhooks")
@paginate(BoundedPagination)
def webhooks(request: HttpRequest, lab: str) -> Listing:
    """List webhooks of a lab, oldest first. Scope: webhooks."""
    return Listing(Endpoint.objects.filter(lab=_lab(request, lab)), partial(map, webhook_data))


@router.post("/labs/{lab}/webhooks", response={201: NewWebhookOut}, url_name="create_webhook")
def create(request: HttpRequest, lab: str, form: WebhookIn, idempotency_key: Key) -> Status[dict[str, Any]]:
    """Create a webhook. The response has its secret. Scope: webhooks.

    Requests are signed by Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`). Any status but
    2xx is a failure, also a redirect. A failed delivery is tried again for 72 hours with the same `webhook-id`.
    """
    found = _lab(request, lab)
    _look_up(request, form.url)
    plan = endpoints.EndpointPlan(form.url, [each.value for each in form.events], form.description)

    def operation() -> dict[str, Any]:
        return {"webhook": endpoints.create(found.pk, plan).pk}

    made = run_once(request, "create_webhook", idempotency_key, form, operation)
    row = get_object_or_404(Endpoint, pk=made["webhook"], lab=found)
    return Status(201, webhook_data(row) | {"secret": secret_of(row)})


@router.get("/labs/{lab}/webhooks/{webhook}", response=WebhookOut, url_name="webhook")
def webhook(request: HttpRequest, lab: str, webhook: UUID) -> dict[str, Any]:
    """Get a webhook. Scope: webhooks."""
    return webhook_data(_one(request, lab, webhook))


@router.patch("/labs/{lab}/webhooks/{webhook}", response=WebhookOut, url_name="change_webhook")
def change(request: HttpRequest, lab: str, webhook: UUID, form: WebhookChanges) -> dict[str, Any]:
    """Change a webhook, or switch it off or on. Scope: webhooks."""
    row = _one(request, lab, webhook)
    if form.url is not None and form.url != row.url:
        _look_up(request, form.url)
    plan = endpoints.EndpointPlan(
        row.url if form.url is None else form.url,
        row.events if form.events is None else [each.value for each in form.events],
        row.description if form.description is None else form.description,
        row.is_active if form.is_active is None else form.is_active,
    )
    return webhook_data(endpoints.change(row, plan))


@router.delete("/labs/{lab}/webhooks/{webhook}", response={204: None}, url_name="delete_webhook")
def delete(request: HttpRequest, lab: str, webhook: UUID) -> Status[None]:
    """Delete a webhook and its log. Scope: webhooks."""
    endpoints.delete(_one(request, lab, webhook))
    return Status(204, None)


@router.post("/labs/{lab}/webhooks/{webhook}/secret", response=NewWebhookOut, url_name="new_webhook_secret")
def new_secret(request: HttpRequest, lab: str, webhook: UUID, idempotency_key: Key) -> dict[str, Any]:
    """Create a new secret. The old one works for another 24 hours. Scope: webhooks."""
    row = _one(request, lab, webhook)

    def operation() -> dict[str, Any]:
        return {"version": endpoints.rotate_secret(row).secret_version}

    run_once(request, "new_webhook_secret", idempotency_key, None, operation)
    row = _one(request, lab, webhook)
    return webhook_data(row) | {"secret": secret_of(row)}


@router.post("/labs/{lab}/webhooks/{webhook}/test", response={202: DeliveryOut}, url_name="test_webhook")
def test(request: HttpRequest, lab: str, webhook: UUID, idempotency_key: Key) -> Status[dict[str, Any]]:
    """Send an event of the type `webhook.test`. Scope: webhooks."""
    row = _one(request, lab, webhook)

    def operation() -> dict[str, Any]:
        return {"delivery": endpoints.send_test(row, {"lab": lab}).pk}

    sent = run_once(request, "test_webhook", idempotency_key, None, operation)
    return Status(202, delivery_data(get_object_or_404(Delivery, pk=sent["delivery"], endpoint=row)))


@router.get(
    "/labs/{lab}/webhooks/{webhook}/deliveries", response=list[DeliveryOut], url_name="webhook_deliveries"
)
@paginate(BoundedPagination)
def deliveries(request: HttpRequest, lab: str, webhook: UUID, filters: Query[DeliveryFilters]) -> Listing:
    """List deliveries of the last 30 days, newest first. Scope: webhooks."""
    rows = log.deliveries_of(_one(request, lab, webhook))
    if filters.state is not None:
        rows = rows.filter(state=filters.state)
    return Listing(rows, partial(map, delivery_data))


@router.get(
    "/labs/{lab}/webhooks/{webhook}/deliveries/{delivery}",
    response=WholeDeliveryOut,
    url_name="webhook_delivery",
)
def delivery(request: HttpRequest, lab: str, webhook: UUID, delivery: UUID) -> dict[str, Any]:
    """Get a delivery with what was sent and all attempts. Scope: webhooks."""
    return _whole(_delivery(request, lab, webhook, delivery))


@router.post(
    "/labs/{lab}/webhooks/{webhook}/deliveries/{delivery}/replay",
    response={202: DeliveryOut},
    url_name="replay_webhook_delivery",
)
def replay(request: HttpRequest, lab: str, webhook: UUID, delivery: UUID) -> Status[dict[str, Any]]:
    """Send an event again, with the same body and `webhook-id`. Scope: webhooks.

    An event that waits for its next attempt is sent at once. 409: it is being sent, or the webhook is switched off.
    """
    endpoints.replay(_delivery(request, lab, webhook, delivery))
    return Status(202, delivery_data(_delivery(request, lab, webhook, delivery)))
