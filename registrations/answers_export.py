"""Answers as cells of a table: ordinary ones in the export of registrations, protected ones in a table of their own."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Collection

from django.utils.translation import gettext

from core.web.localized_fields import text_of
from core.web.spreadsheet_cells import WITH_DECIMAL_COMMA, escaped_cell
from labs.models import Lab
from registrations import answer_values
from registrations.models import Answer, QuestionSet
from registrations.protected_answers import PersonAnswers
from registrations.questionnaire import Questionnaire, questionnaire_of


class AnswerColumns:
    """The columns of a lab's ordinary questions. Protected answers are never among them."""

    def __init__(self, lab: Lab, language: str) -> None:
        everything = questionnaire_of(lab)
        self.language = language
        self.questions = everything.only(
            one
            for one in everything.questions
            if one.question_set.protection == QuestionSet.Protection.ORDINARY
        )

    @property
    def headings(self) -> list[str]:
        return headings_of(self.questions, self.language)

    def rows(self, ids: Collection[int]) -> dict[int, list[str]]:
        """Return the cells of these registrations by id. One query, none where the lab has no such questions."""
        if not self.questions.questions:
            return defaultdict(list)
        place = {one.pk: number for number, one in enumerate(self.questions.questions)}
        by_id = {one.pk: one for one in self.questions.questions}
        found: dict[int, list[str]] = defaultdict(lambda: [""] * len(place))
        rows = Answer.objects.filter(registration__in=ids, question__in=place, value__isnull=False).order_by()
        for registration, question, value in rows.values_list("registration_id", "question_id", "value"):
            words = answer_values.words(
                by_id[question],
                self.questions.choices_of(by_id[question]),
                value,
                self.language,
                self.questions.lab.default_language,
            )
            found[registration][place[question]] = words
        return found


def headings_of(questions: Questionnaire, language: str) -> list[str]:
    return [text_of(one.label, language, questions.lab) for one in questions.questions]


def protected_csv(questions: Questionnaire, people: list[PersonAnswers], language: str) -> str:
    """Return the table of protected answers: a line per person."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";" if language in WITH_DECIMAL_COMMA else ",")
    writer.writerow([gettext("Name"), gettext("Email"), *map(escaped_cell, headings_of(questions, language))])
    for person in people:
        writer.writerow(
            [
                escaped_cell(person.registration.name),
                escaped_cell(person.registration.email),
                *(escaped_cell(one.words) for one in person.answered),
            ]
        )
    return "\ufeff" + buffer.getvalue()
