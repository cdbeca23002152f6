"""The types of events that webhooks tell about, and what each means."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class EventType(models.TextChoices):
    REGISTRATION_CREATED = "registration.created", _("Someone submitted the registration form")
    REGISTRATION_NOMINATED = "registration.nominated", _("A city nominated someone")
    REGISTRATION_CONFIRMED = "registration.confirmed", _("Someone confirmed a registration")
    REGISTRATION_CANCELLED = "registration.cancelled", _("A registration was cancelled")
    REGISTRATION_ERASED = "registration.erased", _("A person was deleted. Delete what you have about them")
    SEAT_WAITING = "seat.waiting", _("Someone joined a waiting list")
    SEAT_PROMOTED = "seat.promoted", _("Someone got a seat from the waiting list")
    ATTENDANCE_RECORDED = "attendance.recorded", _("Someone was marked as present in a session")
    ATTENDANCE_REMOVED = "attendance.removed", _("A mark of attendance was removed")
    CERTIFICATE_ISSUED = "certificate.issued", _("A certificate was issued")
    CERTIFICATE_REVOKED = "certificate.revoked", _("A certificate was revoked")
    CERTIFICATE_RESTORED = "certificate.restored", _("A revoked certificate is valid again")


# What an organiser sends to try an endpoint; nobody subscribes to it.
TEST = "webhook.test"
