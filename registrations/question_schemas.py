"""Questions as the API reads and writes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import ConfigDict, Field, StrictBool

from core.api.datetimes import instant_text
from core.api.openapi import INLINE_SCHEMA
from core.web.localized_fields import languages_of
from labs.api import LocalizedText
from registrations.answer_values import plain_number
from registrations.models import Choice, Question, QuestionSet
from registrations.questionnaire import Questionnaire, kept_until

Slug = Annotated[str, Field(max_length=80, pattern=r"^[-a-zA-Z0-9_]+$")]
Kind = Annotated[Question.Kind, INLINE_SCHEMA]
Stage = Annotated[QuestionSet.Stage, INLINE_SCHEMA]
Protection = Annotated[QuestionSet.Protection, INLINE_SCHEMA]
Texts = Annotated[dict[str, str], Field(max_length=10, description="Text by language code")]
Days = Annotated[
    int | None, Field(ge=0, le=3650, description="Days to keep answers after the lab. Null: as the lab")
]
# For the reference: what answers are, which have keys and values of the lab's own.
ANSWERS_FORMAT: dict[str, Any] = {"format": "answers"}
Limit = Annotated[
    float | None,
    Field(
        ge=-1e12,
        le=1e12,
        allow_inf_nan=False,
        description="Of numbers, with at most three decimals; maximum also of characters or of choices",
    ),
]


class ChoiceOut(Schema):
    slug: str
    label: LocalizedText
    places: int | None = Field(description="How many people can choose it, null if as many as like")
    places_left: int | None = Field(description="Null without a limit")


class QuestionOut(Schema):
    slug: str = Field(description="Name of the question in `answers`")
    set: str = Field(description="Slug of the set")
    kind: Kind
    label: LocalizedText
    help: LocalizedText
    required: bool = Field(description="Whether an answer is required where the question is asked")
    session: str | None = Field(
        description="Slug of the session whose participants are asked. Null for everyone"
    )
    shown_if: str | None = Field(description="Slug of the question that decides whether this one is asked")
    shown_if_value: str = Field(description="Its answer: slug of a choice, yes or no. Empty if always asked")
    minimum: str | None
    maximum: str | None
    kept_until: date = Field(description="Last day on which answers are kept, in the lab's zone")
    choices: list[ChoiceOut]


class QuestionSetOut(Schema):
    slug: str
    title: LocalizedText
    introduction: LocalizedText
    stage: Stage = Field(
        description="Registering: in the registration form. Accepted: once a seat is confirmed"
    )
    protection: Protection = Field(
        description="Ordinary: all organisers read the answers. Named: people of the lab who are named. Needs: the "
        "same, optional and with consent"
    )
    opened_at: datetime | None = Field(description="Since when it is asked after acceptance")
    kept_until: date = Field(description="Last day on which answers are kept, in the lab's zone")
    questions: list[QuestionOut]


class QuestionsOut(Schema):
    sets: list[QuestionSetOut] = Field(description="In the order of the form")


class QuestionSetIn(Schema):
    model_config = ConfigDict(extra="forbid")

    title: Texts
    introduction: Texts = Field({}, description="Text by language code")
    stage: Stage = QuestionSet.Stage.REGISTERING
    protection: Protection = QuestionSet.Protection.ORDINARY
    retention_days: Days = None
    readers: list[str] = Field(
        [],
        max_length=100,
        description="Emails of people of the lab who read the answers. Not for ordinary sets",
    )


class ChoiceIn(Schema):
    model_config = ConfigDict(extra="forbid")

    label: Texts
    places: int | None = Field(None, ge=0, le=1_000_000, description="How many people can choose it")
    slug: Slug | None = Field(None, description="Slug of the choice to change. Omit it for a new one")


class QuestionIn(Schema):
    model_config = ConfigDict(extra="forbid")

    set: Slug = Field(description="Slug of the set")
    kind: Kind
    label: Texts
    help: Texts = Field({}, description="Text by language code")
    required: StrictBool = False
    session: Slug | None = Field(None, description="Slug of the session whose participants are asked")
    shown_if: Slug | None = Field(None, description="Slug of a question above it in the same set")
    shown_if_value: str = Field("", max_length=60, description="Slug of its choice, yes or no")
    minimum: Limit = None
    maximum: Limit = None
    retention_days: Days = None
    choices: list[ChoiceIn] = Field([], max_length=100)
    accept_effects: StrictBool = Field(
        False,
        description="Change it although people have answered. Without this, the error says what it does",
    )


class PersonAnswersOut(Schema):
    registration: str = Field(description="ID of the registration")
    name: str
    email: str
    answers: dict[str, str] = Field(
        json_schema_extra=ANSWERS_FORMAT, description="Answers in words, by slug of the question"
    )


class ProtectedAnswersOut(Schema):
    people: list[PersonAnswersOut] = Field(description="Registered people who answered, by name")


def choice_data(choice: Choice) -> dict[str, Any]:
    return {
        "slug": choice.slug,
        "label": languages_of(choice.label),
        "places": choice.places,
        "places_left": choice.places_left,
    }


def question_data(asked: Questionnaire, question: Question, sessions: Mapping[int, str]) -> dict[str, Any]:
    by_id = {one.pk: one.slug for one in asked.questions}
    return {
        "slug": question.slug,
        "set": question.question_set.slug,
        "kind": question.kind,
        "label": languages_of(question.label),
        "help": languages_of(question.help),
        "required": question.required,
        "session": sessions.get(question.session_id or 0),
        "shown_if": by_id.get(question.shown_if_id or 0),
        "shown_if_value": question.shown_if_value,
        "minimum": None if question.minimum is None else plain_number(question.minimum),
        "maximum": None if question.maximum is None else plain_number(question.maximum),
        "kept_until": asked.kept_until(question),
        "choices": [choice_data(one) for one in asked.choices_of(question)],
    }


def set_data(asked: Questionnaire, row: QuestionSet, sessions: Mapping[int, str]) -> dict[str, Any]:
    return {
        "slug": row.slug,
        "title": languages_of(row.title),
        "introduction": languages_of(row.introduction),
        "stage": row.stage,
        "protection": row.protection,
        "opened_at": instant_text(row.opened_at),
        "kept_until": kept_until(asked.lab, row),
        "questions": [question_data(asked, one, sessions) for one in asked.of_set(row)],
    }
