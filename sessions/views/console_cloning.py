"""Cloning in the console: a lab, with a preview of all days before anything is written, and one session."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.timezones import formatting
from core.timezones.wall_clock import wall
from core.web.errors import RuleViolation
from core.web.localized_fields import text_and_language
from labs import access
from labs.current_viewer import viewer_of
from labs.models import Lab
from labs.views.form_posts import create_once, create_with, person
from sessions.cloning import (
    Answers,
    CloneRequest,
    LabClone,
    SessionClone,
    clone_lab,
    clone_session,
    plan_clone,
    session_plan_for,
)
from sessions.forms.cloning import CloneAnswersForm, CloneLabForm, CloneSessionForm, answers_in
from sessions.models import Session


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def lab(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Ask what the new lab is to be, show all its days, then create it; for owners of the programme."""
    if not viewer_of(request).owns(lab.programme_id):
        raise Http404
    if request.method != "POST":
        return _page(request, lab, CloneLabForm(locales=lab.languages))
    form = CloneLabForm(request.POST, locales=lab.languages)
    if not form.is_valid():
        return _page(request, lab, form)
    wanted = form.request
    sent = answers_in(request.POST, list(lab.sessions.values_list("pk", flat=True)))
    try:
        asked = plan_clone(lab, wanted)
        found = plan_clone(lab, wanted, sent)
    except RuleViolation as error:
        form.add_errors(error.errors)
        return _page(request, lab, form)
    seen = _seen(lab, wanted, asked)
    if "create" not in request.POST or request.POST.get("seen") != seen:
        # Not shown yet, or not as it is now: the answers to other questions do not count.
        questions = CloneAnswersForm(clone=_with_questions(asked))
        return _page(
            request, lab, form, asked, questions, seen=seen, is_stale="create" in request.POST and bool(seen)
        )
    questions = CloneAnswersForm(request.POST, clone=_with_questions(asked))
    if not questions.is_valid():
        return _page(request, lab, form, found, questions, seen=seen)
    return _created(request, lab, form, questions, wanted, sent, found, seen)


def _with_questions(clone: LabClone) -> LabClone:
    """Return the clone with its sessions about which something is asked."""
    return replace(clone, steps=tuple(step for step in clone.steps if step.gap or step.twice))


def _created(
    request: HttpRequest,
    lab: Lab,
    form: CloneLabForm,
    questions: CloneAnswersForm,
    wanted: CloneRequest,
    answers: Answers,
    found: LabClone,
    seen: str,
) -> HttpResponse:
    def create() -> dict[str, Any]:
        return {"lab": clone_lab(lab, wanted, person(request), answers).slug}

    try:
        made, _is_new = create_once(request, "console.lab_clone", create)
    except RuleViolation as error:
        form.add_errors(error.errors)
        return _page(request, lab, form, found, questions, seen=seen)
    messages.success(request, _("Lab cloned as a draft. Check its dates, then its sessions."))
    return redirect("console_lab_edit", made["lab"])


def _seen(lab: Lab, wanted: CloneRequest, clone: LabClone) -> str:
    """Return what tells whether the preview is of what would be created: the request, and the lab as it is."""
    sessions = [(step.session.pk, step.session.version) for step in clone.steps]
    shown = (lab.version, clone.days, sorted(wanted.parts), clone.cancelled, sessions)
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:32]


def _page(
    request: HttpRequest,
    lab: Lab,
    form: CloneLabForm,
    clone: LabClone | None = None,
    questions: CloneAnswersForm | None = None,
    *,
    seen: str = "",
    is_stale: bool = False,
) -> HttpResponse:
    is_wrong = bool(form.errors or (questions is not None and questions.errors))
    language = get_language() or "en"
    context: dict[str, object] = {
        "lab": lab,
        "section": "settings",
        "tab": "lab",
        "form": form,
        "clone": clone,
        "questions": questions,
        "seen": seen,
        "is_stale": is_stale,
        "invalid": is_wrong,
    }
    if clone is not None:
        context |= {
            "changes": list(_changes(lab, clone, language)),
            "rows": [_row(step, lab, language) for step in clone.steps],
            "weeks": clone.days // 7 if clone.days % 7 == 0 else None,
        }
    return render(
        request,
        "sessions/console/clone_lab.html",
        context,
        status=422 if is_wrong else 409 if is_stale else 200,
    )


def _changes(lab: Lab, clone: LabClone, language: str) -> Iterator[tuple[str, str, str]]:
    """Yield what is said of the lab itself: what, now, in the new one."""
    yield (
        _("The lab"),
        formatting.date_range(lab.starts_on, lab.ends_on, language),
        formatting.date_range(clone.starts_on, clone.ends_on, language),
    )
    old = (lab.registration_opens_at, lab.registration_closes_at)
    names = (_("Registration opens"), _("Registration closes"))
    for what, now, then in zip(names, old, clone.registration, strict=True):
        if now:
            yield (
                what,
                _moment(now, lab.time_zone, language),
                _moment(then, lab.time_zone, language) if then else _("not set"),
            )


def _moment(at: datetime, zone: str, language: str) -> str:
    local = wall(at, zone)
    return f"{formatting.long_date(local.date(), language)}, {formatting.clock(local)}"


def _row(step: SessionClone, lab: Lab, language: str) -> dict[str, Any]:
    session, plan = step.session, step.plan
    return {
        "session": session,
        "title": text_and_language(session.title, language, lab.default_language)[0],
        "now": _span(session, language) if session.is_placed else "",
        "then": _span(plan, language) if session.is_placed else "",
        "obstacle": step.obstacle,
        "question": step.gap or bool(step.twice),
    }


def _span(one: Any, language: str) -> str:
    """Return day and hours by the clock on the wall of a session or of a plan."""
    return formatting.short_span(
        datetime.combine(one.start_date, one.start_time),
        datetime.combine(one.end_date, one.end_time),
        language,
    )


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def session(request: HttpRequest, lab: Lab, session: str) -> HttpResponse:
    """Ask where and when, then create the session again as a draft."""
    found = get_object_or_404(
        Session.objects.select_related("track", "room", "lab__programme"), lab=lab, slug=session
    )
    viewer = viewer_of(request)
    labs = Lab.objects.filter(programme=lab.programme_id).order_by("-starts_on", "slug")
    may_organise = [one.pk for one in labs if viewer.organises(one)]
    form = CloneSessionForm(request.POST or None, session=found, labs=labs.filter(pk__in=may_organise))

    def create() -> dict[str, object]:
        into: Lab = form.cleaned_data["lab"]
        plan = session_plan_for(found, into, form.cleaned_data["on"], form.cleaned_data["slug"])
        plan = replace(plan, start_fold=form.fold("start"), end_fold=form.fold("end"))
        made = clone_session(found, into, plan, person(request))
        return {"lab": into.slug, "session": made.slug}

    made = create_with(request, form, "console.session_clone", create)
    if made:
        messages.success(request, _("Session cloned as a draft."))
        return redirect("console_session_edit", made["lab"], made["session"])
    context = {
        "lab": lab,
        "section": "sessions",
        "session": found,
        "form": form,
        "invalid": bool(form.errors),
    }
    status = 422 if form.errors else 200
    return render(request, "sessions/console/clone_session.html", context, status=status)
