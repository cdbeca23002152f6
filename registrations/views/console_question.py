"""The console of one question: new, changed, deleted."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.web.errors import InvalidFields, RuleViolation
from core.web.forms.rows import with_more_rows
from labs import access
from labs.models import Lab
from labs.revisions import lock_row
from labs.views.form_posts import ask, create_with, edit_row, form_page, person
from registrations import question_changes, questions
from registrations.models import Question, QuestionSet
from registrations.question_console_forms import ChoiceRows, QuestionForm
from registrations.views.console_questions import answers_in_words, context_of, get_question, get_set

MORE_ROWS = 3


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def question_new(request: HttpRequest, lab: Lab, question_set: str) -> HttpResponse:
    found = get_set(lab, question_set)
    kind = request.GET.get("kind", "")
    initial = {"kind": kind if kind in Question.Kind.values else Question.Kind.SHORT}
    form = QuestionForm(request.POST or None, question_set=found, initial=initial)
    form.rows = _rows(lab, request, None)
    if "more" in request.POST:
        return _more(request, lab, found, form, None)

    def create() -> dict[str, object]:
        return {"question": _create(found, form, request).slug}

    if request.method == "POST" and not form.rows.is_valid():
        form.is_valid()
        form.add_error(None, _("Check the choices."))
    if create_with(request, form, "console.question", create):
        messages.success(request, _("Question added."))
        return redirect(f"{reverse('console_questions', args=[lab.slug])}#set-{found.slug}")
    return _question_page(request, lab, found, form, None)


def _create(found: QuestionSet, form: QuestionForm, request: HttpRequest) -> Question:
    try:
        return questions.create_question(found, form.plan, person(request))
    except RuleViolation as error:
        raise _beside_rows(form, error) from error


def _beside_rows(form: QuestionForm, error: RuleViolation) -> RuleViolation:
    """Show what is wrong with choices beside their rows; return the error about the rest."""
    rest = form.rows.add_errors(error.errors)
    if rest:
        return InvalidFields(rest)
    return RuleViolation("invalid", _("Check the choices."))


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def question_edit(request: HttpRequest, lab: Lab, question: str) -> HttpResponse:
    """Change a question. Where answers exist, what the change does to them is shown before it is done."""
    found = get_question(lab, question)
    of_set = found.question_set

    def form_of(data: Any, row: Question) -> QuestionForm:
        form = QuestionForm(data, question_set=of_set, row=row)
        form.rows = _rows(lab, request, row)
        return form

    if "more" in request.POST:
        return _more(request, lab, of_set, form_of(request.POST, found), found)
    effects: list[str] = []

    def save(form: QuestionForm) -> None:
        if not form.rows.is_valid():
            form.add_error(None, _("Check the choices."))
            return
        effects.extend(_effects(found, form))
        if effects and request.POST.get("effects_seen") != _key_of(effects):
            raise _Unseen
        effects.clear()
        try:
            questions.change_question(found, form.plan, person(request))
        except RuleViolation as error:
            raise _beside_rows(form, error) from error

    try:
        form, is_saved = edit_row(request, found, lock_row, form_of, save)
    except _Unseen:
        form, is_saved = form_of(request.POST, found), False
    if is_saved:
        messages.success(request, _("Question saved."))
        return redirect(f"{reverse('console_questions', args=[lab.slug])}#set-{of_set.slug}")
    return _question_page(request, lab, of_set, form, found, effects)


class _Unseen(Exception):
    """What the change does to answers was not shown yet."""


def _effects(found: Question, form: QuestionForm) -> list[str]:
    before = Question.objects.select_related("question_set", "lab").get(pk=found.pk)
    return question_changes.effects(
        before, question_changes.planned(before, form.plan), form.rows.removed if before.has_choices else ()
    )


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def question_delete(request: HttpRequest, lab: Lab, question: str) -> HttpResponse:
    found = get_question(lab, question)
    back = reverse("console_questions", args=[lab.slug])
    if request.method == "POST":
        try:
            questions.delete_question(found, person(request))
        except RuleViolation as violation:
            messages.error(request, violation.message)
        else:
            messages.success(request, _("Question deleted."))
        return redirect(f"{back}#set-{found.question_set.slug}")
    count = found.answers.count()
    return ask(
        request,
        lab,
        _("Delete this question?"),
        [answers_in_words(found.label, count)],
        _("Delete with all answers") if count else _("Delete"),
        danger=True,
        about=found.label,
        back=back,
    )


def _key_of(effects: list[str]) -> str:
    """Return what tells whether the same effects were shown."""
    return hashlib.sha256("\n".join(effects).encode()).hexdigest()[:16]


def _rows(lab: Lab, request: HttpRequest, row: Question | None) -> Any:
    stored = {one.pk: one for one in row.choices.order_by("position", "pk")} if row else {}
    options = {"prefix": "choices", "stored": stored, "locales": lab.languages}
    if request.method == "POST":
        data = with_more_rows(request.POST, "choices", MORE_ROWS) if "more" in request.POST else request.POST
        return ChoiceRows(data, **options)
    initial = [
        {"row": one.pk, "label": one.label, "places": one.places, "ORDER": place}
        for place, one in enumerate(stored.values(), 1)
    ]
    rows = ChoiceRows(initial=initial, **options)
    kind = row.kind if row else request.GET.get("kind", "")
    rows.extra = MORE_ROWS if Question(kind=kind).has_choices and not stored else 0
    return rows


def _more(
    request: HttpRequest, lab: Lab, of_set: QuestionSet, form: QuestionForm, row: Question | None
) -> HttpResponse:
    """Show what was typed with more empty rows, without judging it."""
    form.rows.is_valid()
    form.rows.forget_errors()
    form.forget_errors()
    return _question_page(request, lab, of_set, form, row)


def _question_page(
    request: HttpRequest,
    lab: Lab,
    of_set: QuestionSet,
    form: QuestionForm,
    row: Question | None,
    effects: list[str] | None = None,
) -> HttpResponse:
    kind = form["kind"].value()
    context = {
        **context_of(lab, question_set=of_set, question=row),
        "rows": form.rows,
        "takes_choices": Question(kind=kind).has_choices,
        "effects": effects or [],
        "effects_key": _key_of(effects or []),
    }
    return form_page(request, "registrations/console/question.html", form, **context)
