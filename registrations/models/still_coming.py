"""The question, some days before, whether somebody is still coming."""

from django.db import models
from django.db.models import Q

from registrations.models.people import Registration


class StillComing(models.Model):
    """Asked once of each person of a lab that asks. `release_at` is when silence gives the seats up; None: never.

    `kept` is None until the person answers.
    """

    registration = models.OneToOneField(
        Registration, models.CASCADE, primary_key=True, related_name="still_coming"
    )
    asked_at = models.DateTimeField()
    release_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    kept = models.BooleanField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="still_coming_answer_has_instant",
                condition=Q(kept__isnull=True, answered_at__isnull=True)
                | Q(kept__isnull=False, answered_at__isnull=False),
            ),
        )
        indexes = (
            models.Index(
                fields=["release_at"],
                name="still_coming_silent",
                condition=Q(answered_at__isnull=True, released_at__isnull=True, release_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.registration_id} {self.kept}"
