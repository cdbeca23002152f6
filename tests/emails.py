"""Reading emails that no worker has rendered yet."""

from core.mail.models import Message
from core.mail.rendering import render_once


def with_bodies(message: Message) -> Message:
    """Fill in text and HTML, with marks for private links, as the worker would; stores nothing."""
    render_once(message)
    return message
