"""The questions of a lab as they are asked of one person, and the check of what he or she answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from core.web.errors import InvalidFields
from labs.models import Lab
from registrations import answer_values
from registrations.answer_values import Stored
from registrations.models import Choice, Question, QuestionSet

Stage = QuestionSet.Stage


@dataclass(frozen=True)
class GivenAnswers:
    """Checked answers to questions of a lab, for these sessions, by question id.

    `sets` were asked; `consents` are the sets of needs to whose storage the person consented.
    """

    lab_id: int
    session_ids: frozenset[int]
    questions: Mapping[int, Question] = field(default_factory=dict)
    values: Mapping[int, Stored] = field(default_factory=dict)
    sets: tuple[QuestionSet, ...] = ()
    consents: tuple[QuestionSet, ...] = ()


@dataclass(frozen=True)
class Questionnaire:
    """Questions in the order of the form, each with its `question_set`; choices by question id."""

    lab: Lab
    questions: tuple[Question, ...]
    choices: Mapping[int, Sequence[Choice]]

    @property
    def sets(self) -> list[QuestionSet]:
        """The sets that have questions, in their order."""
        return list({question.question_set_id: question.question_set for question in self.questions}.values())

    def of_set(self, question_set: QuestionSet) -> list[Question]:
        return [one for one in self.questions if one.question_set_id == question_set.pk]

    def choices_of(self, question: Question) -> Sequence[Choice]:
        return self.choices.get(question.pk, ())

    def only(self, questions: Iterable[Question]) -> Questionnaire:
        """Return a questionnaire of these questions of it."""
        kept = {question.pk for question in questions}
        return Questionnaire(self.lab, tuple(one for one in self.questions if one.pk in kept), self.choices)

    def for_sessions(self, session_ids: Collection[int]) -> Questionnaire:
        """Keep what may be asked of somebody who can choose, or has, these sessions."""
        return self.only(
            one for one in self.questions if one.session_id is None or one.session_id in session_ids
        )

    def kept_until(self, question: Question) -> date:
        """Return the day, in the lab's zone, after which answers to the question are deleted."""
        return kept_until(self.lab, question.question_set, question)

    def asked(self, session_ids: Collection[int], values: Mapping[int, Stored]) -> list[Question]:
        """Return the questions that these sessions and answers ask, in order."""
        found: dict[int, Question] = {}
        for question in self.questions:
            if _is_asked(question, found, session_ids, values):
                found[question.pk] = question
        return list(found.values())

    def check(
        self,
        session_ids: Collection[int],
        raw: Mapping[str, object],
        consents: Collection[str],
        *,
        held: Collection[int] = (),
        is_strict: bool = False,
        may_be_missing: bool = False,
    ) -> GivenAnswers:
        """Return what is to be stored of the answers, by slug of question; `consents` are slugs of sets of needs.

        Questions that are not asked are left out, or are an error if `is_strict`; required answers `may_be_missing`
        where an organiser enters somebody. Files are answered apart. `held` are the ids of choices in which the person
        has a place. Raises InvalidFields with "answers.<slug>" and
        "consents.<slug>".
        """
        errors: dict[str, list[str]] = defaultdict(list)
        values: dict[int, Stored] = {}
        asked: dict[int, Question] = {}
        for question in self.questions:
            if not _is_asked(question, asked, session_ids, values):
                if is_strict and raw.get(question.slug) not in (None, "", []):
                    errors[f"answers.{question.slug}"].append(
                        gettext("This question is not asked with these sessions and answers.")
                    )
                continue
            asked[question.pk] = question
            if question.kind == Question.Kind.FILE:
                continue
            try:
                value = self._checked(question, raw.get(question.slug), held)
            except ValidationError as error:
                errors[f"answers.{question.slug}"].extend(answer_values.messages_of(error))
                continue
            if value is not None:
                values[question.pk] = value
            elif question.required and not (may_be_missing or question.question_set.is_needs):
                errors[f"answers.{question.slug}"].append(answer_values.required_message(question))
        agreed = []
        for one in self.sets:
            if not one.is_needs or not any(question.pk in values for question in self.of_set(one)):
                continue
            if one.slug in consents:
                agreed.append(one)
            else:
                errors[f"consents.{one.slug}"].append(
                    gettext("Tick the box so that we may keep these answers, or leave them empty.")
                )
        if errors:
            raise InvalidFields(errors)
        return GivenAnswers(
            lab_id=self.lab.pk,
            session_ids=frozenset(session_ids),
            questions=asked,
            values=values,
            sets=tuple(self.sets),
            consents=tuple(agreed),
        )

    def _checked(self, question: Question, raw: object, held: Collection[int]) -> Stored | None:
        choices = self.choices_of(question)
        value = answer_values.clean(question, choices, raw)
        for choice in choices:
            if value and choice.slug in value and choice.places_left == 0 and choice.pk not in held:
                raise ValidationError(
                    gettext("“%(choice)s” is full. Choose another option."), "full", {"choice": choice}
                )
        return value


