"""How registration works in one lab."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.web.edit_conflicts import Versioned
from core.web.history import History
from labs.models import Lab

MAX_HOLD_MINUTES = 24 * 60
MAX_OFFER_HOURS = 14 * 24
MAX_COMING_DAYS = 60
MAX_PEOPLE_PER_MINUTE = 10_000


class RegistrationRules(Versioned):
    """The rules of a lab that differ from the usual ones; a lab without a row has those of an empty one."""

    class Promotion(models.TextChoices):
        ARRIVAL = "arrival", _("In the order of arrival")
        CITY = "city", _("Cities with the fewest seats in the session first, then in the order of arrival")

    class Overlaps(models.TextChoices):
        WARN = "warn", _("Warn, and let participants decide")
        REFUSE = "refuse", _("Do not allow them")

    class Access(models.TextChoices):
        EVERYONE = "everyone", _("Everyone")
        DELEGATES = "delegates", _("Delegates of the programme’s cities, signed in")
        INVITED = "invited", _("People with an invitation")

    lab = models.OneToOneField(Lab, models.CASCADE, primary_key=True, related_name="registration_rules")
    access = models.CharField(_("who may register"), max_length=10, choices=Access, default=Access.EVERYONE)
    # Domains in ASCII; empty: any.
    email_domains = models.JSONField(_("email domains"), default=list, blank=True)
    needs_approval = models.BooleanField(_("organisers approve each seat"), default=False)
    hold_minutes = models.PositiveIntegerField(
        _("minutes for which a seat is held until the email is confirmed"),
        null=True,
        blank=True,
        validators=[MinValueValidator(5), MaxValueValidator(MAX_HOLD_MINUTES)],
    )
    offer_hours = models.PositiveIntegerField(
        _("hours to accept a seat that became free"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_OFFER_HOURS)],
    )
    promotion = models.CharField(
        _("order of the waiting list"), max_length=10, choices=Promotion, default=Promotion.ARRIVAL
    )
    overlaps = models.CharField(
        _("sessions at the same time"), max_length=10, choices=Overlaps, default=Overlaps.WARN
    )
    asks_photos = models.BooleanField(_("participants choose about photos and recordings"), default=False)
    # Whether the lab ever had documents to accept, so that other labs are not asked for them.
    has_documents = models.BooleanField(default=False, editable=False)
    coming_days = models.PositiveIntegerField(
        _("days before the first session when people are asked whether they still come"),
        null=True,
        blank=True,
        validators=[MinValueValidator(3), MaxValueValidator(MAX_COMING_DAYS)],
    )
    coming_releases = models.BooleanField(_("seats of people who do not answer are released"), default=False)
    opening_draw = models.BooleanField(_("registration opens with a draw"), default=False)
    people_per_minute = models.PositiveIntegerField(
        _("people let in each minute"),
        default=120,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_PEOPLE_PER_MINUTE)],
    )
    history = History()

    class Meta:
        verbose_name = _("rules of registration")
        verbose_name_plural = _("rules of registration")

    def __str__(self) -> str:
        return str(self.lab)


def rules_of(lab: Lab) -> RegistrationRules:
    """Return the rules of a lab: its own, or the usual ones, unsaved."""
    try:
        return lab.registration_rules
    except RegistrationRules.DoesNotExist:
        return RegistrationRules(lab=lab)
