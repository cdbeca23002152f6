"""Tracks and stakeholder groups, typed in one go; headings of days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.forms import formset_factory
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from i18nfield.strings import LazyI18nString

from core.timezones.formatting import long_day
from core.web.edit_conflicts import Difference
from core.web.forms.editing import words_of_both
from core.web.forms.fields import TextsField
from core.web.forms.rows import BaseRows, TextRow, row_field
from labs.lab_parts import MAX_ROWS, NamedPlan
from labs.models import Lab

DAYS_AT_MOST = 400


class NamedRow(TextRow):
    """A track or a stakeholder group."""

    row = row_field()
    name = TextsField(label=_("Name"))


class BaseNamedRows(BaseRows):
    """`stored` are the names of the rows that stand, by id and in their order; `legend` is what one is called."""

    def __init__(self, *args: Any, stored: Mapping[int, object], legend: str, **kwargs: Any) -> None:
        self.stored, self.legend = stored, legend
        super().__init__(*args, **kwargs)

    def name_of(self, place: int) -> str:
        return f"{self.legend} {place + 1}"

    def _id_of(self, form: Any) -> int | None:
        """The id of the stored row that a row is about."""
        row: int | None = form.cleaned_data.get("row")
        return row if row in self.stored else None

    def _was_deleted(self, form: Any) -> bool:
        return form.cleaned_data.get("row") is not None and self._id_of(form) is None

    @property
    def removed(self) -> list[int]:
        """The ids of stored rows that are to go."""
        return [pk for form in self.deleted_forms if (pk := self._id_of(form))]

    @property
    def left_deleted(self) -> list[str]:
        """The names of rows that somebody else deleted, and which were left alone here: they stay deleted."""
        return [
            str(LazyI18nString(dict(form.typed)))
            for form in self.ordered_forms
            if self._was_deleted(form) and form.is_left_alone
        ]

    @property
    def in_order(self) -> list[Any]:
        """The rows to save. An order that was left alone follows the stored one."""
        rows = [form for form in self.ordered_forms if not (self._was_deleted(form) and form.is_left_alone)]
        if self._ids(rows) != self._ids(sorted(rows, key=self.forms.index)):
            return rows
        return self._as_stored(rows)

    def _ids(self, rows: Iterable[object]) -> list[int]:
        return [pk for form in rows if (pk := self._id_of(form))]

    def _as_stored(self, rows: list[Any]) -> list[Any]:
        """Return the rows, those that stand already in the stored order, in the places that they have together."""
        places = list(self.stored)
        standing = iter(
            sorted(filter(self._id_of, rows), key=lambda form: places.index(self._id_of(form) or 0))
        )
        return [next(standing) if self._id_of(form) else form for form in rows]

    def plans(self) -> list[NamedPlan]:
        return [
            NamedPlan(form.merged(self.stored[pk] if pk else None), pk)
            for form in self.in_order
            for pk in [self._id_of(form)]
        ]

    def conflict(self) -> list[Difference]:
        """Return the names and the order that would be overwritten unseen."""
        found = []
        for form in self.sent:
            pk, is_removed = self._id_of(form), self.is_removed(form)
            stored = self.stored[pk] if pk else None
            before, after = words_of_both(
                form.fields["name"], stored, None if is_removed else form.typed, form.locales
            )
            if self._was_deleted(form):
                before = gettext("deleted in the meantime")
                is_lost = not (is_removed or form.is_left_alone)
            elif is_removed:
                after, is_lost = gettext("removed"), form.was_changed(stored)
            else:
                is_lost = pk is not None and form.overwrites(stored)
            if is_lost:
                found.append(Difference(self.name_of(self.forms.index(form)), before, after))
        rows = self.in_order
        typed, stored, shown = map(
            self._ids, (rows, self._as_stored(rows), sorted(rows, key=self.forms.index))
        )
        if stored not in (typed, shown):
            others = [pk for pk in self.stored if pk not in (*typed, *self.removed)]
            words = ("\n".join(str(self.stored[pk]) for pk in [*pks, *others]) for pks in (stored, typed))
            found.append(Difference(gettext("Order"), *words))
        return found

    def as_typed(self) -> list[dict[str, object]]:
        """Return initial values that show what was typed, and know what is stored now.

        A deleted row that says something new becomes a new row; what was left alone is shown as it is stored.
        """
        initial = []
        is_ordered = self._ids(self.in_order) != self._ids(self._as_stored(self.in_order))
        rows = [form for form in self.sent if not (self._was_deleted(form) and form.is_left_alone)]
        for form in self._as_stored(rows):
            pk, is_removed = self._id_of(form), self.is_removed(form)
            if is_removed and not pk:
                continue
            stored = self.stored[pk] if pk else None
            values = {**form.opened(stored, form.locales), "row": pk, "DELETE": is_removed}
            if not is_removed:
                values["name"] = form.merged(stored)
            if is_ordered:
                values["ORDER"] = form.cleaned_data.get("ORDER")
            initial.append(values)
        return initial

    def add_errors(self, errors: Mapping[str, Iterable[str]]) -> None:
        """Show what the verb found wrong; its "3.name" counts the plans of `plans`."""
        rows = self.in_order
        for name, messages in errors.items():
            place, _dot, field = name.partition(".")
            if place.isdecimal() and int(place) < len(rows):
                rows[int(place)].add_errors({field: messages})
            else:
                self._non_form_errors.extend(messages)


NamedRows: Any = formset_factory(
    NamedRow,
    formset=BaseNamedRows,
    can_order=True,
    can_delete=True,
    can_delete_extra=False,
    max_num=MAX_ROWS,
    absolute_max=MAX_ROWS + 20,
)


class DayRow(TextRow):
    """The heading of one day."""

    text = "title"
    on = forms.DateField(widget=forms.HiddenInput)
    title = TextsField(label=_("Heading"), required=False)

    @property
    def day(self) -> str:
        """The day in words."""
        try:
            return long_day(self.fields["on"].clean(self["on"].value()), get_language() or "en")
        except forms.ValidationError:
            return ""


class BaseDayRows(BaseRows):
    """The headings of a lab's days. Rows say which day they are about, whatever days the lab has by now."""

    def __init__(self, *args: Any, lab: Lab, **kwargs: Any) -> None:
        self.lab, self.stored = lab, dict(lab.days.values_list("on", "title"))
        super().__init__(*args, **{"form_kwargs": {"locales": lab.languages}, **kwargs})

    def name_of(self, place: int) -> str:
        return self.forms[place].day or str(place + 1)

    def _in_the_lab(self, form: Any) -> bool:
        on: date = form.cleaned_data["on"]
        return self.lab.starts_on <= on <= self.lab.ends_on

    def titles(self) -> dict[date, dict[str, str]]:
        """Return the heading of each day of the lab that was sent."""
        return {
            form.cleaned_data["on"]: form.merged(self.stored.get(form.cleaned_data["on"]))
            for form in self.sent
            if self._in_the_lab(form)
        }

    def conflict(self) -> list[Difference]:
        """Return the headings that would be overwritten unseen, or typed for days that the lab has no more."""
        found = []
        for form in self.sent:
            stored = self.stored.get(form.cleaned_data["on"])
            before, after = words_of_both(form.fields["title"], stored, form.typed, form.locales)
            if self._in_the_lab(form):
                is_lost = form.overwrites(stored)
            else:
                before, is_lost = gettext("This is not a day of the lab."), not form.is_left_alone
            if is_lost:
                found.append(Difference(form.day, before, after))
        return found

    def add_errors(self, errors: Mapping[str, Iterable[str]]) -> None:
        """Show what the verb found wrong; its "3.title" counts the days of `titles`."""
        rows = [form for form in self.sent if self._in_the_lab(form)]
        for name, messages in errors.items():
            rows[int(name.partition(".")[0])].add_errors({"title": messages})


DayRows: Any = formset_factory(
    DayRow, formset=BaseDayRows, extra=0, max_num=DAYS_AT_MOST, absolute_max=DAYS_AT_MOST
)
