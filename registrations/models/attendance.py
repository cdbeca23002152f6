"""Attendance of sessions."""

from django.conf import settings
from django.db import models

from core.web.history import History
from registrations.models.people import Registration
from sessions.models import Session


class AttendanceQuerySet(models.QuerySet["Attendance"]):
    def taking_place(self) -> "AttendanceQuerySet":
        """Keep only attendance of sessions that take place: neither cancelled nor drafts."""
        return self.filter(session__in=Session.objects.taking_place())

    def ended(self) -> "AttendanceQuerySet":
        """Keep only attendance that counts towards a certificate: of sessions that took place and have ended."""
        return self.filter(session__in=Session.objects.ended())


class Attendance(models.Model):
    """One person was present in one session."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="attendances")
    session = models.ForeignKey(Session, models.CASCADE, related_name="attendances")
    taken_at = models.DateTimeField()
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    history = History()
    objects = AttendanceQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["registration", "session"], name="attended_once"),)

    def __str__(self) -> str:
        return f"{self.registration_id} {self.session_id}"
