"""Drafts of emails with real data: each occasion registers what builds one about a registration, storing nothing."""

from collections.abc import Callable
from typing import Any

from core.mail.models import EmailTemplate, Message
from core.mail.queue import drafts_only
from core.mail.rendering import Rendered, rendered_with

Draft = Callable[[Any], Message]
_drafts: dict[str, Draft] = {}


def draft_of(occasion: str) -> Callable[[Draft], Draft]:
    """Register what drafts the email of an occasion about a registration, in the registration's language."""

    def register(draft: Draft) -> Draft:
        _drafts[occasion] = draft
        return draft

    return register


def draft(occasion: str, registration: Any) -> Message:
    """Return the email that the registration would get on this occasion, unsaved."""
    with drafts_only():
        return _drafts[occasion](registration)


def preview(occasion: str, registration: Any, template: EmailTemplate | None) -> tuple[Message, Rendered]:
    """Return that email and what it would say with these texts, its private links masked. Raises NotRenderable."""
    message = draft(occasion, registration)
    return message, rendered_with(message, template)
