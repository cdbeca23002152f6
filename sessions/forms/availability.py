"""When a speaker can appear: rows of days and hours, in a zone that is named above them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.timezones.zones import validate_zone
from core.web.errors import RuleViolation
from core.web.forms.base import BaseForm
from core.web.forms.fields import DayField, HourField, ZoneField
from core.web.forms.rows import BaseRows
from core.web.forms.wall_clock import WallClockMixin, fold_field, moment_initial
from sessions.availability import MAX_HOURS, Hours

EMPTY_ROWS = 3


class HoursRow(WallClockMixin):
    """A time span; a row without a first day says nothing."""

    start_date = DayField(label=_("Day"), required=False)
    start_time = HourField(label=_("From"), required=False)
    start_fold = fold_field(_("Which start? (clocks go back)"))
    end_date = DayField(label=_("Last day"), required=False)
    end_time = HourField(label=_("Until"), required=False)
    end_fold = fold_field(_("Which end? (clocks go back)"))

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.start_twice = self.name_folds("start", zone)
        self.end_twice = self.name_folds(
            "end", zone, "end_date" if self["end_date"].value() else "start_date"
        )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        self.hours: Hours | None = None
        said = [values.get(name) for name in ("start_date", "start_time", "end_date", "end_time")]
        if self.errors or not any(said):
            return values
        values["end_date"] = values.get("end_date") or values.get("start_date")
        for name, missing in (
            ("start_date", gettext("Choose a date.")),
            ("end_time", gettext("Choose a time.")),
        ):
            if values.get(name) is None:
                self.add_error(name, missing)
        starts_at, ends_at = self.moment("start", self.zone), self.moment("end", self.zone)
        if starts_at is not None and ends_at is not None and not self.errors:
            self.hours = Hours(starts_at, ends_at)
        return values


class HoursRows(BaseRows):
    """The time spans of a speaker. `hours` are those that stay, once valid."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {"zone": self.form_kwargs["zone"]}

    def name_of(self, place: int) -> str:
        return gettext("Time span %(place)d") % {"place": place + 1}

    @property
    def kept(self) -> list[HoursRow]:
        rows = cast("list[HoursRow]", self.sent)
        return [row for row in rows if not self.is_removed(row) and row.hours is not None]

    @property
    def hours(self) -> list[Hours]:
        return [row.hours for row in self.kept if row.hours is not None]

    def add_errors(self, error: RuleViolation) -> bool:
        """Note what the verb refused beside the row's end. Returns whether all of it has a row."""
        rows, placed = self.kept, True
        for name, messages in error.errors.items():
            place = name.rpartition(".")[2]
            if place.isdecimal() and int(place) < len(rows):
                rows[int(place)].add_error("end_time", list(messages))
            else:
                placed = False
        return placed


class ZoneForm(BaseForm):
    """The zone of the rows, and what they showed when the page was opened."""

    time_zone = ZoneField(label=_("Time zone"))
    shown = forms.CharField(required=False, widget=forms.HiddenInput, max_length=64)


_Rows = forms.formset_factory(
    HoursRow, formset=HoursRows, extra=EMPTY_ROWS, max_num=MAX_HOURS, absolute_max=MAX_HOURS, can_delete=True
)


def mark_of(hours: Sequence[Hours]) -> str:
    """Return a text that changes with these hours."""
    return hashlib.sha256(repr([(one.starts_at, one.ends_at) for one in hours]).encode()).hexdigest()[:32]


class AvailabilityForm:
    """The zone with the rows. `data` is None for a page that is opened; `stored` are the hours that stand."""

    def __init__(self, data: Any, stored: Sequence[Hours], zone: str, languages: Sequence[str]) -> None:
        self.stored = stored
        self.outdated = False  # said to the reader
        self.zone_form = ZoneForm(data, initial={"time_zone": zone, "shown": mark_of(stored)})
        chosen = str(self.zone_form["time_zone"].value() or "")
        try:
            validate_zone(chosen)
        except ValidationError:
            chosen = "UTC"
        self.zone = chosen
        self.rows = cast(
            HoursRows,
            _Rows(
                data,
                prefix="hours",
                initial=[_opened(one, chosen) for one in stored],
                form_kwargs={"zone": chosen, "locales": list(languages)},
            ),
        )

    def is_valid(self) -> bool:
        return all([self.zone_form.is_valid(), self.rows.is_valid()])

    @property
    def is_outdated(self) -> bool:
        """Whether somebody else changed the hours after the page was opened."""
        return self.zone_form["shown"].data != mark_of(self.stored)

    def renew(self) -> None:
        """Carry what is stored now: whoever sends the form again knows both."""
        data: Any = self.zone_form.data.copy()  # type: ignore[attr-defined]
        data["shown"] = mark_of(self.stored)
        self.zone_form.data = data


def _opened(one: Hours, zone: str) -> dict[str, object]:
    values = moment_initial("start", one.starts_at, zone) | moment_initial("end", one.ends_at, zone)
    if values["end_date"] == values["start_date"]:
        values["end_date"] = None
    return values
