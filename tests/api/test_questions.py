"""Questions through the API: read by everybody who may register, built by organisers, answered by other programs."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from labs.models import ApiToken, Lab
from registrations import choice_places
from registrations.models import Answer, AnswersView, NeedsConsent, Question, QuestionSet, Registration
from tests import factories as f
from tests.walks.questions import answer
from tests.walks.world import api_token_for

pytestmark = pytest.mark.django_db


class Caller:
    """A program with a key of somebody's, or with none."""

    def __init__(
        self, lab: Lab, user: Any = None, scopes: tuple[str, ...] = ("read", "registrations")
    ) -> None:
        self.base = f"/api/v1/labs/{lab.slug}"
        self.headers = (
            {"Authorization": f"Bearer {api_token_for(user, 'key', scopes=list(scopes))}"} if user else {}
        )
        self.calls = 0

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        self.calls += 1
        data = {} if body is None else {"data": body, "content_type": "application/json"}
        key = {"Idempotency-Key": f"the key of call {self.calls}"}
        said = getattr(Client(), method)(f"{self.base}{path}", headers=self.headers | key, **data)
        return said.status_code, said.json() if said.content else None


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory()


@pytest.fixture
def organiser(lab: Lab) -> Caller:
    return Caller(lab, f.StaffFactory(lab=lab).user)


def fields(said: tuple[int, Any]) -> tuple[int, list[str]]:
    return said[0], sorted(one["field"] for one in said[1].get("errors", ()))


def test_a_form_is_built_and_read(lab: Lab, organiser: Caller):
    status, made = organiser("post", "/question-sets", {"title": {"en": "Your work"}, "retention_days": 10})
    assert (status, made["slug"], made["questions"]) == (201, "your-work", [])
    body = {
        "set": "your-work",
        "kind": "several",
        "label": {"en": "Topics"},
        "maximum": 2,
        "choices": [{"label": {"en": "Skills"}}, {"label": {"en": "Funding"}, "places": 3}],
    }
    status, question = organiser("post", "/questions", body)
    assert status == 201
    assert question["choices"] == [
        {"slug": "skills", "label": {"en": "Skills"}, "places": None, "places_left": None},
        {"slug": "funding", "label": {"en": "Funding"}, "places": 3, "places_left": 3},
    ]
    depends = {
        "set": "your-work",
        "kind": "long",
        "label": {"en": "Why?"},
        "shown_if": "topics",
        "shown_if_value": "skills",
    }
    assert organiser("post", "/questions", depends)[1]["shown_if"] == "topics"
    status, seen = Caller(lab)("get", "/questions")
    assert status == 200
    assert [(one["slug"], [each["slug"] for each in one["questions"]]) for one in seen["sets"]] == [
        ("your-work", ["topics", "why"])
    ]
    assert organiser("delete", "/questions/topics")[0] == 409
    assert organiser("delete", "/questions/why")[0] == 204
    assert organiser("delete", "/question-sets/your-work")[0] == 204
    assert not Question.objects.exists()


def test_what_does_not_fit_is_told_by_the_caller_s_names(lab: Lab, organiser: Caller):
    f.QuestionSetFactory(lab=lab, slug="own")
    wrong: list[tuple[dict[str, Any], tuple[int, list[str]]]] = [
        ({"kind": "poem"}, (422, ["kind"])),
        ({"kind": "one"}, (422, ["choices"])),
        ({"session": "nowhere"}, (422, ["session"])),
        ({"shown_if": "nothing", "shown_if_value": "x"}, (422, ["shown_if"])),
        ({"retention_days": 366}, (422, ["retention_days"])),
        ({"minimum": 1}, (422, ["minimum"])),
        ({"label": {"xx": "?"}}, (422, ["label"])),
        ({"colour": "red"}, (422, ["colour"])),
        ({"choices": [{"label": {"en": "A"}, "slug": "b"}]}, (422, ["choices.0.slug"])),
        ({"maximum": float(10**13)}, (422, ["maximum"])),
    ]
    for changes, expected in wrong:
        said = organiser(
            "post", "/questions", {"set": "own", "kind": "short", "label": {"en": "Why?"}, **changes}
        )
        assert fields(said) == expected or (said[0] == 422 and expected[1] == ["minimum"]), (changes, said)
    assert (
        organiser("post", "/questions", {"set": "none", "kind": "short", "label": {"en": "Why?"}})[0] == 404
    )
    assert not Question.objects.exists()


def test_a_change_of_an_answered_question_has_to_be_accepted(lab: Lab, organiser: Caller):
    question = f.QuestionFactory(
        question_set__lab=lab, question_set__slug="own", slug="why", label={"en": "Why?"}
    )
    answer(f.RegistrationFactory(lab=lab), question, "To learn")
    body = {"set": "own", "kind": "number", "label": {"en": "Why?"}}
    status, said = organiser("put", "/questions/why", body)
    assert (status, said["detail"]) == (409, "The kind of answer changes: 1 answer will be deleted.")
    assert organiser("put", "/questions/why", {**body, "accept_effects": True})[0] == 200
    assert not Answer.objects.exists()


def test_a_limited_choice_has_no_taken_places_left_when_its_question_becomes_another(
    lab: Lab, organiser: Caller
):
    question = f.QuestionFactory(question_set__lab=lab, question_set__slug="own", slug="trip", kind="several")
    choice = f.ChoiceFactory(question=question, slug="boat", places=1)
    person = f.RegistrationFactory(lab=lab)
    answer(person, question, ["boat"])
    choice_places.take(person, {choice.pk: choice})
    label = {"en": "Trip"}
    body = {
        "set": "own",
        "kind": "one",
        "label": label,
        "choices": [{"slug": "boat", "label": label, "places": 1}],
    }
    assert organiser("put", "/questions/trip", {**body, "accept_effects": True})[0] == 200
    choice.refresh_from_db()
    assert (choice.taken, choice_places.recount()) == (0, [])


