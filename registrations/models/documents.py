"""Documents that people accept when they register, in versions that are never edited."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from core.web.edit_conflicts import Versioned
from core.web.localized_fields import localized_line, localized_text, web_address
from labs.models import Lab
from registrations.models.people import Registration

MAX_ADDRESS_LENGTH = 500


class Document(Versioned):
    """A document of a lab. `number` is that of the version in force; a withdrawn one is no longer shown.

    `version` is that of the row, for two who edit it at once: it rises with each save.
    """

    # A lab without registrations can be deleted with its documents (`labs.lab_editing.is_used`).
    goes_with_owner = True

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="documents")
    slug = models.SlugField(max_length=60)
    is_required = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    number = models.PositiveIntegerField(default=1)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["lab", "position", "id"]
        constraints = (models.UniqueConstraint(fields=["lab", "slug"], name="document_once_per_lab"),)

    def __str__(self) -> str:
        return self.slug


class DocumentVersion(models.Model):
    """What people read: a title, and a text or the address of a page."""

    document = models.ForeignKey(Document, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    title = localized_line()
    text = localized_text()
    address = models.URLField(max_length=MAX_ADDRESS_LENGTH, blank=True, default="", validators=[web_address])
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["document", "-number"]
        constraints = (models.UniqueConstraint(fields=["document", "number"], name="document_version_once"),)

    def __str__(self) -> str:
        return f"{self.document_id} {self.number}"


class DocumentAcceptance(models.Model):
    """That a person accepted a version, and in which language it was shown."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="document_acceptances")
    version = models.ForeignKey(DocumentVersion, models.CASCADE, related_name="acceptances")
    at = models.DateTimeField()
    language = models.CharField(max_length=2)

    class Meta:
        ordering: ClassVar[list[str]] = ["registration", "id"]
        constraints = (
            models.UniqueConstraint(fields=["registration", "version"], name="document_accepted_once"),
        )

    def __str__(self) -> str:
        return f"{self.registration_id} {self.version_id}"
