"""When speakers can appear."""

from django.db import models
from django.db.models import F, Q

from sessions.models.agenda import Speaker


class SpeakerAvailability(models.Model):
    """Hours in which a speaker can appear, from one instant up to another, without that one.

    A speaker without any is always available. Those of one speaker do not overlap (`sessions.availability`).
    """

    speaker = models.ForeignKey(Speaker, models.CASCADE, related_name="availability")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ("speaker", "starts_at")
        constraints = (
            models.CheckConstraint(
                name="availability_ends_after_start", condition=Q(ends_at__gt=F("starts_at"))
            ),
            models.UniqueConstraint(fields=["speaker", "starts_at"], name="availability_starts_once"),
        )

    def __str__(self) -> str:
        return f"{self.speaker_id} {self.starts_at}"
