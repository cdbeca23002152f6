"""Which account somebody is whom the sign-in service named: known, linked by a proven address, or invited."""

from __future__ import annotations

from typing import cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.accounts.models import ExternalIdentity, User
from core.accounts.openid_connect import Identity
from core.accounts.signals import address_proven, security_changed
from core.web.email_addresses import account_address
from core.web.errors import RuleViolation

NO_ACCOUNT = _(
    "There is no account for this sign-in, and no invitation. Ask the organisers to invite you at the address that the "
    "sign-in service has."
)
NOT_VERIFIED = _(
    "The sign-in service does not confirm your email address. Sign in with your password, and connect it on your "
    "account page."
)
NOT_BY_ADDRESS = _("Sign in with your password, and connect the sign-in service on your account page.")
OF_ANOTHER = _("This sign-in belongs to another account.")


@transaction.atomic
def account_of(identity: Identity) -> User:
    """Return the account of an identity; link one by its address, or accept an invitation, the first time.

    The provider's own name of the person decides, never an address that it may give to somebody else later. An address
    counts once, to link it, and only if the provider has verified it. A superuser's account is linked by its holder
    alone. Raises RuleViolation (codes: no_account, not_verified, not_by_address).
    """
    known = ExternalIdentity.objects.select_related("user").filter(
        issuer=identity.issuer, subject=identity.subject
    )
    if row := known.first():
        return row.user
    if not identity.is_email_verified:
        raise RuleViolation("not_verified", NOT_VERIFIED)
    try:
        email = account_address(identity.email)
    except ValidationError:
        raise RuleViolation("no_account", NO_ACCOUNT) from None
    user = User.objects.filter(email=email).first()
    if user is None:
        answers = address_proven.send(sender=None, email=email, name=identity.name)
        user = next((cast(User, answer) for _receiver, answer in answers if answer is not None), None)
    elif user.is_superuser or user.is_staff:
        raise RuleViolation("not_by_address", NOT_BY_ADDRESS)
    if user is None:
        raise RuleViolation("no_account", NO_ACCOUNT)
    return link(user, identity)


@transaction.atomic
def link(user: User, identity: Identity) -> User:
    """Let this identity sign in to the account, and tell its holder. Raises RuleViolation (code: of_another)."""
    row, is_new = ExternalIdentity.objects.get_or_create(
        issuer=identity.issuer, subject=identity.subject, defaults={"user": user}
    )
    if row.user_id != user.pk:
        raise RuleViolation("of_another", OF_ANOTHER)
    if is_new:
        security_changed.send(sender=None, user=user.pk, what="sso_connected")
    return user


@transaction.atomic
def unlink(user: User) -> None:
    """Disconnect the account from the sign-in service. Raises RuleViolation (code: no_other_way)."""
    if not user.has_usable_password():
        raise RuleViolation("no_other_way", _("Choose a password first. You could not sign in otherwise."))
    if ExternalIdentity.objects.filter(user=user).delete()[0]:
        security_changed.send(sender=None, user=user.pk, what="sso_disconnected")
