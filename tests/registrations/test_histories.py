"""What somebody reads about a registration afterwards: who nominated, who accepted, who cancelled."""

from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from core.mail.models import Message
from core.web.idempotency import new_form_key
from registrations import city_contacts, links, managing, seats
from registrations.models import Registration
from sessions.models import Session
from tests import factories as f
from tests.api.asking import bearer, organiser_of
from tests.emails import with_bodies
from tests.registrations.nominating import contact_of, name, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def session() -> Session:
    return f.SessionFactory(
        title={"en": "Opening"}, format="hybrid", room_capacity=2, online_capacity=2, waiting_list=True
    )


def history(client: Client, person: Registration) -> list[str]:
    """Return the sentences on the private page about sessions and the registration, oldest first."""
    page = client.get(links.path_of(person, links.MANAGE)).content.decode()
    rows = page.split('<ol class="history">')[1].split("</ol>")[0].split("<li>")[1:]
    said = [unescape(strip_tags(row.split("<span>")[1])).strip() for row in rows]
    return [words for words in said if not words.startswith("Email “")][::-1]


def accepted_online(client: Client, session: Session) -> tuple[Registration, str, int]:
    """Name somebody, who accepts and chooses online; return the person, the contact's token and the nomination."""
    contact, places = contact_of(session)
    made = name(contact, places, session)
    person = made.registration
    assert person is not None
    path = links.path_of(person, links.NOMINEE)
    said = {"answer": "accept", "consent": "on", f"mode:{session.slug}": "online"}
    assert client.post(path, said).status_code == 302
    return person, city_contacts.token_of(contact), made.pk


ACCEPTED = [
    "Rome nominated you",
    "Your city holds a seat for you: Opening",
    "You chose to attend online: Opening",
    "You accepted the nomination",
    "You have a seat: Opening",
]


def text_of(occasion: str) -> str:
    return with_bodies(Message.objects.get(occasion=occasion)).text


def test_whoever_accepts_reads_what_happened(client: Client, session: Session) -> None:
    person, _token, _nomination = accepted_online(client, session)
    assert history(client, person) == ACCEPTED


@pytest.mark.parametrize("how", ["replace", "withdraw"])
def test_whom_the_city_takes_back_reads_that_the_city_did(client: Client, session: Session, how: str) -> None:
    person, token, nomination = accepted_online(client, session)
    path = reverse(f"nominating_{how}", args=[token, nomination])
    said = sent(session, name_0="Elena", email_0="elena@example.org")
    assert client.post(path, said).status_code == 302
    ended, moved = {
        "replace": (
            "Rome named someone else instead of you",
            "Your city gave the seat to someone else: Opening",
        ),
        "withdraw": ("Rome withdrew your nomination", "Your city took the seat back: Opening"),
    }[how]
    assert history(client, person) == [*ACCEPTED, ended, moved]
    page = client.get(links.path_of(person, links.MANAGE)).content.decode()
    assert (f"{ended}." in page, "You have given up" in page) == (True, False)
    mail = text_of("nomination_ended")
    assert ("Rome, which nominated you" in mail, "given up" in mail) == (True, False)
    assert not Message.objects.filter(occasion="registration_cancelled").exists()
    # The organisers read the same reason.
    client.force_login(f.StaffFactory(lab=session.lab).user)
    console = reverse("console_registration", args=[session.lab.slug, person.public_id])
    reason = "The city named someone else" if how == "replace" else "The city withdrew the nomination"
    assert client.get(console).content.decode().count(reason) >= 2


def test_an_open_nomination_that_ended_says_who_ended_it(client: Client, session: Session) -> None:
    contact, places = contact_of(session)
    made, other = name(contact, places, session), name(contact, places, session, "Elena")
    withdraw = reverse("nominating_withdraw", args=[city_contacts.token_of(contact), made.pk])
    client.post(withdraw, {"form_key": new_form_key()})
    told = Message.objects.get(occasion="nomination_ended")
    assert (told.registration_id, told.to_name) == (made.registration_id, "")
    mail = text_of("nomination_ended")
    assert ("You no longer need to answer." in mail, "Your registration is cancelled" in mail) == (
        True,
        False,
    )
    for nomination, words in ((made, "Rome withdrew your nomination."), (other, "You declined")):
        assert nomination.registration is not None
        path = links.path_of(nomination.registration, links.NOMINEE)
        if nomination == other:
            client.post(path, {"answer": "decline", "confirmed": "yes"})
        assert words in client.get(path).content.decode()


def test_whoever_cancels_keeps_history_and_links(client: Client, session: Session) -> None:
    person = f.RegistrationFactory(lab=session.lab)
    seats.take(person, {session.pk: "room"})
    client.post(links.path_of(person, links.MANAGE) + "cancel/")
    assert history(client, person)[-2:] == [
        "You cancelled your registration",
        "Given up when the registration was cancelled: Opening",
    ]
    token = links.token_of(person, links.MANAGE)
    every = client.post(reverse("registration_all", args=[token]), follow=True)
    assert "We’re emailing you a link to all your registrations." in every.content.decode()
    assert client.post(reverse("registration_export", args=[token])).status_code == 200


def test_whom_organisers_cancel_reads_that_they_did(client: Client, session: Session) -> None:
    person = f.RegistrationFactory(lab=session.lab)
    seats.take(person, {session.pk: "room"})
    managing.cancel(person, f.StaffFactory(lab=session.lab).user)
    assert history(client, person)[-2] == "The organisers cancelled your registration"
    mail = text_of("registration_cancelled")
    assert ("The organisers cancelled" in mail, "You have given up" in mail) == (True, False)
    path = f"/api/v1/labs/{session.lab.slug}/registrations/{person.public_id}"
    answer = client.get(path, headers=bearer(organiser_of(session.lab)))
    assert answer.json()["cancelled_as"] == "by-organiser"


def test_a_full_room_is_nominated_online(client: Client) -> None:
    session = f.SessionFactory(format="hybrid", room_capacity=1, online_capacity=2)
    contact, places = contact_of(session)
    made = [name(contact, places, session, who) for who in ("Maria", "Elena")]
    assert list(session.seats.order_by("pk").values_list("state", "mode")) == [
        ("held", "room"),
        ("held", "online"),
    ]
    for nomination, chosen in zip(made, ("room", "online"), strict=True):
        assert nomination.registration is not None
        page = client.get(links.path_of(nomination.registration, links.NOMINEE)).content.decode()
        label = {"room": "In person", "online": "Online"}[chosen]
        assert f'<option value="{chosen}" selected>{label}: your seat is held</option>' in page
