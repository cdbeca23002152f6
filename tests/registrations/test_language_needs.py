"""Which languages people with a seat need in a session, and where these are neither spoken nor interpreted."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from labs.models import Lab
from registrations import question_blocks, seats
from registrations.language_needs import needs_of
from registrations.models import Answer, Question, QuestionSet, Registration
from sessions.conflict_words import in_words
from sessions.conflicts import conflicts_of
from sessions.models import Session
from tests import factories as f
from tests.pages import client_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    lab: Lab = f.LabFactory(slug="lab", languages=["en", "bg"])
    return lab


@pytest.fixture
def session(lab: Lab) -> Session:
    session: Session = f.SessionFactory(
        lab=lab,
        slug="opening",
        title={"en": "Opening"},
        spoken_languages=["en"],
        join_link="https://meet.example.org/x",
    )
    f.AppearanceFactory(session=session)
    return session


def seated(session: Session, language: str, count: int = 1) -> list[Registration]:
    people = [f.RegistrationFactory(lab=session.lab, language=language) for _one in range(count)]
    for person in people:
        seats.take(person, {session.pk: "online"})
    return people


def asking(lab: Lab, protection: str = "ordinary") -> Question:
    question_blocks.add_block(lab, "interpretation")
    QuestionSet.objects.update(protection=protection)
    return Question.objects.prefetch_related("choices").get(kind="several")


def answer(question: Question, person: Registration, place: int) -> None:
    slug = question.choices.order_by("position")[place].slug
    Answer.objects.create(registration=person, question=question, value=[slug], answered_at=timezone.now())


def kinds(lab: Lab) -> list[tuple[str, tuple[str, ...], int]]:
    return [(one.kind.value, one.slugs, one.count) for one in conflicts_of(lab)]


def test_people_count_by_the_language_of_their_emails_and_by_what_they_asked_for(
    lab: Lab, session: Session
) -> None:
    seated(session, "en", 2)
    [one, other] = seated(session, "bg", 2)
    question = asking(lab)
    answer(question, one, 1)  # Into Bulgarian
    answer(question, other, 3)  # Into International Sign
    f.RegistrationFactory(lab=lab, language="el")  # without a seat
    found = [(need.language, need.people, need.asked) for need in needs_of([session])[session.pk]]
    assert found == [("bg", 2, 1), ("en", 2, 0), ("ils", 1, 1)]


def test_answers_that_only_named_people_read_are_not_counted(lab: Lab, session: Session) -> None:
    [one] = seated(session, "en")
    answer(asking(lab, "needs"), one, 3)
    assert [need.language for need in needs_of([session])[session.pk]] == ["en"]


def test_who_asked_makes_a_conflict_and_who_reads_only_together(lab: Lab, session: Session) -> None:
    readers = seated(session, "bg", 4)
    assert kinds(lab) == []
    question = asking(lab)
    answer(question, readers[0], 1)
    assert kinds(lab) == [("language-need", ("bg",), 4)]
    Answer.objects.all().delete()
    assert kinds(lab) == []
    seated(session, "bg")
    assert kinds(lab) == [("language-need", ("bg",), 5)]
    Session.objects.update(interpretation_order_by=date(2027, 3, 1))
    [conflict] = conflicts_of(lab)
    assert in_words(conflict) == (
        "5 people with a seat in “Opening” need this language, which is neither spoken nor interpreted: Bulgarian. "
        "Interpreters have to be ordered by 1 March 2027."
    )
    with translation.override("bg"):
        assert "български" in in_words(conflict)
    Session.objects.update(interpreted_languages=["bg"], interpretation_ordered_on=date(2027, 2, 1))
    assert kinds(lab) == []
    Session.objects.update(interpreted_languages=[], spoken_languages=[])
    assert kinds(lab) == []  # nothing is known of its languages


def test_organisers_see_the_need_beside_the_languages(lab: Lab, session: Session, client: Client) -> None:
    seated(session, "bg", 2)
    page = text_of(
        client_of(f.StaffFactory(lab=lab).user).get(reverse("console_session_edit", args=["lab", "opening"]))
    )
    assert (
        '<tr><th scope="row">Bulgarian</th><td class="num">2</td><td class="num">0</td><td>No</td></tr>'
        in page
    )
