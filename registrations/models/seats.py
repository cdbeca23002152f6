"""Seats and their movements."""

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models import Case, Count, OuterRef, Q, Subquery, When
from django.utils.translation import gettext_lazy as _

from registrations.models.people import Registration
from sessions.models import Session
from sessions.models.seating import Mode, Seating


class Seat(models.Model):
    """One person's place in one session, in the room or online.

    `queue_position` is the order of arrival in the session, for the waiting list. `until` is the instant at which a
    held or offered seat goes to the next. `sequence` counts the movements, for the SEQUENCE of calendar entries.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("Selected, email not confirmed yet")
        HELD = "held", _("Held until the email is confirmed")
        PENDING = "pending", _("Waiting for approval")
        OFFERED = "offered", _("Seat offered")
        CONFIRMED = "confirmed", _("Seat")
        WAITING = "waiting", _("Waiting list")
        CANCELLED = "cancelled", _("Given up")

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="seats")
    session = models.ForeignKey(Session, models.CASCADE, related_name="seats")
    mode = models.CharField(max_length=10, choices=Mode)
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    queue_position = models.PositiveIntegerField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()
    sequence = models.PositiveIntegerField(default=0, editable=False)
    # Why it is as it is, and which place in the waiting list it is: where this transaction has written the seat, or it
    # was read `with_reasons`.
    moved_for: "SeatMovement.Reason | None" = None
    position: int | None = None

    class Meta:
        ordering = ("session__starts_at", "session_id")
        constraints = (
            models.UniqueConstraint(fields=["registration", "session"], name="seat_once"),
            models.UniqueConstraint(fields=["session", "queue_position"], name="seat_queue_position_once"),
            models.CheckConstraint(
                name="seat_taken_or_waiting_has_place",
                condition=Q(state__in=["requested", "pending", "cancelled"])
                | Q(queue_position__isnull=False),
            ),
            models.CheckConstraint(
                name="seat_for_a_while_has_an_end",
                condition=Q(state__in=["held", "offered"], until__isnull=False)
                | (~Q(state__in=["held", "offered"]) & Q(until__isnull=True)),
            ),
        )
        indexes = (
            models.Index(
                fields=["session", "mode", "queue_position"],
                name="seat_next_waiting",
                condition=Q(state="waiting"),
            ),
            models.Index(fields=["session"], name="seat_pending", condition=Q(state="pending")),
            models.Index(fields=["session"], name="seat_held", condition=Q(state="held")),
            models.Index(fields=["until"], name="seat_until", condition=Q(until__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.registration_id} {self.session_id} {self.mode} {self.state}"

    @property
    def seating(self) -> Seating:
        """All seats of the session in this one's mode."""
        return self.session.seating(self.mode)


# Seats that are counted as taken, and those that somebody may give up.
TAKEN = (Seat.State.HELD, Seat.State.OFFERED, Seat.State.CONFIRMED)
ACTIVE = (Seat.State.PENDING, Seat.State.OFFERED, Seat.State.CONFIRMED, Seat.State.WAITING)


class SeatMovement(models.Model):
    """A change of a seat's state with its reason, shown to organiser and participant.

    A cancelled session leaves its seats as they are, so that restoring it costs nobody a seat: such a movement has
    the same state before and after. `note` is what the organiser told the participant.
    """

    class Reason(models.TextChoices):
        CHOSEN = "chosen", _("Selected by the participant")
        FULL = "full", _("The session was full")
        CLOSED = "closed", _("The session was full and has no waiting list")
        QUOTA = "quota", _("The places for this group of participants were taken")
        NOT_OPEN = "not-open", _("The session was no longer open")
        SWITCHED = "switched", _("Changed between in person and online")
        REFORMATTED = "reformatted", _("The format of the session changed")
        HELD = "held", _("Held until the email is confirmed")
        NOMINATED = "nominated", _("Held for a city until its deadline")
        REPLACED = "replaced", _("The city named someone else")
        WITHDRAWN = "withdrawn", _("The city withdrew the nomination")
        CITY_DEADLINE = "city-deadline", _("The city’s deadline has passed")
        HOLD_EXPIRED = "hold-expired", _("The email was not confirmed in time")
        APPROVAL = "approval", _("Waits for the organisers’ approval")
        APPROVED = "approved", _("Approved by an organiser")
        REFUSED = "refused", _("Not approved by the organisers")
        OFFERED = "offered", _("A seat became free and is offered to the next person on the waiting list")
        OFFER_ACCEPTED = "offer-accepted", _("The offer was accepted")
        OFFER_EXPIRED = "offer-expired", _("The offer was not accepted in time")
        PROMOTED = "promoted", _("A seat became free for the next person on the waiting list")
        FEWER_SEATS = "fewer-seats", _("The session has fewer seats than before")
        SILENT = "silent", _("Did not answer whether the seat is still needed")
        GIVEN_UP = "given-up", _("Given up by the participant")
        REGISTRATION_CANCELLED = "registration-cancelled", _("The registration was cancelled")
        TRANSFERRED = "transferred", _("Given to a colleague")
        MERGED = "merged", _("Merged with another registration of the same person")
        SESSION_CANCELLED = "session-cancelled", _("The session was cancelled")
        SESSION_RESTORED = "session-restored", _("The session is going ahead")
        BY_ORGANISER = "by-organiser", _("Changed by an organiser")

    seat = models.ForeignKey(Seat, models.CASCADE, related_name="movements")
    at = models.DateTimeField()
    before = models.CharField(max_length=10, choices=Seat.State, blank=True)
    after = models.CharField(max_length=10, choices=Seat.State)
    reason = models.CharField(max_length=30, choices=Reason)
    note = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.seat_id} {self.before}→{self.after}"


def _position() -> Subquery:
    """Return the position in the waiting list of the seat around, 1 for the next."""
    ahead = (
        Seat.objects.filter(
            session=OuterRef("session"),
            mode=OuterRef("mode"),
            state=Seat.State.WAITING,
            queue_position__lte=OuterRef("queue_position"),
        )
        .order_by()
        .values("session")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return Subquery(ahead)


def with_reasons(seats: models.QuerySet[Seat]) -> models.QuerySet[Seat]:
    """Return the seats with the reason of their last movement and, of those who wait, the position in the list."""
    last = SeatMovement.objects.filter(seat=OuterRef("pk")).order_by("-at", "-pk").values("reason")[:1]
    position = Case(When(state=Seat.State.WAITING, then=_position()))
    return seats.annotate(moved_for=Subquery(last), position=position)  # type: ignore[no-redef]


def waiting_positions(seats: Iterable[Seat]) -> dict[int, int]:
    """Return the position in the waiting list by seat id, 1 for the next. One query, none where all are known."""
    waiting = [seat for seat in seats if seat.state == Seat.State.WAITING]
    known = {seat.pk: seat.position for seat in waiting if seat.position is not None}
    asked = [seat.pk for seat in waiting if seat.position is None]
    if not asked:
        return known
    rows = Seat.objects.filter(pk__in=asked).order_by().annotate(n=_position())
    return known | dict(rows.values_list("pk", "n"))
