"""Seats and their movements."""

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from registrations.models.people import Registration
from sessions.models import Session


class Seat(models.Model):
    """One person's place in one session. `queue_position` is the order of arrival in the session, for the waiting list.

    `sequence` counts the movements, for the SEQUENCE of calendar entries.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("Selected, email not confirmed yet")
        CONFIRMED = "confirmed", _("Seat")
        WAITING = "waiting", _("Waiting list")
        CANCELLED = "cancelled", _("Given up")

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="seats")
    session = models.ForeignKey(Session, models.CASCADE, related_name="seats")
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    queue_position = models.PositiveIntegerField(null=True, blank=True)
    changed_at = models.DateTimeField()
    sequence = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ("session__starts_at", "session_id")
        constraints = (
            models.UniqueConstraint(fields=["registration", "session"], name="seat_once"),
            models.UniqueConstraint(fields=["session", "queue_position"], name="seat_queue_position_once"),
            models.CheckConstraint(
                name="seat_taken_or_waiting_has_place",
                condition=~Q(state__in=["confirmed", "waiting"]) | Q(queue_position__isnull=False),
            ),
        )
        indexes = (
            models.Index(
                fields=["session", "queue_position"], name="seat_next_waiting", condition=Q(state="waiting")
            ),
        )

    def __str__(self) -> str:
        return f"{self.registration_id} {self.session_id} {self.state}"


class SeatMovement(models.Model):
    """A change of a seat's state with its reason, shown to organiser and participant.

    A cancelled session leaves its seats as they are, so that restoring it costs nobody a seat: such a movement has
    the same state before and after.
    """

    class Reason(models.TextChoices):
        CHOSEN = "chosen", _("Selected by the participant")
        FULL = "full", _("The session was full")
        CLOSED = "closed", _("The session was full and has no waiting list")
        NOT_OPEN = "not-open", _("The session was no longer open")
        PROMOTED = "promoted", _("A seat became free for the next person on the waiting list")
        GIVEN_UP = "given-up", _("Given up by the participant")
        REGISTRATION_CANCELLED = "registration-cancelled", _("The registration was cancelled")
        SESSION_CANCELLED = "session-cancelled", _("The session was cancelled")
        SESSION_RESTORED = "session-restored", _("The session is going ahead")
        BY_ORGANISER = "by-organiser", _("Changed by an organiser")

    seat = models.ForeignKey(Seat, models.CASCADE, related_name="movements")
    at = models.DateTimeField()
    before = models.CharField(max_length=10, choices=Seat.State, blank=True)
    after = models.CharField(max_length=10, choices=Seat.State)
    reason = models.CharField(max_length=30, choices=Reason)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.seat_id} {self.before}→{self.after}"


def waiting_positions(seats: Iterable[Seat]) -> dict[int, int]:
    """Return the position in the waiting list by seat id, 1 for the next. One query."""
    waiting = [seat.pk for seat in seats if seat.state == Seat.State.WAITING]
    if not waiting:
        return {}
    ahead = (
        Seat.objects.filter(
            session=OuterRef("session"),
            state=Seat.State.WAITING,
            queue_position__lte=OuterRef("queue_position"),
        )
        .order_by()
        .values("session")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return dict(
        Seat.objects.filter(pk__in=waiting).order_by().annotate(n=Subquery(ahead)).values_list("pk", "n")
    )
