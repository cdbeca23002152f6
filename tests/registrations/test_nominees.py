"""What somebody whom a city named meets on the way to being registered."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.mail.models import Message
from labs.models import Lab
from registrations import (
    asking_for_links,
    city_contacts,
    erasure,
    links,
    managing,
    my_registrations,
    nominations,
    nominations_board,
    organiser_actions,
    registering,
)
from registrations.models import BulkAction, CityContact, Nomination, NominationPlaces, Registration
from sessions import publishing
from sessions.models import Session
from tests import factories as f
from tests.api.asking import bearer
from tests.emails import with_bodies
from tests.pages import client_of, form_of, forms_of, text_of
from tests.registrations.form_posts import post, send_links
from tests.registrations.nominating import NOW, accept, contact_of, name

pytestmark = pytest.mark.django_db


@pytest.fixture
def session() -> Session:
    return f.SessionFactory(capacity=2, waiting_list=True)


def person_of(nomination: Nomination) -> Registration:
    assert nomination.registration is not None
    return nomination.registration


def accepted_on_page(client: Client, person: Registration, **typed: str) -> int:
    """Open the page, send what it holds, and return the answer's status."""
    path = links.path_of(person, links.NOMINEE)
    return post(
        client, path, form_of(client.get(path)).filled(answer="accept", consent="on", **typed)
    ).status_code


def bulk(console: Client, lab: Lab, person: Registration, action: str) -> Any:
    """Tick a person in the list, choose an action, and answer the question with yes."""
    people = reverse("console_registrations", args=[lab.slug])
    form = next(one for one in forms_of(console.get(people)) if one.action == f"{people}bulk/")
    asked = console.post(form.action, form.filled(person=[str(person.public_id)], action=action))
    return console.post(form.action, form_of(asked).filled(), follow=True)


def test_a_nominee_agrees_to_the_text_that_was_shown(client: Client, session: Session) -> None:
    person = person_of(name(*contact_of(session), session))
    path = links.path_of(person, links.NOMINEE)
    typed = form_of(client.get(path)).filled(answer="accept", consent="on")
    session.lab.consent = {"en": "Other words."}
    session.lab.save()

    refused = post(client, path, typed)

    person.refresh_from_db()
    assert (refused.status_code, person.state) == (422, "unconfirmed")
    assert "The text below has changed since you opened the form." in text_of(refused)
    assert "Other words." in text_of(refused)
    assert "consent" not in form_of(refused).filled()
    assert post(client, path, form_of(refused).filled(answer="accept", consent="on")).status_code == 302
    assert Registration.objects.get(pk=person.pk).consent_text == "Other words."


HOW = {
    "decline": ("declined", "Declined", 1),
    "cancel-accepted": ("declined", "Declined", 1),
    "erase": ("declined", "Declined", 1),
    "organiser-cancels": ("cancelled", "Cancelled by the organisers", 0),
    "organiser-erases": ("cancelled", "Cancelled by the organisers", 0),
    "nothing": ("no_answer", "No answer", 0),
    "nothing-until-deleted": ("no_answer", "No answer", 0),
}


@pytest.mark.parametrize("how", HOW)
def test_only_who_declined_is_said_to_have_declined(client: Client, session: Session, how: str) -> None:
    contact, places = contact_of(session)
    nomination = name(contact, places, session)
    person, staff = person_of(nomination), f.StaffFactory(lab=session.lab).user
    if how == "decline":
        post(client, links.path_of(person, links.NOMINEE), {"answer": "decline", "confirmed": "yes"})
    elif how == "cancel-accepted":
        managing.cancel(accept(nomination))
    elif how == "organiser-cancels":
        bulk(client_of(staff), session.lab, person, "cancel")
    elif "erase" in how:
        erasure.erase(person, staff if how == "organiser-erases" else None)
    else:
        Registration.objects.update(nominated_until=NOW())
        CityContact.objects.update(deadline=NOW())
    if how == "nothing-until-deleted":
        erasure.delete_unconfirmed(Registration.objects.all())

    answer, words, declined = HOW[how]
    assert words in text_of(client.get(reverse("nominating", args=[city_contacts.token_of(contact)])))
    [row] = nominations_board.board(session.lab)
    assert (row.named, row.accepted, row.declined) == (1, 0, declined)
    path, board = (
        reverse(f"api:{one}", args=[session.lab.slug]) for one in ("nominations", "nominations_board")
    )
    [listed] = client.get(path, headers=bearer(staff)).json()["items"]
    [of_city] = client.get(board, headers=bearer(staff)).json()["cities"]
    assert (listed["answer"], of_city["declined"]) == (answer, declined)
    assert nominations_board.board_csv(session.lab, "en").split("\r\n")[1] == f"Rome,0,2,1,0,{declined},0"


