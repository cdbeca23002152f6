"""Remind people once who sent the form and have not confirmed their address."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from core.mail import address_budget
from core.mail.message_counts import IN_TROUBLE
from core.mail.models import Message
from registrations import emails
from registrations.models import Registration
from registrations.registering import UNCONFIRMED_DAYS, choice_of

OCCASION = "confirm_reminder"
AFTER = timedelta(days=2)


def due(now: datetime) -> list[int]:
    """Return the ids of registrations to remind: open, not reminded yet, and no email to them in trouble. One query."""
    messages = Message.objects.filter(registration=OuterRef("pk"))
    found = (
        Registration.objects.filter(
            state=Registration.State.UNCONFIRMED,
            nominated_until__isnull=True,
            created_at__lte=now - AFTER,
            created_at__gt=now - timedelta(days=UNCONFIRMED_DAYS - 1),
        )
        .exclude(Exists(messages.filter(occasion=OCCASION)))
        .exclude(Exists(messages.filter(state__in=IN_TROUBLE)))
        .select_related("lab")
        .order_by("pk")
    )
    return [row.pk for row in found if row.lab.takes_registrations(now)]


@transaction.atomic
def remind(registration_id: int, now: datetime) -> bool:
    """Queue the reminder, as far as the budget of the address goes. Returns whether it was queued."""
    email = Registration.objects.filter(pk=registration_id).values_list("email", flat=True).first()
    if email is None or not address_budget.emails_left(email):
        return False
    waiting = Registration.objects.filter(
        pk=registration_id, email=email, state=Registration.State.UNCONFIRMED
    )
    for row in waiting.locked():
        left = UNCONFIRMED_DAYS - (now - row.created_at).days
        emails.confirm_reminder(row, max(left, 1), choice_of(row))
        return True
    return False
