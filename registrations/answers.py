"""Store, read, change and delete answers. Protected ones are encrypted; places are taken when a person is confirmed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import get_language, gettext, override

from core.timezones import formatting
from core.timezones.wall_clock import wall
from core.web.encryption import Undecipherable, decrypt, encrypt
from core.web.errors import RuleViolation
from labs.models import Lab
from registrations import answer_files, answer_values, choice_places
from registrations.models import (
    Answer,
    Choice,
    NeedsConsent,
    Question,
    QuestionSet,
    Registration,
    TakenPlace,
)
from registrations.questionnaire import GivenAnswers, Questionnaire, kept_until, questionnaire_of

Stage = QuestionSet.Stage


def left_unanswered(registration: Registration, session_ids: Collection[int]) -> int:
    """Count what the form asks of somebody with these sessions and has no answer. One query, none without questions."""
    questions = questionnaire_of(registration.lab, Stage.REGISTERING).for_sessions(session_ids)
    if not questions.questions:
        return 0
    values = {}
    for row in registration.answers.all():
        with suppress(Undecipherable):
            values[row.question_id] = value_of(row)
    return sum(question.pk not in values for question in questions.asked(session_ids, values))


def check_for_submit(lab: Lab, session_ids: Collection[int], given: GivenAnswers | None) -> GivenAnswers:
    """Return the answers of a new registration; without any, those of somebody who left all questions empty.

    Raises InvalidFields where a required question was left empty, and RuleViolation (code: other_questions) for
    answers that were checked for another lab or other sessions.
    """
    if given is None:
        questions = questionnaire_of(lab, Stage.REGISTERING)
        return (
            questions.check(session_ids, {}, ()) if questions.questions else GivenAnswers(lab.pk, frozenset())
        )
    if (given.lab_id, given.session_ids) != (lab.pk, frozenset(session_ids)):
        message = gettext("This form is incomplete. Open the page again and resubmit the form.")
        raise RuleViolation("other_questions", message)
    return given


def store_new(registration: Registration, given: GivenAnswers) -> None:
    """Store the answers of a new registration. No place is taken before it is confirmed. At most two statements."""
    _insert(registration, given, timezone.now())


def _insert(registration: Registration, given: GivenAnswers, now: datetime) -> None:
    if given.values:
        Answer.objects.bulk_create(
            Answer(
                registration=registration,
                question_id=pk,
                answered_at=now,
                **written(given.questions[pk].question_set, value),
            )
            for pk, value in given.values.items()
        )
    if given.consents:
        language = get_language() or "en"
        NeedsConsent.objects.bulk_create(
            NeedsConsent(
                registration=registration,
                question_set=one,
                text=needs_consent_text(registration.lab, one, language),
                language=language,
                given_at=now,
            )
            for one in given.consents
        )


def written(question_set: QuestionSet, value: object) -> dict[str, Any]:
    """Return the columns that hold a value: as it is, or encrypted where the set is protected."""
    if question_set.is_protected:
        return {"value": None, "secret": encrypt(json.dumps(value).encode())}
    return {"value": value, "secret": None}


def value_of(answer: Answer) -> Any:
    """Return the value of an answer, decrypted. Raises Undecipherable."""
    if answer.secret is None:
        return answer.value
    return json.loads(decrypt(bytes(answer.secret)))


def needs_consent_text(lab: Lab, question_set: QuestionSet, language: str) -> str:
    """Return what a person agrees to who tells a need."""
    until = kept_until(lab, question_set)
    with override(language):
        return gettext(
            "I agree that the organisers keep these answers to make my participation possible. Only the people "
            "responsible for this see them, and they are deleted after %(date)s."
        ) % {"date": formatting.long_date(until, language)}


@transaction.atomic
def change(
    registration: Registration,
    questions: Questionnaire,
    given: GivenAnswers,
    uploads: Mapping[int, answer_files.CheckedFile] | None = None,
    remove: Collection[int] = (),
) -> None:
    """Replace the person's answers to `questions` by those given; the caller has locked the registration.

    `uploads` are new files by question id, `remove` the ids of questions whose file goes. Files of questions that are
    still asked stay otherwise. Raises RuleViolation (code: full) where a choice became full meanwhile; nothing has
    changed then.
    """
    now = timezone.now()
    uploads = uploads or {}
    old = {one.question_id: one for one in registration.answers.filter(question__in=questions.questions)}
    kept = {
        pk
        for pk, answer in old.items()
        if answer.file and pk in given.questions and pk not in uploads and pk not in remove
    }
    given = _with_places(registration, questions, given)
    _delete([answer for pk, answer in old.items() if pk not in kept])
    NeedsConsent.objects.filter(registration=registration, question_set__in=questions.sets).delete()
    _insert(registration, given, now)
    for pk, upload in uploads.items():
        if pk in given.questions:
            question = given.questions[pk]
            answer = Answer(registration=registration, question=question, answered_at=now)
            for name, value in written(question.question_set, upload.facts).items():
                setattr(answer, name, value)
            answer_files.store(answer, upload)
            answer.save()


def _with_places(registration: Registration, questions: Questionnaire, given: GivenAnswers) -> GivenAnswers:
    """Move the person's places to what is chosen now."""
    limited = {
        choice.pk: choice
        for question in questions.questions
        for choice in questions.choices_of(question)
        if choice.places is not None
    }
    if not limited or registration.state != Registration.State.CONFIRMED:
        return given
    wanted = {
        pk for pk, choice in limited.items() if choice.slug in (given.values.get(choice.question_id) or ())
    }
    choice_places.lock(limited)
    choice_places.give_back(registration, limited.keys() - wanted)
    if full := choice_places.take(registration, wanted):
        message = gettext("“%(choice)s” is full. Choose another option.") % {"choice": limited[full[0]]}
        slug = next(one.slug for one in questions.questions if one.pk == limited[full[0]].question_id)
        raise RuleViolation("full", message, field=f"answers.{slug}")
    return given


