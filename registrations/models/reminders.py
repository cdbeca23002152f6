"""Reminders of sessions: when a lab sends them, and which have been sent."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from labs.models import Lab
from registrations.models.seats import Seat

MAX_HOURS = 24 * 60


class ReminderRule(models.Model):
    """A lab reminds everybody with a seat this many hours before each of its sessions."""

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="reminder_rules", verbose_name=_("lab"))
    hours = models.PositiveIntegerField(
        _("hours before the session"), validators=[MinValueValidator(1), MaxValueValidator(MAX_HOURS)]
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        ordering = ("lab", "-hours")
        constraints = (
            models.UniqueConstraint(fields=["lab", "hours"], name="reminder_rule_once"),
            models.CheckConstraint(
                name="reminder_rule_hours", condition=Q(hours__gte=1, hours__lte=MAX_HOURS)
            ),
        )

    def __str__(self) -> str:
        return f"{self.hours} h"


class Reminder(models.Model):
    """A reminder that was queued: once for a seat, a rule and a start of the session."""

    seat = models.ForeignKey(Seat, models.CASCADE, related_name="reminders")
    hours = models.PositiveIntegerField()
    starts_at = models.DateTimeField()
    sent_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["seat", "hours", "starts_at"], name="reminder_once"),)

    def __str__(self) -> str:
        return f"{self.seat_id} {self.hours} h"
