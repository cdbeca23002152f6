from typing import Any

from django.dispatch import receiver

from certificates import issuing
from registrations.signals import person_erased


@receiver(person_erased)
def forget_holder(registration_id: int, **more: Any) -> None:
    issuing.forget_holder(registration_id)