@transaction.atomic
def drop_sessions(registration: Registration, session_ids: Collection[int]) -> None:
    """Delete the answers to questions of sessions that the person no longer has, and give back their places."""
    rows = list(registration.answers.filter(question__session__in=session_ids)) if session_ids else []
    if not rows:
        return
    _give_back_of(registration, [row.question_id for row in rows])
    _delete(rows)


def drop_unasked(registration: Registration, session_ids: Collection[int]) -> None:
    """Delete the answers to questions that the person's other answers no longer ask, and give back their places."""
    rows = {row.question_id: row for row in registration.answers.all()}
    values: dict[int, Any] = {}
    for pk, row in rows.items():
        with suppress(Undecipherable):
            values[pk] = value_of(row)
    questions = questionnaire_of(registration.lab)
    asked = {one.pk for one in questions.asked(session_ids, values)}
    gone = [rows[one.pk] for one in questions.questions if one.pk in rows.keys() - asked and one.shown_if_id]
    _give_back_of(registration, [row.question_id for row in gone])
    _delete(gone)


def _give_back_of(registration: Registration, questions: Collection[int]) -> None:
    choices = Choice.objects.filter(question__in=questions, places__isnull=False)
    choice_places.give_back(registration, set(choices.values_list("pk", flat=True)))


def _delete(rows: Iterable[Answer]) -> None:
    rows = list(rows)
    answer_files.delete([str(row.file.name) for row in rows if row.file])
    Answer.objects.filter(pk__in=[row.pk for row in rows]).delete()


def delete_answers_to(question: Question) -> None:
    """Delete all answers to a question, with their files and places."""
    choices = list(question.choices.order_by("pk").values_list("pk", flat=True))
    choice_places.lock(choices)
    TakenPlace.objects.filter(choice__in=choices).delete()
    Choice.objects.filter(pk__in=choices).update(taken=0)
    _delete(question.answers.only("pk", "file"))
    _forget_consents(question.question_set)


def release(registration: Registration) -> None:
    """Give back all places of a registration that was cancelled; its answers stay until they are deleted."""
    choice_places.give_back_all([registration])


def forget(registrations: Collection[Registration]) -> None:
    """Delete all answers, files and consents of these people, and give back their places. Called when erasing."""
    choice_places.give_back_all(registrations)
    _delete(Answer.objects.filter(registration__in=registrations).only("pk", "file"))
    NeedsConsent.objects.filter(registration__in=registrations).delete()


# Reading


