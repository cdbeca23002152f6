"""A registration: one person in one lab."""

import uuid
from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Left
from django.utils.translation import gettext_lazy as _

from core.search import SearchKeyField, with_search_keys
from core.timezones.zones import validate_readers_zone
from core.web.edit_conflicts import Versioned
from core.web.history import History
from core.web.localized_fields import EmailAddressField, no_control_characters, one_line
from labs.models import City, Lab, StakeholderGroup


class RegistrationQuerySet(models.QuerySet["Registration"]):
    def active(self) -> "RegistrationQuerySet":
        """Keep registrations whose address is confirmed and which are not cancelled."""
        return self.filter(state=Registration.State.CONFIRMED)

    def locked(self) -> "list[Registration]":
        """Lock these rows, lowest id first, and return them with lab and programme.

        Rows that no longer match the filter after waiting for a lock are omitted.
        """
        rows = self.select_for_update(no_key=True, of=("self",)).select_related("lab__programme")
        return list(rows.order_by("pk"))


class Registration(Versioned):
    """One person in one lab, known by a name and by an address that he or she confirmed. Colleagues may share one.

    Private links carry no stored secret: they are signed from `public_id` and a version (see `core.web.signed_links`),
    so incrementing `link_version` or `feed_version` revokes them. Erasing anonymises the row (see
    `registrations.erasure`).
    """

    class State(models.TextChoices):
        UNCONFIRMED = "unconfirmed", _("Email not confirmed yet")
        CONFIRMED = "confirmed", _("Registered")
        CANCELLED = "cancelled", _("Cancelled")

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="registrations", verbose_name=_("lab"))
    public_id = models.UUIDField(_("public ID"), default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.UNCONFIRMED)
    name = models.CharField(_("name"), max_length=200, validators=[no_control_characters, one_line])
    email = EmailAddressField(_("email"))
    email_key = models.CharField(max_length=254, editable=False)
    city = models.ForeignKey(
        City, models.SET_NULL, null=True, blank=True, related_name="registrations", verbose_name=_("city")
    )
    city_text = models.CharField(
        _("another city"), max_length=100, blank=True, validators=[no_control_characters, one_line]
    )
    organisation = models.CharField(
        _("organisation"), max_length=200, blank=True, validators=[no_control_characters, one_line]
    )
    stakeholder_group = models.ForeignKey(
        StakeholderGroup,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="registrations",
        verbose_name=_("type of organisation"),
    )
    # The account that chose internal sessions, until the address is confirmed.
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("account"),
    )
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[validate_readers_zone])
    consent_text = models.TextField(_("consent"), max_length=2000)
    consent_language = models.CharField(_("language of the consent"), max_length=5)
    consent_at = models.DateTimeField(_("consent given at"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    erased_at = models.DateTimeField(_("deleted at"), null=True, blank=True)
    link_version = models.PositiveIntegerField(default=1)
    feed_version = models.PositiveIntegerField(default=1)
    revised_at = models.DateTimeField(auto_now_add=True)
    name_key = SearchKeyField("name")
    contact_key = SearchKeyField("email", "organisation")

    objects = RegistrationQuerySet.as_manager()
    history = History(excluded_fields=["version", "name_key", "contact_key"])

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                # Names as they are searched for; an index takes no text of any length.
                "lab",
                "email_key",
                Left("name_key", 400),
                condition=Q(state="confirmed"),
                name="registered_once_per_lab",
            ),
            models.CheckConstraint(
                name="registration_states_have_instants",
                condition=Q(state="unconfirmed", confirmed_at__isnull=True, cancelled_at__isnull=True)
                | Q(state="confirmed", confirmed_at__isnull=False, cancelled_at__isnull=True)
                | Q(state="cancelled", cancelled_at__isnull=False),
            ),
        )
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["lab", "-created_at", "-id"], name="registration_list"),
            # What a lab's figures are counted from: see `registrations.statistics`.
            models.Index(
                fields=["lab", "confirmed_at", "city"],
                name="registration_confirmed",
                condition=Q(state="confirmed"),
            ),
            models.Index(
                fields=["lab", "state"], name="registration_not_confirmed", condition=~Q(state="confirmed")
            ),
            models.Index(fields=["lab"], name="registration_erased", condition=Q(erased_at__isnull=False)),
            models.Index(fields=["email_key"], name="registration_of_address"),
            models.Index(fields=["lab", "id"], name="registration_kept", condition=Q(erased_at__isnull=True)),
            models.Index(
                fields=["created_at"], name="registration_unconfirmed", condition=Q(state="unconfirmed")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lab.slug} {self.public_id}"

    @property
    def kept_until(self) -> date:
        """The day, in the lab's zone, after which the person is erased."""
        return self.lab.answers_kept_until

    def clean_answers(self) -> None:
        """Validate the fields that people type."""
        self.clean_fields(exclude=["lab", "city", "stakeholder_group", "consent_text", "submitted_by"])

    def save(self, *args: Any, **options: Any) -> None:
        if (fields := options.get("update_fields")) is not None:
            options["update_fields"] = with_search_keys(self, fields)
        super().save(*args, **options)
