"""Seats that organisers approve: asked for, approved, refused; who may register at all."""

import pytest
from django.test import Client
from django.urls import reverse

from core.accounts.models import User
from labs.models import Lab
from labs.viewer import VISITOR
from registrations import admission, approvals, managing, organiser_actions, recounting, seats
from registrations.models import Registration, RegistrationRules, Seat
from sessions.models import Session
from tests import factories as f
from tests.pages import text_of
from tests.registrations.form_posts import answers, link, mails, post, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory()


@pytest.fixture
def by(lab: Lab) -> User:
    return f.StaffFactory(lab=lab).user


def asking(session: Session, count: int) -> list[Registration]:
    people = f.RegistrationFactory.create_batch(count, lab=session.lab)
    for person in people:
        seats.take(person, {session.pk: "online"})
    return people


def states(session: Session) -> list[str]:
    assert recounting.recount() == []
    order = Seat.objects.filter(session=session).order_by("registration__pk")
    return list(order.values_list("state", flat=True))


def ids(*people: Registration) -> list[int]:
    return list(Seat.objects.filter(registration__in=people).values_list("pk", flat=True))


def test_a_seat_that_needs_approval_takes_none_until_it_is_approved(lab, by):
    session = f.SessionFactory(lab=lab, capacity=1, needs_approval=True)
    first, second, third = asking(session, 3)
    assert states(session) == ["pending"] * 3
    session.refresh_from_db()
    assert session.seats_taken == 0
    outcome = approvals.approve(lab, ids(second, third), by)
    assert (outcome.decided, outcome.waiting, outcome.full) == (2, 1, 0)
    assert states(session) == ["pending", "confirmed", "waiting"]
    assert [mail.to_email for mail in mails("registration_changed")] == [second.email, third.email]
    assert "The organisers have approved your request." in mails("registration_changed")[0].text
    assert first.pk


def test_a_rule_of_the_lab_asks_for_approval_of_every_seat(lab, by, client: Client):
    RegistrationRules.objects.create(lab=lab, needs_approval=True)
    session = f.SessionFactory(lab=lab)
    rule = "The organisers approve each seat. They email you what they decide."
    assert rule in text_of(client.get(reverse("register", args=[lab.slug])))
    assert rule in text_of(send(client, lab, answers(session)))
    assert rule in mails("confirm_address")[0].text
    person = Registration.objects.get()
    post(client, link(person, "confirm", "registration_confirm"))
    assert states(session) == ["pending"]
    assert (
        mails("confirmation")[0].subject == f"The organisers will decide about your seats: {lab.title['en']}"
    )
    assert "The organisers will decide about your seat" in mails("confirmation")[0].text
    assert "The organisers will decide about your seat" in client.get(link(person, "manage")).content.decode()


def test_who_is_refused_is_told_why_and_may_ask_again(lab, by):
    session = f.SessionFactory(lab=lab, needs_approval=True)
    [person] = asking(session, 1)
    assert approvals.refuse(lab, ids(person), by, "One person per city.").decided == 1
    assert states(session) == ["cancelled"]
    [mail] = mails("seats_refused")
    assert "The organisers write: One person per city." in mail.text
    assert ("You have no seat in:" in mail.text, "You no longer have" in mail.text) == (True, False)
    movement = Seat.objects.get().movements.latest("pk")
    assert (movement.reason, movement.note, movement.by) == ("refused", "One person per city.", by)
    managing.change_sessions(person, VISITOR, {session.pk: ""})
    assert states(session) == ["pending"]


def test_a_decision_that_comes_twice_or_for_another_lab_s_people_does_nothing(lab, by):
    session = f.SessionFactory(lab=lab, needs_approval=True)
    elsewhere = f.SessionFactory(needs_approval=True)
    [person], [stranger] = asking(session, 1), asking(elsewhere, 1)
    chosen = ids(person, stranger)
    assert approvals.approve(lab, chosen, by).decided == 1
    assert approvals.approve(lab, chosen, by).decided == 0
    assert approvals.refuse(lab, chosen, by).decided == 0
    assert (states(session), states(elsewhere)) == (["confirmed"], ["pending"])
    assert len(mails("registration_changed")) == 1


def test_one_who_gives_up_while_waiting_for_approval_is_not_approved_afterwards(lab, by):
    session = f.SessionFactory(lab=lab, needs_approval=True)
    [person] = asking(session, 1)
    managing.cancel(person)
    assert approvals.approve(lab, ids(person), by).decided == 0
    assert states(session) == ["cancelled"]


def test_an_organiser_who_gives_a_seat_approves_it(lab, by):
    session = f.SessionFactory(lab=lab, needs_approval=True)
    [person] = asking(session, 1)
    assert organiser_actions.give_seat(person, session, by).state == "confirmed"
    assert states(session) == ["confirmed"]


def test_a_lab_for_delegates_takes_no_others(client: Client, lab):
    city = f.CityFactory()
    lab.programme.cities.add(city)
    RegistrationRules.objects.create(lab=lab, access="delegates")
    session = f.SessionFactory(lab=lab)
    page = client.get(reverse("register", args=[lab.slug])).content.decode()
    assert ("Registration is for delegates" in page, 'name="consent"' in page) == (True, False)
    response = send(client, lab, answers(session))
    assert response.status_code == 422
    assert "Only delegates of the programme’s cities can register." in response.content.decode()
    assert Registration.objects.count() == 0

    delegate = f.DelegateFactory(programme=lab.programme, city=city)
    client.force_login(delegate.user)
    send(client, lab, answers(session))
    person = Registration.objects.get()
    # In another browser, where nobody is signed in.
    post(Client(), link(person, "confirm", "registration_confirm"))
    assert states(session) == ["confirmed"]


def test_a_delegate_who_is_none_any_longer_cannot_confirm(client: Client, lab):
    city = f.CityFactory()
    lab.programme.cities.add(city)
    RegistrationRules.objects.create(lab=lab, access="delegates")
    delegate = f.DelegateFactory(programme=lab.programme, city=city)
    client.force_login(delegate.user)
    send(client, lab, answers(f.SessionFactory(lab=lab)))
    delegate.delete()
    person = Registration.objects.get()
    assert post(Client(), link(person, "confirm", "registration_confirm")).status_code == 409
    person.refresh_from_db()
    assert person.state == "unconfirmed"


@pytest.mark.parametrize(
    ("email", "is_admitted"),
    [
        ("demo@sofia.bg", True),
        ("demo@it.SOFIA.bg", True),
        ("demo@notsofia.bg", False),
        ("demo@sofia.bg.example.org", False),
        ("demo@δήμος.example", True),
        ("demo@example.org", False),
    ],
)
def test_a_list_of_domains_admits_these_and_what_is_below_them(client: Client, lab, email, is_admitted):
    domains = admission.clean_domains("sofia.bg\n@δήμος.example, sofia.bg")
    assert (len(domains), domains[0]) == (2, "sofia.bg")
    RegistrationRules.objects.create(lab=lab, email_domains=domains)
    response = send(client, lab, answers(f.SessionFactory(lab=lab), email=email))
    assert Registration.objects.exists() == is_admitted
    if not is_admitted:
        assert response.status_code == 422
        assert "Use your work email." in response.content.decode()
        assert f'value="{email}"' in response.content.decode()
