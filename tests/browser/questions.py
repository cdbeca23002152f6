"""The lab's own questions for browsers: every kind, with long texts, needs, and a set after acceptance."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from core.accounts.models import User
from labs.models import Lab
from registrations.models import AnswersView, Question, QuestionSet, Registration
from sessions.models import Session
from tests import factories as f
from tests.walks.questions import answer


def with_questions(
    lab: Lab, session: Session, people: list[Registration], said: Callable[[str], dict[str, str]]
) -> None:
    """Ask something of each kind, and let people answer."""
    own = f.QuestionSetFactory(lab=lab, slug="own", title=said("questions"), introduction=said("why we ask"))
    comes = f.QuestionFactory(
        question_set=own, slug="comes", kind="yes_no", label=said("yes or no"), help=said("a hint")
    )
    for kind in Question.Kind.values:
        more: dict[str, Any] = {"shown_if": comes, "shown_if_value": "yes"} if kind == "long" else {}
        more |= {"session": session, "required": True} if kind == "short" else {}
        asked = f.QuestionFactory(
            question_set=own, slug=f"of-{kind}", kind=kind, label=said(f"a question: {kind}"), **more
        )
        if asked.has_choices:
            for slug, places in (("few", 3), ("full", 0), ("free", None)):
                f.ChoiceFactory(question=asked, slug=slug, label=said(slug), places=places)
    answer(people[0], comes, "yes")
    answer(people[0], own.questions.get(slug="of-several"), ["few", "free"])
    answer(people[0], own.questions.get(slug="of-long"), said("an answer")["en"])
    needs = f.QuestionSetFactory(lab=lab, slug="needs", protection="needs", title=said("needs"))
    answer(
        people[0],
        f.QuestionFactory(question_set=needs, slug="diet", label=said("a need")),
        said("what is needed")["en"],
    )
    later = f.QuestionSetFactory(lab=lab, slug="later", stage="accepted", title=said("travel"))
    f.QuestionFactory(question_set=later, slug="arrival", kind="date", required=True, label=said("arrival"))
    closed = f.QuestionSetFactory(
        lab=lab, slug="closed", stage="accepted", opened_at=None, title=said("entry")
    )
    f.QuestionFactory(question_set=closed, slug="identity", label=said("identity"))


def read_by(lab: Lab, user: User, person: Registration) -> None:
    """Let somebody read the needs, and have opened them."""
    needs = QuestionSet.objects.get(lab=lab, slug="needs")
    needs.readers.add(user)
    for what in AnswersView.What.values:
        AnswersView.objects.create(
            lab=lab,
            question_set=needs,
            set_title="needs",
            registration=person if what in ("person", "file") else None,
            what=what,
            by=user,
            at=timezone.now(),
        )
