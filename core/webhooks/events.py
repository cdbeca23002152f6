"""Queueing of events: from what happened in a lab to a delivery for each endpoint that asked for it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from core.webhooks.event_types import TEST
from core.webhooks.models import RETRY_FOR, Delivery, Endpoint


@dataclass(frozen=True)
class Event:
    """What happened. `data` is plain data with ids; `registration_id` is the key of the person whom it is about.

    A delivery goes with its person, so the event that tells of the person's end has none.
    """

    type: str
    data: Mapping[str, Any]
    registration_id: int | None = None


def announce(lab_id: int, events: Sequence[Event]) -> None:
    """Queue these events for the lab's endpoints, in the current transaction. One query where nobody asked for them."""
    if not events:
        return
    now = timezone.now()
    endpoints = Endpoint.objects.filter(lab=lab_id, is_active=True).order_by("pk")
    asked = [(endpoint.pk, set(endpoint.events)) for endpoint in endpoints.only("events")]
    bodies = [body_of(event, now) for event in events] if asked else []
    Delivery.objects.bulk_create(
        [
            _delivery(pk, event, body, now)
            for pk, types in asked
            for event, body in zip(events, bodies, strict=True)
            if event.type in types
        ],
        batch_size=500,
    )


def is_asked_for(lab_id: int, type: str) -> bool:
    """Tell whether any endpoint of the lab wants events of this type, before anything is put together for them."""
    active = Endpoint.objects.filter(lab=lab_id, is_active=True).order_by()
    return any(type in types for types in active.values_list("events", flat=True))


def announce_test(endpoint: Endpoint, data: Mapping[str, Any]) -> Delivery:
    """Queue an event by which an organiser tries the endpoint."""
    now = timezone.now()
    event = Event(TEST, data)
    delivery = _delivery(endpoint.pk, event, body_of(event, now), now)
    delivery.save(force_insert=True)
    return delivery


def _delivery(endpoint_id: int, event: Event, body: str, now: datetime) -> Delivery:
    return Delivery(
        endpoint_id=endpoint_id,
        event=event.type,
        registration_id=event.registration_id,
        body=body,
        retry_until=now + RETRY_FOR,
        created_at=now,
    )


def body_of(event: Event, at: datetime) -> str:
    """Return the request body: {"type", "timestamp" (UTC), "data"} as JSON."""
    said = {"type": event.type, "timestamp": at, "data": event.data}
    return json.dumps(said, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))
