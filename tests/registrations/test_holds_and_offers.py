"""Seats for a while: held until an email is confirmed, offered until they are accepted."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.web.errors import RuleViolation
from labs.models import Lab
from registrations import erasure, managing, recounting, registering, seats, waiting_list
from registrations.models import Registration, RegistrationRules, Seat
from sessions import publishing
from sessions.models import Session
from tests import factories as f
from tests.registrations.form_posts import answers, link, mails, post, send

pytestmark = pytest.mark.django_db


def session_with(capacity: int, **rules: object) -> Session:
    session: Session = f.SessionFactory(capacity=capacity)
    RegistrationRules.objects.create(lab=session.lab, **rules)
    return session


def states(session: Session) -> list[str]:
    assert recounting.recount() == []
    return list(
        Seat.objects.filter(session=session).order_by("registration__pk").values_list("state", flat=True)
    )


def ask(client: Client, lab: Lab, session: Session, number: int) -> Registration:
    send(client, lab, answers(session, email=f"demo{number}@example.org", name=f"Demo participant {number}"))
    return Registration.objects.get(email=f"demo{number}@example.org")


def confirm(client: Client, person: Registration) -> None:
    post(client, link(person, "confirm", "registration_confirm"))


def later(**by: int) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(**by), tick=False)


def expire() -> int:
    return waiting_list.expire_offers(timezone.now())


def test_a_seat_is_held_from_the_form_until_the_email_is_confirmed(client: Client):
    session = session_with(1, hold_minutes=30)
    first, second = (ask(client, session.lab, session, number) for number in (1, 2))
    assert states(session) == ["held", "requested"]
    asked = [mail.text for mail in mails("confirm_address")]
    assert ["Free seats are held for you until " in text for text in asked] == [True, False]
    assert "Free seats are held for you for 30 minutes after you send the form." in asked[1]
    confirm(client, second)
    assert states(session) == ["held", "waiting"]
    confirm(client, first)
    assert states(session) == ["confirmed", "waiting"]
    assert "Your seat is confirmed" in mails("confirmation")[1].text


def test_a_seat_that_is_not_confirmed_in_time_goes_to_the_next_and_the_choice_stays(client: Client):
    session = session_with(1, hold_minutes=30)
    first, second = (ask(client, session.lab, session, number) for number in (1, 2))
    confirm(client, second)
    with later(minutes=29):
        assert expire() == 0
    with later(minutes=31):
        assert expire() == 1
        assert states(session) == ["requested", "confirmed"]
        confirm(client, first)
    assert states(session) == ["waiting", "confirmed"]


def test_an_unconfirmed_registration_that_is_deleted_gives_its_held_seats_back(client: Client):
    session = session_with(1, hold_minutes=30)
    first, second = (ask(client, session.lab, session, number) for number in (1, 2))
    confirm(client, second)
    erasure.erase(first)
    assert states(session) == ["confirmed"]
    with later(days=8):
        assert registering.expire_unconfirmed(timezone.now()) == 0


def test_a_held_seat_that_falls_away_at_confirming_goes_to_the_next(client: Client):
    session = session_with(1, hold_minutes=30)
    first, second = (ask(client, session.lab, session, number) for number in (1, 2))
    confirm(client, second)
    assert states(session) == ["held", "waiting"]
    publishing.make_internal(session)
    confirm(client, first)
    assert states(session) == ["cancelled", "confirmed"]
    assert [mail.to_email for mail in mails("seat_is_yours")] == [second.email]


def test_without_the_rule_nothing_is_held(client: Client):
    session = f.SessionFactory(capacity=1)
    ask(client, session.lab, session, 1)
    assert states(session) == ["requested"]


def offered(hours: int = 48) -> tuple[Session, Registration, Registration]:
    """A session with one seat, which is offered to the second of three people."""
    session = session_with(1, offer_hours=hours)
    people = f.RegistrationFactory.create_batch(3, lab=session.lab)
    for person in people:
        seats.take(person, {session.pk: "online"})
    seats.give_up(people[0], [session.pk])
    assert states(session) == ["cancelled", "offered", "waiting"]
    return session, people[1], people[2]


def test_a_free_seat_is_offered_to_the_next_who_accepts_it_on_the_page(client: Client):
    session, person, _third = offered()
    [mail] = mails("seat_is_offered")
    assert (mail.to_email, "Accept it on your registration page by" in mail.text) == (person.email, True)
    page = client.get(link(person, "manage")).content.decode()
    assert ("Accept seat" in page, "A seat is offered to you" in page) == (True, True)
    response = post(client, link(person, "manage", "registration_accept", session.slug))
    assert response.status_code == 302
    assert states(session) == ["cancelled", "confirmed", "waiting"]
    assert len(mails("registration_changed")) == 1
    # Once more, as a browser's button "back" allows: nothing changes.
    post(client, link(person, "manage", "registration_accept", session.slug))
    assert (states(session)[1], len(mails("registration_changed"))) == ("confirmed", 1)


def test_an_offer_that_is_not_accepted_goes_to_the_next_person_and_the_first_is_told():
    session, person, third = offered()
    with later(hours=47):
        assert expire() == 0
    with later(hours=49):
        with pytest.raises(RuleViolation) as late:
            managing.accept_offer(person, session.pk)
        assert late.value.code == "no_offer"
        assert expire() == 1
        assert states(session) == ["cancelled", "cancelled", "offered"]
    assert [mail.to_email for mail in mails("offer_expired")] == [person.email]
    assert [mail.to_email for mail in mails("seat_is_offered")] == [person.email, third.email]


def test_an_offer_lasts_at_most_half_the_time_until_the_session_starts():
    session, _person, _third = offered(hours=14 * 24)
    until = Seat.objects.get(state="offered").until
    assert until is not None
    left = session.starts_at - timezone.now()
    assert abs(until - timezone.now() - min(left / 2, timedelta(days=14))) < timedelta(minutes=1)


def test_an_offer_that_is_declined_goes_to_the_next_at_once(client: Client):
    session, person, _third = offered()
    post(client, link(person, "manage", "registration_give_up", session.slug))
    assert states(session) == ["cancelled", "cancelled", "offered"]


def test_a_stranger_s_link_accepts_nothing(client: Client):
    session, person, third = offered()
    token = link(third, "manage").rstrip("/").rpartition("/")[2]
    post(client, reverse("registration_accept", args=[token, session.slug]))
    assert states(session) == ["cancelled", "offered", "waiting"]
    assert person.pk != third.pk
