"""The invariants find nothing after what people do, and each finds the row that was damaged on purpose."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from core.mail.models import Message
from registrations import managing
from registrations.models import Quota, Registration, Seat, SeatMovement
from sessions.models import Session
from tests import factories as f
from tests.chaos import invariants
from tests.registrations.form_posts import answers, link, post, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(client: Client) -> None:
    """Two seats and five people of two cities: two wait, one of them is promoted, and one does not confirm."""
    session = f.SessionFactory(capacity=2)
    lab = session.lab
    city = f.CityFactory(slug="sofia")
    lab.programme.cities.add(city)
    f.QuotaFactory(lab=lab, city=city, limit=2)
    people = []
    for number in range(5):
        data = answers(
            session, email=f"participant{number}@example.org", name=f"Demo participant {number}",
            city="sofia" if number else None, city_text=None if number else "Plovdiv",
        )  # fmt: skip
        assert send(client, lab, data).status_code == 200
        people.append(Registration.objects.get(email=f"participant{number}@example.org"))
    for person in people[:4]:
        assert post(client, link(person, "confirm", "registration_confirm")).status_code == 302
    managing.cancel(people[0])
    assert list(Seat.objects.order_by("registration__pk").values_list("state", flat=True)) == [
        "cancelled", "confirmed", "confirmed", "waiting", "requested",
    ]  # fmt: skip
    assert invariants.broken() == []


def seat(state: str) -> Seat:
    return Seat.objects.filter(state=state).earliest("pk")


def lose_email(occasion: str) -> None:
    Message.objects.filter(occasion=occasion).earliest("pk").delete()


def say_twice() -> None:
    message = Message.objects.filter(occasion="confirmation").earliest("pk")
    f.MessageFactory(registration=message.registration, lab=message.lab, occasion="confirmation")


DAMAGES: dict[str, tuple[Callable[[], object], set[str]]] = {
    "counter": (lambda: Session.objects.update(online_taken=1), {"counters"}),
    "counter of the waiting list": (lambda: Session.objects.update(online_waiting=2), {"counters"}),
    "counter of a quota": (lambda: Quota.objects.update(taken=1), {"counters"}),
    "capacity with its counter": (
        lambda: Session.objects.update(online_capacity=1, online_taken=1),
        {"counters", "limits"},
    ),
    "limit with its counter": (lambda: Quota.objects.update(limit=1, taken=1), {"counters", "limits"}),
    "room for who waits": (
        lambda: (Session.objects.update(online_capacity=3), Quota.objects.update(limit=3)),
        {"waiting_lists"},
    ),
    "seat lost": (lambda: seat("confirmed").delete(), {"counters", "waiting_lists"}),
    "state without a movement": (
        lambda: Seat.objects.filter(state="waiting").update(state="cancelled"),
        {"counters", "movements"},
    ),
    "movement lost": (
        lambda: SeatMovement.objects.filter(reason="promoted").delete(),
        {"movements"},
    ),
    "first movement lost": (
        lambda: SeatMovement.objects.filter(after="waiting").earliest("pk").delete(),
        {"movements"},
    ),
    "history lost": (
        lambda: Registration.history.filter(state="cancelled").delete(),
        {"histories"},
    ),
    "cancelled without a trace": (
        lambda: Registration.objects.filter(state="confirmed").update(
            state="cancelled", cancelled_at=timezone.now()
        ),
        {"histories", "emails_of_registrations"},
    ),
    "email of a promotion lost": (lambda: lose_email("seat_is_yours"), {"emails_of_movements"}),
    "confirmation lost": (lambda: lose_email("confirmation"), {"emails_of_registrations"}),
    "request lost": (lambda: lose_email("confirm_address"), {"emails_of_registrations"}),
    "cancellation lost": (lambda: lose_email("registration_cancelled"), {"emails_of_registrations"}),
    "confirmation twice": (say_twice, {"emails_of_registrations"}),
}


def test_damage_is_found_by_its_own_invariant(world: None) -> None:
    """The positive control of every test that finds nothing."""
    found = {}
    for damage, (do, _found_by) in DAMAGES.items():
        with transaction.atomic():
            do()
            found[damage] = {check.__name__ for check in invariants.CHECKS if check()}
            transaction.set_rollback(True)
    assert found == {damage: found_by for damage, (_do, found_by) in DAMAGES.items()}
    assert invariants.broken() == []


def test_emails_lost_and_repeated_are_told_apart() -> None:
    assert invariants.repeated(["a", "b", "b"], ["a", "b"]) == (1, [])
    assert invariants.repeated(["a", "x"], ["a", "b"]) == (0, ["b never arrived", "x arrived and is unknown"])
