"""Certificates: one person, one lab, checkable for ever."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labs.models import Lab, User
from labs.models.histories import History
from registrations.models import Registration


class Certificate(models.Model):
    """What was issued, as it was issued.

    `content` holds everything that the paper says except the name (titles, dates, minutes, colours), so that the
    check page needs neither the lab's present texts nor the registration. Erasing the person empties `holder_name`
    and the file; `holder_hash` (salted) still lets a shown paper's name be compared.
    """

    class State(models.TextChoices):
        VALID = "valid", _("Valid")
        REPLACED = "replaced", _("Replaced")
        REVOKED = "revoked", _("Revoked")

    lab = models.ForeignKey(Lab, models.PROTECT, related_name="certificates")
    registration = models.ForeignKey(
        Registration, models.SET_NULL, null=True, blank=True, related_name="certificates"
    )
    code = models.CharField(max_length=14, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.VALID)
    language = models.CharField(max_length=5, choices=settings.LANGUAGES)
    holder_name = models.CharField(max_length=200, blank=True)
    holder_hash = models.CharField(max_length=130)
    content = models.JSONField()
    minutes = models.PositiveIntegerField()
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    pdf = models.FileField(upload_to="certificates/%Y/", blank=True)
    pdf_sha256 = models.CharField(max_length=64, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_reason = models.CharField(max_length=300, blank=True)
    replaced_by = models.OneToOneField(
        "self", models.SET_NULL, null=True, blank=True, related_name="replaces"
    )
    history = History(excluded_fields=["pdf"])
    _history_user: "User | None"
    skip_history_when_saving: bool

    class Meta:
        ordering = ("-issued_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=["registration"], condition=Q(state="valid"), name="certificate_once_per_registration"
            ),
            models.CheckConstraint(
                name="certificate_revoked_has_instant",
                condition=~Q(state="revoked") | Q(revoked_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.code