def _is_asked(
    question: Question, asked: Collection[int], session_ids: Collection[int], values: Mapping[int, Stored]
) -> bool:
    """Tell whether the question is asked, given those before it that are."""
    if question.session_id is not None and question.session_id not in session_ids:
        return False
    if question.shown_if_id is None:
        return True
    answer = values.get(question.shown_if_id) if question.shown_if_id in asked else None
    return question.shown_if_value in ([answer] if isinstance(answer, str) else answer or [])


def kept_until(lab: Lab, question_set: QuestionSet, question: Question | None = None) -> date:
    """Return the day, in the lab's zone, after which these answers are deleted; never after the lab's own."""
    days = [lab.retention_days]
    if question_set.retention_days is not None:
        days.append(question_set.retention_days)
    if question is not None and question.retention_days is not None:
        days.append(question.retention_days)
    return lab.ends_on + timedelta(days=min(days))


_SET = tuple(column.attname for column in QuestionSet._meta.concrete_fields)
_QUESTION = tuple(column.attname for column in Question._meta.concrete_fields)
_CHOICE = tuple(column.attname for column in Choice._meta.concrete_fields)
_COLUMNS = (
    *_QUESTION,
    *(f"question_set__{name}" for name in _SET),
    *(f"choices__{name}" for name in _CHOICE),
)


def questionnaire_of(lab: Lab, *stages: str) -> Questionnaire:
    """Return the questions of the lab's sets in these stages, all by default. One query, whatever it has."""
    rows = Question.objects.filter(lab=lab)
    if stages:
        rows = rows.filter(question_set__stage__in=stages)
    rows = rows.order_by(
        "-question_set__stage", "question_set__position", "question_set_id", "position", "pk",
        "choices__position", "choices__pk",
    )  # fmt: skip
    sets: dict[int, QuestionSet] = {}
    questions: dict[int, Question] = {}
    choices: dict[int, list[Choice]] = defaultdict(list)
    for row in rows.values_list(*_COLUMNS):
        pk = row[_QUESTION.index("id")]
        if pk not in questions:
            question = Question.from_db(rows.db, _QUESTION, row[: len(_QUESTION)])
            of_set = row[len(_QUESTION) : len(_QUESTION) + len(_SET)]
            set_pk = of_set[_SET.index("id")]
            if set_pk not in sets:
                sets[set_pk] = QuestionSet.from_db(rows.db, _SET, of_set)
                sets[set_pk].lab = lab
            question.question_set, question.lab = sets[set_pk], lab
            questions[pk] = question
        of_choice = row[len(_QUESTION) + len(_SET) :]
        if of_choice[_CHOICE.index("id")] is not None:
            choices[pk].append(Choice.from_db(rows.db, _CHOICE, of_choice))
    return Questionnaire(lab, tuple(questions.values()), choices)
