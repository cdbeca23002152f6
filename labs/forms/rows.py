"""Rows that are typed in one go: tracks, stakeholder groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.forms.formsets import BaseFormSet
from django.forms.utils import ErrorDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from i18nfield.strings import LazyI18nString

from core.web.edit_conflicts import FIELD, Difference, EditConflict, was_shown
from core.web.forms.base import PK_DIGITS, BaseForm, BaseRows, NumberField, TextsField, keeping
from core.web.forms.edit_conflict import EditForm, put_texts, words_of_both
from core.web.localized_fields import languages_of
from labs.lab_parts import ROWS_AT_MOST, NamedPlan


class RowForm(BaseForm):
    """One row of several: `row` is the id of what it changes, empty for a new one."""

    row = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1, max_value=2**62)
    remove = forms.BooleanField(label=_("Remove"), required=False)

    @property
    def is_blank(self) -> bool:
        """Whether this is an empty row that was left alone."""
        return not self.has_changed()


class Rows(BaseRows):
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
    def first_language(self) -> int:
        """Which of the languages' controls of a text comes first in a row."""
        offered = [code for code, _name in settings.LANGUAGES]
        shown = self.form_kwargs["locales"]
        return min(offered.index(code) for code in shown)

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


class NamedRow(EditForm, RowForm):
    """A track or a stakeholder group. Its set says which, and what is stored of it; None where it is no more."""

    name = TextsField(label=_("Name"))
    order = NumberField(label=_("Order"), required=False, max_value=1000)
    standing: object = None

    def stored(self) -> dict[str, Any]:
        return {"name": self.standing}

    @property
    def said(self) -> dict[str, Any]:
        return {"name": self.cleaned_data.get("name")}

    @property
    def is_left_alone(self) -> bool:
        """Whether the row says what it showed when it was opened: then what somebody else made of it stands."""
        return self.fingerprint_of(self.said) == self.seen and not self.cleaned_data.get("remove")

    @property
    def was_deleted(self) -> bool:
        """Whether this is to make anew what somebody else deleted: the id is gone, the fingerprint stayed."""
        return self.is_bound and bool(self.seen) and not self["row"].value()

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        # A row that is to go need not say anything.
        if values.get("remove"):
            self._errors.pop("name", None)
        return values


class NamedRows(Rows):
    """Tracks or stakeholder groups. `stored` are the names of those that stand, by id and in their order; `about` and
    the id name one for `core.web.edit_conflicts`, `legend` is what one is called.
    """

    def __init__(
        self, *args: Any, stored: Mapping[int, object], about: str, legend: str, **kwargs: Any
    ) -> None:
        self.stored, self.about, self.legend = stored, about, legend
        super().__init__(*args, known=stored, **kwargs)

    def name_of(self, place: int) -> str:
        return f"{self.legend} {place + 1}"

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)
        said = str(form["row"].value() or "")
        row = _number(said)
        form.about = f"{self.about} {row}" if row else ""
        form.standing = self.stored.get(row)
        return form

    def clean(self) -> None:
        # What we did show, and what somebody else deleted since, is let in: it is told apart from what never was.
        self.deleted = [
            form
            for form in self.forms
            if form.about and form.standing is None and was_shown(form.seen, form.about)
        ]
        self.known |= {form.cleaned_data.get("row") for form in self.deleted}
        super().clean()

    @property
    def filled(self) -> list[Any]:
        return [form for form in super().filled if form not in self.deleted]

    @property
    def removed(self) -> list[int]:
        return [row for row in super().removed if row in self.stored]

    @property
    def left_deleted(self) -> list[str]:
        """The names of rows that somebody else deleted, and which were left alone here: they stay deleted."""
        return [str(LazyI18nString(form.said["name"])) for form in self.deleted if form.is_left_alone]

    @property
    def shown(self) -> str:
        """What a hidden field carries: the ids in the order in which the form showed them."""
        if self.is_bound:
            return str(self.data.get(f"{self.prefix}-shown", ""))
        return " ".join(map(str, self.stored))

    def plans(self) -> list[NamedPlan]:
        """Return the rows as plans, by their places. What was left alone follows what is stored."""
        self.ordered = self._in_order()
        return [
            NamedPlan(
                languages_of(form.standing)
                if form.standing is not None and form.is_left_alone
                else keeping(form.standing or {}, form.cleaned_data["name"], form.locales),
                form.cleaned_data["row"],
            )
            for form in self.ordered
        ]

    def _in_order(self) -> list[Any]:
        places = {
            form: (form.cleaned_data["order"] or 0, place)
            for place, form in enumerate(self.forms)
            if form in self.filled
        }
        return sorted(places, key=lambda form: places[form])

    def refuse_conflict(self) -> None:
        """Raise EditConflict where a row or the order would be overwritten unseen."""
        found = []
        for place, form in enumerate(self.forms):
            if not form.about or form.is_left_alone:
                continue
            is_removed = bool(form.cleaned_data.get("remove"))
            before, after = words_of_both(
                form.fields["name"], form.standing, None if is_removed else form.said["name"], form.locales
            )
            if form in self.deleted:
                if not is_removed:
                    found.append(Difference(self.name_of(place), gettext("deleted meanwhile"), after))
            elif form.is_stale and before != after:
                after = gettext("removed") if is_removed else after
                found.append(Difference(self.name_of(place), before, after))
        found += self._order_conflict()
        if found:
            raise EditConflict(found)

    def _order_conflict(self) -> list[Difference]:
        """Return how the order would change, where it is not the one that the form showed. New rows at the end are no
        change."""
        kept = [pk for pk in map(_number, self.shown.split()) if pk in self.stored]
        listed = {form.cleaned_data.get("row") for form in self.forms} & set(self.stored)
        if listed <= set(kept) and kept == list(self.stored)[: len(kept)]:
            return []
        named = [form.cleaned_data["row"] for form in self._in_order() if form.cleaned_data["row"]]
        before = [pk for pk in self.stored if pk not in self.removed]
        after = [*named, *(pk for pk in before if pk not in named)]
        if before == after:
            return []
        return [Difference(gettext("Order"), *(self._names(pks) for pks in (before, after)))]

    def _names(self, pks: Iterable[int]) -> str:
        return "\n".join(str(self.stored[pk]) for pk in pks)

    def renewed(self) -> Any:
        """Return what was sent with the fingerprints of what is stored now, so that it is saved if it is sent again.

        A deleted row that says something new becomes a new row; what was left alone is shown as it is stored.
        """
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        data[f"{self.prefix}-shown"] = " ".join(map(str, self.stored))
        for form in self.forms:
            if not form.about:
                continue
            if form in self.deleted:
                data[form.add_prefix("row")] = ""
                if form.is_left_alone or form.cleaned_data.get("remove"):
                    put_texts(data, form.add_prefix("name"), "")
                    for name in ("order", "remove", FIELD):
                        data[form.add_prefix(name)] = ""
                continue
            if form.is_left_alone:
                put_texts(data, form.add_prefix("name"), form.standing)
            data[form.add_prefix(FIELD)] = form.fingerprint
        return data

    def add_errors(self, errors: Mapping[str, Iterable[str]]) -> None:
        """Show what the verb found wrong; its "3.name" counts the plans of `plans`."""
        for name, messages in errors.items():
            place, _dot, field = name.partition(".")
            if place.isdecimal() and len(place) < 6 and int(place) < len(self.ordered):
                self.ordered[int(place)].add_errors({field: messages})
            else:
                for message in messages:
                    self._non_form_errors.append(message)


def _number(said: str) -> int:
    return int(said) if said.isdecimal() and len(said) <= PK_DIGITS else 0
