"""Programmes, labs, cities, and parts of a lab except sessions."""

from datetime import date, datetime, timedelta
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from core.timezones.wall_clock import wall
from core.timezones.zones import validate_zone
from core.web.edit_conflicts import Versioned
from core.web.history import History
from core.web.localized_fields import (
    EmailAddressField,
    localized_line,
    localized_text,
    no_control_characters,
    one_line,
    web_address,
)
from labs.viewer import Viewer


def visible_labs(viewer: Viewer) -> Q:
    """Return the condition of labs that the viewer may see: public ones, and drafts of its staff."""
    if viewer.is_superuser:
        return Q()
    if not viewer.is_staff_anywhere:
        return Q(visibility="public")
    return (
        Q(visibility="public")
        | Q(pk__in=viewer.organised_labs | viewer.door_labs)
        | Q(programme__in=viewer.owned_programmes)
    )


class LabQuerySet(models.QuerySet["Lab"]):
    def visible_to(self, viewer: Viewer) -> Self:
        """Keep only the labs that this viewer may see."""
        return self.filter(visible_labs(viewer))

    def worked_on_by(self, viewer: Viewer) -> Self:
        """Keep only the labs of which this viewer is staff, including door staff."""
        if viewer.is_superuser:
            return self
        return self.filter(
            Q(pk__in=viewer.organised_labs | viewer.door_labs) | Q(programme__in=viewer.owned_programmes)
        )


class ProgrammeQuerySet(models.QuerySet["Programme"]):
    def visible_to(self, viewer: Viewer) -> Self:
        """Keep public programmes, owned ones, and those with a visible lab."""
        if viewer.is_superuser:
            return self
        visible = Lab.objects.visible_to(viewer).filter(programme=OuterRef("pk"))
        return self.filter(Q(visibility="public") | Q(pk__in=viewer.owned_programmes) | Exists(visible))


def default_languages() -> list[str]:
    return ["en"]


def validate_languages(value: object) -> None:
    """Reject anything but a list of distinct offered language codes, the default language first."""
    offered = {code for code, _name in settings.LANGUAGES}
    if not isinstance(value, list) or not value or len(set(value)) != len(value) or not set(value) <= offered:
        raise ValidationError(_("Choose at least one of the offered languages."), code="languages")


class City(Versioned):
    """A city that takes part in programmes."""

    slug = models.SlugField(_("address"), max_length=60, unique=True)
    name = localized_line(_("name"), limit=100)
    country = models.CharField(_("country"), max_length=2, help_text=_("Two letters, like BG"))
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[validate_zone])

    class Meta:
        verbose_name = _("city")
        verbose_name_plural = _("cities")
        ordering = ("slug",)

    def __str__(self) -> str:
        return str(self.name)


GRANT_WITHOUT_FUNDING = _("Tick that the European Union funds this programme, or delete the number.")


