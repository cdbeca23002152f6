"""No worker for an hour while people register: everything is there, and done once when one is back."""

from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from core.jobs.worker import Worker
from core.mail import health
from core.mail.models import Message
from registrations import managing
from registrations.models import Registration, RegistrationRules, Seat
from sessions.models import Session
from tests import factories as f
from tests.chaos import invariants
from tests.registrations.form_posts import FROM_HERE, answers, link
from tests.smtp import MailServer

pytestmark = pytest.mark.django_db

AN_HOUR = timedelta(hours=1, minutes=1)


def register(client: Client, session: Session, number: int) -> Registration:
    """Send the form and press the button behind the link, which no email has brought yet."""
    data = answers(session, email=f"participant{number}@example.org", name=f"Demo participant {number}")
    assert client.post(f"/labs/{session.lab.slug}/register/", data, headers=FROM_HERE).status_code == 200
    return Registration.objects.get(email=f"participant{number}@example.org")


def confirm(client: Client, person: Registration) -> None:
    address = link(person, "confirm", "registration_confirm")
    assert client.post(address, {"form_key": answers()["form_key"]}, headers=FROM_HERE).status_code == 302


def states() -> list[str]:
    return list(Seat.objects.order_by("registration__pk").values_list("state", flat=True))


def is_ready() -> bool:
    health.recently.forget()
    return all(finding.ok for finding in health.readiness() if finding.name in ("worker", "mail"))


def test_what_was_asked_for_meanwhile_is_done_once(client: Client, smtp: MailServer) -> None:
    session = f.SessionFactory(capacity=2)
    RegistrationRules.objects.create(lab=session.lab, offer_hours=1, hold_minutes=20)
    Worker().drain()
    assert is_ready()

    begin = timezone.now()
    people = [register(client, session, number) for number in range(5)]
    for person in people[1:]:
        confirm(client, person)  # the first holds a seat that nobody takes away in this hour
    managing.cancel(people[1])  # whose seat is offered to the next, who is not told in time
    assert states() == ["held", "cancelled", "offered", "waiting", "waiting"]
    with time_machine.travel(begin + AN_HOUR):
        assert not is_ready()
        late = register(client, session, 9)  # takes nobody's turn
        confirm(client, late)
        assert states() == ["held", "cancelled", "offered", "waiting", "waiting", "waiting"]
        assert smtp.received == []

        Worker().drain()
        Worker().drain()

        assert is_ready()
        # Hold and offer are over: both seats are offered to those who came next, in their order.
        assert states() == ["requested", "cancelled", "cancelled", "offered", "offered", "waiting"]
        assert invariants.broken() == []
        sent = [str(mail["Message-ID"]) for mail in smtp.received]
        assert invariants.repeated(sent, Message.objects.values_list("message_id", flat=True)) == (0, [])
        assert Counter(Message.objects.values_list("occasion", flat=True)) == {
            "confirm_address": 6, "confirmation": 5, "registration_cancelled": 1, "seat_is_offered": 3,
            "offer_expired": 1,
        }  # fmt: skip
