"""Compare the counters of sessions with their seats, and repair them."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Max, Q

from registrations import seats
from registrations.models import Seat
from sessions.models import Session
from sessions.models.agenda import SessionQuerySet

COUNTERS = ("seats_taken", "seats_waiting", "last_queue_position")  # columns of Session


@dataclass(frozen=True)
class Discrepancy:
    """A session whose counters differ from its seats: (taken, waiting, last queue position) as counted and stored."""

    session_id: int
    counted: tuple[int, int, int]
    stored: tuple[int, int, int]


def recount(lab_id: int | None = None, repair: bool = False) -> list[Discrepancy]:
    """Compare every session's counters with its seats; with `repair`, store the counted values and promote.

    Repairing takes each session's lock; a session that would then be oversold raises IntegrityError.
    """
    sessions = Session.objects.order_by("pk")
    if lab_id is not None:
        sessions = sessions.filter(lab=lab_id)
    found = _discrepancies(sessions)
    if not repair:
        return found
    for session_id in [discrepancy.session_id for discrepancy in found]:
        with transaction.atomic():
            locked = seats.lock_sessions([session_id])
            for now in _discrepancies(Session.objects.filter(pk__in=locked)):
                taken, waiting, last = now.counted
                # Raised, so that the sums of seats by which pages are known (sessions.views.lab_page) never come back.
                Session.objects.filter(pk=session_id).update(
                    seats_taken=taken, seats_waiting=waiting, last_queue_position=max(last, now.stored[2]) + 1
                )
            seats.promote(session_id)
    return found


def _discrepancies(sessions: SessionQuerySet) -> list[Discrepancy]:
    """Count the seats of these sessions, in one query."""
    rows = sessions.annotate(
        counted_taken=Count("seats", filter=Q(seats__state=Seat.State.CONFIRMED)),
        counted_waiting=Count("seats", filter=Q(seats__state=Seat.State.WAITING)),
        counted_places=Max("seats__queue_position", default=0),
    ).values_list("pk", "counted_taken", "counted_waiting", "counted_places", *COUNTERS)
    found = []
    for pk, *numbers in rows:
        counted, stored = (numbers[0], numbers[1], numbers[2]), (numbers[3], numbers[4], numbers[5])
        # Queue positions are not reused, so the last one may be higher than all current ones.
        if counted[:2] != stored[:2] or counted[2] > stored[2]:
            found.append(Discrepancy(pk, counted, stored))
    return found