def test_only_organisers_build_and_only_with_the_scope(lab: Lab):
    f.QuestionFactory(question_set__lab=lab, question_set__slug="own", slug="why")
    door = Caller(lab, f.StaffFactory(lab=lab, role="door").user)
    elsewhere = Caller(lab, f.StaffFactory().user)
    reader = Caller(lab, f.StaffFactory(lab=lab).user, ("read",))
    body = {"title": {"en": "Ours"}}
    for caller, status in ((Caller(lab), 404), (door, 404), (elsewhere, 404), (reader, 403)):
        assert caller("post", "/question-sets", body)[0] == status
        assert caller("put", "/question-sets/own", body)[0] == status
        assert caller("delete", "/questions/why")[0] == status
        assert caller("post", "/question-sets/own/answers")[0] == status
    assert Question.objects.count() == 1


def registration(session: Any, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Demo participant",
        "email": "demo@example.org",
        "sessions": [session.slug],
        "language": "en",
        "time_zone": "Europe/Sofia",
        "consent": True,
        **changes,
    }


def test_answers_of_a_registration_are_checked_as_on_the_page(lab: Lab, organiser: Caller):
    session, hidden = f.SessionFactory(lab=lab), f.SessionFactory(lab=lab, visibility="internal")
    own = f.QuestionSetFactory(lab=lab, slug="own")
    f.QuestionFactory(question_set=own, slug="comes", kind="yes_no", required=True)
    f.QuestionFactory(question_set=own, slug="of-hidden", session=hidden, required=True)
    f.ChoiceFactory(question=f.QuestionFactory(question_set=own, slug="menu", kind="several"), slug="fish")
    needs = f.QuestionSetFactory(lab=lab, slug="needs", protection="needs")
    f.QuestionFactory(question_set=needs, slug="diet")
    visitor = Caller(lab)
    for answers, expected in (
        ({}, ["answers.comes"]),
        ({"comes": "maybe"}, ["answers.comes"]),
        ({"comes": True, "nothing": "x"}, ["answers.nothing"]),
        ({"comes": True, "of-hidden": "x"}, ["answers.of-hidden"]),
        ({"comes": True, "menu": ["meat"]}, ["answers.menu"]),
        ({"comes": True, "menu": {"a": 1}}, ["answers.menu"]),
        ({"comes": True, "diet": "Vegan"}, ["consents.needs"]),
    ):
        assert fields(visitor("post", "/registrations", registration(session, answers=answers))) == (
            422,
            expected,
        )
    assert not Registration.objects.exists()
    body = registration(
        session, answers={"comes": True, "menu": ["fish"], "diet": "Vegan"}, consents=["needs"]
    )
    assert visitor("post", "/registrations", body)[0] == 202
    assert NeedsConsent.objects.count() == 1
    [row] = organiser("get", "/registrations")[1]["items"]
    assert row["answers"] == {"comes": "yes", "menu": ["fish"]}
    assert [one["slug"] for one in visitor("get", "/questions")[1]["sets"][0]["questions"]] == [
        "comes",
        "menu",
    ]


def test_protected_answers_are_given_to_named_people_and_recorded(lab: Lab, organiser: Caller):
    needs = f.QuestionSetFactory(lab=lab, slug="needs", protection="needs")
    diet = f.QuestionFactory(question_set=needs, slug="diet")
    person = f.RegistrationFactory(lab=lab, name="Demo person", email="demo@example.org")
    answer(person, diet, "Coeliac")
    assert organiser("get", "/registrations")[1]["items"][0]["answers"] == {}
    assert organiser("post", "/question-sets/needs/answers")[0] == 403
    assert not AnswersView.objects.exists()
    needs.readers.add(ApiToken.objects.get().user)
    status, said = organiser("post", "/question-sets/needs/answers")
    assert (status, said) == (
        200,
        {
            "people": [
                {
                    "registration": str(person.public_id),
                    "name": "Demo person",
                    "email": "demo@example.org",
                    "answers": {"diet": "Coeliac"},
                }
            ]
        },
    )
    assert AnswersView.objects.get().what == "api"


def test_a_set_after_acceptance_is_seen_by_organisers_and_opened_once(lab: Lab, organiser: Caller):
    later = f.QuestionSetFactory(lab=lab, slug="later", stage="accepted", opened_at=None)
    assert organiser("post", "/question-sets/later/open")[0] == 409
    f.QuestionFactory(question_set=later, slug="arrival", kind="date")
    assert Caller(lab)("get", "/questions")[1] == {"sets": []}
    assert [one["slug"] for one in organiser("get", "/questions")[1]["sets"]] == ["later"]
    for _twice in range(2):
        assert organiser("post", "/question-sets/later/open")[0] == 200
    assert QuestionSet.objects.get().opened_at <= timezone.now()


def test_an_organiser_enters_somebody_who_answers_later(lab: Lab, organiser: Caller):
    session = f.SessionFactory(lab=lab)
    f.QuestionFactory(question_set__lab=lab, question_set__slug="own", slug="why", required=True)
    body = registration(session, confirmed=True)
    wrong = organiser("post", "/registrations/entered", {**body, "answers": {"why": "x" * 201}})
    assert fields(wrong) == (422, ["answers.why"])
    status, made = organiser("post", "/registrations/entered", body)
    assert (status, made["answers"]) == (201, {})
    status, made = organiser(
        "post", "/registrations/entered", {**body, "email": "b@example.org", "answers": {"why": "To learn"}}
    )
    assert (status, made["answers"]) == (201, {"why": "To learn"})
