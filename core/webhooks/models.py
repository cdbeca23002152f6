"""Webhook endpoints of a lab, and what was sent to them."""

import uuid
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.jobs.models import LeasedWork
from core.web.edit_conflicts import Versioned
from core.web.localized_fields import no_control_characters, one_line

MAX_URL_LENGTH = 500
# For how long a delivery is tried; then a person decides.
RETRY_FOR = timedelta(hours=72)
# For how long the secret before the last one still signs, so that receivers can change over.
SECRETS_OVERLAP = timedelta(hours=24)


class Endpoint(Versioned):
    """A URL that gets signed POST requests about events of one lab.

    The secret is derived from `public_id` and `secret_version` (`core.webhooks.signing`), not stored.
    """

    class Disabled(models.TextChoices):
        NOT = "", ""
        BY_ORGANISER = "organiser", _("Switched off by an organiser")
        FAILING = "failing", _("Switched off after 72 hours without a successful delivery")
        GONE = "gone", _("Switched off because the server answered 410 Gone")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    lab = models.ForeignKey(
        "labs.Lab", models.CASCADE, related_name="webhook_endpoints", verbose_name=_("lab")
    )
    url = models.CharField(_("address"), max_length=MAX_URL_LENGTH)
    description = models.CharField(
        _("description"), max_length=100, blank=True, validators=[no_control_characters, one_line]
    )
    events = models.JSONField(_("events"), default=list)
    is_active = models.BooleanField(_("active"), default=True)
    disabled_because = models.CharField(max_length=10, choices=Disabled, blank=True)
    secret_version = models.PositiveIntegerField(default=1)
    secret_changed_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    # The first failure since the last success, how many there were, and until when nothing more is tried.
    failing_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    paused_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ("created_at", "id")
        constraints = (
            models.CheckConstraint(
                name="webhook_is_active_or_says_why",
                condition=Q(is_active=True, disabled_because="")
                | Q(is_active=False) & ~Q(disabled_because=""),
            ),
        )

    def __str__(self) -> str:
        return f"webhook {self.public_id}"


class Delivery(LeasedWork):
    """One event on its way to one endpoint. `body` is the exact request body, the same at every attempt."""

    class State(models.TextChoices):
        QUEUED = "queued", pgettext_lazy("webhook", "Queued")
        SENDING = "sending", pgettext_lazy("webhook", "Sending")
        DELIVERED = "delivered", pgettext_lazy("webhook", "Delivered")
        FAILED = "failed", pgettext_lazy("webhook", "Failed")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries", db_index=False)
    # Whom the event is about: what tells of a person goes with the person. Indexed below.
    registration = models.ForeignKey(
        "registrations.Registration", models.CASCADE, null=True, related_name="+", db_index=False
    )
    event = models.CharField(_("event"), max_length=40)
    body = models.TextField()
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    retry_until = models.DateTimeField()

    CLAIMED = State.SENDING

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                name="webhook_unsent_is_not_finished",
                condition=Q(state__in=["queued", "sending"], finished_at__isnull=True)
                | Q(state__in=["delivered", "failed"], finished_at__isnull=False),
            ),
        )
        indexes = (
            models.Index(fields=["run_at"], name="webhook_due", condition=Q(finished_at__isnull=True)),
            models.Index(fields=["endpoint", "-created_at", "-id"], name="webhook_log"),
            models.Index(fields=["finished_at"], name="webhook_finished"),
            models.Index(
                fields=["registration"],
                name="webhook_of_registration",
                condition=Q(registration__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.event} {self.public_id}"

    @property
    def message_id(self) -> str:
        """The `webhook-id`, the same at every attempt and replay."""
        return f"msg_{self.public_id.hex}"


class Attempt(models.Model):
    """One try of a delivery. `status` is that of the answer; without one, `error` is a code (`egress.ERRORS`)."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts_made")
    at = models.DateTimeField(default=timezone.now)
    milliseconds = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=20, blank=True)
    # The beginning of what the receiver answered.
    reply = models.TextField(blank=True, max_length=1000)

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.status or self.error}"
