"""How many emails one address gets that anybody can ask for: one budget for all of them together.

Forms that send an email to an address that anybody may type (registering, asking for a private link, for a new
password) would otherwise fill a stranger's mailbox, each up to a limit of its own. Emails that tell of what a person or
an organiser did are not counted and never held back.
"""

from datetime import timedelta

from django.utils import timezone

from labs.email_addresses import address_key
from labs.models import Message
from labs.prepared import Prepared

EMAILS_PER_HOUR = 5
EMAILS_PER_DAY = 15


def emails_left(email: str) -> int:
    """Return how many such emails this address may still get now. Only in a transaction, which queues them.

    Transactions that ask about one address follow each other until they end, so that each counts the emails of those
    before it. Say the same to whoever asked, whatever the answer.
    """
    now = timezone.now()
    key = address_key(email)
    queued = _QUEUED.all_in_turn(f"mail_budget:{key}", key, now - timedelta(days=1))
    this_hour = sum(at > now - timedelta(hours=1) for at in queued)
    return max(min(EMAILS_PER_HOUR - this_hour, EMAILS_PER_DAY - len(queued)), 0)


_QUEUED = Prepared(
    lambda key, after: (
        Message.objects.filter(budget_key=key, created_at__gt=after)
        # The condition of the index.
        .exclude(budget_key="")
        .order_by()
        .values_list("created_at", flat=True)
    )
)
