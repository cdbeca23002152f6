"""Compare the counters of sessions with their seats, and repair them."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Max, Q

from registrations import quotas, waiting_list
from registrations.models import Quota, Seat
from registrations.models.seats import TAKEN
from registrations.seat_rows import lock_sessions
from sessions.models import Session
from sessions.models.agenda import SessionQuerySet
from sessions.models.seating import COUNTERS, Mode


@dataclass(frozen=True)
class Discrepancy:
    """A session whose counters differ from its seats: those of `COUNTERS` as counted and as stored."""

    session_id: int
    counted: tuple[int, ...]
    stored: tuple[int, ...]


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
            locked = lock_sessions([session_id])
            for now in _discrepancies(Session.objects.filter(pk__in=locked)):
                right = dict(zip(COUNTERS, now.counted, strict=True))
                # Raised, so that the sums of seats by which pages are known (sessions.views.lab_page) never come back.
                right["last_queue_position"] = max(now.counted[-1], now.stored[-1]) + 1
                Session.objects.filter(pk=session_id).update(**right)
            waiting_list.promote(session_id)
    return found


def recount_quotas(repair: bool = False) -> list[tuple[int, int, int]]:
    """Compare every quota with what it counts: (id, counted, stored) of those that differ; with `repair`, correct them.

    One that is exceeded gets the higher limit.
    """
    differing = []
    for quota in Quota.objects.order_by("lab", "pk"):
        counted = quotas.taken_of(quota)
        if counted != quota.taken:
            differing.append((quota.lab_id, quota.pk, counted, quota.taken))
    if repair:
        for lab_id in sorted({lab_id for lab_id, *_rest in differing}):
            with transaction.atomic():
                lock_sessions(Session.objects.filter(lab=lab_id).values_list("pk", flat=True))
                quotas.recount_all(lab_id)
    return [(pk, counted, stored) for _lab, pk, counted, stored in differing]


def _discrepancies(sessions: SessionQuerySet) -> list[Discrepancy]:
    """Count the seats of these sessions, in one query."""
    counts = {
        f"counted_{mode}_{name}": Count("seats", filter=Q(seats__mode=mode, seats__state__in=states))
        for mode in Mode
        for name, states in (("taken", TAKEN), ("waiting", [Seat.State.WAITING]))
    }
    counts |= {
        f"counted_{mode}_held": Count(
            "seats",
            filter=Q(
                seats__mode=mode,
                seats__state=Seat.State.HELD,
                seats__registration__nominated_until__isnull=True,
            ),
        )
        for mode in Mode
    }
    rows = sessions.annotate(**counts, counted_last_queue_position=Max("seats__queue_position", default=0))
    names = [f"counted_{name}" for name in COUNTERS]
    found = []
    for pk, *numbers in rows.values_list("pk", *names, *COUNTERS):
        counted, stored = tuple(numbers[: len(COUNTERS)]), tuple(numbers[len(COUNTERS) :])
        # Queue positions are not reused, so the last one may be higher than all current ones.
        if counted[:-1] != stored[:-1] or counted[-1] > stored[-1]:
            found.append(Discrepancy(pk, counted, stored))
    return found
