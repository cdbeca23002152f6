"""Rows that are typed in one go: Django's formsets, with ids of what stands already, in the service's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.forms.formsets import DELETION_FIELD_NAME, ORDERING_FIELD_NAME, BaseFormSet
from django.forms.utils import ErrorDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.web.error_messages import FORMSET_MESSAGES
from core.web.forms.base import BaseForm, keeping
from core.web.forms.editing import canonical
from core.web.forms.fields import NumberField
from core.web.localized_fields import languages_of


class BaseRows(BaseFormSet):
    """Several forms of one kind. What has an order or can be deleted has Django's fields for it, in our words."""

    default_error_messages = FORMSET_MESSAGES
    prefix: str

    def name_of(self, place: int) -> str:
        """Return how the row at this place is called beside others, where its own fields do not say it."""
        return ""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if self.can_delete and DELETION_FIELD_NAME in form.fields:
            form.fields[DELETION_FIELD_NAME].label = _("Remove")
        if self.can_order:
            initial = form.fields[ORDERING_FIELD_NAME].initial
            field = NumberField(label=_("Order"), required=False, max_value=1000, initial=initial)
            form.fields[ORDERING_FIELD_NAME] = field

    @property
    def sent(self) -> list[Any]:
        """The rows that say something, in the order of the page; only of valid ones."""
        return [form for form in self.forms if form.cleaned_data]

    @property
    def in_order(self) -> list[Any]:
        """The rows in the order that they are to have, also where it was typed and is not saved yet; new ones last."""
        return sorted(self.forms, key=_order_of) if self.can_order else list(self.forms)

    def is_removed(self, form: Any) -> bool:
        """Whether the row is to go; it need not be right then."""
        return bool(form.cleaned_data.get(DELETION_FIELD_NAME))

    def clean(self) -> None:
        # What is not sent must not count as removed.
        said = self.management_form.cleaned_data
        if (said["TOTAL_FORMS"] or 0) < (said["INITIAL_FORMS"] or 0):
            raise forms.ValidationError(
                gettext("This form is incomplete. Open the page again and resubmit the form."),
                code="rows_missing",
            )
        for form in self.forms:
            if self.is_removed(form):
                form._errors = ErrorDict()
        ids = [form.cleaned_data["row"] for form in self.forms if form.cleaned_data.get("row")]
        if len(set(ids)) != len(ids):
            raise forms.ValidationError(
                gettext("A row has been deleted in the meantime. Open the page again."), code="foreign_row"
            )

    @property
    def first_language(self) -> int:
        """Which of the languages' controls of a text comes first in a row."""
        offered = [code for code, _name in settings.LANGUAGES]
        return min(offered.index(code) for code in self.form_kwargs["locales"])

    def forget_errors(self) -> None:
        """Show what was typed without judging it."""
        self._errors = [ErrorDict() for _form in self.forms]
        self._non_form_errors = self.error_class()
        for form in self.forms:
            form.forget_errors()


def _order_of(form: Any) -> int:
    value = str(form[ORDERING_FIELD_NAME].value() or "")
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 6 else 10**6


def with_more_rows(data: Any, prefix: str, more: int) -> Any:
    """Return posted data that asks for some more empty rows of a formset, which knows how many it can have."""
    longer = data.copy()
    name = f"{prefix}-TOTAL_FORMS"
    said = longer.get(name, "")
    longer[name] = str((int(said) if said.isdecimal() and len(said) < 6 else 0) + more)
    return longer


def row_field() -> forms.IntegerField:
    """The id of what a row changes, empty for a new one."""
    return forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1, max_value=2**62)


class TextRow(BaseForm):
    """One text of a list. `was` is the text that the row showed: what is left alone follows what is stored by now."""

    text = "name"
    was = forms.Field(required=False, widget=forms.HiddenInput)

    @classmethod
    def opened(cls, stored: object, locales: list[str]) -> dict[str, object]:
        """Return the initial values of a row that shows what is stored."""
        return {cls.text: stored, "was": _as_shown(stored, locales)}

    @property
    def typed(self) -> Mapping[str, str]:
        return languages_of(self.cleaned_data.get(self.text))

    @property
    def is_left_alone(self) -> bool:
        return self.cleaned_data.get("was") == _as_shown(self.typed, self.locales)

    def was_changed(self, stored: object) -> bool:
        """Whether what is stored is not what the row showed."""
        return self.cleaned_data.get("was") != _as_shown(stored, self.locales)

    def overwrites(self, stored: object) -> bool:
        """Whether saving the row would overwrite unseen what somebody else wrote."""
        differs = _as_shown(stored, self.locales) != _as_shown(self.typed, self.locales)
        return differs and not self.is_left_alone and self.was_changed(stored)

    def merged(self, stored: object) -> dict[str, str]:
        """Return the text to save: as typed, or as stored where the row was left alone."""
        return languages_of(stored) if self.is_left_alone else keeping(stored or {}, self.typed, self.locales)


def _as_shown(texts: object, locales: list[str]) -> str:
    return json.dumps(canonical(languages_of(texts), locales), sort_keys=True)
