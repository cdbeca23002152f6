"""Where a session takes place, in the same words wherever somebody reads of it."""

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.mail.models import Message
from core.mail.rendering import rendered
from labs.models import Lab
from registrations import seats
from registrations.models import Registration
from sessions import publishing
from sessions.models import Session
from tests import factories as f
from tests.registrations.form_posts import answers, link, mails, post, send
from tests.registrations.test_hours_over_a_change import words_of
from tests.registrations.test_notifications import work

pytestmark = pytest.mark.django_db

VENUE = {"en": "Town hall", "bg": "Община"}
HERE = {"online": False, "address": "5 Square, Sofia", "name": {"en": "Hall 2", "bg": "Зала 2"}}
ONLINE = {"online": True, "name": {"en": "Plenary"}, "join_link": "https://meet.example.org/plenary"}
PLACES = [
    ("hybrid", HERE, "Hall 2, 5 Square, Sofia, Town hall"),
    ("hybrid", {**HERE, "address": "Town hall, 5 Square"}, "Hall 2, Town hall, 5 Square"),
    ("in-person", None, "Town hall"),
    ("online", None, "Online"),
    ("online", ONLINE, "Plenary, online"),
]


def a_session(format: str, room: dict[str, Any] | None, **session: Any) -> Session:
    lab: Lab = f.LabFactory(format=format, venue=VENUE)
    return f.SessionFactory(lab=lab, room=f.RoomFactory(lab=lab, **room) if room else None, **session)


def confirmed(client: Client, session: Session, **changes: Any) -> Registration:
    send(client, session.lab, answers(session, **changes))
    person = Registration.objects.get()
    post(client, link(person, "confirm", "registration_confirm"))
    return person


def both_bodies(message: Message) -> tuple[str, str]:
    content = rendered(message, reveal=True)
    return content.text, " ".join(html.unescape(content.html).split())


@pytest.mark.parametrize(("format", "room", "place"), PLACES)
def test_pages_emails_and_calendars_say_the_same_place(
    client: Client, format: str, room: dict[str, Any] | None, place: str
) -> None:
    session = a_session(format, room)
    lab = session.lab

    assert f"{place}" in words_of(client.get(reverse("lab", args=[lab.slug])))
    assert place in words_of(client.get(reverse("session", args=[lab.slug, session.slug])))
    assert place in words_of(client.get(reverse("register", args=[lab.slug])))
    person = confirmed(client, session)
    assert place in words_of(client.get(link(person, "manage")))
    text, page = both_bodies(mails("confirmation")[0])
    assert f"\nPlace: {place}\n" in text
    assert f">{place}<" in page
    entry = client.get(reverse("session_feed", args=[lab.slug, session.slug])).content.decode()
    assert "LOCATION:" + place.replace(",", "\\,") in entry.replace("\r\n ", "")


@pytest.mark.parametrize(
    ("format", "room", "linked"),
    [
        ("hybrid", HERE, ["query=5+Square%2C+Sofia%2C+Town+hall"]),
        ("in-person", None, ["query=Town+hall"]),
        ("in-person", {**HERE, "address": "</a>&x=\"'"}, ["query=%3C%2Fa%3E%26x%3D%22%27%2C+Town+hall"]),
        ("online", None, []),
        ("online", {**ONLINE, "address": "5 Square"}, []),
    ],
)
def test_an_address_leads_to_a_map_that_learns_no_private_link(
    client: Client, format: str, room: dict[str, Any] | None, linked: list[str]
) -> None:
    session = a_session(format, room)
    person = confirmed(client, session)
    lab = session.lab
    for page in (
        reverse("lab", args=[lab.slug]),
        reverse("session", args=[lab.slug, session.slug]),
        reverse("register", args=[lab.slug]),
        link(person, "manage"),
    ):
        found = re.findall(
            r'<a href="https://www.openstreetmap.org/search\?([^"]*)" rel="noopener noreferrer nofollow"',
            client.get(page).content.decode(),
        )
        assert found == linked, page


def test_a_place_in_two_languages_is_one_element(client: Client) -> None:
    """Where a sign and a place stand beside each other with a gap, none comes before the comma of an address."""
    session = a_session("in-person", {"name": {"en": "Quay Hall"}, "address": "1 Quay", "online": False})
    person = confirmed(client, session)
    for address in (reverse("lab", args=[session.lab.slug]), link(person, "manage")):
        page = client.get(f"{address}?lang=bg").content.decode()
        assert '<span><span lang="en">Quay Hall</span>, <a ' in page, address


def test_every_email_that_lists_a_session_says_where_it_is(client: Client) -> None:
    session = a_session("hybrid", HERE, capacity=1)
    first, second = (f.RegistrationFactory(lab=session.lab, language="bg") for _ in range(2))
    for person in (first, second):
        seats.take(person, {session.pk: "room"})
    post(client, link(first, "manage", "registration_give_up", session.slug))
    publishing.cancel(session)
    work("registrations.tell")
    publishing.restore(session, tell=True)
    work("registrations.tell")

    listing = ("seat_is_yours", "session_cancelled", "session_restored")
    assert {message.occasion for message in mails()} >= set(listing)
    for occasion in listing:
        text, page = both_bodies(mails(occasion)[0])
        assert "\nМясто: Зала 2, 5 Square, Sofia, Община\n" in text
        assert ">Зала 2, 5 Square, Sofia, Община<" in page


def test_who_has_a_seat_is_told_how_to_join_and_who_waits_is_not(client: Client) -> None:
    session = a_session("online", ONLINE, capacity=1)
    confirmed(client, session)
    text, page = both_bodies(mails("confirmation")[0])
    assert "\nJoin online:\nhttps://meet.example.org/plenary\n" in text
    assert 'href="https://meet.example.org/plenary"' in page

    send(client, session.lab, answers(session, email="second@example.org"))
    waiting = Registration.objects.latest("pk")
    post(client, link(waiting, "confirm", "registration_confirm"))
    said = "".join(both_bodies(mails("confirmation")[1]))
    assert "Waiting list" in said
    assert "meet.example.org" not in said.replace("\u200b", "")


def test_a_link_that_is_not_there_yet_is_promised(client: Client) -> None:
    session = a_session("online", {**ONLINE, "join_link": ""})
    person = confirmed(client, session)

    for said in both_bodies(mails("confirmation")[0]):
        assert "The join link will be on your registration page." in said
    assert "The join link will be here before the session." in words_of(client.get(link(person, "manage")))


def test_another_address_in_a_title_is_still_no_link(client: Client) -> None:
    session = a_session("online", ONLINE, title={"en": "See https://evil.example/now"})
    confirmed(client, session)

    text, _page = both_bodies(mails("confirmation")[0])
    assert "https://evil.example" not in text
    assert "https://meet.example.org/plenary" in text


def test_a_hybrid_session_is_in_both_places_and_each_person_s_is_where_he_or_she_attends(
    client: Client,
) -> None:
    session = a_session("hybrid", None)
    lab = session.lab
    for address in (reverse("lab", args=[lab.slug]), reverse("session", args=[lab.slug, session.slug])):
        assert "Town hall and online" in words_of(client.get(address))
    for mode, place, other in (("room", "Town hall", "Online"), ("online", "Online", "Town hall")):
        Message.objects.all().delete()
        person = f.RegistrationFactory(lab=lab)
        seats.take(person, {session.pk: mode})
        own = (
            words_of(client.get(link(person, "manage")))
            .partition("Your sessions")[2]
            .partition("Calendar")[0]
        )
        assert (place in own, other in own) == (True, False)
