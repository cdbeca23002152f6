"""Whether a person gets what is not about his or her own registration: reminders, and messages of organisers."""

from django.db import transaction
from django.utils import timezone

from registrations.models import Registration


@transaction.atomic
def set_unsubscribed(registration: Registration, unsubscribed: bool) -> None:
    """Note whether the person wants these emails; once more changes nothing."""
    row = Registration.objects.select_for_update(no_key=True).filter(pk=registration.pk).first()
    if row is None or row.erased_at is not None or (row.unsubscribed_at is not None) == unsubscribed:
        return
    row.unsubscribed_at = timezone.now() if unsubscribed else None
    row.save(update_fields=["unsubscribed_at"])
    registration.unsubscribed_at = row.unsubscribed_at
