"""Texts of consent, in versions that are never edited."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from labs.models import Lab


class ConsentText(models.Model):
    """What people of a lab agreed to from some moment on, in every language in which it was shown.

    The same texts again are the same version: `digest` names them.
    """

    # A lab without registrations can be deleted with its texts (`labs.lab_editing.is_used`).
    goes_with_owner = True

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="consent_texts")
    number = models.PositiveIntegerField()
    texts = models.JSONField()
    digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["lab", "-number"]
        constraints = (
            models.UniqueConstraint(fields=["lab", "number"], name="consent_version_once"),
            models.UniqueConstraint(fields=["lab", "digest"], name="consent_texts_once"),
        )

    def __str__(self) -> str:
        return f"{self.lab_id} {self.number}"

    def text_in(self, language: str) -> str:
        """Return the text as somebody read it in this language."""
        return str(self.texts.get(language) or next(iter(self.texts.values()), ""))
