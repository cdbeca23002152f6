"""Two people of one office write the office's address: both keep what is theirs, and see whose email they read."""

import pytest
from django.test import Client

from core.mail.models import Message
from registrations.models import Registration, Seat
from sessions.models import Session
from tests import factories as f
from tests.pages import text_of
from tests.registrations.form_posts import answers, link, mails, post, send

pytestmark = pytest.mark.django_db

OFFICE = "office@example.org"
MARIA, IVAN = "Мария Петрова", "Иван Демо"


def fill_in(client: Client, session: Session, name: str, **more: object) -> None:
    assert send(client, session.lab, answers(session, name=name, email=OFFICE, **more)).status_code in (
        200,
        302,
    )


def person(name: str, **more: object) -> Registration:
    return Registration.objects.get(name=name, **more)


def confirm(client: Client, name: str) -> None:
    assert post(client, link(person(name), "confirm", "registration_confirm")).status_code == 302


@pytest.fixture
def session() -> Session:
    return f.SessionFactory(capacity=5)


def test_both_are_registered_and_each_email_says_whose_it_is(client: Client, session: Session) -> None:
    fill_in(client, session, MARIA)
    fill_in(client, session, IVAN)
    confirm(client, MARIA)

    page = text_of(client.get(link(person(IVAN), "confirm", "registration_confirm")))
    assert f"Already registered with this address: <strong>{MARIA}</strong>" in page
    confirm(client, IVAN)

    assert set(Seat.objects.values_list("registration__name", "state")) == {
        (MARIA, "confirmed"),
        (IVAN, "confirmed"),
    }
    for name in (MARIA, IVAN):
        assert name in text_of(client.get(link(person(name), "manage")))
    said = [(mail.occasion, mail.text.splitlines()[0]) for mail in mails()]
    assert said == [
        ("confirm_address", "Registration of М. П."),
        ("confirm_address", "Registration of И. Д."),
        ("confirmation", f"Dear {MARIA},"),
        ("confirmation", f"Dear {IVAN},"),
    ]
    assert all(
        f"Dear {name}," in mail.html for mail, name in zip(mails("confirmation"), (MARIA, IVAN), strict=True)
    )


def test_links_are_sent_to_each_of_them(client: Client, session: Session) -> None:
    for name in (MARIA, IVAN):
        fill_in(client, session, name)
        confirm(client, name)
    Message.objects.all().delete()

    post(client, "/registrations/link/", {"email": OFFICE, "lab": session.lab.slug})

    assert sorted(mail.to_name for mail in mails("registration_link")) == sorted([MARIA, IVAN])


def test_one_who_leaves_takes_nothing_from_the_other(client: Client, session: Session) -> None:
    for name in (MARIA, IVAN):
        fill_in(client, session, name)
    confirm(client, IVAN)

    post(client, link(person(MARIA), "leave", "registration_leave"))

    assert client.get(link(person(IVAN), "manage")).status_code == 200
    assert person(IVAN).state == "confirmed"


@pytest.mark.parametrize("again", [MARIA, "мария  ПЕТРОВА"])
def test_the_same_person_is_registered_once(client: Client, session: Session, again: str) -> None:
    fill_in(client, session, MARIA)
    fill_in(client, session, again)
    first, second = Registration.objects.order_by("pk")
    assert post(client, link(second, "confirm", "registration_confirm")).status_code == 302
    assert not Registration.objects.filter(pk=first.pk).exists()

    fill_in(client, session, MARIA)

    assert Registration.objects.count() == 1
    assert len(mails("already_registered")) == 1


def test_nobody_takes_the_name_of_a_colleague(client: Client, session: Session) -> None:
    for name in (MARIA, IVAN):
        fill_in(client, session, name)
        confirm(client, name)
    address = link(person(IVAN), "manage", "registration_edit")

    answer = post(client, address, {"name": MARIA.upper(), "language": "en", "time_zone": "Europe/Sofia"})

    assert answer.status_code == 422
    assert "Another person with this name is registered with this email." in text_of(answer)
    assert person(IVAN).state == "confirmed"


def test_one_address_does_not_take_all_seats_under_other_names(client: Client) -> None:
    session = f.SessionFactory(capacity=50)
    for number in range(9):
        f.RegistrationFactory(lab=session.lab, name=f"Person {number}", email=OFFICE)
    fill_in(client, session, IVAN)
    assert post(client, link(person(IVAN), "confirm", "registration_confirm")).status_code == 302
    fill_in(client, session, MARIA)

    refused = post(client, link(person(MARIA), "confirm", "registration_confirm"))

    assert refused.status_code == 409
    assert "Too many people are registered with this email." in text_of(refused)
