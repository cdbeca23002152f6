"""Whether emails reach a person: what the last one to the address came to."""

from collections.abc import Iterable

from core.mail.models import Message
from registrations.models import Registration

State = Message.State


def last_trouble(registration: Registration, messages: Iterable[Message]) -> Message | None:
    """Return the last email to the person's address, of these, if it bounced or failed; None if the last one left."""
    finished = [
        message
        for message in messages
        if message.to_email == registration.email and message.finished_at is not None
    ]
    last = max(finished, key=lambda message: (message.created_at, message.pk), default=None)
    return last if last is not None and last.state in (State.BOUNCED, State.FAILED) else None
