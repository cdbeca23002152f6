"""Build a lab's questions: sets, questions, choices. Says what a change does to the answers that exist.

Every verb locks the lab first, and raises `RuleViolation` with all errors by field before anything is saved.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext

from core.accounts.models import User
from core.jobs.leases import enqueue
from core.web.errors import RuleViolation
from core.web.localized_fields import languages_of
from core.web.slugs import unique_slug
from labs.lab_editing import apply_plan, save
from labs.models import Lab
from labs.revisions import lock_lab, lock_row
from registrations import answers, question_changes
from registrations.models import Answer, Choice, Question, QuestionSet
from registrations.question_plans import (
    MAX_QUESTIONS,
    MAX_SETS,
    MAX_SLUG_LENGTH,
    QUESTION_COLUMNS,
    SET_COLUMNS,
    ChoicePlan,
    QuestionPlan,
    SetPlan,
    check_question,
    check_set,
)

# Sets


@transaction.atomic
def create_set(lab: Lab, plan: SetPlan, by: User | None = None) -> QuestionSet:
    """Create an empty set at the end of its stage."""
    lab = lock_lab(lab.pk)
    taken = set(lab.question_sets.values_list("slug", flat=True))
    if len(taken) >= MAX_SETS:
        raise RuleViolation(
            "too_many_sets", gettext("You can have at most %(limit)d sections.") % {"limit": MAX_SETS}
        )
    row = QuestionSet(lab=lab)
    apply_plan(row, plan, SET_COLUMNS)
    row.slug = unique_slug(languages_of(row.title), taken, limit=MAX_SLUG_LENGTH, otherwise="questions")
    row.position = _next_position(lab.question_sets.filter(stage=row.stage))
    check_set(row, plan)
    save(row, by)
    row.readers.set(plan.readers)
    return row


@transaction.atomic
def change_set(row: QuestionSet, plan: SetPlan, by: User | None = None) -> QuestionSet:
    """Apply the plan. A set with answers is asked when it was, and read by nobody whom people were not told of."""
    lock_row(row)
    before = QuestionSet.objects.get(pk=row.pk)
    differs = apply_plan(row, plan, SET_COLUMNS)
    check_set(row, plan)
    if Answer.objects.filter(question__question_set=row).exists():
        question_changes.require_promises_kept(before, row)
    if row.stage != before.stage:
        row.opened_at = None
        row.position = _next_position(QuestionSet.objects.filter(lab=row.lab_id, stage=row.stage))
    if differs:
        save(row, by)
        if row.is_protected and not before.is_protected:
            question_changes.encrypt_answers(row)
    if set(row.readers.values_list("pk", flat=True)) != set(plan.readers):
        row._history_user = by  # type: ignore[attr-defined]
        row.readers.set(plan.readers)
    return row


@transaction.atomic
def delete_set(row: QuestionSet, by: User | None = None) -> None:
    """Delete a set with its questions and all answers to them."""
    lock_row(row)
    for question in reversed(list(row.questions.order_by("position", "pk"))):
        _delete_question(question, by)
    row._history_user = by  # type: ignore[attr-defined]
    row.delete()


@transaction.atomic
def open_set(row: QuestionSet, by: User | None = None) -> bool:
    """Begin to ask a set after acceptance, and email all who have a seat. False where it was open already.

    Raises RuleViolation (code: no_questions).
    """
    lock_row(row)
    if row.stage != QuestionSet.Stage.ACCEPTED or row.opened_at is not None:
        return False
    if not row.questions.exists():
        raise RuleViolation("no_questions", gettext("Add a question first."))
    row.opened_at = timezone.now()
    save(row, by)
    enqueue(
        "registrations.ask_everybody", {"question_set": row.pk}, key=f"registrations.ask_everybody:{row.pk}"
    )
    return True


@transaction.atomic
def move(row: QuestionSet | Question, step: int, by: User | None = None) -> bool:
    """Move a set within its stage, or a question within its set, up (-1) or down (1). False at the end of the list.

    Raises RuleViolation (code: condition_order) where a question would stand before the one that decides on it.
    """
    lock_row(row)
    if isinstance(row, QuestionSet):
        among: list[QuestionSet | Question] = list(
            QuestionSet.objects.filter(lab=row.lab_id, stage=row.stage).order_by("position", "pk")
        )
    else:
        among = list(Question.objects.filter(question_set=row.question_set_id).order_by("position", "pk"))
    place = among.index(row)
    if not 0 <= place + step < len(among):
        return False
    among[place], among[place + step] = among[place + step], among[place]
    _check_order(among)
    for position, one in enumerate(among):
        type(one)._default_manager.filter(pk=one.pk).exclude(position=position).update(position=position)
    return True


def _check_order(among: Sequence[QuestionSet | Question]) -> None:
    seen = set()
    for one in among:
        if isinstance(one, Question) and one.shown_if_id is not None and one.shown_if_id not in seen:
            message = gettext("“%(question)s” depends on an answer and must stay below its question.")
            raise RuleViolation("condition_order", message % {"question": one})
        seen.add(one.pk)


# Questions


@transaction.atomic
def create_question(question_set: QuestionSet, plan: QuestionPlan, by: User | None = None) -> Question:
    """Create a question at the end of its set."""
    lab = lock_lab(question_set.lab_id)
    lock_row(question_set)
    taken = set(Question.objects.filter(lab=lab).values_list("slug", flat=True))
    if len(taken) >= MAX_QUESTIONS:
        message = gettext("A lab can have at most %(limit)d questions.") % {"limit": MAX_QUESTIONS}
        raise RuleViolation("too_many_questions", message)
    row = Question(lab=lab, question_set=question_set)
    apply_plan(row, plan, QUESTION_COLUMNS)
    row.slug = unique_slug(languages_of(row.label), taken, limit=MAX_SLUG_LENGTH, otherwise="question")
    row.position = _next_position(question_set.questions)
    check_question(row, plan, {})
    save(row, by)
    _set_choices(row, plan.choices, {})
    return row


@transaction.atomic
def change_question(row: Question, plan: QuestionPlan, by: User | None = None) -> Question:
    """Apply the plan, and do to the answers what `question_changes.effects` says."""
    lock_row(row)
    before = Question.objects.select_related("question_set", "lab").get(pk=row.pk)
    choices = {choice.pk: choice for choice in row.choices.select_for_update().order_by("pk")}
    differs = apply_plan(row, plan, QUESTION_COLUMNS)
    check_question(row, plan, choices)
    if differs or _choices_differ(plan.choices, choices):
        question_changes.apply(
            before, row, [pk for pk in choices if pk not in {one.row for one in plan.choices}]
        )
        save(row, by)
        # What became of the answers may have given places back.
        for pk, taken in row.choices.values_list("pk", "taken"):
            choices[pk].taken = taken
        _set_choices(row, plan.choices, choices)
    return row


@transaction.atomic
def delete_question(row: Question, by: User | None = None) -> None:
    """Delete a question with all answers to it. Raises RuleViolation (code: decides) while others depend on it."""
    lock_row(row)
    if dependent := row.shows.order_by("position").first():
        message = gettext("“%(question)s” is shown depending on this question. Change or delete it first.")
        raise RuleViolation("decides", message % {"question": dependent})
    _delete_question(row, by)


def _delete_question(row: Question, by: User | None) -> None:
    answers.delete_answers_to(row)
    row._history_user = by  # type: ignore[attr-defined]
    row.delete()


def _next_position(rows: object) -> int:
    highest = rows.aggregate(n=Max("position"))["n"]  # type: ignore[attr-defined]
    return 0 if highest is None else int(highest) + 1


def _choices_differ(plans: Sequence[ChoicePlan], existing: Mapping[int, Choice]) -> bool:
    stored = [
        (choice.pk, languages_of(choice.label), choice.places)
        for choice in sorted(existing.values(), key=lambda one: (one.position, one.pk))
    ]
    return stored != [(plan.row, languages_of(dict(plan.label)), plan.places) for plan in plans]


def _set_choices(row: Question, plans: Sequence[ChoicePlan], existing: Mapping[int, Choice]) -> None:
    """Create, change and delete choices; the plans are checked, and answers no longer name those that go."""
    if not row.has_choices:
        plans = ()
    kept: Collection[int | None] = {plan.row for plan in plans}
    Choice.objects.filter(pk__in=[pk for pk in existing if pk not in kept]).delete()
    taken = {choice.slug for pk, choice in existing.items()}
    for position, plan in enumerate(plans):
        texts = languages_of(dict(plan.label))
        choice = existing[plan.row] if plan.row is not None else Choice(question=row)
        had_limit = choice.places is not None
        if plan.row is None:
            choice.slug = unique_slug(texts, taken, limit=MAX_SLUG_LENGTH, otherwise="choice")
            taken.add(choice.slug)
        choice.label, choice.position = texts, position
        if plan.places is not None and not had_limit and plan.row is not None:
            question_changes.count_places(choice)
        elif plan.places is None and had_limit:
            question_changes.forget_places(choice)
        choice.places = plan.places
        choice.save()
