"""Accounts, the roles that people hold, and the tokens of programs."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labs.models.texts import EmailAddressField
from labs.zones import validate_zone


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.full_clean()
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """An account of an organiser, a door volunteer or a delegate; participants need none."""

    email = EmailAddressField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, validators=[validate_zone])
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(_("may open the administration"), default=False)
    date_joined = models.DateTimeField(auto_now_add=True)
    # Whom the private link of a delegate's calendar is made for; a new value revokes the old link.
    feed_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ("email",)

    def __str__(self) -> str:
        return self.name or self.email


class Staff(models.Model):
    """A role in the console: owner of a programme, organiser of a lab, or door staff of a lab."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Programme owner")
        ORGANISER = "organiser", _("Lab organiser")
        DOOR = "door", _("Door staff")

    user = models.ForeignKey(User, models.CASCADE, related_name="staff_roles")
    role = models.CharField(max_length=10, choices=Role)
    programme = models.ForeignKey(
        "labs.Programme", models.CASCADE, null=True, blank=True, related_name="staff"
    )
    lab = models.ForeignKey("labs.Lab", models.CASCADE, null=True, blank=True, related_name="staff")

    class Meta:
        verbose_name_plural = "staff"
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

    user = models.ForeignKey(User, models.CASCADE, related_name="delegations")
    programme = models.ForeignKey("labs.Programme", models.CASCADE, related_name="delegates")
    city = models.ForeignKey("labs.City", models.CASCADE, related_name="delegates")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "programme", "city"], name="delegate_once_per_city"),
        )

    def __str__(self) -> str:
        return f"{self.user} · {self.city}"


class ApiToken(models.Model):
    """A program's key: acts as its user, limited to scopes and, if set, to one lab. Only its hash is stored."""

    class Scope(models.TextChoices):
        READ = "read", _("Read what the person may see")
        REGISTRATIONS = "registrations", _("Registrations, read and change")
        ATTENDANCE = "attendance", _("Attendance, read and take")
        CERTIFICATES = "certificates", _("Certificates, read and issue")

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=100)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    lab = models.ForeignKey("labs.Lab", models.CASCADE, null=True, blank=True, related_name="api_tokens")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