def test_a_nominee_is_asked_again_about_the_nomination_while_registration_is_closed(
    client: Client, session: Session
) -> None:
    contact, places = contact_of(session)
    NominationPlaces.objects.update(limit=9)
    person = person_of(name(contact, places, session))
    Lab.objects.update(registration_closes_at=NOW() - timedelta(minutes=1))
    console = client_of(f.StaffFactory(lab=session.lab).user)

    bulk(console, session.lab, person, "send-link")
    session.lab.refresh_from_db()
    for _twice in range(2):
        asking_for_links.queue_links(person.email, session.lab)
        send_links()

    assert [one.occasion for one in Message.objects.all()] == ["nominee_asked"] * 2
    again = with_bodies(Message.objects.latest("pk")).text
    assert ("because a city entered this address" in again, "registration form" in again) == (True, False)
    assert "Seats are held for you until" in again
    corrected = organiser_actions.correct_address(person, "right@example.org", f.UserFactory())
    assert corrected is not None
    assert (corrected.occasion, corrected.to_email) == ("nominee_asked", "right@example.org")

    person.refresh_from_db()
    known = f.RegistrationFactory(email=person.email).person
    page = client.get(reverse("my_registrations", args=[my_registrations.token_of(known)]))
    assert links.path_of(person, links.NOMINEE) in text_of(page)
    assert accepted_on_page(client, person) == 302


def test_asking_again_takes_nothing_from_what_a_city_may_send(session: Session) -> None:
    contact, places = contact_of(session)
    NominationPlaces.objects.update(limit=9)
    people = [nominations.Nominee(f"Person {chr(65 + n)}", "p@example.org", "en", n) for n in range(5)]
    nominations.nominate(contact, places, people[:4], [session.pk])
    for person in Registration.objects.all():
        registering.ask_again(person, is_asked_for=True)
    nominations.nominate(contact, places, people[4:], [session.pk])
    assert Message.objects.filter(occasion="nominee_asked").count() == 9


def test_who_is_asked_after_the_deadline_is_promised_no_seat(session: Session) -> None:
    person = person_of(name(*contact_of(session), session))
    Registration.objects.update(nominated_until=NOW() - timedelta(minutes=1))
    message, is_new = organiser_actions.send_link(person)
    body = with_bodies(message)
    for words in (body.text, body.html):
        assert ("Open the page to accept or decline." in words, "held for you until" in words) == (
            True,
            False,
        )
    assert is_new


def test_an_organiser_cannot_accept_for_a_nominee(session: Session) -> None:
    person = person_of(name(*contact_of(session), session))
    staff = f.StaffFactory(lab=session.lab).user

    page = text_of(bulk(client_of(staff), session.lab, person, "confirm"))
    path = reverse("api:confirm_registration", args=[session.lab.slug, person.public_id])
    answer = Client().post(path, headers=bearer(staff) | {"Idempotency-Key": "once"})

    assert "A city nominated this person, who has not accepted yet." in page
    assert (answer.status_code, BulkAction.objects.get().failures) == (409, {"nominated": 1})
    person.refresh_from_db()
    assert (person.state, person.seats.get().state) == ("unconfirmed", "held")


def test_a_nominee_accepts_though_one_session_is_now_for_another_city(
    client: Client, session: Session
) -> None:
    other = f.SessionFactory(lab=session.lab, capacity=2)
    contact, places = contact_of(session)
    people = [nominations.Nominee("Maria", "maria@example.org", "en")]
    [nomination] = nominations.nominate(contact, places, people, [session.pk, other.pk])
    person = person_of(nomination)
    oslo, _places = contact_of(session, "oslo")
    publishing.make_internal(other, [oslo.city])

    assert accepted_on_page(client, person) == 302

    person.refresh_from_db()
    assert person.state == "confirmed"
    assert dict(person.seats.values_list("session", "state")) == {
        session.pk: "confirmed",
        other.pk: "cancelled",
    }
