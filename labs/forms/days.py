"""The headings of a lab's days, typed in one go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from core.timezones.formatting import long_day
from core.web.edit_conflicts import FIELD, Difference, was_shown
from core.web.forms.base import BaseRows, TextsField
from core.web.forms.edit_conflict import EditForm, put_texts, words_of_both
from core.web.localized_fields import languages_of
from labs.models import Lab

DAYS_AT_MOST = 400
PARTS = (FIELD, *(f"title_{place}" for place in range(len(settings.LANGUAGES))))


class DayRow(EditForm):
    """The heading of one day. Its set says what is stored."""

    on = forms.DateField(required=False, widget=forms.HiddenInput)
    title = TextsField(label=_("Heading"), required=False)
    standing: object = None

    def stored(self) -> dict[str, Any]:
        return {"title": self.standing}

    @property
    def is_left_alone(self) -> bool:
        """Whether the row says what it showed when it was opened: then what somebody else made of it stands."""
        return self.fingerprint_of({"title": self.cleaned_data.get("title")}) == self.seen


class DayRows(BaseRows):
    """The days of a lab as they are listed now; `initial` says which, and their stored headings."""

    def __init__(self, *args: Any, lab: Lab, **kwargs: Any) -> None:
        self.lab = lab
        super().__init__(*args, **kwargs)

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)  # type: ignore[misc]
        row: Any = self.initial[i]  # type: ignore[index]
        form.day, form.standing = row["on"], row["title"]
        form.fields["title"].label = _in_words(form.day)
        form.about = about_day(self.lab, form.day)
        return form

    def conflict(self) -> list[Difference]:
        """Return the headings that would be overwritten unseen."""
        found = []
        for form in self.forms:
            before, typed = words_of_both(
                form.fields["title"], form.standing, form.cleaned_data.get("title"), form.locales
            )
            if form.is_stale and not form.is_left_alone and before != typed:
                found.append(Difference(_in_words(form.day), before, typed))
        return found

    def titles(self) -> dict[date, dict[str, str]]:
        """Return the heading of each day. What was left alone follows what is stored."""
        return {
            form.day: languages_of(form.standing) if form.is_left_alone else form.texts("title")
            for form in self.forms
        }

    def renew(self) -> None:
        """Have each row know what is stored now, and show it where nothing else was typed."""
        for form in self.forms:
            if form.is_left_alone:
                form.data = form.data.copy()
                put_texts(form.data, form.add_prefix("title"), form.standing)
            form.renew()

    def add_errors(self, errors: Mapping[str, Iterable[str]]) -> None:
        """Show what the verb found wrong; its "3.title" counts the days of `titles`."""
        for name, messages in errors.items():
            self.forms[int(name.partition(".")[0])].add_errors({"title": messages})


class SentDays:
    """What was sent: rows that say which day they are about, whatever days the lab has by now."""

    def __init__(self, data: Any, lab: Lab) -> None:
        self.data, self.lab = data, lab
        self.places: dict[date, int] = {}
        self.undated: set[int] = set()
        for place in range(DAYS_AT_MOST):
            on = _day(data.get(f"days-{place}-on", ""))
            if on is not None:
                self.places.setdefault(on, place)
            elif f"days-{place}-title_0" in data:
                self.undated.add(place)

    @cached_property
    def known(self) -> list[date]:
        """The days that a form of ours showed."""
        return [
            on
            for on, place in self.places.items()
            if was_shown(self.data.get(f"days-{place}-{FIELD}", ""), about_day(self.lab, on))
        ]

    @property
    def in_the_lab(self) -> list[date]:
        return [on for on in self.known if self.lab.starts_on <= on <= self.lab.ends_on]

    def as_listed(self, listed: list[date]) -> Any:
        """Return the data of a set of these days. The days are ours to count, not the browser's; one that the form did
        not have yet says what is stored.
        """
        data = self.data.copy()
        for name in [name for name in data if name.startswith("days-")]:
            del data[name]
        data["days-TOTAL_FORMS"] = data["days-INITIAL_FORMS"] = str(len(listed))
        titles = dict(self.lab.days.values_list("on", "title"))
        for now, on in enumerate(listed):
            data[f"days-{now}-on"] = on.isoformat()
            place = self.places.get(on)
            if place is None and now in self.undated:
                place = now  # its fingerprint still tells whether it is about this day
            if place is None:
                put_texts(data, f"days-{now}-title", titles.get(on))
                continue
            for part in PARTS:
                sent = f"days-{place}-{part}"
                if sent in self.data:
                    data[f"days-{now}-{part}"] = self.data[sent]
        return data

    def days_gone(self) -> list[Difference]:
        """Return the headings that were typed for days that the lab has no more."""
        found = []
        for on in self.known:
            if self.lab.starts_on <= on <= self.lab.ends_on:
                continue
            row = DayRow(self.data, prefix=f"days-{self.places[on]}", locales=self.lab.languages)
            row.about = about_day(self.lab, on)
            if row.is_valid() and not row.is_left_alone:
                _before, typed = words_of_both(
                    row.fields["title"], None, row.cleaned_data["title"], row.locales
                )
                found.append(Difference(_in_words(on), gettext("This is not a day of the lab."), typed))
        return found


def about_day(lab: Lab, on: date) -> str:
    return f"day {lab.pk} {on.isoformat()}"


def _in_words(on: date) -> str:
    return long_day(on, get_language() or "en")


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None
