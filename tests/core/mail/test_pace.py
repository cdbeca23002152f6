"""How many emails leave in a second, all workers together."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from core.mail import pace

pytestmark = pytest.mark.django_db


def test_without_a_rate_nothing_waits_and_nothing_is_written(settings, django_assert_num_queries) -> None:
    settings.EMAIL_RATE = 0
    with django_assert_num_queries(0):
        assert [pace.seconds_until_turn() for _ in range(3)] == [0, 0, 0]


def test_each_takes_the_next_place_in_time(settings) -> None:
    settings.EMAIL_RATE = 4
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        assert [round(pace.seconds_until_turn(), 3) for _ in range(5)] == [0, 0.25, 0.5, 0.75, 1]
    with time_machine.travel(now + timedelta(seconds=1), tick=False):
        assert round(pace.seconds_until_turn(), 3) == 0.25
    with time_machine.travel(now + timedelta(hours=1), tick=False):
        # What was not used is not saved up.
        assert [round(pace.seconds_until_turn(), 3) for _ in range(2)] == [0, 0.25]


@pytest.mark.parametrize(
    ("backend", "name"),
    [
        ("anymail.backends.mailgun.EmailBackend", "mailgun"),
        ("django.core.mail.backends.smtp.EmailBackend", "smtp"),
    ],
)
def test_each_provider_has_a_pace_of_its_own(settings, backend: str, name: str) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_RATE = backend, 2
    assert (pace.provider(), pace.seconds_until_turn()) == (name, 0)
