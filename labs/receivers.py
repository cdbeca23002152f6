"""What programmes and labs do on news from accounts."""

from typing import Any

from django.dispatch import receiver

from core.accounts.models import User
from core.accounts.signals import address_proven
from labs import role_invitations


@receiver(address_proven)
def accept_invitations(sender: object, email: str, name: str, **_more: Any) -> User | None:
    """Make an account of an address that is invited."""
    return role_invitations.accept_proven(email, name)
