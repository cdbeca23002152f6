"""A person's questions and answers as his or her private page shows and changes them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext

from core.web.encryption import Undecipherable
from core.web.errors import InvalidFields, RuleViolation
from registrations import answer_files, answers, choice_places, managing
from registrations.answer_values import required_message
from registrations.answers import Answered
from registrations.models import Answer, NeedsConsent, Question, QuestionSet, Registration, Seat
from registrations.questionnaire import GivenAnswers, Questionnaire, kept_until, questionnaire_of

Stage = QuestionSet.Stage


@dataclass(frozen=True)
class OwnSet:
    """The questions of one set that concern a person, and what he or she answered.

    `missing` is how many required questions are not answered; `can_change` until the lab is over.
    """

    question_set: QuestionSet
    questions: Questionnaire
    session_ids: frozenset[int]
    answered: tuple[Answered, ...]
    rows: tuple[Answer, ...]
    missing: int
    can_change: bool
    kept_until: date

    @property
    def is_answered(self) -> bool:
        return any(one.answer is not None for one in self.answered)

    @property
    def is_waited_for(self) -> bool:
        """Whether something required is not answered, or nothing yet of what is asked after acceptance."""
        is_new = self.question_set.stage == Stage.ACCEPTED and not self.is_answered
        return self.can_change and not self.full and (self.missing > 0 or is_new)

    @property
    def full(self) -> list[str]:
        """Choices that were full when the address was confirmed."""
        return [label for one in self.answered for label in one.full]


def own_sets(registration: Registration, held: Iterable[Seat], now: datetime, language: str) -> list[OwnSet]:
    """Return the sets that concern somebody with these seats and places in waiting lists. At most two queries."""
    everything = questionnaire_of(registration.lab)
    if not everything.questions:
        return []
    rows = {one.question_id: one for one in registration.answers.all()}
    seats = list(held)
    sessions = {
        Stage.REGISTERING.value: frozenset(seat.session_id for seat in seats),
        Stage.ACCEPTED.value: frozenset(
            seat.session_id for seat in seats if seat.state == Seat.State.CONFIRMED
        ),
    }
    is_over = registration.lab.is_over(now)
    found = []
    for one in everything.sets:
        session_ids = sessions[one.stage]
        concerned = one.is_asked and (one.stage == Stage.REGISTERING or session_ids)
        questions = everything.only(
            question for question in everything.of_set(one) if not answers.is_due(question, now)
        ).for_sessions(session_ids)
        if not concerned or not questions.questions:
            continue
        own = [rows[question.pk] for question in questions.questions if question.pk in rows]
        values = {row.question_id: _value(row) for row in own}
        asked = questions.asked(session_ids, values)
        found.append(
            OwnSet(
                question_set=one,
                questions=questions,
                session_ids=session_ids,
                answered=tuple(answers.read(own, questions.only(asked), language)),
                rows=tuple(own),
                missing=sum(question.required and values.get(question.pk) is None for question in asked),
                can_change=not is_over,
                kept_until=kept_until(registration.lab, one),
            )
        )
    return found


def _value(row: Answer) -> Any:
    try:
        return answers.value_of(row)
    except Undecipherable:
        return None


def values_of(own: OwnSet) -> dict[int, object]:
    """Return the values of a set's answers by question id, without those of files."""
    return {row.question_id: value for row in own.rows if not row.file and (value := _value(row)) is not None}


def file_names(own: OwnSet) -> dict[int, str]:
    """Return the names of the person's files, by question id."""
    values = {row.question_id: _value(row) for row in own.rows if row.file}
    return {pk: str(value["name"]) if isinstance(value, dict) else "…" for pk, value in values.items()}


def consented(registration: Registration) -> set[int]:
    """Return the ids of the sets of needs to whose storage the person consented."""
    rows = NeedsConsent.objects.filter(registration=registration)
    return set(rows.values_list("question_set_id", flat=True))


def held_places(registration: Registration) -> set[int]:
    return choice_places.held_by(registration)


def check_uploads(
    own: OwnSet, given: GivenAnswers, uploads: Mapping[str, UploadedFile], removed: Collection[int]
) -> dict[int, answer_files.CheckedFile]:
    """Return the new files by question id, of those sent by slug of question. Raises InvalidFields."""
    errors: dict[str, list[str]] = {}
    found = {}
    stored = {row.question_id for row in own.rows if row.file}
    for question in given.questions.values():
        if question.kind != Question.Kind.FILE:
            continue
        upload = uploads.get(question.slug)
        if upload is not None:
            try:
                found[question.pk] = answer_files.check(upload)
            except RuleViolation as violation:
                errors[f"answers.{question.slug}"] = [violation.message]
        elif question.required and (question.pk not in stored or question.pk in removed):
            errors[f"answers.{question.slug}"] = [required_message(question)]
    if errors:
        raise InvalidFields(errors)
    if found and own.question_set.is_needs and own.question_set not in given.consents:
        message = gettext("Tick the box so that we may keep these answers, or leave them empty.")
        raise InvalidFields({f"consents.{own.question_set.slug}": [message]})
    return found


@transaction.atomic
def change(
    registration: Registration,
    own: OwnSet,
    given: GivenAnswers,
    uploads: Mapping[int, answer_files.CheckedFile],
    removed: Collection[int],
) -> None:
    """Replace the person's answers of one set. Raises RuleViolation (codes: gone, not_registered, over, full)."""
    registration = managing.lock_confirmed(registration)
    if not own.can_change:
        raise RuleViolation("over", gettext("The event is over, so answers can no longer be changed."))
    answers.change(registration, own.questions, given, uploads, removed)