class Programme(Versioned):
    """A programme of cities, whose editions are labs."""

    class Visibility(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLIC = "public", _("Public")

    slug = models.SlugField(_("address"), max_length=60, unique=True)
    name = localized_line(_("name"))
    organiser = localized_line()
    description = localized_text()
    runs = localized_line(blank=True)
    cities_total = models.PositiveIntegerField(_("total number of cities"), null=True, blank=True)
    cities = models.ManyToManyField(City, related_name="programmes", blank=True)
    participation = localized_text(limit=500)
    contact_email = EmailAddressField(_("the organiser's email"), blank=True)
    imprint = localized_text(limit=2000)
    eu_funded = models.BooleanField(_("funded by the European Union"), default=False)
    grant_number = models.CharField(
        _("number of the grant agreement"),
        max_length=60,
        blank=True,
        validators=[no_control_characters, one_line],
    )
    languages = models.JSONField(default=default_languages, validators=[validate_languages])
    visibility = models.CharField(
        _("visibility"), max_length=10, choices=Visibility, default=Visibility.DRAFT
    )
    # Owners, organisers and door staff without a second factor have no rights in it (`labs.current_viewer`).
    requires_second_factor = models.BooleanField(
        _("two-step sign-in required"), default=False, db_default=False
    )
    revised_at = models.DateTimeField(auto_now=True)

    objects = ProgrammeQuerySet.as_manager()
    history = History(excluded_fields=["version", "revised_at"])

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")
        ordering = ("slug",)
        constraints = (
            models.CheckConstraint(
                name="grant_of_funded_programme",
                condition=Q(eu_funded=True) | Q(grant_number=""),
                violation_error_message=GRANT_WITHOUT_FUNDING,
            ),
        )

    def __str__(self) -> str:
        return str(self.name)

    @property
    def default_language(self) -> str:
        return self.languages[0]

    @cached_property
    def _known_city_ids(self) -> set[int]:
        return set()

    def get_city(self, slug: str) -> City | None:
        """Return the city of this programme with this slug."""
        found = self.cities.filter(slug=slug).order_by().first()
        if found is not None:
            self._known_city_ids.add(found.pk)
        return found

    def get_choices(self, city: str, group: str) -> "tuple[City | None, StakeholderGroup | None]":
        """Return the city and the group of this programme with these slugs, in one query: id, slug and name of each."""
        columns = ("id", "slug", "name")
        cities = self.cities.filter(slug=city).order_by().values_list(*columns, Value(0))
        groups = self.stakeholder_groups.filter(slug=group).order_by().values_list(*columns, Value(1))
        found_city = found_group = None
        for pk, *row, is_group in cities.union(groups, all=True):
            if is_group:
                stored = ["id", "programme_id", "slug", "name"]
                found_group = StakeholderGroup.from_db(self._state.db, stored, [pk, self.pk, *row])
            else:
                found_city = City.from_db(self._state.db, columns, [pk, *row])
                self._known_city_ids.add(pk)
        return found_city, found_group

    def has_city(self, city: City) -> bool:
        """Tell whether the city is one of the programme's; it knows that of those it returned."""
        return city.pk in self._known_city_ids or self.cities.filter(pk=city.pk).exists()


class StakeholderGroup(models.Model):
    """Where a participant comes from: local government, academia, a business …"""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="stakeholder_groups")
    slug = models.SlugField(max_length=60)
    name = localized_line()
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("programme", "position", "id")
        constraints = (
            models.UniqueConstraint(fields=["programme", "slug"], name="group_once_per_programme"),
        )

    def __str__(self) -> str:
        return str(self.name)


