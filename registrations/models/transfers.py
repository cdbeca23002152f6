"""A registration that its owner wants to give to a colleague."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.web.localized_fields import EmailAddressField, no_control_characters, one_line
from registrations.models.people import Registration


class Transfer(models.Model):
    """Waits for a colleague to accept. The row goes when it ends, in whatever way, and its link with it."""

    registration = models.OneToOneField(Registration, models.CASCADE, related_name="transfer")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200, validators=[no_control_characters, one_line])
    email = EmailAddressField(_("email"))
    email_key = models.CharField(max_length=254, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")

    def __str__(self) -> str:
        return str(self.public_id)
