"""Questions of a lab's registration form: read by everybody who sees the lab, built by organisers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router, Status

from core.api.api import FOR_EVERYBODY
from core.api.problems import Problem
from core.web.errors import InvalidFields
from labs.api_authentication import account_of, lab_of_organiser, reader_of
from labs.api_idempotency import Key, run_once
from labs.current_viewer import get_visible_lab_or_404, viewer_of
from labs.models import ApiToken, Lab
from registrations import protected_answers, question_changes, questions
from registrations.models import AnswersView, Choice, Question, QuestionSet
from registrations.question_plans import ChoicePlan, QuestionPlan, SetPlan, readers_of
from registrations.question_schemas import (
    ProtectedAnswersOut,
    QuestionIn,
    QuestionOut,
    QuestionSetIn,
    QuestionSetOut,
    QuestionsOut,
    question_data,
    set_data,
)
from registrations.questionnaire import GivenAnswers, Questionnaire, questionnaire_of
from sessions.models import Session
from sessions.models.agenda import to_come

router = Router(tags=["Questions"])

Scope = ApiToken.Scope


def _sessions_to_choose(request: HttpRequest, lab: Lab) -> dict[int, str]:
    """Return the sessions for which the caller could register now: others are asked nothing here."""
    seen = Session.objects.filter(to_come(timezone.now()), lab=lab).visible_to(reader_of(request))
    return dict(seen.order_by().values_list("pk", "slug"))


@router.get(
    "/labs/{lab}/questions",
    response=QuestionsOut,
    url_name="questions",
    openapi_extra=FOR_EVERYBODY,
)
def question_sets(request: HttpRequest, lab: str) -> dict[str, Any]:
    """List the questions of the registration form, by set. Organisers also see those asked after acceptance."""
    found = get_visible_lab_or_404(reader_of(request), lab)
    if not reader_of(request).organises(found):
        sessions = _sessions_to_choose(request, found)
        asked = questionnaire_of(found, QuestionSet.Stage.REGISTERING).for_sessions(sessions)
        return {"sets": [set_data(asked, row, sessions) for row in asked.sets]}
    asked, sessions = questionnaire_of(found), _all_sessions(found)
    return {"sets": [set_data(asked, row, sessions) for row in _sets(found)]}


def _sets(lab: Lab) -> list[QuestionSet]:
    return list(lab.question_sets.order_by("-stage", "position", "pk"))


@router.post("/labs/{lab}/question-sets", response={201: QuestionSetOut}, url_name="create_question_set")
def create_set(
    request: HttpRequest, lab: str, body: QuestionSetIn, idempotency_key: Key
) -> Status[dict[str, Any]]:
    """Create a set of questions. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)

    def operation() -> dict[str, Any]:
        return {"slug": questions.create_set(found, _set_plan(found, body), account_of(request)).slug}

    made = run_once(request, "create_question_set", idempotency_key, body, operation)
    return Status(201, _one_set(request, found, made["slug"]))


@router.put(
    "/labs/{lab}/question-sets/{question_set}", response=QuestionSetOut, url_name="change_question_set"
)
def change_set(request: HttpRequest, lab: str, question_set: str, body: QuestionSetIn) -> dict[str, Any]:
    """Change a set of questions. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    row = _set(found, question_set)
    questions.change_set(row, _set_plan(found, body), account_of(request))
    return _one_set(request, found, row.slug)


@router.delete(
    "/labs/{lab}/question-sets/{question_set}", response={204: None}, url_name="delete_question_set"
)
def delete_set(request: HttpRequest, lab: str, question_set: str) -> Status[None]:
    """Delete a set with its questions and all answers to them. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    questions.delete_set(_set(found, question_set), account_of(request))
    return Status(204, None)


@router.post(
    "/labs/{lab}/question-sets/{question_set}/open", response=QuestionSetOut, url_name="open_question_set"
)
def open_set(request: HttpRequest, lab: str, question_set: str) -> dict[str, Any]:
    """Begin to ask a set after acceptance, and email everyone who has a seat. Scope: registrations.

    Repeating the request has no effect.
    """
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    row = _set(found, question_set)
    questions.open_set(row, account_of(request))
    return _one_set(request, found, row.slug)


@router.post(
    "/labs/{lab}/question-sets/{question_set}/answers",
    response=ProtectedAnswersOut,
    url_name="protected_answers",
)
def protected(request: HttpRequest, lab: str, question_set: str) -> dict[str, Any]:
    """Get the answers that only named people read. Each call is recorded. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    row = _set(found, question_set)
    viewer, account = viewer_of(request), account_of(request)
    if account is None or not row.is_protected or not protected_answers.may_read(viewer, row):
        raise Problem(_("You are not one of the people who can read these answers."), status=403)
    _asked, people = protected_answers.open_all(row, viewer, account, AnswersView.What.API)
    return {
        "people": [
            {
                "registration": str(one.registration.public_id),
                "name": one.registration.name,
                "email": one.registration.email,
                "answers": {each.question.slug: each.words for each in one.answered if each.words},
            }
            for one in people
        ]
    }


@router.post("/labs/{lab}/questions", response={201: QuestionOut}, url_name="create_question")
def create(request: HttpRequest, lab: str, body: QuestionIn, idempotency_key: Key) -> Status[dict[str, Any]]:
    """Create a question at the end of its set. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)

    def operation() -> dict[str, Any]:
        row = questions.create_question(
            _set(found, body.set), _plan(request, found, body, {}), account_of(request)
        )
        return {"slug": row.slug}

    made = run_once(request, "create_question", idempotency_key, body, operation)
    return Status(201, _one(request, found, made["slug"]))


