"""Roles, delegations, invitations to them, and API tokens."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.web.localized_fields import EmailAddressField, no_control_characters, one_line


class Staff(models.Model):
    """A role in the console: owner of a programme, organiser of a lab, or door staff of a lab."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Programme owner")
        ORGANISER = "organiser", _("Lab organiser")
        DOOR = "door", _("Door staff")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
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

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
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


class RoleInvitation(models.Model):
    """A role offered to an address that has no account; it is given when the person accepts by the emailed link.

    The link's token is derived from `public_id` and `link_version` (`core.web.signed_links`) and stored nowhere. An
    invitation is open until it is accepted, revoked or past `expires_at`.
    """

    class Role(models.TextChoices):
        OWNER = "owner", _("Programme owner")
        ORGANISER = "organiser", _("Lab organiser")
        DOOR = "door", _("Door staff")
        DELEGATE = "delegate", _("Delegate of a city")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    link_version = models.PositiveIntegerField(default=0)
    programme = models.ForeignKey(
        "labs.Programme", models.CASCADE, related_name="role_invitations", verbose_name=_("programme")
    )
    lab = models.ForeignKey(
        "labs.Lab",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="role_invitations",
        verbose_name=_("lab"),
    )
    city = models.ForeignKey(
        "labs.City",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="role_invitations",
        verbose_name=_("city"),
    )
    role = models.CharField(_("role"), max_length=10, choices=Role)
    email = EmailAddressField(_("email"), db_index=True)
    name = models.CharField(
        _("name"), max_length=200, blank=True, validators=[no_control_characters, one_line]
    )
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    invited_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="role_invitations", verbose_name=_("invited by")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent at"))
    expires_at = models.DateTimeField(_("expires at"))
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation to a role")
        verbose_name_plural = _("invitations to roles")
        constraints = (
            models.CheckConstraint(
                name="role_invitation_fits_place",
                condition=Q(role="owner", lab__isnull=True, city__isnull=True)
                | Q(role__in=["organiser", "door"], lab__isnull=False, city__isnull=True)
                | Q(role="delegate", lab__isnull=True, city__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.email} · {self.get_role_display()} · {self.lab or self.city or self.programme}"

    def is_open(self, now: datetime) -> bool:
        """Tell whether the link still opens it."""
        return self.accepted_at is None and self.revoked_at is None and now < self.expires_at


class ApiToken(models.Model):
    """An API token: acts as its user, limited to scopes and, if set, to one lab. Only its hash is stored."""

    class Scope(models.TextChoices):
        READ = "read", _("Read everything the account can see")
        REGISTRATIONS = "registrations", _("Registrations: read and change")
        ATTENDANCE = "attendance", _("Attendance: read and record")
        CERTIFICATES = "certificates", _("Certificates: read and issue")
        EMAILS = "emails", _("Emails: change texts, write to participants")
        WEBHOOKS = "webhooks", _("Webhooks: read and change")
        PEOPLE = "people", _("People, roles and cities: read and change")
        SCHEDULE = "schedule", _("Schedule: read and change")

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
