"""What emails do on news from packages below, and from the provider that carries them (django-anymail's signal)."""

import logging

from anymail.signals import AnymailTrackingEvent, EventType, tracking
from django.db.models import Q
from django.dispatch import receiver

from core.accounts.signals import password_reset_requested
from core.jobs.leases import enqueue
from core.mail.message_counts import change_state
from core.mail.models import Message

logger = logging.getLogger(__name__)

State = Message.State
# What an event makes of a message, and of messages in which states: a late "delivered" never hides a bounce.
REPORTS: dict[str, tuple[Message.State, tuple[Message.State, ...]]] = {
    EventType.DELIVERED: (State.DELIVERED, (State.SENDING, State.SENT)),
    EventType.BOUNCED: (State.BOUNCED, (State.SENDING, State.SENT, State.DELIVERED)),
    EventType.REJECTED: (State.FAILED, (State.SENDING, State.SENT)),
    EventType.FAILED: (State.FAILED, (State.SENDING, State.SENT)),
}


@receiver(password_reset_requested)
def send_links_to_choose_a_password(sender: object, users: list[int], **_more: object) -> None:
    """Put down one task for every address, so that an account takes no longer than none."""
    enqueue("mail.send_password_resets", {"users": users})


@receiver(tracking)
def note_report(sender: object, event: AnymailTrackingEvent, esp_name: str, **_more: object) -> None:
    """Note on the message what became of it; events of other kinds, or for emails that are not ours, change nothing."""
    if event.event_type not in REPORTS or not event.message_id:
        return
    state, before = REPORTS[event.event_type]
    known = Q(provider_id=event.message_id) | Q(message_id=event.message_id)
    changed = change_state(
        Message.objects.filter(known, state__in=before),
        state,
        last_error=(event.mta_response or event.description or "")[:1000],
    )
    logger.info("%s reports %s, which changed %s", esp_name, event.event_type, changed)
