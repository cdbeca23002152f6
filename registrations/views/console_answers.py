"""The console of answers: of one person, and of all people where only named people read them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.timezones.wall_clock import wall
from core.web.encryption import Undecipherable
from core.web.errors import RuleViolation
from core.web.forms.editing import was_edited
from labs import access
from labs.current_viewer import viewer_of
from labs.models import Lab
from labs.views.form_posts import edit_row, form_page
from labs.views.form_posts import person as signed_in
from registrations import answer_files, answers, answers_export, managing, own_answers, protected_answers
from registrations.console_people_forms import PersonAnswersForm
from registrations.models import Answer, AnswersView, QuestionSet, Registration
from registrations.question_forms import session_names
from registrations.views.console_questions import get_set
from sessions.models import Session

LISTED = 200


@access.door
@require_http_methods(["GET", "HEAD", "POST"])
def all_answers(request: HttpRequest, lab: Lab, question_set: str) -> HttpResponse:
    """Protected answers of all people, shown when one of the readers asks for them; and who viewed them."""
    found = _protected(lab, question_set)
    viewer = viewer_of(request)
    is_reader = protected_answers.may_read(viewer, found)
    if not is_reader and not viewer.organises(lab):
        raise Http404
    people, questions = None, None
    if request.method == "POST":
        try:
            questions, people = protected_answers.open_all(
                found, viewer, signed_in(request), AnswersView.What.LIST
            )
        except RuleViolation:
            raise Http404 from None
    answered = Answer.objects.filter(question__question_set=found, registration__state="confirmed")
    context = {
        "lab": lab,
        "section": "settings" if viewer.organises(lab) else "answers",
        "tab": "questions",
        "question_set": found,
        "is_reader": is_reader,
        "organises": viewer.organises(lab),
        "count": answered.values("registration").distinct().count(),
        "readers": found.readers.order_by("email"),
        "people": people,
        "questions": questions,
        "now": timezone.now(),
        "views": found.views.select_related("by", "registration")[:LISTED],
        "zone": lab.time_zone,
    }
    return render(request, "registrations/console/answers.html", context)


@access.door
@require_POST
def all_answers_csv(request: HttpRequest, lab: Lab, question_set: str) -> HttpResponse:
    """The same as CSV."""
    found = _protected(lab, question_set)
    try:
        questions, people = protected_answers.open_all(found, viewer_of(request), signed_in(request))
    except RuleViolation:
        raise Http404 from None
    name = f"{lab.slug}-{found.slug}-{wall(timezone.now(), lab.time_zone):%Y-%m-%d}.csv"
    return HttpResponse(
        answers_export.protected_csv(questions, people, get_language() or "en"),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
    )


@access.organiser
@require_POST
def person_answers(request: HttpRequest, lab: Lab, registration: UUID, question_set: str) -> HttpResponse:
    """Protected answers of one person, for one of the readers."""
    found, person = _protected(lab, question_set), _person(lab, registration)
    try:
        answered = protected_answers.open_person(person, found, viewer_of(request), signed_in(request))
    except RuleViolation:
        raise Http404 from None
    context = {
        "lab": lab,
        "section": "registrations",
        "registration": person,
        "question_set": found,
        "answered": answered,
        "consent": protected_answers.consent_of(person, found),
        "zone": lab.time_zone,
    }
    return render(request, "registrations/console/person_answers.html", context)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def change_answers(request: HttpRequest, lab: Lab, registration: UUID, question_set: str) -> HttpResponse:
    """Answer the questions of one set for a person, or correct the answers. Protected sets are not changed here."""
    person = _person(lab, registration)

    def form_of(data: QueryDict | None, person: Registration) -> PersonAnswersForm:
        own = own_answers.set_for_organiser(person, question_set)
        return PersonAnswersForm(data, request.FILES or None, own=own, person=person)

    def save(form: PersonAnswersForm) -> None:
        own_answers.change(person, form.own, form.given, form.uploads, form.removed_files, signed_in(request))

    try:
        form, is_saved = edit_row(request, person, managing.lock_registration, form_of, save)
    except RuleViolation as violation:
        if not was_edited(request):
            raise Http404 from None
        messages.error(request, violation.message)
        return redirect("console_registration", lab.slug, registration)
    if is_saved:
        messages.success(request, _("Answers saved."))
        return redirect("console_registration", lab.slug, registration)
    names = session_names(Session.objects.filter(pk__in=form.own.session_ids))
    return form_page(
        request,
        "registrations/console/change_answers.html",
        form,
        lab=lab,
        section="registrations",
        registration=person,
        sections=form.sections(names),
    )


@access.organiser
@require_safe
def person_file(request: HttpRequest, lab: Lab, registration: UUID, question: str) -> HttpResponse:
    """A person's file that all organisers may open."""
    row = _file(_person(lab, registration), question)
    if row.question.question_set.is_protected:
        raise Http404
    return _download(row)


@access.door
@require_POST
def protected_file(request: HttpRequest, lab: Lab, registration: UUID, question: str) -> HttpResponse:
    """A person's file that only named people may open."""
    person = _person(lab, registration)
    row = _file(person, question)
    row.question.question_set.lab = lab
    if not row.question.question_set.is_protected:
        raise Http404
    try:
        protected_answers.open_file(person, row, viewer_of(request), signed_in(request))
    except RuleViolation:
        raise Http404 from None
    return _download(row)


def _download(row: Answer) -> HttpResponse:
    try:
        return answer_files.response(row, answers.value_of(row))
    except (Undecipherable, FileNotFoundError):
        raise Http404 from None


def _file(person: Registration, question: str) -> Answer:
    rows = person.answers.exclude(file="").select_related("question__question_set")
    return get_object_or_404(rows, question__slug=question)


def _person(lab: Lab, public_id: UUID) -> Registration:
    people = Registration.objects.filter(lab=lab, erased_at__isnull=True).select_related("lab__programme")
    return get_object_or_404(people, public_id=public_id)


def _protected(lab: Lab, slug: str) -> QuestionSet:
    found = get_set(lab, slug)
    if not found.is_protected:
        raise Http404
    return found
