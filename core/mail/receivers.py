"""What emails do on news from packages below."""

from typing import Any

from django.dispatch import receiver

from core.accounts.signals import password_reset_requested
from core.jobs.leases import enqueue


@receiver(password_reset_requested)
def send_links_to_choose_a_password(sender: object, users: list[int], **_more: Any) -> None:
    """Put down one task for every address, so that an account takes no longer than none."""
    enqueue("mail.send_password_resets", {"users": users})
