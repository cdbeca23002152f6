"""A registration: one person in one lab."""

import uuid
from datetime import date, datetime
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
from registrations.models.consents import ConsentText
from registrations.models.persons import Person


class RegistrationQuerySet(models.QuerySet["Registration"]):
    def active(self) -> "RegistrationQuerySet":
        """Keep registrations whose address is confirmed and which are not cancelled."""
        return self.filter(state=Registration.State.CONFIRMED)

    def by_form(self) -> "RegistrationQuerySet":
        """Keep those that began with a form of the person's own: no organiser entered and no city nominated them."""
        return self.filter(entered_by__isnull=True, nominated_until__isnull=True)

    def locked(self) -> "list[Registration]":
        """Lock these rows, lowest id first, and return them with lab and programme.

        Rows that no longer match the filter after waiting for a lock are omitted.
        """
        rows = self.select_for_update(no_key=True, of=("self",)).select_related(
            "lab__programme", "lab__registration_rules"
        )
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

    class CancelledAs(models.TextChoices):
        """Why a registration was cancelled, and so by whom."""

        BY_PERSON = "by-person", _("By the participant")
        BY_ORGANISER = "by-organiser", _("By an organiser")
        TRANSFERRED = "transferred", _("Place given to a colleague")
        REPLACED = "replaced", _("The city named someone else")
        WITHDRAWN = "withdrawn", _("The city withdrew the nomination")

    class Photos(models.TextChoices):
        YES = "yes", _("Yes, photos and recordings of me may be taken and published")
        NO = "no", _("No, do not photograph or record me")

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
    # The organiser who entered the person; None for who used the form.
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("entered by"),
    )
    # Until then the seats of a person whom a city nominated stay the city's; None for everybody else.
    nominated_until = models.DateTimeField(null=True, blank=True, editable=False)
    invitation = models.ForeignKey(
        "registrations.Invitation",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="registrations",
        verbose_name=_("invitation"),
    )
    # Who it is in all labs, once the address is confirmed and until the erasure.
    person = models.ForeignKey(
        Person,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="registrations",
        verbose_name=_("person"),
    )
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[validate_readers_zone])
    consent_version = models.ForeignKey(
        ConsentText, models.RESTRICT, related_name="registrations", verbose_name=_("consent")
    )
    consent_language = models.CharField(_("language of the consent"), max_length=5)
    consent_at = models.DateTimeField(_("consent given at"))
    # What the person chose; "" where nobody asked.
    photos = models.CharField(_("photos and recordings"), max_length=3, choices=Photos, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    cancelled_as = models.CharField(max_length=12, choices=CancelledAs, blank=True, editable=False)
    # No reminders and no messages of organisers since then.
    unsubscribed_at = models.DateTimeField(_("unsubscribed at"), null=True, blank=True)
    erased_at = models.DateTimeField(_("deleted at"), null=True, blank=True)
    link_version = models.PositiveIntegerField(default=1)
    feed_version = models.PositiveIntegerField(default=1)
    revised_at = models.DateTimeField(auto_now_add=True)
    name_key = SearchKeyField("name")
    contact_key = SearchKeyField("email", "organisation")

    objects = RegistrationQuerySet.as_manager()
    history = History(excluded_fields=["version", "name_key", "contact_key", "person"])

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
    def reference(self) -> str:
        """The number by which person and organisers name this registration: "3F2A-91BC". It opens nothing."""
        number = self.public_id.hex[:8].upper()
        return f"{number[:4]}-{number[4:]}"

    @property
    def consent_text(self) -> str:
        """What the person agreed to, in the language in which he or she read it."""
        return self.consent_version.text_in(self.consent_language)

    @property
    def kept_until(self) -> date:
        """The day, in the lab's zone, after which the person is erased."""
        return self.lab.answers_kept_until

    def is_of_city(self, now: datetime) -> bool:
        """Tell whether what the person gives up now stays the seat of the city that nominated him or her."""
        return self.nominated_until is not None and self.nominated_until > now

    def can_be_confirmed(self, now: datetime) -> bool:
        """Tell whether an unconfirmed one may still be confirmed: by a nominee until the deadline, else while the lab's
        registration is open.
        """
        return self.is_of_city(now) or self.lab.takes_registrations(now)

    def clean_answers(self) -> None:
        """Validate the fields that people type."""
        self.clean_fields(exclude=["lab", "city", "stakeholder_group", "consent_version", "submitted_by"])

    def save(self, *args: Any, **options: Any) -> None:
        if (fields := options.get("update_fields")) is not None:
            options["update_fields"] = with_search_keys(self, fields)
        super().save(*args, **options)
