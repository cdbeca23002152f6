"""Changes of an account's address: confirmed by a link to the new one, told to the old one."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Final

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.accounts.models import EmailChange, User
from core.accounts.signals import email_change_asked, email_changed
from core.web import signed_links
from core.web.errors import RuleViolation
from core.web.rate_limits import allow

PURPOSE: Final = "account.email"
ROUTE: Final = "account_email_confirm"
DAYS: Final = 2
ASKED_PER_HOUR: Final = 5


@transaction.atomic
def ask(user: User, email: str) -> None:
    """Send a link to the new address, which takes the place of one that was sent before.

    To an address that has an account no email is sent, and the answer is the same.
    Raises RuleViolation (codes: same, too_many).
    """
    if email == user.email:
        raise RuleViolation("same", _("This is your address already."), "email")
    if not allow("email-change", str(user.pk), ASKED_PER_HOUR, 3600):
        raise RuleViolation("too_many", _("Too many attempts. Wait an hour, then try again."), "email")
    facts = {
        "public_id": uuid.uuid4(),
        "email": email,
        "expires_at": timezone.now() + timedelta(days=DAYS),
    }
    change, _new = EmailChange.objects.update_or_create(user=user, defaults=facts)
    email_change_asked.send(sender=None, change=change.pk)


def pending(user: User) -> EmailChange | None:
    return EmailChange.objects.filter(user=user, expires_at__gt=timezone.now()).first()


def find(token: str) -> EmailChange | None:
    """Return the change whose link this is; None for a forged, used or expired one."""
    public_id = signed_links.subject_of(token)
    if public_id is None or not signed_links.is_valid(token, PURPOSE, public_id, 0):
        return None
    rows = EmailChange.objects.select_related("user").filter(
        public_id=public_id, expires_at__gt=timezone.now(), user__is_active=True
    )
    return rows.first()


@transaction.atomic
def confirm(change: EmailChange) -> User:
    """Give the account its new address. Raises RuleViolation (code: taken)."""
    user = User.objects.select_for_update().get(pk=change.user_id)
    before = user.email
    user.email = change.email
    try:
        with transaction.atomic():
            user.save(update_fields=["email"])
    except IntegrityError:
        raise RuleViolation("taken", _("This address belongs to another account.")) from None
    # allauth's own list, by which the old address could still ask for a new password.
    EmailAddress.objects.filter(user=user).delete()
    EmailChange.objects.filter(user=user).delete()
    email_changed.send(sender=None, user=user.pk, before=before)
    return user
