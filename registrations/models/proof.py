"""Attendance that a funder audits, held as proof beyond the person's erasure."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.web.edit_conflicts import Versioned
from core.web.history import History
from core.web.localized_fields import localized_text
from labs.models import Lab

MAX_BASIS_LENGTH = 1000


class ProofRules(Versioned):
    """Whether a lab holds attendance as proof, on which legal basis, who reads it, and until which day."""

    goes_with_owner = True

    lab = models.OneToOneField(Lab, models.CASCADE, primary_key=True, related_name="proof_rules")
    is_held = models.BooleanField(default=False)
    legal_basis = localized_text(limit=MAX_BASIS_LENGTH)
    until = models.DateField(null=True, blank=True)
    readers = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True)
    history = History(excluded_fields=["version"], m2m_fields=[readers])

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="proof_has_an_end", condition=Q(is_held=False) | Q(until__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.lab_id} {self.is_held}"


class HeldProof(models.Model):
    """What is held of one person who was erased, encrypted: name, city, organisation, sessions, certificates.

    Nothing leads from here to the registration. `until` is the day that the person was told, or an earlier one.
    """

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="held_proofs")
    secret = models.BinaryField()
    until = models.DateField(db_index=True)

    def __str__(self) -> str:
        return f"{self.lab_id} {self.pk}"


class ProofView(models.Model):
    """The log of held proof: who opened it, when."""

    class What(models.TextChoices):
        LIST = "list"
        EXPORT = "export"
        API = "api"

    goes_with_owner = True

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="proof_views")
    what = models.CharField(max_length=10, choices=What)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.what} {self.at}"
