"""The console of a lab's registration form: sets of questions, questions, ready-made ones, order, preview."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.web.errors import RuleViolation
from labs import access
from labs.models import Lab
from labs.revisions import lock_row
from labs.views.form_posts import ask, create_once, create_with, edit_row, form_page, person
from registrations import question_blocks, questions
from registrations.models import Question, QuestionSet, Seat
from registrations.question_console_forms import SetForm
from registrations.question_forms import AnswersForm, session_names
from registrations.questionnaire import questionnaire_of
from sessions.models import Session
from sessions.models.seating import Mode

MORE_ROWS = 3
STEPS = {"up": -1, "down": 1}


@access.organiser
@require_safe
def form(request: HttpRequest, lab: Lab) -> HttpResponse:
    """The sets of questions, in the order of the form."""
    rows = Question.objects.annotate(answered=Count("answers")).select_related("session", "shown_if")
    sets = lab.question_sets.prefetch_related(
        Prefetch("questions", queryset=rows.order_by("position", "pk")), "readers"
    )
    sets = sets.order_by("-stage", "position", "pk")
    context = {
        "lab": lab,
        "section": "settings",
        "tab": "questions",
        "sets": sets,
        "kinds": Question.Kind.choices,
        "blocks": question_blocks.BLOCKS,
        "languages_of_lab": [(code, name) for code, name in settings.LANGUAGES if code in lab.languages],
    }
    return render(request, "registrations/console/questions.html", context)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def set_new(request: HttpRequest, lab: Lab) -> HttpResponse:
    form = SetForm(request.POST or None, lab=lab)

    def create() -> dict[str, object]:
        return {"set": questions.create_set(lab, form.plan, person(request)).slug}

    if create_with(request, form, "console.question_set", create):
        messages.success(request, _("Section created. Add questions to it."))
        return redirect("console_questions", lab.slug)
    return form_page(request, "registrations/console/question_set.html", form, **context_of(lab))


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def set_edit(request: HttpRequest, lab: Lab, question_set: str) -> HttpResponse:
    found = get_set(lab, question_set)
    form, is_saved = edit_row(
        request,
        found,
        lock_row,
        lambda data, row: SetForm(data, lab=lab, row=row),
        lambda form: questions.change_set(found, form.plan, person(request)),
    )
    if is_saved:
        messages.success(request, _("Section saved."))
        return redirect("console_questions", lab.slug)
    return form_page(
        request, "registrations/console/question_set.html", form, **context_of(lab, question_set=found)
    )


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def set_delete(request: HttpRequest, lab: Lab, question_set: str) -> HttpResponse:
    """Delete a set with its questions and answers, after a confirmation page."""
    found = get_set(lab, question_set)
    if request.method == "POST":
        questions.delete_set(found, person(request))
        messages.success(request, _("Section deleted."))
        return redirect("console_questions", lab.slug)
    rows = found.questions.annotate(answered=Count("answers")).order_by("position", "pk")
    facts = [answers_in_words(row.label, row.answered) for row in rows] or [_("It has no questions.")]
    return ask(
        request,
        lab,
        _("Delete this section?"),
        facts,
        _("Delete with all answers") if rows else _("Delete"),
        danger=True,
        about=found.title,
        back=reverse("console_questions", args=[lab.slug]),
    )


def answers_in_words(label: object, count: int) -> str:
    if not count:
        return _("“%(question)s”: no answers") % {"question": label}
    words = ngettext(
        "“%(question)s”: %(count)d answer will be deleted. You cannot undo this.",
        "“%(question)s”: %(count)d answers will be deleted. You cannot undo this.",
        count,
    )
    return words % {"question": label, "count": count}


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def set_open(request: HttpRequest, lab: Lab, question_set: str) -> HttpResponse:
    """Begin to ask a set after acceptance, after a page that says who is emailed."""
    found = get_set(lab, question_set)
    if found.stage != QuestionSet.Stage.ACCEPTED or found.opened_at is not None:
        raise Http404
    if request.method == "POST":
        try:
            questions.open_set(found, person(request))
        except RuleViolation as violation:
            messages.error(request, violation.message)
        else:
            messages.success(request, _("The questions are being sent to everyone who has a seat."))
        return redirect("console_questions", lab.slug)
    seated = Seat.objects.filter(
        session__lab=lab, state=Seat.State.CONFIRMED, registration__state="confirmed"
    )
    people = seated.order_by().aggregate(
        all=Count("registration", distinct=True),
        here=Count("registration", distinct=True, filter=Q(mode=Mode.ROOM)),
    )
    count, online = people["all"], people["all"] - people["here"]
    words = ngettext(
        "%(count)d person has a seat and will get an email.",
        "%(count)d people have a seat and will get an email.",
        count,
    )
    facts = [words % {"count": count}]
    if online:
        only_online = ngettext(
            "%(count)d of them only attends online, and is asked too.",
            "%(count)d of them only attend online, and are asked too.",
            online,
        )
        facts.append(only_online % {"count": online})
    if found.is_protected and not found.readers.exists():
        facts.insert(0, _("Nobody can read the answers yet. Name people in the section first."))
    facts += [
        _("Everyone who gets a seat later will get the email then."),
        _("The questions are shown on the registration page of each person."),
    ]
    return ask(
        request,
        lab,
        _("Send these questions?"),
        facts,
        _("Send the questions"),
        about=found.title,
        back=reverse("console_questions", args=[lab.slug]),
    )


@access.organiser
@require_POST
def move(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Move a set or a question up or down: `move` is "<set or question>:<slug>:<up or down>"."""
    kind, _colon, rest = request.POST.get("move", "").partition(":")
    slug, _colon, step = rest.partition(":")
    if step not in STEPS or kind not in ("set", "question"):
        raise Http404
    row: QuestionSet | Question = get_set(lab, slug) if kind == "set" else get_question(lab, slug)
    try:
        questions.move(row, STEPS[step], person(request))
    except RuleViolation as violation:
        messages.error(request, violation.message)
    return redirect(f"{reverse('console_questions', args=[lab.slug])}#{kind}-{slug}")


