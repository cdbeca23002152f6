"""Quotas: how many seats, or people, of whom."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from core.web.history import History
from labs.models import City, Lab, StakeholderGroup
from sessions.models import Session
from sessions.models.seating import Mode


class Quota(models.Model):
    """A limit of the seats in one session, or of the people with a seat in the lab, in one mode or all, for the people
    of one city or type of organisation, or for all.

    A seat is taken only if every quota that it falls under has room. Only `registrations.quotas` changes `taken`.
    """

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="quotas")
    session = models.ForeignKey(
        Session, models.CASCADE, null=True, blank=True, related_name="quotas", verbose_name=_("session")
    )
    mode = models.CharField(_("attendance"), max_length=10, choices=Mode, blank=True)
    city = models.ForeignKey(
        City, models.CASCADE, null=True, blank=True, related_name="quotas", verbose_name=_("city")
    )
    stakeholder_group = models.ForeignKey(
        StakeholderGroup,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="quotas",
        verbose_name=_("type of organisation"),
    )
    limit = models.PositiveIntegerField(_("at most"))
    taken = models.PositiveIntegerField(default=0, editable=False)

    history = History(excluded_fields=["taken"])

    class Meta:
        verbose_name = _("quota")
        verbose_name_plural = _("quotas")
        ordering = ("lab", "pk")
        constraints = (
            models.UniqueConstraint(
                # SQLite takes all nulls for different ones.
                "lab",
                Coalesce("session", 0),
                "mode",
                Coalesce("city", 0),
                Coalesce("stakeholder_group", 0),
                name="quota_once",
            ),
            models.CheckConstraint(name="quota_never_exceeded", condition=Q(taken__lte=F("limit"))),
        )

    def __str__(self) -> str:
        return f"{self.lab_id} {self.session_id or ''} {self.mode} {self.taken}/{self.limit}"
