"""Buttons that are pressed twice, at once or after the browser's "back": each does once what it says.

Every race has its control: the same presses without what holds them apart do it more than once.
"""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from core.mail.models import Message
from labs.models import Lab
from registrations import managing, transfers
from registrations.models import Registration, RegistrationRules, Seat, SeatMovement, Transfer
from registrations.views import registering as form_page
from sessions.models import Session
from tests import factories as f
from tests.chaos import invariants
from tests.registrations.concurrency import all_at_once
from tests.registrations.form_posts import FROM_HERE, answers, link, post, send

TIMES = 6

on_postgres = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("crowds"),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL"),
]


def racing(test: Callable[..., None]) -> Callable[..., None]:
    for mark in on_postgres:
        test = mark(test)
    return test


def press_at_once(address: str, data: dict[str, Any]) -> list[int]:
    """Send the same form several times at the same moment, and return the statuses."""
    statuses: list[int] = []

    def press() -> None:
        statuses.append(Client().post(address, data, headers=FROM_HERE).status_code)

    assert all_at_once([press] * TIMES) == []
    return statuses


def emails() -> dict[str, int]:
    occasions = list(Message.objects.values_list("occasion", flat=True))
    return {occasion: occasions.count(occasion) for occasion in set(occasions)}


def registered(client: Client, session: Session, number: int = 1) -> Registration:
    data = answers(session, email=f"participant{number}@example.org", name=f"Demo participant {number}")
    assert send(client, session.lab, data).status_code == 200
    person = Registration.objects.get(email=f"participant{number}@example.org")
    assert post(client, link(person, "confirm", "registration_confirm")).status_code == 302
    return person


@pytest.fixture
def full(client: Client) -> Session:
    """A session whose only seat the first of two people has; the other waits."""
    session: Session = f.SessionFactory(capacity=1)
    for number in (1, 2):
        registered(client, session, number)
    return session


def holder(session: Session) -> Registration:
    return Registration.objects.get(seats__session=session, seats__state__in=["confirmed", "offered"])


@racing
def test_the_form_sent_at_once_registers_once() -> None:
    session = f.SessionFactory(capacity=5)
    sent = answers(session)
    assert press_at_once(reverse("register", args=[session.lab.slug]), sent) == [200] * TIMES
    assert (Registration.objects.count(), emails()) == (1, {"confirm_address": 1})
    person = Registration.objects.get()
    address = link(person, "confirm", "registration_confirm")
    assert press_at_once(address, {"form_key": sent["form_key"]}) == [302] * TIMES
    assert (Seat.objects.get().state, emails()) == ("confirmed", {"confirm_address": 1, "confirmation": 1})
    assert invariants.broken() == []


@racing
def test_control_without_the_forms_key_it_registers_as_often_as_it_is_pressed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(form_page, "run_once", lambda _what, _key, _sent, operation, about: operation())
    session = f.SessionFactory(capacity=5)
    press_at_once(reverse("register", args=[session.lab.slug]), answers(session))
    assert Registration.objects.count() > 1


@racing
def test_a_seat_given_up_at_once_is_given_to_one_other(full: Session) -> None:
    first = holder(full)
    address = link(first, "manage", "registration_give_up", full.slug)
    assert set(press_at_once(address, answers())) == {302}
    assert holder(full).email == "participant2@example.org"
    reasons = list(SeatMovement.objects.order_by("pk").values_list("reason", flat=True))
    assert reasons == ["chosen", "full", "given-up", "promoted"]
    assert emails()["seat_is_yours"] == 1
    assert invariants.broken() == []


@racing
def test_an_offer_accepted_at_once_is_accepted_once(full: Session) -> None:
    RegistrationRules.objects.create(lab=full.lab, offer_hours=24)
    managing.cancel(holder(full))
    address = link(holder(full), "manage", "registration_accept", full.slug)
    assert set(press_at_once(address, answers())) == {302}
    assert Seat.objects.filter(state="confirmed").count() == 1
    assert SeatMovement.objects.filter(reason="offer-accepted").count() == 1
    assert emails()["registration_changed"] == 1
    assert invariants.broken() == []


@racing
def test_a_place_given_and_taken_over_at_once_changes_hands_once(full: Session) -> None:
    giver = holder(full)
    address = link(giver, "manage", "registration_transfer")
    sent = answers(name="Demo colleague", email="colleague@example.org", confirmed="yes")
    assert press_at_once(address, sent) == [302] * TIMES
    path = reverse("transfer", args=[transfers.token_of(Transfer.objects.get())])
    assert press_at_once(path, answers(name="Demo colleague", email=None)) == [302] * TIMES
    assert holder(full).email == "colleague@example.org"
    counts = emails()
    assert [counts[one] for one in ("transfer_offered", "transfer_accepted")] == [1, 1]
    assert invariants.broken(by_form=False) == []


@racing
def test_cancelling_at_once_is_told_once(full: Session) -> None:
    address = link(holder(full), "manage", "registration_cancel")
    assert set(press_at_once(address, answers())) <= {200, 302}
    assert emails()["registration_cancelled"] == 1
    assert invariants.broken() == []


@racing
def test_control_without_the_lock_a_registration_is_cancelled_twice(
    full: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is invariably found out by the emails: both look before either writes."""
    both_look = threading.Barrier(2)
    person = holder(full)

    def unlocked(registration: Registration) -> Registration:
        found = Registration.objects.select_related("lab__programme", "lab__registration_rules").get(
            pk=registration.pk
        )
        both_look.wait(60)
        return found

    monkeypatch.setattr(managing, "lock_registration", unlocked)
    all_at_once([lambda: managing.cancel(person)] * 2)
    assert emails()["registration_cancelled"] == 2
    assert invariants.emails_of_registrations() != []


@pytest.mark.django_db
def test_going_back_and_pressing_again_changes_nothing(client: Client) -> None:
    """Every button of a person's way, once more after the next page was seen; and the earlier ones after the last."""
    session = f.SessionFactory(capacity=2)
    other = f.SessionFactory(lab=session.lab, start_time=f.time(15), capacity=2)
    lab: Lab = session.lab
    form = answers(session, other)
    assert send(client, lab, form).status_code == 200
    person = Registration.objects.get()
    pages = {
        "confirm": (link(person, "confirm", "registration_confirm"), {}),
        "give up": (link(person, "manage", "registration_give_up", session.slug), {}),
        "cancel": (link(person, "manage", "registration_cancel"), {}),
    }
    pressed: list[str] = []

    def facts() -> object:
        movements = list(SeatMovement.objects.order_by("pk").values_list("seat", "after", "reason"))
        return movements, emails(), list(Registration.objects.values_list("pk", "state", "cancelled_at"))

    for page, (address, data) in pages.items():
        post(client, address, data)
        pressed.append(page)
        before = facts()
        assert send(client, lab, form).status_code == 200
        for earlier in pressed:
            assert post(client, *pages[earlier]).status_code in (200, 302, 404, 409), (page, earlier)
            assert facts() == before, (page, earlier)
        assert invariants.broken() == []
    assert set(Seat.objects.values_list("state", flat=True)) == {"cancelled"}
