"""A person whom an organiser enters."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core.mail.models import Message
from labs.models import Lab
from registrations.links import CONFIRM, MANAGE, path_of
from registrations.models import Registration, Seat
from sessions.models import Session
from tests import factories as f
from tests.pages import client_of, form_of, text_of
from tests.registrations.form_posts import mails

pytestmark = pytest.mark.django_db

PAGE = "/organise/labs/lab/registrations/new/"
State = Registration.State


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab")


@pytest.fixture
def session(lab: Lab) -> Session:
    return f.SessionFactory(lab=lab, slug="session", capacity=1)


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


def enter(client: Client, **answers: Any) -> Any:
    usual = {"name": "Maria Demo", "email": "maria@example.org", "session": ["session"]}
    return client.post(PAGE, form_of(client.get(PAGE)).filled(**usual | answers), follow=True)


def test_a_person_is_registered_at_once_on_the_organisers_word(
    client: Client, lab: Lab, session: Session
) -> None:
    page = text_of(enter(client, how="at-once", consent="on"))
    made = Registration.objects.get()
    assert (made.state, made.entered_by, made.lab) == (State.CONFIRMED, made.submitted_by, lab)
    assert (Seat.objects.get().state, made.consent_text != "") == ("confirmed", True)
    assert list(Message.objects.values_list("occasion", "to_email")) == [
        ("confirmation", "maria@example.org")
    ]
    assert "Entered by" in page
    assert Registration.history.latest().history_user == made.entered_by


def test_the_person_is_told_by_email_what_the_form_asks_and_answers_it_on_the_private_page(
    client: Client, lab: Lab, session: Session
) -> None:
    elsewhere = f.SessionFactory(lab=lab)
    asked = f.QuestionSetFactory(lab=lab, title={"en": "About your visit"})
    for more in ({"required": True}, {}, {"session": elsewhere}):
        f.QuestionFactory(question_set=asked, **more)
    f.QuestionFactory(question_set=f.QuestionSetFactory(lab=lab, stage="accepted"))
    assert "The registration form asks 3 questions." in text_of(client.get(PAGE))

    enter(client, how="at-once", consent="on")

    [mail] = mails("confirmation")
    words = "Answer 2 questions of the organisers on your registration page."
    assert (mail.text.count(words), mail.html.count(words)) == (1, 1)
    page = text_of(Client().get(path_of(Registration.objects.get(), MANAGE)))
    assert "The organisers have questions for you" in page
    assert "About your visit" in page


def test_or_asked_to_confirm_and_consents_by_confirming(client: Client, lab: Lab, session: Session) -> None:
    enter(client, how="ask")
    made = Registration.objects.get()
    assert (made.state, list(Message.objects.values_list("occasion", flat=True))) == (
        State.UNCONFIRMED, ["confirm_address"],
    )  # fmt: skip
    entered = made.consent_at
    visitor = Client()
    page = visitor.get(path_of(made, CONFIRM))
    assert "By confirming, you agree:" in text_of(page)
    assert lab.consent["en"] in text_of(page)
    visitor.post(path_of(made, CONFIRM), form_of(page).filled())
    made.refresh_from_db()
    assert (made.state, made.consent_at > entered) == (State.CONFIRMED, True)


def test_a_closed_lab_takes_people_at_once_only(client: Client, lab: Lab, session: Session) -> None:
    Lab.objects.update(registration_closes_at=lab.registration_opens_at + timedelta(days=1))
    answer = enter(client, how="ask")
    assert (answer.status_code, "Register at once." in text_of(answer)) == (422, True)
    enter(client, how="at-once", consent="on")
    assert Registration.objects.get().state == State.CONFIRMED


def test_a_full_session_gives_a_place_in_its_waiting_list(client: Client, lab: Lab, session: Session) -> None:
    enter(client, how="at-once", consent="on")
    enter(client, how="at-once", consent="on", name="Petra Demo", email="petra@example.org")
    assert list(Seat.objects.order_by("pk").values_list("state", flat=True)) == ["confirmed", "waiting"]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"name": ""}, "Enter your name."),
        ({"name": "…"}, "Use letters."),
        ({"email": "nobody"}, "Enter an email address like name@example.org."),
        ({"session": None}, "Choose at least one session."),
        ({"session": ["no-such"]}, "no longer open"),
        ({"how": ""}, "Choose how the registration is confirmed."),
        ({"how": "at-once"}, "Tick this if the person has agreed"),
        ({"time_zone": "Mars/Olympus"}, "Choose"),
        ({"form_key": "made-up"}, "This form is incomplete"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_saved(
    client: Client, lab: Lab, session: Session, answers: dict[str, Any], said: str
) -> None:
    answer = enter(client, **{"how": "ask"} | answers)
    assert (answer.status_code, said in text_of(answer)) == (422, True)
    assert (Registration.objects.count(), Message.objects.count()) == (0, 0)


def test_nobody_is_entered_twice(client: Client, lab: Lab, session: Session) -> None:
    data = form_of(client.get(PAGE)).filled(
        name="Maria Demo", email="maria@example.org", session=["session"], how="at-once", consent="on"
    )
    for _each in range(2):
        client.post(PAGE, data)
    assert (Registration.objects.count(), Message.objects.count()) == (1, 1)
    answer = enter(client, how="at-once", consent="on", name="MARIA  demo")
    assert (answer.status_code, "already registered" in text_of(answer)) == (422, True)


def test_an_internal_session_is_offered_to_organisers(client: Client, lab: Lab, session: Session) -> None:
    f.SessionFactory(lab=lab, slug="internal", visibility="internal")
    enter(client, how="at-once", consent="on", session=["internal"])
    assert Seat.objects.get().session.slug == "internal"
