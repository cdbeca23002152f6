"""How many emails an address gets that anybody may ask for: five an hour and fifteen a day."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from core.mail.address_budget import emails_left
from core.mail.models import Message
from core.mail.queue import Link
from tests.emails import reset_email

pytestmark = pytest.mark.django_db

VICTIM = "participant17@example.org"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
A_MOMENT = timedelta(microseconds=1)


def send(count: int, at: datetime, to: str = VICTIM, *, asked_for: bool = True) -> None:
    """Queue emails to this address, as if at this instant."""
    before = list(Message.objects.values_list("pk", flat=True))
    for number in range(len(before), len(before) + count):
        reset_email(
            key=f"number {number}",
            to_email=to,
            links={"reset": Link("reset", "1", 0, "/")},
            is_asked_for=asked_for,
        )
    Message.objects.exclude(pk__in=before).update(created_at=at)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture(autouse=True)
def _still(now: datetime):  # type: ignore[no-untyped-def]
    with time_machine.travel(now, tick=False):
        yield


def test_five_go_out_in_an_hour(now: datetime) -> None:
    assert emails_left(VICTIM) == 5
    send(4, now)
    assert emails_left(VICTIM) == 1
    send(1, now)
    assert emails_left(VICTIM) == 0
    send(3, now)
    assert emails_left(VICTIM) == 0


def test_an_hour_later_there_are_five_again(now: datetime) -> None:
    send(5, now - HOUR + A_MOMENT)
    assert emails_left(VICTIM) == 0
    Message.objects.update(created_at=now - HOUR)
    assert emails_left(VICTIM) == 5


def test_fifteen_go_out_in_a_day(now: datetime) -> None:
    send(11, now - DAY + A_MOMENT)
    assert emails_left(VICTIM) == 4
    send(3, now - 2 * HOUR)
    assert emails_left(VICTIM) == 1
    send(1, now - 2 * HOUR)
    assert emails_left(VICTIM) == 0
    send(4, now)
    assert emails_left(VICTIM) == 0


def test_a_day_later_none_of_them_counts(now: datetime) -> None:
    send(15, now - DAY)
    assert emails_left(VICTIM) == 5


def test_each_address_has_its_own_budget_however_it_is_spelt(now: datetime) -> None:
    send(5, now, "Participant17@EXAMPLE.org")
    assert emails_left(VICTIM) == 0
    assert emails_left("participant18@example.org") == 5


def test_what_nobody_asked_for_is_not_counted(now: datetime) -> None:
    send(5, now, asked_for=False)
    assert emails_left(VICTIM) == 5


@pytest.mark.django_db(transaction=True)
def test_emails_are_counted_only_in_the_transaction_that_queues_them() -> None:
    with pytest.raises(TransactionManagementError):
        emails_left(VICTIM)
    with transaction.atomic():
        assert emails_left(VICTIM) == 5
