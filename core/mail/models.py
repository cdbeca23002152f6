"""Emails: one to one person, with what travels with it."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.jobs.models import LeasedWork
from core.search import SearchKeyField
from core.web.localized_fields import EmailAddressField


class MessageQuerySet(models.QuerySet["Message"]):
    def without_content(self) -> Self:
        """Leave out what an email says, apart from its subject: for lists."""
        return self.defer("context", "text", "html", "links")


class Message(LeasedWork):
    """One email to one person, in one language.

    What it tells is frozen in `context` when it is queued, as plain data. `text` and `html` are empty until the worker
    renders them before the first try; from then on they are kept, and `context` is empty (`core.mail.rendering`).

    Private links are not in the stored text: it holds marks such as `[[manage-5f0c…]]`, which `links` explains
    ({"manage": {"mark": …, "purpose": …, "subject": …, "version": …}}) and which are replaced once, when it is sent.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")
        BOUNCED = "bounced", _("Bounced")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    lab = models.ForeignKey("labs.Lab", models.CASCADE, null=True, blank=True, related_name="messages")
    about = models.CharField(max_length=80, blank=True, db_index=True)
    occasion = models.CharField(max_length=40)
    key = models.CharField(max_length=200, unique=True)
    language = models.CharField(max_length=5, choices=settings.LANGUAGES)
    to_name = models.CharField(max_length=200, blank=True)
    to_email = EmailAddressField()
    reply_to = EmailAddressField(blank=True)
    recipient_key = SearchKeyField("to_name", "to_email")
    # Which address's budget this counts in (`core.mail.address_budget`); empty for an email that nobody could just ask
    # for.
    budget_key = models.CharField(max_length=254, blank=True, editable=False)
    subject = models.CharField(max_length=300)
    context = models.JSONField(default=dict, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    links = models.JSONField(default=dict)
    message_id = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    is_urgent = models.BooleanField(default=True)
    smtp_code = models.PositiveSmallIntegerField(null=True, blank=True)
    provider_id = models.CharField(max_length=200, blank=True, db_index=True)

    objects = MessageQuerySet.as_manager()

    CLAIMED = State.SENDING
    DUE_ORDER = ("-is_urgent", "run_at", "pk")

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (
            models.Index(fields=["created_at"], name="message_unsent", condition=Q(finished_at__isnull=True)),
            models.Index(
                fields=["-is_urgent", "run_at"], name="message_due", condition=Q(finished_at__isnull=True)
            ),
            models.Index(fields=["lab", "-created_at"], name="message_of_lab"),
            models.Index(
                fields=["budget_key", "created_at"], name="message_budget", condition=~Q(budget_key="")
            ),
        )

    def __str__(self) -> str:
        return f"{self.occasion} {self.public_id}"


class Attachment(models.Model):
    """A file that travels with a message, frozen with it."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=100)
    content_type = models.CharField(max_length=100)
    content = models.BinaryField()

    def __str__(self) -> str:
        return self.name