@router.put("/labs/{lab}/questions/{question}", response=QuestionOut, url_name="change_question")
def change(request: HttpRequest, lab: str, question: str, body: QuestionIn) -> dict[str, Any]:
    """Change a question. If people have answered, the error says what the change does. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    row = _question(found, question)
    if body.set != row.question_set.slug:
        raise Problem(errors={"set": _("A question stays in its set. Create another one.")})
    stored = {choice.slug: choice for choice in row.choices.all()}
    plan = _plan(request, found, body, stored)
    if not body.accept_effects:
        kept = {one.row for one in plan.choices}
        after = question_changes.planned(row, plan)
        if said := question_changes.effects(
            row, after, [one for one in stored.values() if one.pk not in kept]
        ):
            raise Problem(" ".join(said), errors={"accept_effects": " ".join(said)}, status=409)
    questions.change_question(row, plan, account_of(request))
    return _one(request, found, row.slug)


@router.delete("/labs/{lab}/questions/{question}", response={204: None}, url_name="delete_question")
def delete(request: HttpRequest, lab: str, question: str) -> Status[None]:
    """Delete a question with all answers to it. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    questions.delete_question(_question(found, question), account_of(request))
    return Status(204, None)


def _set(lab: Lab, slug: str) -> QuestionSet:
    row = get_object_or_404(QuestionSet, lab=lab, slug=slug)
    row.lab = lab
    return row


def _question(lab: Lab, slug: str) -> Question:
    row = get_object_or_404(Question.objects.select_related("question_set"), lab=lab, slug=slug)
    row.lab = row.question_set.lab = lab
    return row


def _one_set(request: HttpRequest, lab: Lab, slug: str) -> dict[str, Any]:
    return set_data(questionnaire_of(lab), _set(lab, slug), _all_sessions(lab))


def _one(request: HttpRequest, lab: Lab, slug: str) -> dict[str, Any]:
    asked = questionnaire_of(lab)
    row = next(one for one in asked.questions if one.slug == slug)
    return question_data(asked, row, _all_sessions(lab))


def _all_sessions(lab: Lab) -> dict[int, str]:
    return dict(lab.sessions.order_by().values_list("pk", "slug"))


def _set_plan(lab: Lab, body: QuestionSetIn) -> SetPlan:
    known = {user.email: pk for pk, user in readers_of(lab).items()}
    errors = {
        f"readers.{place}": _("Choose people who work on this lab.")
        for place, email in enumerate(body.readers)
        if email.lower() not in known
    }
    if errors:
        raise Problem(errors=errors)
    return SetPlan(
        title=body.title,
        introduction=body.introduction,
        stage=body.stage,
        protection=body.protection,
        retention_days=body.retention_days,
        readers=tuple(known[email.lower()] for email in body.readers),
    )


def _plan(request: HttpRequest, lab: Lab, body: QuestionIn, stored: Mapping[str, Choice]) -> QuestionPlan:
    errors = {}
    session = lab.sessions.filter(slug=body.session).first() if body.session else None
    if body.session and session is None:
        errors["session"] = _("This session is not in the lab.")
    parent = Question.objects.filter(lab=lab, slug=body.shown_if).first() if body.shown_if else None
    if body.shown_if and parent is None:
        errors["shown_if"] = _("The lab has no such question.")
    for place, choice in enumerate(body.choices):
        if choice.slug is not None and choice.slug not in stored:
            errors[f"choices.{place}.slug"] = _("The question has no such choice.")
    if errors:
        raise Problem(errors=errors)
    return QuestionPlan(
        kind=body.kind,
        label=body.label,
        help=body.help,
        required=body.required,
        session=session,
        shown_if=parent,
        shown_if_value=body.shown_if_value,
        minimum=_decimal(body.minimum),
        maximum=_decimal(body.maximum),
        retention_days=body.retention_days,
        choices=tuple(
            ChoicePlan(one.label, one.places, stored[one.slug].pk if one.slug else None)
            for one in body.choices
        ),
    )


def _decimal(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(repr(number))


def checked_answers(
    asked: Questionnaire,
    session_ids: Collection[int],
    answers: Mapping[str, object],
    consents: Collection[str],
    *,
    held: Collection[int] = (),
    may_be_missing: bool = False,
) -> GivenAnswers:
    """Return a person's answers as a caller of the API sent them. Raises Problem."""
    errors = {
        f"answers.{slug}": _("No such question is asked here.")
        for slug in answers
        if slug not in {one.slug for one in asked.for_sessions(session_ids).questions}
    }
    if errors:
        raise Problem(errors=errors)
    try:
        return asked.check(
            session_ids, answers, consents, held=held, is_strict=True, may_be_missing=may_be_missing
        )
    except InvalidFields as error:
        raise Problem(errors={name: " ".join(said) for name, said in error.errors.items()}) from error
