"""Many people want the last places of a choice at the same moment. PostgreSQL: real threads with connections of their
own. The control takes places by looking first, and oversells.
"""

from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from core.web.errors import RuleViolation
from labs.viewer import VISITOR
from registrations import (
    answers,
    choice_places,
    erasure,
    managing,
    own_answers,
    questions,
    registering,
    seats,
)
from registrations.models import Answer, Choice, Registration, Seat, TakenPlace
from registrations.question_plans import ChoicePlan, QuestionPlan
from registrations.questionnaire import questionnaire_of
from sessions.models import Session
from tests import factories as f
from tests.api.asking import bearer
from tests.registrations.concurrency import all_at_once, while_open

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("crowds"),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's transactions all take one turn"),
]

PEOPLE, PLACES = 24, 5


def crowd() -> tuple[Session, Choice, Choice, list[Registration]]:
    """People who have not confirmed yet, each with one of two choices of few places."""
    session = f.SessionFactory()
    gala = f.ChoiceFactory(
        question__question_set__lab=session.lab, question__slug="dinner", slug="gala", places=PLACES
    )
    walk = f.ChoiceFactory(question=gala.question, slug="walk", places=PLACES)
    people = f.RegistrationFactory.create_batch(
        PEOPLE, lab=session.lab, state="unconfirmed", confirmed_at=None
    )
    for number, person in enumerate(people):
        # In a session of his or her own, so that no other row makes them take turns.
        own = session if number == 0 else f.SessionFactory(lab=session.lab)
        Seat.objects.create(
            registration=person, session=own, state="requested", mode="online", changed_at=timezone.now()
        )
        chosen = "gala" if number % 2 else "walk"
        Answer.objects.create(
            registration=person, question=gala.question, value=[chosen], answered_at=timezone.now()
        )
    return session, gala, walk, people


def taken(choice: Choice) -> tuple[int, int]:
    choice.refresh_from_db()
    return choice.taken, TakenPlace.objects.filter(choice=choice).count()


def test_as_many_get_a_place_as_there_are_and_the_others_are_told() -> None:
    _session, gala, walk, people = crowd()
    assert all_at_once([partial(registering.confirm, person) for person in people]) == []
    assert (taken(gala), taken(walk)) == ((PLACES, PLACES), (PLACES, PLACES))
    assert Answer.objects.filter(value__isnull=False).count() == 2 * PLACES
    assert Answer.objects.exclude(full=[]).count() == PEOPLE - 2 * PLACES
    assert Registration.objects.active().count() == PEOPLE


def test_the_same_rush_without_the_condition_oversells(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: places that are read before they are counted are given twice, but for the database's constraint."""

    def look_then_write(registration: Registration, wanted: object) -> list[int]:
        full = []
        for pk in sorted(wanted):  # type: ignore[call-overload]
            choice = Choice.objects.get(pk=pk)
            if choice.taken >= (choice.places or 0):
                full.append(pk)
                continue
            TakenPlace.objects.create(registration=registration, choice=choice)
            Choice.objects.filter(pk=pk).update(taken=choice.taken + 1)
        return full

    _session, gala, walk, people = crowd()
    monkeypatch.setattr(choice_places, "take", look_then_write)
    all_at_once([partial(registering.confirm, person) for person in people])
    assert taken(gala)[1] > PLACES or taken(walk)[1] > PLACES


def test_people_who_change_both_ways_organisers_and_erasure_wait_for_nobody_who_waits() -> None:
    session, gala, walk, people = crowd()
    Choice.objects.update(places=PEOPLE)
    for person in people:
        registering.confirm(person)
    by = f.UserFactory()

    def change(person: Registration, slug: str) -> None:
        for _turn in range(4):
            asked = questionnaire_of(session.lab)
            given = asked.check([session.pk], {"dinner": slug}, (), held=own_answers.held_places(person))
            with transaction.atomic():
                answers.change(managing.lock_confirmed(person), asked, given)
            slug = "walk" if slug == "gala" else "gala"

    def rename() -> None:
        for turn in range(4):
            kept = tuple(ChoicePlan({"en": f"{one.slug} {turn}"}, PEOPLE, one.pk) for one in (gala, walk))
            questions.change_question(gala.question, QuestionPlan("one", {"en": "Dinner"}, choices=kept), by)

    works = [
        partial(change, person, "walk" if number % 2 else "gala") for number, person in enumerate(people[:12])
    ]
    works += [partial(managing.cancel, person) for person in people[12:16]]
    works += [partial(erasure.erase, person) for person in people[16:20]]
    assert all_at_once([*works, rename]) == []
    held = TakenPlace.objects.values_list("choice__slug", flat=True)
    assert (taken(gala)[0], taken(walk)[0]) == (list(held).count("gala"), list(held).count("walk"))
    assert choice_places.recount() == []
    assert len(held) == PEOPLE - 8


def test_a_limit_below_what_is_taken_is_refused_also_by_the_database() -> None:
    _session, gala, _walk, people = crowd()
    for person in people[:6]:
        registering.confirm(person)
    assert taken(gala) == (3, 3)
    with pytest.raises(RuleViolation):
        questions.change_question(
            gala.question,
            QuestionPlan("one", {"en": "Dinner"}, choices=(ChoicePlan({"en": "Gala"}, 2, gala.pk),)),
        )
    with pytest.raises(IntegrityError):
        Choice.objects.filter(pk=gala.pk).update(places=2)


def test_a_program_stores_no_answer_about_a_session_that_is_given_up_meanwhile() -> None:
    session = f.SessionFactory()
    person = f.RegistrationFactory(lab=session.lab)
    seats.take(person, {session.pk: session.modes[0]})
    asked = f.QuestionFactory(question_set__lab=session.lab, session=session, slug="meal")
    headers = bearer(f.StaffFactory(lab=session.lab).user)
    address = (
        f"/api/v1/labs/{session.lab.slug}/registrations/{person.public_id}/answers/{asked.question_set.slug}"
    )
    statuses = []

    def enter() -> None:
        sent = {"answers": {"meal": "Soup"}}
        answer = Client().put(address, sent, content_type="application/json", headers=headers)
        statuses.append(answer.status_code)

    assert while_open(lambda: managing.change_sessions(person, VISITOR, {}), enter) == []
    assert (statuses, Answer.objects.count()) == ([409], 0)
