"""Nominations: contacts of cities, the places that they may fill, and whom they named."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.web.edit_conflicts import Versioned
from core.web.localized_fields import EmailAddressField, no_control_characters, one_line
from labs.models import City, Lab, Track
from registrations.models.people import Registration


class CityContact(Versioned):
    """Somebody who nominates for a city, by a private link that is signed from `public_id` and `link_version`."""

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="city_contacts")
    city = models.ForeignKey(City, models.CASCADE, related_name="contacts", verbose_name=_("city"))
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    link_version = models.PositiveIntegerField(default=1)
    name = models.CharField(_("name"), max_length=200, validators=[no_control_characters, one_line])
    email = EmailAddressField(_("email"))
    email_key = models.CharField(max_length=254, editable=False)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    # Until then the city may nominate and replace, and its seats stay its own.
    deadline = models.DateTimeField(_("deadline"))
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    invited_at = models.DateTimeField(null=True, blank=True, editable=False)
    reminded_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("city contact")
        verbose_name_plural = _("city contacts")
        ordering = ("lab", "city", "pk")
        constraints = (
            models.UniqueConstraint(fields=["lab", "city", "email_key"], name="city_contact_once"),
        )

    def __str__(self) -> str:
        return f"{self.lab_id} {self.city_id} {self.public_id}"


class NominationPlaces(models.Model):
    """How many people a city may nominate, in which role, for which day or track; `used` is how many it has named."""

    class Role(models.TextChoices):
        ANYONE = "", _("Anyone")
        PRACTITIONER = "practitioner", _("Practitioner")
        POLITICIAN = "politician", _("Politician")
        EXPERT = "expert", _("Expert")
        PRESS = "press", _("Press")

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="nomination_places")
    city = models.ForeignKey(City, models.CASCADE, related_name="nomination_places")
    role = models.CharField(_("role"), max_length=20, choices=Role, default=Role.ANYONE, blank=True)
    day = models.DateField(_("day"), null=True, blank=True)
    track = models.ForeignKey(
        Track, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("track")
    )
    limit = models.PositiveIntegerField(_("places"))
    used = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("places of a city")
        verbose_name_plural = _("places of cities")
        ordering = ("day", "track", "role", "pk")
        constraints = (
            *(
                models.UniqueConstraint(
                    fields=["lab", "city", "role", *fields],
                    condition=Q(day__isnull="day" not in fields, track__isnull="track" not in fields),
                    name=f"nomination_places_once_{name}",
                )
                # SQLite has no unique constraint in which nulls are the same.
                for name, fields in (
                    ("whole", []),
                    ("day", ["day"]),
                    ("track", ["track"]),
                    ("both", ["day", "track"]),
                )
            ),
            models.CheckConstraint(name="nominated_at_most", condition=Q(used__lte=F("limit"))),
        )

    def __str__(self) -> str:
        return f"{self.lab_id} {self.city_id} {self.used}/{self.limit}"

    @property
    def left(self) -> int:
        return self.limit - self.used


class Nomination(models.Model):
    """Whom a city named for one of its places. Name, address and answer are those of the registration.

    It takes a place until it ends: the contact withdraws it or names somebody else instead.
    """

    class Ending(models.TextChoices):
        WITHDRAWN = "withdrawn", _("Withdrawn")
        REPLACED = "replaced", _("Replaced")

    places = models.ForeignKey(NominationPlaces, models.CASCADE, related_name="nominations")
    contact = models.ForeignKey(
        CityContact, models.SET_NULL, null=True, blank=True, related_name="nominations"
    )
    registration = models.OneToOneField(
        Registration, models.SET_NULL, null=True, blank=True, related_name="nomination"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_as = models.CharField(max_length=10, choices=Ending, blank=True)

    class Meta:
        verbose_name = _("nomination")
        verbose_name_plural = _("nominations")
        ordering = ("created_at", "pk")
        constraints = (
            models.CheckConstraint(
                name="nomination_ends_as",
                condition=Q(ended_at__isnull=True, ended_as="")
                | (Q(ended_at__isnull=False) & ~Q(ended_as="")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.places_id} {self.registration_id}"

    @property
    def answer(self) -> str:
        """Return nominated, accepted, declined (by the person), cancelled, no_answer, withdrawn or replaced.

        Who accepted and later gave the place to a colleague has accepted.
        """
        if self.ended_as:
            return self.ended_as
        person, how = self.registration, Registration.CancelledAs
        if person is None:
            return "no_answer"  # Only unconfirmed registrations are deleted.
        if person.state == Registration.State.UNCONFIRMED:
            return "nominated" if person.is_of_city(timezone.now()) else "no_answer"
        if person.state == Registration.State.CONFIRMED or person.cancelled_as == how.TRANSFERRED:
            return "accepted"
        return "declined" if person.cancelled_as == how.BY_PERSON else "cancelled"


def nominating_city(registration: Registration) -> City | None:
    """Return the city that named this person. One query for those whom one named."""
    if registration.nominated_until is None:
        return None
    return City.objects.filter(nomination_places__nominations__registration=registration).first()
