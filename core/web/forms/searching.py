"""Forms by which lists are narrowed, and their fields; they come by GET."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.web.forms.base import BaseForm


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


@dataclass(frozen=True)
class FilterInUse:
    """A filter that narrows a list: its parameter, and label and value in words."""

    name: str
    label: str
    value: str


class FilterForm(BaseForm):
    """Narrows a list. A value that is not offered is reported and left out; the rest still counts."""

    # What puts a list in order, or is chosen by tabs, narrows nothing that could be removed.
    NO_FILTERS = ("sort",)

    @property
    def filters_in_use(self) -> list[FilterInUse]:
        """Return what narrows the list, in the order of the fields."""
        self.is_valid()
        found = []
        for name, field in self.fields.items():
            value = self.cleaned_data.get(name)
            if not value or name in self.NO_FILTERS:
                continue
            choices: Any = field.choices if isinstance(field, forms.ChoiceField) else ()
            words = dict(choices).get(value, value)
            found.append(FilterInUse(name, str(field.label), str(words)))
        return found
