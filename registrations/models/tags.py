"""What organisers note about registrations: tags, notes, and filters that somebody uses again."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.web.localized_fields import no_control_characters, one_line
from labs.models import Lab
from registrations.models.people import Registration

MAX_NOTE = 2000


class Tag(models.Model):
    """A word of a lab's organisers by which they gather registrations. Nobody else sees it."""

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="tags")
    name = models.CharField(_("name"), max_length=40, validators=[no_control_characters, one_line])
    registrations = models.ManyToManyField(Registration, through="Tagging", related_name="tags")

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ("name", "id")
        constraints = (models.UniqueConstraint("lab", Lower("name"), name="tag_once"),)

    def __str__(self) -> str:
        return self.name


class Tagging(models.Model):
    """A registration has a tag."""

    tag = models.ForeignKey(Tag, models.CASCADE, related_name="taggings")
    registration = models.ForeignKey(Registration, models.CASCADE, related_name="taggings")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["tag", "registration"], name="tagged_once"),)

    def __str__(self) -> str:
        return f"{self.tag_id} {self.registration_id}"


class Note(models.Model):
    """What an organiser wrote about a registration, for other organisers alone. It goes with the person."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="notes")
    text = models.TextField(_("note"), max_length=MAX_NOTE, validators=[no_control_characters])
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"note {self.pk} of {self.registration_id}"


class SavedFilter(models.Model):
    """A filter of the list of registrations that one organiser uses again; `query` is its part of an address."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    lab = models.ForeignKey(Lab, models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=40, validators=[no_control_characters, one_line])
    query = models.CharField(max_length=500)

    class Meta:
        ordering = ("name", "id")
        constraints = (models.UniqueConstraint("user", "lab", Lower("name"), name="saved_filter_once"),)

    def __str__(self) -> str:
        return f"{self.name}: {self.query}"
