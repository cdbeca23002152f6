"""What is asked before a lab or a session is cloned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core.timezones import formatting
from core.timezones.wall_clock import WallClockError, is_ambiguous
from core.web.forms.base import BaseForm
from core.web.forms.fields import DayField, TextsField
from core.web.forms.wall_clock import fold_choices
from labs.lab_editing import MAX_SLUG_LENGTH
from labs.models import Lab
from sessions.cloning import Answers, CloneRequest, GapAnswer, LabClone, Part, SessionClone
from sessions.forms.choices import named
from sessions.models import Session

PARTS = (
    (Part.SESSIONS, _("Sessions with their agendas, as drafts")),
    (Part.SPEAKERS, _("Speakers of the sessions")),
    (Part.TRACKS, _("Tracks")),
    (Part.ROOMS, _("Rooms, without join links")),
    (Part.DAYS, _("Headings of days")),
    (Part.QUESTIONS, _("Questions of the registration form")),
    (Part.EMAILS, _("Texts of emails")),
)
_GAP_ANSWERS = {answer.value for answer in GapAnswer}
SLUG_HELP = _("The last part of the web address. If left empty, it is created from the title.")


def _slug_field(most: int) -> forms.CharField:
    return forms.CharField(
        label=_("Address"),
        help_text=SLUG_HELP,
        required=False,
        max_length=most,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


class CloneLabForm(BaseForm):
    """Name, days and parts of the new lab."""

    title = TextsField(label=_("Title of the new lab"))
    slug = _slug_field(MAX_SLUG_LENGTH)
    first_day = DayField(label=_("First day"))
    weekdays = forms.ChoiceField(
        label=_("Days of the sessions"),
        choices=[
            ("keep", _("Keep the weekdays: move by whole weeks, to the ones nearest to that day")),
            ("exact", _("Begin on exactly this day")),
        ],
        widget=forms.RadioSelect,
        initial="keep",
    )
    parts = forms.MultipleChoiceField(
        label=pgettext_lazy("parts of a lab", "What to clone"),
        choices=PARTS,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        initial=[part for part, _label in PARTS],
    )

    @property
    def request(self) -> CloneRequest:
        values = self.cleaned_data
        return CloneRequest(
            title=self.texts("title"),
            slug=values["slug"],
            first_day=values["first_day"],
            keep_weekdays=values["weekdays"] == "keep",
            parts=frozenset(values["parts"]),
        )


class CloneAnswersForm(BaseForm):
    """Questions about hours that come twice or do not exist on the new days."""

    mark_optional = False

    def __init__(self, *args: Any, clone: LabClone, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.folds: dict[str, tuple[int, str]] = {}
        self.gaps: dict[str, int] = {}
        for step in clone.steps:
            pk = step.session.pk
            if step.gap:
                self.gaps[f"gap-{pk}"] = pk
                self.fields[f"gap-{pk}"] = _gap_field(step)
            for which in step.twice:
                self.folds[f"fold-{pk}-{which}"] = (pk, which)
                self.fields[f"fold-{pk}-{which}"] = _fold_field(step, which)

    @property
    def questions(self) -> list[object]:
        return [self[name] for name in self.fields]

    @property
    def answers(self) -> Answers:
        return Answers(
            {key: int(self.cleaned_data[name]) for name, key in self.folds.items()},
            {pk: self.cleaned_data[name] for name, pk in self.gaps.items()},
        )


def answers_in(data: Any, sessions: Sequence[int]) -> Answers:
    """Return the answers that were sent for these sessions, valid or not at all, to plan the clone with them."""
    folds, gaps = {}, {}
    for pk in sessions:
        for which in ("start", "end"):
            if (fold := data.get(f"fold-{pk}-{which}")) in ("0", "1"):
                folds[pk, which] = int(fold)
        if (answer := data.get(f"gap-{pk}")) in _GAP_ANSWERS:
            gaps[pk] = answer
    return Answers(folds, gaps)


def _gap_field(step: SessionClone) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=f"{named(step.session.title, step.session.lab)}: {step.gap}",
        choices=[
            (GapAnswer.LATER, gettext("Hold it later, by as much as the clock skips")),
            (GapAnswer.LEAVE_OUT, gettext("Leave this session out")),
        ],
        widget=forms.RadioSelect,
    )


def _fold_field(step: SessionClone, which: str) -> forms.ChoiceField:
    plan = step.plan
    on, at = (plan.start_date, plan.start_time) if which == "start" else (plan.end_date, plan.end_time)
    asked = gettext("%(title)s: on %(day)s the clock shows %(time)s twice. Which one?")
    said = {
        "title": named(step.session.title, step.session.lab),
        "time": formatting.clock(at),
        "day": formatting.long_date(on, get_language() or "en"),
    }
    return forms.ChoiceField(
        label=asked % said, choices=fold_choices(on, at, plan.time_zone), widget=forms.RadioSelect
    )


class CloneSessionForm(BaseForm):
    """Where and when the clone of a session is to be."""

    renamed = {
        "start_date": "on", "start_time": "on", "end_date": "on", "end_time": "on", "start_fold": "on",
        "end_fold": "on", "room": "lab", "track": "lab", "format": "lab",
    }  # fmt: skip

    lab = forms.ModelChoiceField(label=_("Into the lab"), queryset=Lab.objects.none(), to_field_name="slug")
    on = DayField(label=_("Day"))
    slug = _slug_field(80)

    def __init__(self, *args: Any, session: Session, labs: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"lab": session.lab.slug, "on": session.start_date}, **kwargs)
        self.set_queryset("lab", labs, lambda lab: named(lab.title, lab))
        for which, day in (("start", "start_date"), ("end", "end_date")):
            shift = getattr(session, day) - session.start_date
            self._ask_fold(session, which, shift)

    def _ask_fold(self, session: Session, which: str, shift: Any) -> None:
        """Add the question which hour is meant, where the clock shows it twice on the day that was typed."""
        try:
            typed = self.fields["on"].clean(self["on"].data) if self.is_bound else session.start_date
            on: date = typed + shift
            at: time = getattr(session, f"{which}_time")
            if not self.is_bound or not is_ambiguous(on, at, session.time_zone):
                return
        except (forms.ValidationError, WallClockError, OverflowError, TypeError):
            return
        label = _("Which start?") if which == "start" else _("Which end?")
        self.fields[f"{which}_fold"] = forms.ChoiceField(
            label=label, choices=fold_choices(on, at, session.time_zone), widget=forms.RadioSelect
        )

    def fold(self, which: str) -> int | None:
        value = self.cleaned_data.get(f"{which}_fold")
        return None if value in (None, "") else int(value)
