"""Nominations: seats are held for a city until its deadline, whoever declines, gives up or is replaced."""

from datetime import timedelta

import pytest
from django.http import Http404
from django.test import Client
from django.urls import reverse

from core.mail import address_budget
from core.mail.models import Message
from core.web.errors import RuleViolation
from labs.viewer import VISITOR
from registrations import (
    city_contacts,
    erasure,
    links,
    managing,
    nominations,
    nominees,
    registering,
    seats,
    waiting_list,
)
from registrations.models import CityContact, Nomination, NominationPlaces, Registration, Seat
from registrations.nominations import Nominee
from sessions.models import Session
from tests import factories as f
from tests.registrations.nominating import NOW, accept, contact_of, name, sent

pytestmark = pytest.mark.django_db


def taken(session: Session) -> tuple[int, int]:
    session.refresh_from_db()
    return session.online_taken, session.online_waiting


def states(session: Session) -> list[str]:
    return list(Seat.objects.filter(session=session).order_by("pk").values_list("state", flat=True))


@pytest.fixture
def session() -> Session:
    return f.SessionFactory(capacity=1, waiting_list=True)


def waiting(session: Session) -> Registration:
    person = f.RegistrationFactory(lab=session.lab)
    seats.take(person, {session.pk: "online"})
    return person


def test_a_seat_is_held_and_becomes_the_nominees(session: Session) -> None:
    contact, places = contact_of(session)
    made = name(contact, places, session)
    assert (taken(session), states(session), made.answer) == ((1, 0), ["held"], "nominated")
    registration = accept(made)
    assert (registration.state, states(session)) == ("confirmed", ["confirmed"])
    made.refresh_from_db()
    assert made.answer == "accepted"
    assert set(Message.objects.values_list("occasion", flat=True)) == {"nominee_asked", "confirmation"}


def test_an_internal_session_of_the_city_is_seen(session: Session) -> None:
    contact, places = contact_of(session)
    Session.objects.filter(pk=session.pk).update(visibility="internal")
    assert accept(name(contact, places, session)).state == "confirmed"
    assert states(session) == ["confirmed"]
    other, others = contact_of(session, "oslo")
    session.audience.set([contact.city])
    with pytest.raises(RuleViolation) as refused:
        name(other, others, session, "Ole")
    assert refused.value.code == "unknown_session"


@pytest.mark.parametrize("how", ["decline", "cancel", "give_up", "withdraw", "erase", "erase_accepted"])
def test_the_seat_stays_the_citys_and_passes_on(session: Session, how: str) -> None:
    contact, places = contact_of(session)
    made = name(contact, places, session)
    person = made.registration
    assert person is not None
    first_in_line = waiting(session)
    if how in ("cancel", "give_up", "erase_accepted"):
        person = accept(made)
    if how == "decline":
        nominees.decline(person)
    elif how == "cancel":
        managing.cancel(person)
    elif how == "give_up":
        managing.change_sessions(person, VISITOR, {})
    elif how == "withdraw":
        nominations.withdraw(contact, made)
    else:
        erasure.erase(person)
        person.refresh_from_db()
        assert (person.name, person.email, person.state) == ("", "", "cancelled")
    assert (taken(session), states(session)) == ((1, 1), ["held", "waiting"])
    instead = {} if how in ("withdraw", "give_up") else {"instead_of": made}
    other = name(contact, places, session, "Elena", **instead)
    assert (taken(session), states(session)) == ((1, 1), ["cancelled", "waiting", "held"])
    places.refresh_from_db()
    assert places.used == (2 if how == "give_up" else 1)
    accept(other)
    assert states(session) == ["cancelled", "waiting", "confirmed"]
    assert first_in_line.seats.get().state == "waiting"


def test_after_the_deadline_the_next_gets_what_nobody_took(session: Session) -> None:
    contact, places = contact_of(session)
    made = name(contact, places, session)
    waiting(session)
    nominees.decline(made.registration)  # type: ignore[arg-type]
    assert waiting_list.expire_offers(NOW()) == 0
    assert waiting_list.expire_offers(NOW() + timedelta(days=4)) == 1
    assert (taken(session), states(session)) == ((1, 0), ["cancelled", "confirmed"])


def test_unanswered_nominations_stay_until_the_deadline(session: Session) -> None:
    contact, places = contact_of(session)
    made = name(contact, places, session)
    Registration.objects.update(created_at=NOW() - timedelta(days=30))
    assert registering.expire_unconfirmed(NOW()) == 0
    assert registering.expire_unconfirmed(NOW() + timedelta(days=4)) == 1
    assert (taken(session), states(session)) == ((0, 0), [])
    made.refresh_from_db()
    assert made.answer == "no_answer"