@dataclass(frozen=True)
class Answered:
    """One answer as people read it. `words` is empty where nothing was answered; `is_lost` where no key decrypts it."""

    question: Question
    words: str
    answer: Answer | None = None
    is_lost: bool = False
    full: tuple[str, ...] = ()

    @property
    def has_file(self) -> bool:
        return self.answer is not None and bool(self.answer.file)


def read(rows: Iterable[Answer], questions: Questionnaire, language: str) -> list[Answered]:
    """Return the answers `rows` of one person to these questions, in their order; unanswered ones without words."""
    by_question = {row.question_id: row for row in rows}
    fallback = questions.lab.default_language
    found = []
    for question in questions.questions:
        row = by_question.get(question.pk)
        text, is_lost, full = "", False, ()
        if row is not None:
            choices = questions.choices_of(question)
            try:
                value = value_of(row)
            except Undecipherable:
                value, is_lost = None, True
            if value is not None:
                text = answer_values.words(question, choices, value, language, fallback)
            full = tuple(str(one.label) for one in choices if one.slug in row.full)
        found.append(Answered(question, text, row, is_lost, full))
    return found


def ordinary_rows() -> QuerySet[Answer]:
    """Return the answers that all organisers read, with the slugs of their questions; those that hold something."""
    rows = Answer.objects.filter(
        question__question_set__protection=QuestionSet.Protection.ORDINARY, value__isnull=False
    )
    rows = rows.select_related("question").order_by("question__question_set", "question__position", "pk")
    return rows.only("registration", "value", "question__slug")


def ordinary_answers(registration: Registration, language: str) -> list[Answered]:
    """Return the answers that all organisers read: those that were given, in the form's order. At most two queries."""
    rows = registration.answers.filter(question__question_set__protection=QuestionSet.Protection.ORDINARY)
    given = list(rows)
    if not given:
        return []
    return [
        one for one in read(given, questionnaire_of(registration.lab), language) if one.answer is not None
    ]


# Retention


def delete_due(now: datetime, at_most: int = 100) -> int:
    """Delete answers whose own end date has passed, before their lab's. Returns how many; call again while any."""
    own = Q(retention_days__isnull=False) | Q(question_set__retention_days__isnull=False)
    over = Question.objects.filter(own, lab__ends_on__lte=now + timedelta(days=1))
    count = 0
    for question in (
        over.filter(answers__isnull=False).distinct().select_related("lab", "question_set").order_by("pk")
    ):
        if not is_due(question, now):
            continue
        while count < at_most:
            with transaction.atomic():
                choice_places.lock(question.choices.values_list("pk", flat=True))
                rows = list(question.answers.select_related("registration").order_by("pk")[: at_most - count])
                for row in rows:
                    _give_back_of(row.registration, [question.pk])
                _delete(rows)
                _forget_consents(question.question_set)
            count += len(rows)
            if not rows:
                break
    return count


def is_due(question: Question, now: datetime) -> bool:
    """Tell whether the end date of answers to the question has passed in the lab's zone, and the lab is over."""
    today = wall(now, question.lab.time_zone).date()
    return kept_until(question.lab, question.question_set, question) < today


def _forget_consents(question_set: QuestionSet) -> None:
    """Delete consents that concern no answer any more."""
    rest = Answer.objects.filter(question__question_set=question_set).values("registration")
    NeedsConsent.objects.filter(question_set=question_set).exclude(registration__in=rest).delete()


# Keys


def encrypt_anew(after: int = 0, at_most: int = 100) -> list[int]:
    """Encrypt protected answers and files with the current key, those after this id; return the ids of this step.

    Call again with the last of them while any are returned. What no key decrypts stays as it is.
    """
    with transaction.atomic():
        rows = Answer.objects.filter(Q(secret__isnull=False) | ~Q(file=""), pk__gt=after).order_by("pk")
        found = list(rows.select_for_update(no_key=True)[:at_most])
        for row in found:
            with suppress(Undecipherable, FileNotFoundError):
                if row.secret is not None:
                    row.secret = encrypt(decrypt(bytes(row.secret)))
                if row.file:
                    answer_files.encrypt_anew(row)
                row.save(update_fields=["secret", "file"])
    return [row.pk for row in found]
