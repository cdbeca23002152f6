"""Which of two readings is meant, where clocks show an hour of a session twice: asked for several sessions at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.timezones import formatting
from core.web.forms.base import BaseForm
from core.web.forms.wall_clock import fold_choices
from sessions.models import Session
from sessions.moving import Folds
from sessions.plans import SessionPlan


class Step(Protocol):
    """A session that gets another plan, with "start" and "end" where these hours come twice."""

    @property
    def session(self) -> Session: ...
    @property
    def plan(self) -> SessionPlan: ...
    @property
    def twice(self) -> tuple[str, ...]: ...


class FoldsForm(BaseForm):
    """The folds of ambiguous times."""

    mark_optional = False

    def __init__(self, *args: Any, steps: Iterable[Step], is_required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked: dict[str, tuple[int, str]] = {}
        for step in steps:
            for which in step.twice:
                name = f"fold-{step.session.pk}-{which}"
                self.asked[name] = (step.session.pk, which)
                self.fields[name] = _fold_field(step, which)
                self.fields[name].required = is_required

    @property
    def questions(self) -> list[object]:
        return [self[name] for name in self.asked]

    @property
    def folds(self) -> Folds:
        said = {key: self.cleaned_data.get(name) for name, key in self.asked.items()}
        return {key: int(fold) for key, fold in said.items() if fold}


def _fold_field(step: Step, which: str) -> forms.ChoiceField:
    plan = step.plan
    on, at = (plan.start_date, plan.start_time) if which == "start" else (plan.end_date, plan.end_time)
    asked = _("%(title)s: on %(day)s the clock shows %(time)s twice. Which one?")
    return forms.ChoiceField(
        label=asked
        % {
            "title": step.session.title,
            "time": formatting.clock(at),
            "day": formatting.long_date(on, get_language() or "en"),
        },
        choices=fold_choices(on, at, plan.time_zone),
        widget=forms.RadioSelect,
    )
