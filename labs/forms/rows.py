"""Rows that are typed in one go: tracks, stakeholder groups, headings of days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.forms.formsets import BaseFormSet
from django.forms.utils import ErrorDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from labs.forms.base import HouseForm, HouseRows, NumberField, TextsField, keeping
from labs.lab_parts import ROWS_AT_MOST, NamedPlan


class RowForm(HouseForm):
    """One row of several: `row` is the id of what it changes, empty for a new one."""

    row = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1, max_value=2**62)
    remove = forms.BooleanField(label=_("Remove"), required=False)

    @property
    def is_blank(self) -> bool:
        """Whether this is an empty row that was left alone."""
        return not self.has_changed()


class Rows(HouseRows):
    """Rows with their ids; nothing rests on their number or order as the browser says them.

    Rows that stand already are told by their `row`, and only those that the caller knows are let in.
    """

    def __init__(self, *args: Any, known: Iterable[int] = (), **kwargs: Any) -> None:
        self.known = frozenset(known)
        super().__init__(*args, **kwargs)

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        # What is sent is taken by itself; the stored rows only fill the form when it is opened.
        if self.is_bound:
            kwargs["initial"] = None
        return super()._construct_form(  # type: ignore[misc]
            i, **{**kwargs, "empty_permitted": True, "use_required_attribute": False}
        )

    def clean(self) -> None:
        seen = set()
        for form in self.forms:
            row = getattr(form, "cleaned_data", {}).get("row")
            if row is None:
                continue
            if row not in self.known or row in seen:
                raise forms.ValidationError(
                    gettext("A row has been deleted in the meantime. Open the page again."),
                    code="foreign_row",
                )
            seen.add(row)
        refuse_fewer_rows(self)

    @property
    def filled(self) -> list[Any]:
        """The rows that say something and are to stay, in the order of the page."""
        return [form for form in self.forms if not form.is_blank and not form.cleaned_data.get("remove")]

    @property
    def removed(self) -> list[int]:
        """The ids of stored rows that are to go."""
        return [
            form.cleaned_data["row"]
            for form in self.forms
            if form.cleaned_data.get("remove") and form.cleaned_data.get("row")
        ]

    def forget_errors(self) -> None:
        """Show what was typed without judging it."""
        self._errors = [ErrorDict() for _form in self.forms]
        self._non_form_errors = self.error_class()
        for form in self.forms:
            form.forget_errors()


def refuse_fewer_rows(rows: BaseFormSet) -> None:
    """Raise ValidationError where rows are missing that the page had: what is not sent must not count as removed."""
    said = rows.management_form.cleaned_data
    if (said["TOTAL_FORMS"] or 0) < max(said["INITIAL_FORMS"] or 0, 0):
        raise forms.ValidationError(
            gettext("This form is not complete. Open the page again, and send it once more."),
            code="rows_missing",
        )


def with_more_rows(data: Any, prefix: str, more: int) -> Any:
    """Return posted data that asks for some more empty rows of a formset."""
    longer = data.copy()
    name = f"{prefix}-TOTAL_FORMS"
    said = longer.get(name, "")
    longer[name] = str(min(int(said) if said.isdecimal() and len(said) < 6 else 0, ROWS_AT_MOST) + more)
    return longer


class NamedRow(RowForm):
    """A track or a stakeholder group."""

    name = TextsField(label=_("Name"))
    order = NumberField(label=_("Order"), required=False, max_value=1000)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        # A row that is to go need not say anything.
        if values.get("remove"):
            self._errors.pop("name", None)
        return values


class NamedRows(Rows):
    def plans(self, texts: Mapping[int, object]) -> list[NamedPlan]:
        """Return the rows as plans, by their places; `texts` are those that stand, by id."""
        places = {
            form: (form.cleaned_data["order"] or 0, place)
            for place, form in enumerate(self.forms)
            if form in self.filled
        }
        self.ordered = sorted(self.filled, key=lambda form: places[form])
        return [
            NamedPlan(
                keeping(texts.get(form.cleaned_data["row"], {}), form.cleaned_data["name"], form.locales),
                form.cleaned_data["row"],
            )
            for form in self.ordered
        ]

    def take_over(self, errors: Mapping[str, Iterable[str]]) -> None:
        """Show what the verb found wrong; its "3.name" counts the plans of `plans`."""
        for name, messages in errors.items():
            place, _dot, field = name.partition(".")
            if place.isdecimal() and len(place) < 6 and int(place) < len(self.ordered):
                self.ordered[int(place)].take_over({field: messages})
            else:
                for message in messages:
                    self._non_form_errors.append(message)


class DayRow(HouseForm):
    """The heading of one day."""

    title = TextsField(label=_("Heading"), required=False)
