"""Small groups of cities: what each city brings to them, and who was put with whom."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.web.edit_conflicts import Versioned
from core.web.localized_fields import no_control_characters, one_line
from labs.models import City, Lab, Programme
from sessions.languages import validate_spoken
from sessions.models.agenda import Session

INTERESTS_LIMIT, INTEREST_LENGTH = 20, 60


def validate_interests(value: object) -> None:
    """Reject anything but a list of at most 20 distinct lines of at most 60 characters."""
    if not isinstance(value, list) or len(value) > INTERESTS_LIMIT:
        raise ValidationError(
            _("Enter at most %(limit)d interests."), code="interests", params={"limit": INTERESTS_LIMIT}
        )
    for one in value:
        if not isinstance(one, str) or not one.strip() or len(one) > INTEREST_LENGTH:
            raise ValidationError(
                _("An interest has at most %(limit)d characters."),
                code="interest",
                params={"limit": INTEREST_LENGTH},
            )
        no_control_characters(one)
        one_line(one)
    if len({one.casefold() for one in value}) != len(value):
        raise ValidationError(_("The same interest is listed twice."), code="interests")


class CityProfile(Versioned):
    """What a city brings to small groups of a programme: working languages, interests, and whether it can be a mentor.

    `languages` are codes of `sessions.languages.SPOKEN`, `interests` short texts in the words of the programme.
    """

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="city_profiles")
    city = models.ForeignKey(City, models.CASCADE, related_name="profiles")
    languages = models.JSONField(
        _("working languages"), default=list, blank=True, validators=[validate_spoken]
    )
    interests = models.JSONField(_("interests"), default=list, blank=True, validators=[validate_interests])
    is_mentor = models.BooleanField(_("can be a mentor"), default=False)

    class Meta:
        ordering = ("programme", "city")
        constraints = (
            models.UniqueConstraint(fields=["programme", "city"], name="city_profile_once_per_programme"),
        )

    def __str__(self) -> str:
        return f"{self.programme_id} {self.city_id}"


class Grouping(Versioned):
    """One round: cities of a lab put into groups. `settings` are those of `sessions.groupings.Settings`.

    Since `final_at` its groups count as having met.
    """

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="groupings")
    name = models.CharField(_("name"), max_length=100, validators=[no_control_characters, one_line])
    seed = models.PositiveIntegerField(default=1)
    settings = models.JSONField(default=dict)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    final_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("lab", "created_at", "id")

    def __str__(self) -> str:
        return self.name


class CityGroup(models.Model):
    """One group, and the session made for it."""

    grouping = models.ForeignKey(Grouping, models.CASCADE, related_name="groups")
    number = models.PositiveSmallIntegerField()
    session = models.OneToOneField(Session, models.SET_NULL, null=True, blank=True, related_name="city_group")

    class Meta:
        ordering = ("grouping", "number")
        constraints = (
            models.UniqueConstraint(fields=["grouping", "number"], name="group_number_once"),
            models.CheckConstraint(name="group_numbers_from_one", condition=Q(number__gte=1)),
        )

    def __str__(self) -> str:
        return f"{self.grouping_id} {self.number}"


class CityGroupMember(models.Model):
    """A city of a grouping, in a group or left over. One that `is_fixed` was put there by hand, and stays."""

    grouping = models.ForeignKey(Grouping, models.CASCADE, related_name="members")
    group = models.ForeignKey(CityGroup, models.SET_NULL, null=True, blank=True, related_name="members")
    city = models.ForeignKey(City, models.CASCADE, related_name="group_memberships")
    is_mentor = models.BooleanField(default=False)
    is_fixed = models.BooleanField(default=False)

    class Meta:
        ordering = ("grouping", "city")
        constraints = (models.UniqueConstraint(fields=["grouping", "city"], name="city_once_per_grouping"),)

    def __str__(self) -> str:
        return f"{self.grouping_id} {self.city_id}"
