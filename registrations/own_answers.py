"""A person's questions and answers as his or her private page, or an organiser for the person, changes them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language, gettext

from core.accounts.models import User
from core.web.encryption import Undecipherable
from core.web.errors import InvalidFields, RuleViolation
from registrations import answer_files, answers, changes, choice_places, managing
from registrations.answer_values import required_message
from registrations.answers import Answered
from registrations.models import Answer, NeedsConsent, Question, QuestionSet, Registration, Seat
from registrations.models.seats import ACTIVE
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

    @property
    def version(self) -> int:
        """A number that other answers change: what a form carries that two organisers may have open at once."""
        return zlib.crc32(json.dumps(_content(self.rows)).encode())


@dataclass(frozen=True)
class OrdinarySet:
    """A set that all organisers read, of one person: what is asked or was answered, and whether they can change it."""

    question_set: QuestionSet
    answered: tuple[Answered, ...]
    can_change: bool


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


def ordinary_sets(
    registration: Registration, held: Iterable[Seat], now: datetime, language: str
) -> list[OrdinarySet]:
    """Return the sets that all organisers read and that hold answers or can be answered. At most four queries."""
    own = {}
    if registration.state == Registration.State.CONFIRMED:
        sets = own_sets(registration, held, now, language)
        own = {one.question_set.pk: one for one in sets if not one.question_set.is_protected}
    given = answers.ordinary_answers(registration, language)
    by_pk = {one.question.question_set_id: one.question.question_set for one in given}
    by_pk |= {pk: one.question_set for pk, one in own.items()}
    found = []
    for one in sorted(by_pk.values(), key=lambda one: (one.stage == Stage.ACCEPTED, one.position, one.pk)):
        asked = own[one.pk].answered if one.pk in own else ()
        shown = {each.question.pk for each in asked}
        rest = [
            each
            for each in given
            if each.question.question_set_id == one.pk and each.question.pk not in shown
        ]
        found.append(OrdinarySet(one, (*asked, *rest), one.pk in own))
    return found


def set_for_organiser(registration: Registration, slug: str) -> OwnSet:
    """Return the set of this slug as an organiser answers it for the person, also after the lab.

    Raises RuleViolation (codes: not_registered, not_asked, protected).
    """
    if registration.state != Registration.State.CONFIRMED:
        raise managing.not_registered()
    held = Seat.objects.filter(registration=registration, state__in=ACTIVE)
    sets = own_sets(registration, held, timezone.now(), get_language() or "en")
    own = next((one for one in sets if one.question_set.slug == slug), None)
    if own is None:
        raise RuleViolation("not_asked", gettext("These questions are not asked of this person."))
    _refuse_protected(own)
    return replace(own, can_change=True)


def _refuse_protected(own: OwnSet) -> None:
    if own.question_set.is_protected:
        raise RuleViolation(
            "protected", gettext("Only the person can change answers that only named people read.")
        )


def _content(rows: Iterable[Answer]) -> list[tuple[int, Any, str]]:
    return sorted((row.question_id, row.value, row.file.name or "") for row in rows)


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
    by: User | None = None,
) -> None:
    """Replace the person's answers of one set; the history says that an organiser did, but not what was answered.

    Raises RuleViolation (codes: gone, not_registered, over, protected, full).
    """
    registration = managing.lock_confirmed(registration)
    if by is not None:
        _refuse_protected(own)
    if not own.can_change:
        raise RuleViolation("over", gettext("The event is over, so answers can no longer be changed."))
    rows = registration.answers.filter(question__in=own.questions.questions)
    before = [] if by is None else _content(rows.all())
    answers.change(registration, own.questions, given, uploads, removed)
    if by is not None and _content(rows.all()) != before:
        changes.record_answers(registration, own.question_set, by)
