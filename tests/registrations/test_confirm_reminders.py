"""Whoever has not confirmed the address is reminded once, while it is of use."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.mail.models import Message
from registrations import confirm_reminders
from registrations.models import Registration
from tests import factories as f
from tests.registrations.form_posts import mails

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def waiting(age: timedelta = 3 * DAY, **facts: Any) -> Registration:
    found = f.RegistrationFactory(state="unconfirmed", confirmed_at=None, **facts)
    Registration.objects.filter(pk=found.pk).update(created_at=timezone.now() - age)
    found.refresh_from_db()
    return found


def run() -> int:
    now = timezone.now()
    return sum(confirm_reminders.remind(pk, now) for pk in confirm_reminders.due(now))


def test_it_is_sent_once_and_counts_in_the_budget() -> None:
    found = waiting()
    assert run() == 1
    assert run() == 0
    [message] = mails()
    assert (message.occasion, message.to_email, message.budget_key) == (
        "confirm_reminder", found.email, found.email_key,
    )  # fmt: skip
    assert "works for 4 days" in message.text
    assert found.name not in message.text + message.html


@pytest.mark.parametrize("age", [DAY, 2 * DAY - timedelta(minutes=1), 6 * DAY, 30 * DAY])
def test_not_before_two_days_and_not_on_the_last(age: timedelta) -> None:
    waiting(age)
    assert run() == 0


@pytest.mark.parametrize("state", ["confirmed", "cancelled"])
def test_nobody_else_is_reminded(state: str) -> None:
    found = f.RegistrationFactory(state=state, cancelled_at=timezone.now() if state == "cancelled" else None)
    Registration.objects.filter(pk=found.pk).update(created_at=timezone.now() - 3 * DAY)
    assert run() == 0


def test_not_where_registration_is_closed() -> None:
    waiting(
        lab__registration_closes_at=timezone.now() - DAY, lab__registration_opens_at=timezone.now() - 9 * DAY
    )
    assert run() == 0


@pytest.mark.parametrize("state", ["bounced", "failed", "complained"])
def test_not_to_an_address_that_bounces(state: str) -> None:
    found = waiting()
    confirm_reminders.emails.confirm_address(found, 7, [])
    Message.objects.update(state=state, finished_at=timezone.now())
    assert run() == 0


def test_not_beyond_the_budget_of_the_address() -> None:
    found = waiting()
    for number in range(5):
        other = f.RegistrationFactory(email=found.email, name=f"Other {number}")
        confirm_reminders.emails.link_again(other, is_asked_for=True)
    assert run() == 0


def test_whoever_confirms_meanwhile_is_not_reminded() -> None:
    found = waiting()
    due = confirm_reminders.due(timezone.now())
    Registration.objects.filter(pk=found.pk).update(state="confirmed", confirmed_at=timezone.now())
    assert due == [found.pk]
    assert not confirm_reminders.remind(found.pk, timezone.now())
