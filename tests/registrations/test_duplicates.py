"""Registrations of one lab that may be of one person."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from labs.models import Lab
from registrations import duplicates
from tests import factories as f
from tests.pages import text_of

pytestmark = pytest.mark.django_db

OFFICE = "office@example.org"


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory()


def pairs(lab: Lab) -> list[tuple[str, str, bool]]:
    return [
        (one.first.name, one.second.name, one.is_same_address) for one in duplicates.possible_duplicates(lab)
    ]


@pytest.mark.parametrize(
    ("one", "other", "similar"),
    [
        ("Maria Petrova", "Petrova Maria", True),
        ("María Petrova", "M. Petrova", True),
        ("Maria Ivanova Petrova", "Maria Petrova", True),
        ("Мария Петрова", "ПЕТРОВА, Мария", True),
        ("Maria Petrova", "Ivan Petrov", False),
        ("Maria Petrova", "Ivan Petrova", False),
        ("M. P.", "Maria Petrova", False),
        ("Maria Petrova", "…", False),
        ("…", "…", False),
    ],
)
def test_names_at_one_address(one: str, other: str, similar: bool) -> None:
    assert duplicates.is_similar(one, other) == duplicates.is_similar(other, one) == similar


def test_one_address_or_one_name_and_only_in_this_lab(lab: Lab) -> None:
    f.RegistrationFactory(lab=lab, name="Maria Petrova", email=OFFICE)
    f.RegistrationFactory(lab=lab, name="M. Petrova", email=OFFICE)
    f.RegistrationFactory(lab=lab, name="Petrova MARIA", email="maria@example.org")
    f.RegistrationFactory(lab=lab, name="Maria", email="one@example.org")
    f.RegistrationFactory(lab=lab, name="Maria", email="two@example.org")
    f.RegistrationFactory(name="Maria Petrova", email="elsewhere@example.org")
    f.RegistrationFactory(
        lab=lab, name="Maria Petrova", email="form@example.org", state="unconfirmed", confirmed_at=None
    )
    assert pairs(lab) == [
        ("Maria Petrova", "M. Petrova", True),
        ("Maria Petrova", "Petrova MARIA", False),
        ("Maria Petrova", "Maria Petrova", False),
    ]


def test_a_slip_in_an_address_that_nobody_confirms_is_listed_beside_who_is_registered(
    client: Client, lab: Lab
) -> None:
    unconfirmed = {"lab": lab, "name": "Maria Petrova", "state": "unconfirmed", "confirmed_at": None}
    f.RegistrationFactory(email="maria@gmial.com", **unconfirmed)
    f.RegistrationFactory(email="maria@gmal.com", **unconfirmed)
    assert duplicates.possible_duplicates(lab) == []
    f.RegistrationFactory(lab=lab, name="Maria Petrova", email="maria@gmail.com")
    assert [(one.first.email, one.second.email) for one in duplicates.possible_duplicates(lab)] == [
        ("maria@gmial.com", "maria@gmail.com"),
        ("maria@gmal.com", "maria@gmail.com"),
    ]
    client.force_login(f.StaffFactory(lab=lab).user)
    page = text_of(client.get(reverse("console_duplicates", args=[lab.slug])))
    assert "maria@gmial.com · Email not confirmed yet" in page


def test_the_page_costs_the_same_queries_at_any_size(client: Client, lab: Lab) -> None:
    client.force_login(f.StaffFactory(lab=lab).user)
    page = reverse("console_duplicates", args=[lab.slug])
    costs = []
    for size in (2, 20):
        for number in range(size):
            f.RegistrationFactory(lab=lab, name="Maria Petrova", email=f"m{size}-{number}@example.org")
        client.get(page)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page).status_code == 200
        costs.append(len(captured))
    assert costs[0] == costs[1]


def test_nobody_else_sees_it(client: Client, lab: Lab) -> None:
    client.force_login(f.StaffFactory().user)
    assert client.get(reverse("console_duplicates", args=[lab.slug])).status_code == 404