def test_several_at_once_or_none(session: Session) -> None:
    contact, places = contact_of(session)
    twice = [Nominee("Maria", "m@example.org", "en"), Nominee("MARIA", "M@example.org", "en", 1)]
    with pytest.raises(nominations.WrongNominee) as refused:
        nominations.nominate(contact, places, twice, [session.pk])
    assert (refused.value.code, refused.value.row, refused.value.field) == ("twice", 1, "email")
    three = [Nominee(who, f"{who}@example.org", "en", row) for row, who in enumerate(("a", "b", "c"))]
    with pytest.raises(RuleViolation) as full:
        nominations.nominate(contact, places, three, [session.pk])
    assert full.value.code == "full"
    assert (Registration.objects.count(), taken(session), Message.objects.count()) == (0, (0, 0), 0)
    nominations.nominate(contact, places, three[:2], [session.pk])
    assert sorted(states(session)) == ["held", "requested"]


def test_nobody_learns_who_is_registered(session: Session) -> None:
    contact, places = contact_of(session)
    f.RegistrationFactory(lab=session.lab, name="Maria", email="maria@example.org")
    made = name(contact, places, session)
    with pytest.raises(RuleViolation) as refused:
        accept(made)
    assert refused.value.code == "already_registered"


def test_only_until_the_deadline_and_for_the_own_city(session: Session) -> None:
    contact, places = contact_of(session)
    other, _others = contact_of(session, "oslo")
    with pytest.raises(RuleViolation) as foreign:
        name(other, places, session)
    assert foreign.value.code == "other_city"
    CityContact.objects.update(deadline=NOW() - timedelta(minutes=1))
    with pytest.raises(RuleViolation) as late:
        name(contact, places, session)
    assert late.value.code == "deadline"


def test_a_later_deadline_holds_longer(session: Session) -> None:
    contact, places = contact_of(session)
    name(contact, places, session)
    CityContact.objects.update(invited_at=NOW())
    later = NOW() + timedelta(days=9)
    before = Message.objects.count()
    for _twice in range(2):
        city_contacts.set_deadline(session.lab, later)
    told = Message.objects.order_by("pk")[before:]
    assert [message.occasion for message in told] == ["contact_deadline", "nominee_asked"]
    assert Seat.objects.get().until == Registration.objects.get().nominated_until == later
    with pytest.raises(RuleViolation):
        city_contacts.set_deadline(session.lab, NOW())


def test_a_seat_of_another_day_goes_to_the_next_and_is_not_held_for_the_city(session: Session) -> None:
    contact, places = contact_of(session)
    NominationPlaces.objects.filter(pk=places.pk).update(day=session.start_date)
    places.refresh_from_db()
    elsewhere = f.SessionFactory(
        lab=session.lab, capacity=1, start_date=session.start_date + timedelta(days=1)
    )
    person = accept(name(contact, places, session))
    seats.take(person, {elsewhere.pk: elsewhere.modes[0]})
    next_one = waiting(elsewhere)
    managing.cancel(person)
    assert dict(person.seats.values_list("session", "state")) == {
        session.pk: "held",
        elsewhere.pk: "cancelled",
    }
    assert next_one.seats.get().state == "confirmed"


def test_a_contact_names_no_endless_row_of_strangers(session: Session) -> None:
    contact, places = contact_of(session)
    most = nominations.NAMED_A_DAY * places.limit + nominations.SLIPS_A_DAY
    for number in range(most):
        nominations.withdraw(contact, name(contact, places, session, f"P{number}"))
    with pytest.raises(RuleViolation) as refused:
        name(contact, places, session, "Maria")
    assert refused.value.code == "too_many_named"
    Nomination.objects.update(created_at=NOW() - timedelta(days=1))
    name(contact, places, session, "Maria")


def test_quotas_of_the_city_do_not_move_on_replacing(session: Session) -> None:
    contact, places = contact_of(session)
    quota = f.QuotaFactory(lab=session.lab, session=session, city=contact.city, limit=1)
    made = name(contact, places, session)
    name(contact, places, session, "Elena", instead_of=made)
    quota.refresh_from_db()
    assert (quota.taken, taken(session)) == (1, (1, 0))


def test_the_nominees_page(client: Client, session: Session) -> None:
    contact, places = contact_of(session)
    made = name(contact, places, session)
    person = made.registration
    assert person is not None
    path = links.path_of(person, links.NOMINEE)
    assert client.get(path).status_code == 200
    assert client.post(path, {"answer": "accept"}).status_code == 422
    confirm = links.path_of(person, links.CONFIRM)
    assert client.get(confirm).status_code == 302
    assert client.post(confirm).status_code == 409
    assert client.post(path, {"answer": "accept", "consent": "on"}).status_code == 302
    person.refresh_from_db()
    assert person.state == "confirmed"
    assert client.get(path).status_code == 302


