"""Forms and API calls that create something are remembered by their key, so that a second try creates nothing."""

from django.db import models


class Submission(models.Model):
    """One accepted POST: its purpose, its idempotency key and where its result is found."""

    purpose = models.CharField(max_length=60)
    key = models.CharField(max_length=100)
    fingerprint = models.CharField(max_length=64)
    result = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["purpose", "key"], name="submission_once"),)

    def __str__(self) -> str:
        return f"{self.purpose} {self.key}"
