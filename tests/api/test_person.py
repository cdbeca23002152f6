"""What organisers change of one person by the API."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core.mail.models import Message
from labs.models import Lab
from registrations import managing
from registrations.models import Answer, Registration, Seat
from tests import factories as f
from tests.api.asking import bearer, organiser_of
from tests.api.test_bulk import fields

pytestmark = pytest.mark.django_db

DETAILS = {"name": "Demo participant 8", "language": "el", "time_zone": "Europe/Athens"}


class Program:
    """A program with the token of a lab's organiser."""

    def __init__(self, lab: Lab, *scopes: str) -> None:
        self.lab = lab
        self.headers = bearer(organiser_of(lab), list(scopes))

    def send(self, method: str, person: Registration, path: str, body: Any = None) -> Any:
        address = f"/api/v1/labs/{self.lab.slug}/registrations/{person.public_id}/{path}"
        ask = getattr(Client(), method)
        return ask(address, body or {}, content_type="application/json", headers=self.headers)


@pytest.fixture
def person() -> Registration:
    made: Registration = f.RegistrationFactory(lab=f.LabFactory(), name="Demo participant 7", language="en")
    return made


@pytest.fixture
def program(person: Registration) -> Program:
    return Program(person.lab, "registrations")


def occasions() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("occasion", flat=True))


def test_details_are_replaced_and_stand_in_the_history(program: Program, person: Registration) -> None:
    answer = program.send("put", person, "details", DETAILS)
    assert (answer.status_code, {name: answer.json()[name] for name in DETAILS}) == (200, DETAILS)
    changed = person.history.latest()
    assert (changed.name, changed.history_user is not None) == ("Demo participant 8", True)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"time_zone": "Europe/Atlantis"}, "time_zone"),
        ({"city": "atlantis"}, "city"),
        ({"stakeholder_group": "nobody"}, "stakeholder_group"),
        ({"name": "…"}, "name"),
        ({"language": "de"}, "language"),
        ({"email": "a@example.org"}, "email"),
    ],
)
def test_wrong_details_change_nothing(
    program: Program, person: Registration, wrong: dict[str, str], field: str
) -> None:
    answer = program.send("put", person, "details", DETAILS | wrong)
    assert (answer.status_code, fields(answer)) == (422, [field])
    person.refresh_from_db()
    assert person.name == "Demo participant 7"


def test_a_corrected_address_gets_the_link_and_the_old_links_stop(
    program: Program, person: Registration
) -> None:
    answer = program.send("put", person, "email", {"email": "right@example.org"})
    assert (answer.status_code, answer.json()["email"]) == (200, "right@example.org")
    assert list(Message.objects.values_list("to_email", "occasion")) == [
        ("right@example.org", "registration_link")
    ]
    version = person.link_version
    person.refresh_from_db()
    assert person.link_version == version + 1
    refused = program.send("put", person, "email", {"email": "no address"})
    assert (refused.status_code, fields(refused)) == (422, ["email"])


def test_answers_of_one_set_are_replaced_and_files_stay(program: Program, person: Registration) -> None:
    own = f.QuestionSetFactory(lab=person.lab, slug="own")
    comes = f.QuestionFactory(question_set=own, slug="comes", kind="yes_no", required=True)
    f.QuestionFactory(question_set=own, slug="why", shown_if=comes, shown_if_value="no")
    gala = f.ChoiceFactory(question__question_set=own, question__slug="dinner", slug="gala", places=1)
    paper = f.QuestionFactory(question_set=own, slug="cv", kind="file")
    facts = {"name": "a.pdf", "type": "application/pdf", "size": 9}
    Answer.objects.create(
        registration=person, question=paper, value=facts, file="answers/x.bin", answered_at=timezone.now()
    )
    answers = {"comes": "no", "why": "Ill", "dinner": ["gala"], "cv": facts}
    for _time in range(2):  # what is read can be sent
        answer = program.send("put", person, "answers/own", {"answers": answers})
        assert (answer.status_code, answer.json()["answers"]) == (200, answers)
    changed = person.history.filter(history_change_reason=f"answers:{own.pk}")
    assert [one.history_user.staff_roles.get().lab for one in changed] == [person.lab]
    assert occasions() == []
    shorter = program.send("put", person, "answers/own", {"answers": {"comes": True}})
    assert shorter.json()["answers"] == {"comes": "yes", "cv": facts}
    gala.refresh_from_db()
    assert gala.taken == 0


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({}, ["answers.comes"]),
        ({"comes": "perhaps", "age": "x"}, ["answers.comes", "answers.age"]),
        ({"comes": "yes", "why": "not asked"}, ["answers.why"]),
        ({"comes": "yes", "dinner": "gala"}, ["answers.dinner"]),
        ({"comes": "yes", "of-another-set": "x"}, ["answers.of-another-set"]),
        ({"comes": {"a": 1}}, ["answers.comes"]),
    ],
)
def test_wrong_answers_change_nothing(
    program: Program, person: Registration, answers: dict[str, Any], wrong: list[str]
) -> None:
    own = f.QuestionSetFactory(lab=person.lab, slug="own")
    comes = f.QuestionFactory(question_set=own, slug="comes", kind="yes_no", required=True)
    f.QuestionFactory(question_set=own, slug="why", shown_if=comes, shown_if_value="no")
    f.QuestionFactory(question_set=own, slug="age", kind="number")
    f.ChoiceFactory(question__question_set=own, question__slug="dinner", slug="gala", places=0)
    f.QuestionFactory(question_set__lab=person.lab, slug="of-another-set")
    answer = program.send("put", person, "answers/own", {"answers": answers})
    assert (answer.status_code, fields(answer)) == (422, wrong)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (Answer.objects.count(), person.history.count()) == (0, 1)


