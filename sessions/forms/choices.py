"""How the rows that organisers choose from are called in the reader's language."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.web.localized_fields import text_and_language

CITIES_ONLY = dict.fromkeys(("invalid_choice", "invalid_pk_value"), _("Choose cities of this programme."))

Choices = list[tuple[str, str]]


def named(text: object, owner: Any) -> str:
    """Return a multilingual text as the reader of the console reads it."""
    return text_and_language(text, get_language() or "en", owner.default_language)[0]
