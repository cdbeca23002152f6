"""What a city's contact and a nominee read and keep: hours with zones, seats left, names on changing language."""

from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from core.mail.models import Message
from registrations import city_contacts, links, managing, nominations, seats
from registrations.models import CityContact, Nomination, NominationPlaces
from registrations.nominations import Nominee
from sessions.city_profiles import ProfilePlan, change_profile
from sessions.models import CityProfile, Session
from tests import factories as f
from tests.emails import with_bodies
from tests.pages import form_of
from tests.registrations.nominating import NOW, accept, contact_of, name, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def session() -> Session:
    lab = f.LabFactory(time_zone="Europe/Sofia", venue={"en": "Town hall"}, title={"en": "Fifth lab"})
    return f.SessionFactory(lab=lab, title={"en": "Opening"}, capacity=1, waiting_list=False)


def words_of(client: Client, path: str) -> str:
    return " ".join(unescape(strip_tags(client.get(path).content.decode())).split())


def contact_path(contact: CityContact) -> str:
    return reverse("nominating", args=[city_contacts.token_of(contact)])


def people_path(contact: CityContact, places: NominationPlaces) -> str:
    return reverse("nominating_people", args=[city_contacts.token_of(contact), places.pk])


def test_every_deadline_names_its_zone(client: Client, session: Session) -> None:
    contact, places = contact_of(session)
    city_contacts.invite(session.lab)
    made = name(contact, places, session)
    assert made.registration is not None
    for path in (contact_path(contact), links.path_of(made.registration, links.NOMINEE)):
        assert "Sofia time (UTC+" in words_of(client, path).split("until", 1)[1][:60]
    for occasion in ("contact_invited", "nominee_asked"):
        text = with_bodies(Message.objects.get(occasion=occasion)).text
        assert "Sofia time (UTC+" in text.split("until", 1)[1][:60]
    client.force_login(f.StaffFactory(lab=session.lab).user)
    board = words_of(client, reverse("console_nominations", args=[session.lab.slug]))
    assert "Sofia time (UTC+" in board.split("Deadline", 1)[1][:60]


def test_emails_say_what_the_lab_and_the_places_are(session: Session) -> None:
    contact, places = contact_of(session)
    city_contacts.set_places(
        session.lab, [city_contacts.PlacesPlan(contact.city, 3, NominationPlaces.Role.EXPERT)]
    )
    city_contacts.invite(session.lab)
    name(contact, places, session)
    to_contact = with_bodies(Message.objects.get(occasion="contact_invited"))
    to_nominee = with_bodies(Message.objects.get(occasion="nominee_asked"))
    for words in (to_contact.text, to_contact.html):
        assert [one in words for one in ("Anyone: 2 places, 2 left", "Expert: 3 places, 3 left")] == [
            True
        ] * 2
    for words in (to_nominee.text, to_nominee.html):
        told = ("Opening", "A seat is held for you", "Contact of the city: Anna Rossi", "All times: Sofia")
        assert [one in words for one in told] == [True] * 4
        assert contact.email not in words
    for message in (to_contact, to_nominee):
        assert ("Dates: " in message.text, "Town hall" in message.text) == (True, True)


def test_a_nominees_emails_do_not_tell_of_a_form(session: Session) -> None:
    contact, places = contact_of(session)
    accept(name(contact, places, session))
    text = with_bodies(Message.objects.get(occasion="confirmation")).text
    assert ("because a city nominated you on" in text, "registration form" in text) == (True, False)


def test_names_stay_on_changing_language(client: Client, session: Session) -> None:
    contact, places = contact_of(session)
    path = people_path(contact, places)
    kept = client.post(f"{path}?lang=bg", sent(session, lang="bg")).content.decode()
    assert ('value="Maria"' in kept, 'value="maria@example.org"' in kept) == (True, True)
    assert "checked" in kept
    assert not Nomination.objects.exists()


def test_changing_language_accepts_nothing(client: Client, session: Session) -> None:
    contact, places = contact_of(session)
    made = name(contact, places, session)
    assert made.registration is not None
    path = links.path_of(made.registration, links.NOMINEE)
    page = client.post(f"{path}?lang=bg", {"consent": "on", "lang": "bg"})
    made.registration.refresh_from_db()
    assert (page.status_code, made.registration.state) == (200, "unconfirmed")
    assert "checked" in page.content.decode()


def test_errors_say_which_person(client: Client, session: Session) -> None:
    contact, places = contact_of(session)
    page = client.post(people_path(contact, places), sent(session, name_1="Elena"))
    assert "Person 2: email: Enter an email address." in unescape(page.content.decode())


