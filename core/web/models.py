"""The idempotency keys of forms and API calls that create something."""

from django.db import models


class IdempotentRequest(models.Model):
    """One accepted POST: its purpose, its idempotency key and its result.

    `key`, `fingerprint` (of the contents) and `about` (the person) are keyed hashes (`core.web.idempotency`), which
    reveal nothing that somebody typed. Rows are pruned after a day.
    """

    purpose = models.CharField(max_length=60)
    key = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    about = models.CharField(max_length=64, blank=True)
    result = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["purpose", "key"], name="idempotent_request_once"),)
        indexes = (models.Index(fields=["about"], name="idempotent_request_about"),)

    def __str__(self) -> str:
        return f"{self.purpose} {self.key}"