def test_answers_that_are_not_for_organisers_to_change(program: Program, person: Registration) -> None:
    for slug, more in (
        ("own", {}),
        ("needs", {"protection": "needs"}),
        ("named", {"protection": "named"}),
        ("unsent", {"stage": "accepted", "opened_at": None}),
    ):
        f.QuestionFactory(question_set=f.QuestionSetFactory(lab=person.lab, slug=slug, **more), slug=slug)
    elsewhere = f.QuestionFactory(question_set__slug="elsewhere")

    def statuses() -> list[int]:
        return [
            program.send("put", person, f"answers/{slug}", {"answers": {slug: "x"}}).status_code
            for slug in ("needs", "named", "unsent", "elsewhere", "no-such-set", "own")
        ]

    assert statuses() == [409, 409, 409, 404, 404, 200]
    managing.cancel(person)
    assert statuses() == [409, 409, 409, 404, 404, 409]
    theirs = f.RegistrationFactory(lab=elsewhere.lab)
    assert program.send("put", theirs, "answers/own", {"answers": {}}).status_code == 404
    reader = Program(person.lab, "attendance")
    assert reader.send("put", person, "answers/own", {"answers": {}}).status_code == 403
    assert [row.question.slug for row in Answer.objects.all()] == ["own"]


def test_the_link_is_sent_again_but_not_twice_at_once(program: Program, person: Registration) -> None:
    sent = [program.send("post", person, "link").json()["is_new"] for _time in range(2)]
    assert (sent, occasions()) == ([True, False], ["registration_link"])


def test_a_seat_is_given_changes_its_mode_and_is_taken_away(program: Program, person: Registration) -> None:
    session = f.SessionFactory(lab=person.lab, format="hybrid", room_capacity=1, online_capacity=1)
    at = f"seats/{session.slug}"
    unsaid = program.send("put", person, at)
    assert (unsaid.status_code, Seat.objects.count()) == (409, 0)
    for mode in ("room", "room", "online"):
        answer = program.send("put", person, at, {"mode": mode})
        assert [(one["mode"], one["state"]) for one in answer.json()["seats"]] == [(mode, "confirmed")]
    assert program.send("delete", person, at).status_code == 204
    assert program.send("delete", person, at).status_code == 204
    assert list(Seat.objects.values_list("state", flat=True)) == ["cancelled"]
    session.refresh_from_db()
    assert (session.room_taken, session.online_taken) == (0, 0)
    assert occasions() == ["registration_changed"] * 3


def test_seats_of_other_labs_and_of_no_session_are_nowhere(program: Program, person: Registration) -> None:
    elsewhere = f.SessionFactory()
    statuses = [
        program.send(method, person, f"seats/{slug}").status_code
        for method in ("put", "delete")
        for slug in (elsewhere.slug, "no-such-session")
    ]
    assert statuses == [404] * 4


def test_a_person_is_erased_and_then_is_nowhere(program: Program, person: Registration) -> None:
    assert program.send("post", person, "erase").status_code == 204
    person.refresh_from_db()
    assert (person.name, person.erased_at is not None) == ("", True)
    assert program.send("post", person, "erase").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("put", "details", DETAILS),
        ("put", "email", {"email": "right@example.org"}),
        ("post", "link", None),
        ("post", "erase", None),
        ("put", "seats/talk", None),
        ("delete", "seats/talk", None),
    ],
)
def test_nothing_is_changed_for_programs_of_other_labs_and_scopes(
    person: Registration, method: str, path: str, body: Any
) -> None:
    f.SessionFactory(lab=person.lab, slug="talk")
    for program, status in (
        (Program(f.LabFactory(), "registrations"), 404),
        (Program(person.lab, "attendance"), 403),
    ):
        program.lab = person.lab
        assert program.send(method, person, path, body).status_code == status
    person.refresh_from_db()
    assert (person.name, person.erased_at, Seat.objects.count(), occasions()) == (
        "Demo participant 7", None, 0, [],
    )  # fmt: skip
