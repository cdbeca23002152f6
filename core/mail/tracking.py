"""What e-mail providers report about mails that were handed over (django-anymail's tracking signal)."""

import logging
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, tracking
from django.db.models import Q
from django.dispatch import receiver

from core.mail.models import Message

logger = logging.getLogger(__name__)

# What an event makes of a message, and of messages in which states: a late "delivered" never hides a bounce.
MEANING: dict[str, tuple[Message.State, tuple[Message.State, ...]]] = {
    EventType.DELIVERED: (Message.State.DELIVERED, (Message.State.SENDING, Message.State.SENT)),
    EventType.BOUNCED: (
        Message.State.BOUNCED,
        (Message.State.SENDING, Message.State.SENT, Message.State.DELIVERED),
    ),
    EventType.REJECTED: (Message.State.FAILED, (Message.State.SENDING, Message.State.SENT)),
    EventType.FAILED: (Message.State.FAILED, (Message.State.SENDING, Message.State.SENT)),
}


@receiver(tracking)
def note(sender: Any, event: AnymailTrackingEvent, esp_name: str, **kwargs: Any) -> None:
    """Note on the message what became of it; events of other kinds, or for mails that are not ours, change nothing."""
    if event.event_type not in MEANING or not event.message_id:
        return
    state, before = MEANING[event.event_type]
    known = Q(provider_id=event.message_id) | Q(message_id=event.message_id)
    changed = Message.objects.filter(known, state__in=before).update(
        state=state, last_error=(event.mta_response or event.description or "")[:1000]
    )
    logger.info("%s reports %s, which changed %s", esp_name, event.event_type, changed)
