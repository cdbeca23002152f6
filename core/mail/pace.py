"""How many emails leave in a second, where the provider takes only so many (EMAIL_RATE): all workers together.

Each email takes the next place in time, by the clock of the database, and waits for it.
"""

import time
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from core.jobs.database_clock import database_now
from core.mail.models import SendingPace


def wait_for_turn() -> None:
    """Wait until the next email may leave; at once where no rate is set."""
    if delay := seconds_until_turn():
        time.sleep(delay)


def provider() -> str:
    """Return the name of what emails leave by: "mailgun", "amazon_ses", "smtp"."""
    backend = str(settings.EMAIL_BACKEND)
    return backend.removesuffix(".EmailBackend").rpartition(".")[2][:40]


def seconds_until_turn() -> float:
    """Take the next place and return how long it is until then; 0.0 without a rate."""
    return _next_place(settings.EMAIL_RATE) if settings.EMAIL_RATE > 0 else 0.0


@transaction.atomic
def _next_place(rate: float) -> float:
    now = database_now()
    row, _made = SendingPace.objects.select_for_update().get_or_create(
        provider=provider(), defaults={"next_at": now}
    )
    turn = max(row.next_at, now)
    row.next_at = turn + timedelta(seconds=1 / rate)
    row.save(update_fields=["next_at"])
    return (turn - now).total_seconds()