@access.organiser
@require_POST
def block(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Add ready-made questions."""

    def create() -> dict[str, Any]:
        return {"set": question_blocks.add_block(lab, request.POST.get("block", ""), person(request)).slug}

    try:
        said, _is_new = create_once(request, "console.question_block", create)
    except RuleViolation as violation:
        messages.error(request, violation.message)
        return redirect("console_questions", lab.slug)
    messages.success(request, _("Questions added. Change them as you like."))
    return redirect(f"{reverse('console_questions', args=[lab.slug])}#set-{said['set']}")


@access.organiser
@require_safe
def preview(request: HttpRequest, lab: Lab) -> HttpResponse:
    """The questions as participants see them, in each of the lab's languages (`?in=bg`)."""
    code = request.GET.get("in", "")
    code = code if code in lab.languages else (get_language() or lab.default_language)
    sessions = list(Session.objects.filter(lab=lab).order_by("starts_at", "pk"))
    with translation.override(code):
        # The texts of the form's fields are read here, in the language that was asked for.
        sections = AnswersForm(questionnaire_of(lab), with_files=True).sections(session_names(sessions))
    context = {
        **context_of(lab),
        "sections": sections,
        "code": code,
        "languages_of_lab": [(each, name) for each, name in settings.LANGUAGES if each in lab.languages],
    }
    return render(request, "registrations/console/questions_preview.html", context)


def context_of(lab: Lab, **more: object) -> dict[str, Any]:
    return {"lab": lab, "section": "settings", "tab": "questions", **more}


def get_set(lab: Lab, slug: str) -> QuestionSet:
    """Return a set of this lab, or answer 404."""
    found = get_object_or_404(QuestionSet, lab=lab, slug=slug)
    found.lab = lab
    return found


def get_question(lab: Lab, slug: str) -> Question:
    """Return a question of this lab, or answer 404."""
    found = get_object_or_404(Question.objects.select_related("question_set"), lab=lab, slug=slug)
    found.lab = found.question_set.lab = lab
    return found
