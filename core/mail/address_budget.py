"""How many emails one address gets that anybody can ask for: one budget for all of them together.

Forms that send an email to an address that anybody may type (registering, asking for a private link, for a new
password) would otherwise fill a stranger's mailbox, each up to a limit of its own. Emails that tell of what a person or
an organiser did are not counted and never held back.
"""

import hashlib
from datetime import timedelta

from django.db import connection
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from core.mail.models import Message
from core.web.email_addresses import address_key

EMAILS_PER_HOUR = 5
EMAILS_PER_DAY = 15


def emails_left(email: str) -> int:
    """Return how many such emails this address may still get now. Only in a transaction, which queues them.

    Transactions that ask about one address follow each other until they end, so that each counts the emails of those
    before it. Say the same to whoever asked, whatever the answer.
    """
    now = timezone.now()
    key = address_key(email)
    _wait_for_turn(key)
    queued = list(
        # Without the empty key, as the index is.
        Message.objects.filter(budget_key=key, created_at__gt=now - timedelta(days=1))
        .exclude(budget_key="")
        .order_by()
        .values_list("created_at", flat=True)
    )
    this_hour = sum(at > now - timedelta(hours=1) for at in queued)
    return max(min(EMAILS_PER_HOUR - this_hour, EMAILS_PER_DAY - len(queued)), 0)


def _wait_for_turn(key: str) -> None:
    """Take PostgreSQL's advisory lock of this address until the transaction ends.

    On SQLite one transaction at a time writes as it is. Two addresses that share a number by chance wait for each
    other, which harms nobody.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("Emails are counted only in the transaction that queues one.")
    if connection.vendor == "postgresql":
        number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big", signed=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