def test_declining_on_the_page(client: Client, session: Session) -> None:
    contact, places = contact_of(session)
    made = name(contact, places, session)
    path = links.path_of(made.registration, links.NOMINEE)  # type: ignore[arg-type]
    asked = client.post(path, {"answer": "decline"})
    assert (asked.status_code, b"Decline nomination?" in asked.content) == (200, True)
    made.refresh_from_db()
    assert made.answer == "nominated"
    assert client.post(path, {"answer": "decline", "confirmed": "yes"}).status_code == 302
    assert client.get(path).status_code == 200
    told = Message.objects.get(occasion="nominee_declined")
    assert told.to_email == contact.email
    assert "Maria" not in str(told.context)


def test_choosing_another_mode_on_accepting(client: Client) -> None:
    session = f.SessionFactory(format="hybrid", room_capacity=1, online_capacity=1)
    contact, places = contact_of(session)
    made = name(contact, places, session)
    assert Seat.objects.get().mode == "room"
    nominees.accept(
        made.registration,  # type: ignore[arg-type]
        VISITOR,
        consent=True,
        consent_language="en",
        modes={session.pk: "online"},
    )
    session.refresh_from_db()
    assert (Seat.objects.get().mode, session.room_taken, session.online_taken) == ("online", 0, 1)


# What another city's contact, or one whose link was revoked, must never reach


def test_other_cities_find_nothing(client: Client, session: Session) -> None:
    contact, places = contact_of(session)
    made = name(contact, places, session)
    other, _others = contact_of(session, "oslo")
    token = city_contacts.token_of(other)
    assert b"Maria" not in client.get(reverse("nominating", args=[token])).content
    for route, pk in (
        ("nominating_people", places.pk),
        ("nominating_replace", made.pk),
        ("nominating_withdraw", made.pk),
    ):
        path = reverse(route, args=[token, pk])
        assert client.get(path).status_code == 404
        assert client.post(path, sent(session)).status_code == 404
    nominees = links.token_of(made.registration, links.NOMINEE)  # type: ignore[arg-type]
    for wrong in (nominees, token[:-1] + "A", "x" * 48):
        assert client.get(reverse("nominating", args=[wrong])).status_code == 404
    made.refresh_from_db()
    assert made.answer == "nominated"


def test_a_revoked_link_opens_nothing(client: Client, session: Session) -> None:
    contact, _places = contact_of(session)
    old = city_contacts.token_of(contact)
    contact = CityContact.objects.select_related("lab__programme", "city").get(pk=contact.pk)
    city_contacts.renew_link(contact)
    assert client.get(reverse("nominating", args=[old])).status_code == 404
    new = city_contacts.token_of(contact)
    assert client.get(reverse("nominating", args=[new])).status_code == 200
    city_contacts.remove(contact)
    with pytest.raises(Http404):
        city_contacts.find(new)


def test_the_contact_is_told_when_an_address_gets_no_more_emails(session: Session) -> None:
    contact, places = contact_of(session)
    NominationPlaces.objects.update(limit=9)
    most = nominations.EMAILS_PER_ADDRESS
    people = [Nominee(f"Person {chr(65 + n)}", "p@example.org", "en", n) for n in range(most + 1)]
    with pytest.raises(nominations.WrongNominee) as refused:
        nominations.nominate(contact, places, people, [session.pk])
    assert (refused.value.code, refused.value.row) == ("too_many_emails", most)
    assert (Nomination.objects.count(), Message.objects.count()) == (0, 0)
    nominations.nominate(contact, places, people[:most], [session.pk])
    with pytest.raises(nominations.WrongNominee):
        nominations.nominate(contact, places, people[most:], [session.pk])
    assert Message.objects.filter(occasion="nominee_asked").count() == most


def test_whoever_got_many_other_emails_is_asked_all_the_same(session: Session) -> None:
    contact, places = contact_of(session)
    person = f.RegistrationFactory(lab=session.lab, email="maria@example.org")
    for number in range(address_budget.EMAILS_PER_HOUR):
        f.MessageFactory(key=f"key-{number}", to_email=person.email, budget_key=person.email_key)
    assert address_budget.emails_left(person.email) == 0
    assert not Message.objects.filter(occasion="nominee_asked").exists()
    name(contact, places, session)
    assert Message.objects.filter(occasion="nominee_asked", to_email="maria@example.org").count() == 1