def test_sessions_say_their_zone_and_seats(client: Client, session: Session) -> None:
    contact, places = contact_of(session)
    path = people_path(contact, places)
    assert "Opening · " in (words := words_of(client, path))
    assert ("Sofia time (UTC+" in words, "1 seat left" in words) == (True, True)
    made = name(contact, places, session)
    words = words_of(client, path)
    assert ("Full, without a waiting list" in words, "is held for your city" in words) == (True, False)
    managing.cancel(accept(made))
    assert "1 seat is held for your city" in words_of(client, path)
    replacing = reverse("nominating_replace", args=[city_contacts.token_of(contact), made.pk])
    assert "checked" in client.get(replacing).content.decode()


def test_the_contact_reads_what_each_person_has(client: Client, session: Session) -> None:
    contact, places = contact_of(session, limit=3)
    waited = f.SessionFactory(lab=session.lab, title={"en": "Dialogue"}, capacity=0, waiting_list=True)
    people = [Nominee(who, f"{who.lower()}@example.org", "en") for who in ("Maria", "Elena")]
    maria, elena = nominations.nominate(contact, places, people, [session.pk, waited.pk])
    accept(maria)
    words = words_of(client, contact_path(contact))
    first, second = words.split("maria@example.org")[1].split("elena@example.org")
    assert ("has a seat" in first, "on the waiting list, number 1" in first, "Accepted" in first) == (
        True,
    ) * 3
    assert second.count("no seat") == 2
    client.post(links.path_of(elena.registration, links.NOMINEE), {"answer": "decline", "confirmed": "y"})  # type: ignore[arg-type]
    after = words_of(client, contact_path(contact)).split("elena@example.org")[1]
    assert ("Declined" in after, "Name someone else" in after, "Withdraw" in after) == (True, True, False)


@pytest.mark.parametrize("size", [2, 6])
def test_the_contacts_page_asks_the_same_queries_however_many_people(
    client: Client, session: Session, size: int, django_assert_num_queries: Any
) -> None:
    contact, places = contact_of(session, limit=size)
    people = [Nominee(f"Person {one}", f"p{one}@example.org", "en") for one in range(size)]
    nominations.nominate(contact, places, people, [session.pk])
    path = contact_path(contact)
    client.get(path)
    with django_assert_num_queries(5):
        client.get(path)


def test_a_colleague_reads_what_is_offered(client: Client, session: Session) -> None:
    online = f.SessionFactory(
        lab=session.lab, title={"en": "Online part"}, join_link="https://meet.example/x"
    )
    giver = f.RegistrationFactory(lab=session.lab, time_zone="America/New_York")
    seats.take(giver, {session.pk: "online", online.pk: "online"})
    token = links.token_of(giver, links.MANAGE)
    said = {"name": "Elena", "email": "elena@example.org", "confirmed": "yes"}
    assert client.post(reverse("registration_transfer", args=[token]), said).status_code == 302
    text = with_bodies(Message.objects.get(occasion="transfer_offered")).text
    told = ("Opening", "Online part", "Dates: ", "Town hall", "All times: Sofia", "Sofia time (UTC+")
    assert [one in text for one in told] == [True] * 6
    assert "meet.example" not in text
    assert "New York time (UTC-" in words_of(client, links.path_of(giver, links.MANAGE)).replace("−", "-")
    assert NOW() < giver.transfer.expires_at


def test_the_contact_says_what_the_city_brings_to_small_groups(client: Client, session: Session) -> None:
    contact, _places = contact_of(session)
    path = reverse("nominating_profile", args=[city_contacts.token_of(contact)])
    assert path in client.get(contact_path(contact)).content.decode()
    form = form_of(client.get(path))
    sent_ = form.filled(languages=["it", "en"], interests="Energy\nenergy\nWater", is_mentor="on")
    assert "Profile saved." in words_of(client, client.post(path, sent_).url)
    profile = CityProfile.objects.get()
    assert (profile.programme, profile.city) == (session.lab.programme, contact.city)
    assert (profile.languages, profile.interests, profile.is_mentor) == (
        ["en", "it"],
        ["Energy", "Water"],
        True,
    )
    stale = form_of(client.get(path))
    change_profile(session.lab.programme, contact.city, ProfilePlan(("it",)))
    assert client.post(path, stale.filled(interests="Mobility")).status_code == 409
    assert client.post(path, stale.filled(languages=["klingon"])).status_code == 422
    assert CityProfile.objects.get().languages == ["it"]
    session.lab.programme.cities.remove(contact.city)
    form = form_of(client.get(path))
    assert client.post(path, form.filled(interests="Mobility")).status_code == 422
