"""Who stands behind the service and its programmes: the operator, and the logos of a programme's partners."""

from babel import Locale
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.web.edit_conflicts import Versioned
from core.web.history import History
from core.web.localized_fields import (
    EmailAddressField,
    MaxLengthPerLanguage,
    localized_line,
    localized_text,
    no_control_characters,
    one_line,
    web_address,
)
from labs.models.programmes import Programme

THE_OPERATOR = 1


def validate_country(code: str) -> None:
    """Reject anything but a territory of CLDR with a code of two capital letters."""
    if not (len(code) == 2 and code.isascii() and code.isupper() and code in Locale("en").territories):
        raise ValidationError(_("Choose a country from the list."), code="country")


class Operator(Versioned):
    """The organisation that runs this installation: one row or none."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_OPERATOR, editable=False)
    name = localized_line()
    address = models.TextField(
        _("postal address"), validators=[MaxLengthPerLanguage(500), no_control_characters]
    )
    country = models.CharField(_("country"), max_length=2, validators=[validate_country])
    email = EmailAddressField(_("email"))
    phone = models.CharField(
        _("telephone"), max_length=40, blank=True, validators=[no_control_characters, one_line]
    )
    accessibility_email = EmailAddressField(_("email for questions of accessibility"), blank=True)
    enforcement_body = localized_line(blank=True)
    enforcement_address = models.URLField(
        _("web address of the enforcement body"), max_length=500, blank=True, validators=[web_address]
    )
    legal_notice = localized_text()

    history = History(excluded_fields=["version"])

    class Meta:
        constraints = (models.CheckConstraint(name="one_operator", condition=Q(id=THE_OPERATOR)),)

    def __str__(self) -> str:
        return str(self.name)

    @property
    def accessibility_contact(self) -> str:
        """The email address that answers questions of accessibility."""
        return self.accessibility_email or self.email


class ProgrammeLogo(Versioned):
    """The logo of an organisation behind a programme, as `labs.logos` checked it."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="logos")
    picture = models.FileField(upload_to="logos/")
    alt = localized_line()
    link = models.URLField(_("web address"), max_length=500, blank=True, validators=[web_address])
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    history = History(excluded_fields=["version"])

    class Meta:
        ordering = ("programme", "position", "id")

    def __str__(self) -> str:
        return str(self.alt)
