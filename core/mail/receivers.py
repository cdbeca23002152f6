"""What emails do on news from packages below, and from the provider that carries them (django-anymail's signal)."""

import logging
from datetime import timedelta

from anymail.signals import AnymailTrackingEvent, EventType, tracking
from django.db import transaction
from django.db.models import Q
from django.dispatch import receiver

from core.accounts.signals import (
    email_change_asked,
    email_changed,
    password_reset_requested,
    security_changed,
)
from core.jobs.leases import enqueue
from core.mail import account_emails
from core.mail.message_counts import change_state
from core.mail.models import Message
from core.mail.signals import complained

logger = logging.getLogger(__name__)

State = Message.State
LEFT = (State.SENDING, State.SENT)
# What an event makes of a message, and of messages in which states: a late "delivered" never hides a bounce. Events
# that say what a reader does (opened, clicked) are nobody's business and are not even looked at.
REPORTS: dict[str, tuple[Message.State, tuple[Message.State, ...]]] = {
    EventType.DELIVERED: (State.DELIVERED, LEFT),
    EventType.BOUNCED: (State.BOUNCED, (*LEFT, State.DELIVERED)),
    EventType.REJECTED: (State.FAILED, LEFT),
    EventType.FAILED: (State.FAILED, LEFT),
    EventType.COMPLAINED: (State.COMPLAINED, (*LEFT, State.DELIVERED)),
}
# Clocks of providers differ from ours by at most this.
SKEW = timedelta(minutes=5)


@receiver(password_reset_requested)
def send_links_to_choose_a_password(sender: object, users: list[int], **_more: object) -> None:
    """Put down one task for every address, so that an account takes no longer than none."""
    enqueue("mail.send_password_resets", {"users": users})


@receiver(security_changed)
def tell_of_security(sender: object, user: int, what: str, **_more: object) -> None:
    account_emails.tell_of_security(user, what)


@receiver(email_change_asked)
def ask_new_address(sender: object, change: int, **_more: object) -> None:
    account_emails.ask_new_address(change)


@receiver(email_changed)
def tell_old_address(sender: object, user: int, before: str, **_more: object) -> None:
    account_emails.tell_old_address(user, before)


@receiver(tracking)
def note_report(sender: object, event: AnymailTrackingEvent, esp_name: str, **_more: object) -> None:
    """Note on the message what became of it; events of other kinds, or for emails that are not ours, change nothing.

    A repeated event changes nothing, and neither does one from before the email was sent again.
    """
    if event.event_type not in REPORTS or not event.message_id:
        return
    state, before = REPORTS[event.event_type]
    found = Q(provider_id=event.message_id) | Q(message_id=event.message_id)
    if event.timestamp is not None:
        found &= Q(finished_at__isnull=True) | Q(finished_at__lte=event.timestamp + SKEW)
    messages = Message.objects.filter(found, state__in=before)
    with transaction.atomic():
        about = list(
            messages.filter(registration__isnull=False).order_by("pk").values_list("registration", flat=True)
        )
        changed = change_state(
            messages, state, last_error=(event.mta_response or event.description or "")[:1000]
        )
        if changed and state == State.COMPLAINED:
            complained.send(sender=Message, registration_ids=about)
    logger.info("%s reports %s, which changed %s", esp_name, event.event_type, changed)
