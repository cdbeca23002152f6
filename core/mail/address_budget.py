"""How many emails one address gets that anybody can ask for: one budget for all of them together.

Forms that send an email to an address that anybody may type (registering, asking for a private link, for a new
password) would otherwise fill a stranger's mailbox, each up to a limit of its own. Emails that tell of what a person or
an organiser did are not counted and never held back.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from core.mail.models import Message, MessageQuerySet
from core.web.email_addresses import address_key

EMAILS_PER_HOUR = 5
EMAILS_PER_DAY = 15


def key_of(email: str) -> str:
    """Return the key of an address's budget: `name+anything@…` is the mailbox of `name@…`, of other people or not."""
    local, at, domain = address_key(email).rpartition("@")
    mailbox = local.partition("+")[0]
    # Quoted: the plus may be part of the name.
    return address_key(email) if not mailbox or local.startswith('"') else f"{mailbox}{at}{domain}"


def emails_left(email: str) -> int:
    """Return how many such emails this address may still get now. Only in a transaction, which queues them.

    Transactions that ask about one address follow each other until they end, so that each counts the emails of those
    before it. Say the same to whoever asked, whatever the answer.
    """
    key = key_of(email)
    wait_for_turn(key)
    return left_of(emails_of_a_day(key).values_list("created_at", flat=True))


def emails_of_a_day(key: str) -> MessageQuerySet:
    """Return the emails of the last day that count in the budget of the address with this `key_of`."""
    since = timezone.now() - timedelta(days=1)
    # Without the empty key, as the index is.
    return Message.objects.filter(~Q(budget_key=""), budget_key=key, created_at__gt=since).order_by()


def left_of(queued: Iterable[datetime]) -> int:
    """Return how many more emails an address may get that got these in the last day."""
    today, hour_ago = list(queued), timezone.now() - timedelta(hours=1)
    this_hour = sum(at > hour_ago for at in today)
    return max(min(EMAILS_PER_HOUR - this_hour, EMAILS_PER_DAY - len(today)), 0)


def wait_for_turn(key: str) -> None:
    """Take PostgreSQL's advisory lock of the address with this `key_of` until the transaction ends.

    On SQLite one transaction at a time writes as it is. Two addresses that share a number by chance wait for each
    other, which harms nobody.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("Emails are counted only in the transaction that queues one.")
    if connection.vendor == "postgresql":
        number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big", signed=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
