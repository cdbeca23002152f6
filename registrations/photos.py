"""Each person's choice about photos and recordings."""

from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from registrations.managing import lock_registration
from registrations.models import Registration

Photos = Registration.Photos

# As organisers read it.
PHOTOS_IN_WORDS: Final[list[tuple[str, str | Promise]]] = [
    (Photos.YES.value, _("Photos allowed")),
    (Photos.NO.value, _("No photos")),
]


@transaction.atomic
def choose(registration: Registration, choice: str, by: User | None = None) -> Registration:
    """Keep what the person, or an organiser for the person, chose, also after cancelling; "" takes it back.

    Raises RuleViolation (code: gone).
    """
    registration = lock_registration(registration)
    choice = Photos(choice).value if choice else ""
    if registration.photos == choice:
        return registration
    registration.photos, registration.revised_at = choice, timezone.now()
    registration._history_user = by  # type: ignore[attr-defined]
    registration.save(update_fields=["photos", "revised_at"])
    return registration
