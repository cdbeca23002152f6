"""Open answers that only named people read. Each time is recorded, in the transaction that reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from core.accounts.models import User
from core.web.errors import RuleViolation
from core.web.localized_fields import text_of
from labs.models import Lab
from labs.viewer import Viewer
from registrations import answers
from registrations.answers import Answered
from registrations.models import Answer, AnswersView, NeedsConsent, QuestionSet, Registration
from registrations.questionnaire import Questionnaire, questionnaire_of

What = AnswersView.What


@dataclass(frozen=True)
class PersonAnswers:
    """What one person answered."""

    registration: Registration
    answered: list[Answered]


def may_read(viewer: Viewer, question_set: QuestionSet) -> bool:
    """Tell whether the viewer reads the answers: organisers ordinary ones, named people who work on the lab others."""
    lab = question_set.lab
    if not question_set.is_protected:
        return viewer.organises(lab)
    if viewer.user_id is None or not viewer.is_door_staff_of(lab):
        return False
    return question_set.readers.filter(pk=viewer.user_id).exists()


def readable_sets(viewer: Viewer, lab: Lab) -> list[QuestionSet]:
    """Return the protected sets of the lab that this viewer may open. One query."""
    if viewer.user_id is None or not viewer.is_door_staff_of(lab):
        return []
    sets = lab.question_sets.exclude(protection=QuestionSet.Protection.ORDINARY)
    found = list(sets.filter(readers=viewer.user_id).order_by("-stage", "position", "pk"))
    for one in found:
        one.lab = lab
    return found


@transaction.atomic
def open_person(
    registration: Registration, question_set: QuestionSet, viewer: Viewer, by: User
) -> list[Answered]:
    """Return one person's answers of a protected set, and record it. Raises RuleViolation (code: not_reader)."""
    _require(viewer, question_set)
    record(question_set, What.PERSON, by, registration)
    questions = _of_set(question_set)
    rows = registration.answers.filter(question__question_set=question_set)
    return [one for one in answers.read(rows, questions, by.language) if one.answer is not None]


@transaction.atomic
def open_file(registration: Registration, answer: Answer, viewer: Viewer, by: User) -> None:
    """Record that a file of a protected set is opened. Raises RuleViolation (code: not_reader)."""
    question_set = answer.question.question_set
    _require(viewer, question_set)
    record(question_set, What.FILE, by, registration)


@transaction.atomic
def open_all(
    question_set: QuestionSet, viewer: Viewer, by: User, what: str = What.EXPORT
) -> tuple[Questionnaire, list[PersonAnswers]]:
    """Return all registered people who answered something of a protected set, by name, and record it.

    Raises RuleViolation (code: not_reader).
    """
    _require(viewer, question_set)
    record(question_set, what, by)
    questions = _of_set(question_set)
    return questions, list(_people(question_set, questions, by.language))


def _people(question_set: QuestionSet, questions: Questionnaire, language: str) -> Iterator[PersonAnswers]:
    rows = Answer.objects.filter(question__question_set=question_set)
    by_person: dict[int, list[Answer]] = defaultdict(list)
    for row in rows.filter(registration__state=Registration.State.CONFIRMED).order_by("pk"):
        by_person[row.registration_id].append(row)
    people = Registration.objects.active().filter(pk__in=by_person).order_by("name_key", "pk")
    for person in people.only("pk", "name", "email", "public_id", "state", "lab_id"):
        yield PersonAnswers(person, answers.read(by_person[person.pk], questions, language))


def _of_set(question_set: QuestionSet) -> Questionnaire:
    everything = questionnaire_of(question_set.lab, question_set.stage)
    return everything.only(everything.of_set(question_set))


def _require(viewer: Viewer, question_set: QuestionSet) -> None:
    if not may_read(viewer, question_set):
        raise RuleViolation(
            "not_reader", gettext("You are not one of the people who can read these answers.")
        )


def record(question_set: QuestionSet, what: str, by: User, registration: Registration | None = None) -> None:
    """Write into the log that somebody opened protected answers: of one person, or of all."""
    lab = question_set.lab
    AnswersView.objects.create(
        lab=lab,
        question_set=question_set,
        set_title=text_of(question_set.title, lab.default_language, lab)[:200],
        registration=registration,
        what=what,
        by=by,
        at=timezone.now(),
    )


def consent_of(registration: Registration, question_set: QuestionSet) -> NeedsConsent | None:
    return NeedsConsent.objects.filter(registration=registration, question_set=question_set).first()
