"""The page to move a lab to another day, with a preview of the changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.timezones import formatting
from core.timezones.wall_clock import wall
from core.web.errors import RuleViolation
from core.web.forms.base import BaseForm
from core.web.forms.fields import DayField
from core.web.localized_fields import text_and_language
from labs import access
from labs.models import Lab
from labs.postponing import dates_of
from labs.revisions import lock_row
from labs.views.form_posts import person
from registrations.notifications import how_many
from sessions.forms.folds import FoldsForm
from sessions.models import Session
from sessions.moving import LabMove, SessionMove, move_lab, plan_move
from sessions.unannounced_changes import pending_sessions
from sessions.undo import folds_of, offer_undo_move


class FirstDayForm(BaseForm):
    """The new first day of the lab."""

    mark_optional = False
    first_day = DayField(label=gettext_lazy("New first day"))


@dataclass(frozen=True)
class Change:
    """One line of the preview."""

    what: str
    now: str
    then: str


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Ask for the new first day, preview the changes, then move the lab."""
    if request.method == "POST":
        return _moved(request, lab)
    if "first_day" not in request.GET:
        return _page(request, lab, FirstDayForm())
    form = FirstDayForm(request.GET)
    found = _plan(lab, form)
    return _page(request, lab, form, found, FoldsForm(steps=found.steps) if found else None)


@transaction.atomic
def _moved(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Move the lab, unless it is not as the page showed it; then the page is shown again as things are."""
    lock_row(lab)
    form = FirstDayForm(request.POST)
    found = _plan(lab, form)
    if found is None:
        return _page(request, lab, form)
    is_stale = request.POST.get("versions") != _versions(lab, found)
    answers = FoldsForm(request.POST, steps=found.steps)
    if is_stale or not answers.is_valid():
        return _page(request, lab, form, found, answers, is_stale=is_stale)
    before, folds = dates_of(lab), folds_of(lab)
    try:
        move_lab(lab, found.dates.starts_on, person(request), folds=answers.folds)
    except RuleViolation as error:
        answers.add_errors(error.errors)
        return _page(request, lab, form, found, answers)
    offer_undo_move(request, lab, before, folds)
    return redirect(_next_page(lab))


def _next_page(lab: Lab) -> str:
    """Return the question whether people are emailed, where it is open, else the list of sessions."""
    has_unannounced = bool(pending_sessions(Session.objects.filter(lab=lab)))
    return reverse("console_unannounced" if has_unannounced else "console_sessions", args=[lab.slug])


def _plan(lab: Lab, form: FirstDayForm) -> LabMove | None:
    """Return what would change; None where that is noted on the form as impossible."""
    if not form.is_valid():
        return None
    try:
        return plan_move(lab, form.cleaned_data["first_day"])
    except RuleViolation as error:
        form.add_errors(error.errors)
        return None


def _versions(lab: Lab, found: LabMove) -> str:
    """Return what tells whether the lab and its sessions are still as the page of this first day showed them."""
    sessions = " ".join(f"{step.session.pk}.{step.session.version}" for step in found.steps)
    return f"{found.dates.starts_on} {lab.version} {sessions}".strip()


def _page(
    request: HttpRequest,
    lab: Lab,
    form: FirstDayForm,
    found: LabMove | None = None,
    answers: FoldsForm | None = None,
    *,
    is_stale: bool = False,
) -> HttpResponse:
    is_wrong = bool(form.errors or (answers is not None and answers.errors))
    context: dict[str, object] = {
        "lab": lab,
        "section": "settings",
        "tab": "lab",
        "form": form,
        "answers": answers,
        "move": found,
        "is_stale": is_stale,
        "invalid": is_wrong,
    }
    if found is not None:
        language = get_language() or "en"
        context |= {
            "changes": list(_changes(lab, found, language)),
            "rows": [_row(step, lab, language) for step in found.steps],
            "people": how_many(lab.sessions.filter(status=Session.Status.SCHEDULED)),
            "versions": _versions(lab, found),
            "later": found.days > 0,
            "count": abs(found.days),
        }
    return render(
        request,
        "registrations/console/move.html",
        context,
        status=422 if is_wrong else 409 if is_stale else 200,
    )


def _changes(lab: Lab, found: LabMove, language: str) -> Iterator[Change]:
    """Yield what changes of the lab itself."""
    new = found.dates
    yield Change(
        _("The lab"),
        formatting.date_range(lab.starts_on, lab.ends_on, language),
        formatting.date_range(new.starts_on, new.ends_on, language),
    )
    moments = (
        (_("Registration opens"), lab.registration_opens_at, new.opens_at),
        (_("Registration closes"), lab.registration_closes_at, new.closes_at),
    )
    for what, now, then in moments:
        if now and then:
            yield Change(what, *(_moment(at, lab.time_zone, language) for at in (now, then)))
    kept = timedelta(days=lab.retention_days)
    yield Change(
        _("Answers are kept until"),
        formatting.long_date(lab.ends_on + kept, language),
        formatting.long_date(new.ends_on + kept, language),
    )


def _moment(at: datetime, zone: str, language: str) -> str:
    local = wall(at, zone)
    return f"{formatting.long_date(local.date(), language)}, {formatting.clock(local)}"


def _row(step: SessionMove, lab: Lab, language: str) -> dict[str, Any]:
    old, new = step.session, step.plan
    return {
        "session": old,
        "title": text_and_language(old.title, language, lab.default_language)[0],
        "now": _span(old, language),
        "then": _span(new, language),
        "obstacle": step.obstacle,
        "seats": old.seats_taken + old.seats_waiting,
    }


def _span(one: Any, language: str) -> str:
    """Return day and hours by the clock on the wall of a session or of a plan."""
    return formatting.short_span(
        datetime.combine(one.start_date, one.start_time),
        datetime.combine(one.end_date, one.end_time),
        language,
    )
