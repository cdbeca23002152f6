"""What a speaker's profile holds besides what is written there: the photo, and what only organisers see."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.web.localized_fields import EmailAddressField, localized_line

# What only organisers see: a change moves nothing that anybody else can read.
CONTACT_COLUMNS = ("email", "language")


class SpeakerContact(models.Model):
    """The columns of a speaker's photo and of how organisers write to the speaker.

    `photo` and `small_photo` are squares, written by `sessions.speaker_photos`. `language` is that of emails and of the
    private link, which is signed from `public_id` and `link_version` (`sessions.speaker_links`). The email address was
    entered at `contact_since`; it is deleted with all that came by it once it is no longer needed
    (`sessions.speaker_contacts`). `consent` is the text to which the speaker agreed in `consent_language`.
    """

    photo = models.FileField(upload_to="speakers/", blank=True)
    small_photo = models.FileField(upload_to="speakers/", blank=True)
    photo_alt = localized_line(blank=True)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    link_version = models.PositiveIntegerField(default=0, editable=False)
    email = EmailAddressField(_("email"), blank=True)
    language = models.CharField(_("language"), max_length=5, blank=True, choices=settings.LANGUAGES)
    contact_since = models.DateTimeField(null=True, blank=True, editable=False)
    asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    reminded_at = models.DateTimeField(null=True, blank=True, editable=False)
    consent = models.TextField(max_length=2000, blank=True, editable=False)
    consent_language = models.CharField(max_length=5, blank=True, editable=False)
    consent_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True
        constraints = (
            models.CheckConstraint(
                name="speaker_contact_has_a_date",
                condition=Q(email="") | Q(contact_since__isnull=False),
            ),
        )
