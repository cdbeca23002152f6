"""Invitations to register for a lab."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.web.localized_fields import EmailAddressField, no_control_characters, one_line
from labs.models import Lab

MAX_USES = 10_000


class Invitation(models.Model):
    """Lets so many people register for a lab, or the owner of one email address.

    Links are signed from `public_id` and `link_version`, like those of registrations. `used` counts registrations
    that are confirmed and not cancelled.
    """

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="invitations")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    link_version = models.PositiveIntegerField(default=1)
    email = EmailAddressField(_("email"), blank=True)
    email_key = models.CharField(max_length=254, blank=True, editable=False)
    language = models.CharField(max_length=5, choices=settings.LANGUAGES, default="en")
    note = models.CharField(
        _("note"), max_length=200, blank=True, validators=[no_control_characters, one_line]
    )
    uses = models.PositiveIntegerField(_("people"), default=1)
    used = models.PositiveIntegerField(default=0, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ("-created_at", "-pk")
        constraints = (
            models.CheckConstraint(name="invitation_used_at_most", condition=Q(used__lte=F("uses"))),
            models.UniqueConstraint(
                fields=["lab", "email_key"],
                condition=Q(revoked_at__isnull=True) & ~Q(email_key=""),
                name="invited_once_per_address",
            ),
        )

    def __str__(self) -> str:
        return f"{self.lab_id} {self.public_id} {self.used}/{self.uses}"

    @property
    def is_used_up(self) -> bool:
        return self.used >= self.uses
