"""Roles, delegations and API tokens."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User


class Staff(models.Model):
    """A role in the console: owner of a programme, organiser of a lab, or door staff of a lab."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Programme owner")
        ORGANISER = "organiser", _("Lab organiser")
        DOOR = "door", _("Door staff")

    user = models.ForeignKey(User, models.CASCADE, related_name="staff_roles", verbose_name=_("account"))
    role = models.CharField(_("role"), max_length=10, choices=Role)
    programme = models.ForeignKey(
        "labs.Programme",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="staff",
        verbose_name=_("programme"),
    )
    lab = models.ForeignKey(
        "labs.Lab", models.CASCADE, null=True, blank=True, related_name="staff", verbose_name=_("lab")
    )

    class Meta:
        verbose_name = _("role in a lab or programme")
        verbose_name_plural = _("roles in labs and programmes")
        constraints = (
            models.CheckConstraint(
                name="staff_role_fits_place",
                condition=Q(role="owner", programme__isnull=False, lab__isnull=True)
                | Q(role__in=["organiser", "door"], programme__isnull=True, lab__isnull=False),
            ),
            models.UniqueConstraint(fields=["user", "role", "programme"], name="staff_once_per_programme"),
            models.UniqueConstraint(fields=["user", "role", "lab"], name="staff_once_per_lab"),
        )

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()} · {self.programme or self.lab}"


class Delegate(models.Model):
    """A user who belongs to a city in a programme, and so sees the internal sessions open to that city."""

    user = models.ForeignKey(User, models.CASCADE, related_name="delegations", verbose_name=_("account"))
    programme = models.ForeignKey(
        "labs.Programme", models.CASCADE, related_name="delegates", verbose_name=_("programme")
    )
    city = models.ForeignKey("labs.City", models.CASCADE, related_name="delegates", verbose_name=_("city"))

    class Meta:
        verbose_name = _("delegate")
        verbose_name_plural = _("delegates")
        constraints = (
            models.UniqueConstraint(fields=["user", "programme", "city"], name="delegate_once_per_city"),
        )

    def __str__(self) -> str:
        return f"{self.user} · {self.city}"


class ApiToken(models.Model):
    """An API token: acts as its user, limited to scopes and, if set, to one lab. Only its hash is stored."""

    class Scope(models.TextChoices):
        READ = "read", _("Read everything the account can see")
        REGISTRATIONS = "registrations", _("Registrations: read and change")
        ATTENDANCE = "attendance", _("Attendance: read and record")
        CERTIFICATES = "certificates", _("Certificates: read and issue")
        EMAILS = "emails", _("Emails: change texts, write to participants")
        WEBHOOKS = "webhooks", _("Webhooks: read and change")

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens", verbose_name=_("account"))
    name = models.CharField(_("name"), max_length=100)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("permissions"), default=list)
    lab = models.ForeignKey(
        "labs.Lab", models.CASCADE, null=True, blank=True, related_name="api_tokens", verbose_name=_("lab")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return self.name
