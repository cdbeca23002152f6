"""Fields of the forms by which lists are narrowed; they come by GET."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class SearchField(forms.CharField):
    """What to search for; nothing has to be."""

    def __init__(self, label: Any) -> None:
        super().__init__(
            label=label,
            required=False,
            max_length=100,
            error_messages={"max_length": _("Use at most %(limit_value)d characters.")},
            widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
        )