class Lab(Versioned):
    """An edition of a programme. Dates are days in the lab's own zone; instants are UTC.

    `revised_at` is the last change that the lab's pages or feeds show to anybody (see `labs.revisions.touch`).
    `public_revision` is incremented with what visitors see, at `public_revised_at`, which is None until the lab is
    public.
    """

    class Visibility(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLIC = "public", _("Public")

    class Format(models.TextChoices):
        ONLINE = "online", _("Online")
        IN_PERSON = "in-person", _("In person")
        HYBRID = "hybrid", _("In person and online")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="labs")
    slug = models.SlugField(_("address"), max_length=60, unique=True)
    title = localized_line()
    theme = localized_line(blank=True)
    description = localized_text()
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[validate_zone])
    languages = models.JSONField(default=default_languages, validators=[validate_languages])
    format = models.CharField(_("format"), max_length=10, choices=Format, default=Format.ONLINE)
    venue = localized_line(blank=True)
    contact_email = EmailAddressField(_("organisers’ email"), blank=True)
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.DRAFT)
    registration_opens_at = models.DateTimeField(_("registration opens"), null=True, blank=True)
    registration_closes_at = models.DateTimeField(_("registration closes"), null=True, blank=True)
    consent = localized_text(limit=2000)
    retention_days = models.PositiveIntegerField(_("days to keep answers after the lab"), default=365)
    certificate_min_sessions = models.PositiveSmallIntegerField(
        _("sessions required for a certificate"), default=1
    )
    # Who signs its certificates; the picture is a signature.
    signatory_name = models.CharField(
        _("signatory"), max_length=100, blank=True, validators=[no_control_characters, one_line]
    )
    signatory_function = localized_line(blank=True)
    signature = models.FileField(upload_to="signatures/", blank=True)
    colour = models.CharField(_("colour"), max_length=7, blank=True)
    theme_values = models.JSONField(default=dict, editable=False)
    logo = models.FileField(upload_to="logos/", blank=True)
    logo_alt = localized_line(blank=True)
    revised_at = models.DateTimeField(auto_now_add=True, editable=False)
    public_revised_at = models.DateTimeField(null=True, editable=False)
    public_revision = models.PositiveIntegerField(default=0, editable=False)

    objects = LabQuerySet.as_manager()
    history = History(excluded_fields=["version", "revised_at", "public_revision", "public_revised_at"])

    class Meta:
        ordering = ("-starts_on", "slug")
        constraints = (
            models.CheckConstraint(name="lab_ends_after_start", condition=Q(ends_on__gte=F("starts_on"))),
            models.CheckConstraint(
                name="lab_registration_closes_after_opening",
                condition=Q(registration_closes_at__isnull=True)
                | Q(registration_opens_at__isnull=True)
                | Q(registration_closes_at__gt=F("registration_opens_at")),
            ),
            models.CheckConstraint(
                name="lab_certificate_needs_a_session", condition=Q(certificate_min_sessions__gte=1)
            ),
        )

    def __str__(self) -> str:
        return str(self.title)

    @property
    def default_language(self) -> str:
        return self.languages[0]

    @property
    def contact(self) -> str:
        """The email address of the organisers: the lab's own, else its programme's; it may be empty."""
        return self.contact_email or self.programme.contact_email

    @property
    def public_version(self) -> tuple[object, ...]:
        """What visitors see of the lab, as a key. With the date, since revisions may repeat after a restore."""
        return self.pk, self.public_revision, self.public_revised_at

    @property
    def answers_kept_until(self) -> date:
        """The day, in the lab's zone, after which registrations are erased."""
        return self.ends_on + timedelta(days=self.retention_days)

    def takes_registrations(self, now: datetime) -> bool:
        """Tell whether the registration form is open at this instant."""
        if self.visibility != self.Visibility.PUBLIC or self.registration_opens_at is None:
            return False
        closes_at = self.registration_closes_at
        return self.registration_opens_at <= now and (closes_at is None or now < closes_at)

    def days_of(self, starts_at: datetime, ends_at: datetime) -> tuple[date, date]:
        """Return the first and the last day of a span in the lab's zone; what ends at midnight is within the day."""
        last = wall(ends_at - timedelta(microseconds=1), self.time_zone).date()
        return wall(starts_at, self.time_zone).date(), last

    def is_over(self, now: datetime) -> bool:
        """Tell whether the lab's last day has passed in its zone."""
        return self.ends_on < wall(now, self.time_zone).date()


class LabDay(models.Model):
    """The heading of one day of a lab."""

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="days")
    on = models.DateField(_("day"))
    title = localized_line()

    class Meta:
        ordering = ("lab", "on")
        constraints = (models.UniqueConstraint(fields=["lab", "on"], name="day_once_per_lab"),)

    def __str__(self) -> str:
        return f"{self.on} {self.title}"


class Track(models.Model):
    """A thematic area of a lab."""

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="tracks")
    slug = models.SlugField(_("address"), max_length=60)
    name = localized_line()
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    history = History()

    class Meta:
        ordering = ("lab", "position", "id")
        constraints = (models.UniqueConstraint(fields=["lab", "slug"], name="track_once_per_lab"),)

    def __str__(self) -> str:
        return str(self.name)


class Room(Versioned):
    """A physical or online room. `join_link` is for people with a seat and for staff only."""

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="rooms")
    name = localized_line(limit=100)
    address = models.CharField(
        _("street and town"), max_length=200, blank=True, validators=[no_control_characters]
    )
    online = models.BooleanField(_("online"), default=False)
    join_link = models.URLField(_("join link"), max_length=500, blank=True, validators=[web_address])
    capacity = models.PositiveIntegerField(_("capacity"), null=True, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ("lab", "position", "id")

    def __str__(self) -> str:
        return str(self.name)
