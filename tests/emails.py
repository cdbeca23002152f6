"""Emails that no worker has rendered or sent."""

from typing import Any

from django.utils import timezone

from core.mail import message_counts
from core.mail.models import Message
from core.mail.queue import queue
from core.mail.rendering import render_once


def reset_email(key: str = "test:1", to_email: str = "participant17@example.org", **changes: Any) -> Message:
    """Queue the email with the link to choose a password; say only what the test is about."""
    usual = {"language": "en", "to_name": "", "context": {"email": to_email, "days": 3}}
    return queue("password_reset", key=key, to_email=to_email, **(usual | changes))


def with_bodies(message: Message) -> Message:
    """Fill in text and HTML, with marks for private links, as the worker would; stores nothing."""
    render_once(message)
    return message


def became(message: Message, state: str, **changes: object) -> Message:
    """Give an email that waits another state, as the worker and a provider's reports would, and count it."""
    is_over = state not in ("queued", "sending")
    for name, value in {
        "state": state,
        "finished_at": timezone.now() if is_over else None,
        **changes,
    }.items():
        setattr(message, name, value)
    message.save()
    message_counts.count([message], 1)
    return message
