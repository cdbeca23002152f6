"""The limit of emails that ask an address to confirm holds for posts of the same moment, on both databases."""

import pytest
from django.db import connection
from django.test import Client

from core.mail.address_budget import EMAILS_PER_HOUR
from registrations.models import Registration
from tests import factories as f
from tests.registrations.concurrency import all_at_once
from tests.registrations.form_posts import answers, mails, send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("crowds")]

AT_ONCE = 16


@pytest.mark.parametrize("known", [False, True])
def test_sixteen_posts_at_once_stay_within_the_budget_and_all_are_answered_alike(known: bool) -> None:
    """Also of an address that is registered in one of the labs, where each post is an email that says so."""
    sessions = [f.SessionFactory(), f.SessionFactory()]
    if known:
        f.RegistrationFactory(
            lab=sessions[0].lab, email="participant17@example.org", name="Demo participant 17"
        )
    answered: list[tuple[int, bool]] = []
    spellings = ("participant17@example.org", "Participant17@Example.ORG")

    def register(number: int) -> None:
        session = sessions[number % 2]
        answer = send(Client(), session.lab, answers(session, email=spellings[number // 2 % 2]))
        answered.append((answer.status_code, "Check your" in answer.content.decode()))

    assert connection.settings_dict["NAME"] != ":memory:"
    errors = all_at_once([lambda number=number: register(number) for number in range(AT_ONCE)])

    assert errors == []
    assert answered == [(200, True)] * AT_ONCE
    assert len(mails()) == EMAILS_PER_HOUR
    asked = len(mails("confirm_address"))
    assert asked >= EMAILS_PER_HOUR - known
    assert Registration.objects.filter(state="unconfirmed").count() == asked


def test_other_addresses_do_not_count_among_each_other() -> None:
    session = f.SessionFactory()
    errors = all_at_once(
        [
            lambda number=number: send(
                Client(), session.lab, answers(session, email=f"participant{number}@example.org")
            )
            for number in range(AT_ONCE)
        ]
    )
    assert errors == []
    assert len(mails("confirm_address")) == AT_ONCE
