"""Languages to tick, in forms of sessions and speakers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sessions.languages import SIGN, SPOKEN, language_choices


class LanguagesField(forms.MultipleChoiceField):
    """Languages of `sessions.languages`, as a tuple of their codes."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, *, sign: bool = False, label: Any, help_text: Any = "") -> None:
        self.offered: tuple[str, ...] = SIGN if sign else SPOKEN
        super().__init__(
            label=label,
            help_text=help_text,
            required=False,
            choices=lambda: language_choices(self.offered),
            error_messages={"invalid_choice": _("Choose languages from the list.")},
        )

    def offer_first(self, codes: Sequence[str]) -> None:
        """Offer these before all others, as far as they are in the list."""
        first = [code for code in dict.fromkeys(codes) if code in self.offered]
        rest = [code for code in self.offered if code not in first]
        self.choices = language_choices(first) + language_choices(rest)

    def clean(self, value: Any) -> tuple[str, ...]:
        return tuple(dict.fromkeys(super().clean(value)))


def in_stored_order(stored: Sequence[str], chosen: Sequence[str]) -> tuple[str, ...]:
    """Return the chosen languages, those that were stored first and in their order: the main language leads."""
    return (*(code for code in stored if code in chosen), *(code for code in chosen if code not in stored))
