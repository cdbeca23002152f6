"""A person: one name at one email address, in whatever labs."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.timezones.zones import validate_readers_zone
from core.web.localized_fields import EmailAddressField
from labs.models import City

# Of a folded name; an index takes no text of any length.
NAME_KEY_LENGTH = 400


class Person(models.Model):
    """One name at one confirmed address, and what was last told of it. Colleagues may share an address.

    Written by `registrations.persons` alone. Links are signed from `public_id` and `link_version`, like those of
    registrations.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    link_version = models.PositiveIntegerField(default=1)
    name = models.CharField(_("name"), max_length=200)
    name_key = models.CharField(max_length=NAME_KEY_LENGTH, editable=False)
    email = EmailAddressField(_("email"))
    email_key = models.CharField(max_length=254, editable=False)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[validate_readers_zone])
    city = models.ForeignKey(
        City, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("city")
    )
    organisation = models.CharField(_("organisation"), max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = (
            models.UniqueConstraint(fields=["email_key", "name_key"], name="person_once_per_address"),
        )

    def __str__(self) -> str:
        return str(self.public_id)
