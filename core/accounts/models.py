"""Accounts of people who work with the service."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.timezones.zones import validate_zone
from core.web.localized_fields import EmailAddressField


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

    email = EmailAddressField(_("email"), unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, validators=[validate_zone])
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("can access the administration"), default=False)
    date_joined = models.DateTimeField(auto_now_add=True)
    # The subject of a delegate's private calendar link; a new value revokes the old link.
    feed_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ("email",)

    def __str__(self) -> str:
        return self.name or self.email


class EmailChange(models.Model):
    """A new address of an account that nobody has confirmed yet. Its link's token is stored nowhere."""

    user = models.OneToOneField(User, models.CASCADE, related_name="email_change", verbose_name=_("account"))
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = EmailAddressField(_("email"))
    expires_at = models.DateTimeField(_("expires at"))

    class Meta:
        verbose_name = _("change of email address")
        verbose_name_plural = _("changes of email addresses")

    def __str__(self) -> str:
        return f"{self.user} · {self.email}"


class SignIn(models.Model):
    """A browser in which an account is signed in. No network address is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="sign_ins", verbose_name=_("account"))
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    session_key = models.CharField(max_length=40, unique=True, editable=False)
    # "Firefox" and "Windows", from what the browser says of itself; empty if that is not known.
    browser = models.CharField(_("browser"), max_length=40, blank=True)
    system = models.CharField(_("system"), max_length=40, blank=True)
    signed_in_at = models.DateTimeField(_("signed in at"), auto_now_add=True)
    # To the hour.
    last_used_at = models.DateTimeField(_("last used at"))

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")

    def __str__(self) -> str:
        return f"{self.user} · {self.browser}"


class ExternalIdentity(models.Model):
    """Somebody whom the sign-in service of the settings named, and whose account that is."""

    user = models.ForeignKey(User, models.CASCADE, related_name="identities", verbose_name=_("account"))
    issuer = models.CharField(max_length=300)
    # The provider's own name of the person, which it gives to nobody else.
    subject = models.CharField(max_length=255)
    connected_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("account at the sign-in service")
        verbose_name_plural = _("accounts at the sign-in service")
        constraints = (models.UniqueConstraint(fields=["issuer", "subject"], name="external_identity_once"),)

    def __str__(self) -> str:
        return f"{self.user} · {self.issuer}"
