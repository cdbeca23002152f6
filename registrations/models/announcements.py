"""Announcements: what organisers write to participants of a lab."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.web.edit_conflicts import Versioned
from core.web.localized_fields import localized_line, localized_text
from labs.models import Lab


class Announcement(Versioned):
    """One text to everybody whom `audience` finds (`registrations.audiences`), each once.

    Confirmed, it waits until `sends_at` and can be taken back until then. `last_registration` is how far sending is.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("announcement", "Draft")
        WAITING = "waiting", pgettext_lazy("announcement", "Will be sent")
        SENDING = "sending", pgettext_lazy("announcement", "Being sent")
        SENT = "sent", pgettext_lazy("announcement", "Sent")
        WITHDRAWN = "withdrawn", pgettext_lazy("announcement", "Withdrawn")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    lab = models.ForeignKey(Lab, models.CASCADE, related_name="announcements", verbose_name=_("lab"))
    audience = models.JSONField(default=dict)
    subject = localized_line(limit=150)
    body = localized_text(limit=4000)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    sends_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    sent = models.PositiveIntegerField(default=0)
    last_registration = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("lab", "-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                name="announcement_states_have_instants",
                condition=Q(state="draft", sends_at__isnull=True)
                | (~Q(state="draft") & Q(sends_at__isnull=False)),
            ),
        )
        indexes = (models.Index(fields=["lab", "-created_at", "-id"], name="announcement_list"),)

    def __str__(self) -> str:
        return str(self.subject)
