"""Clone what a lab asks people: sections, questions and choices, without an answer."""

from __future__ import annotations

from collections.abc import Mapping

from core.accounts.models import User
from labs.lab_editing import save
from registrations.models import Choice, Question, QuestionSet

SET_COLUMNS = ("slug", "title", "introduction", "stage", "protection", "retention_days", "position")
QUESTION_COLUMNS = (
    "slug", "kind", "label", "help", "required", "position", "shown_if_value", "minimum", "maximum", "retention_days",
)  # fmt: skip
CHOICE_COLUMNS = ("slug", "label", "position", "places")


def clone_questions(lab_id: int, clone_id: int, sessions: Mapping[int, int], by: User | None = None) -> None:
    """Give the new lab the questions of the old one; those about a session only if that was cloned (`sessions`).

    Readers of protected answers are people, and are named anew. A question that depends on one that is not there is
    left out as well.
    """
    sets: dict[int, QuestionSet] = {}
    for old in QuestionSet.objects.filter(lab=lab_id).order_by("position", "pk"):
        sets[old.pk] = QuestionSet(lab_id=clone_id, **{name: getattr(old, name) for name in SET_COLUMNS})
        save(sets[old.pk], by)
    questions: dict[int, Question] = {}
    waiting = list(Question.objects.filter(lab=lab_id).order_by("question_set__position", "position", "pk"))
    # One that decides on others stands before them, or in an earlier set: a second pass finds what the first did not.
    while waiting:
        ready = [one for one in waiting if one.shown_if_id is None or one.shown_if_id in questions]
        for old_question in ready:
            made = _cloned(old_question, sets, questions, sessions)
            if made is not None:
                made.lab_id = clone_id
                save(made, by)
                questions[old_question.pk] = made
        left = [one for one in waiting if one not in ready]
        if len(left) == len(waiting):
            break
        waiting = left
    Choice.objects.bulk_create(
        Choice(
            question=questions[choice.question_id], **{name: getattr(choice, name) for name in CHOICE_COLUMNS}
        )
        for choice in Choice.objects.filter(question__in=list(questions)).order_by(
            "question", "position", "pk"
        )
    )


def _cloned(
    old: Question,
    sets: Mapping[int, QuestionSet],
    questions: Mapping[int, Question],
    sessions: Mapping[int, int],
) -> Question | None:
    """Return the question for the new lab, unsaved; None where its session was not cloned."""
    if old.session_id is not None and old.session_id not in sessions:
        return None
    return Question(
        question_set=sets[old.question_set_id],
        session_id=sessions[old.session_id] if old.session_id is not None else None,
        shown_if=questions[old.shown_if_id] if old.shown_if_id is not None else None,
        **{name: getattr(old, name) for name in QUESTION_COLUMNS},
    )
