"""The rows of seats: locked in one order, written together with their movements.

Rows are locked in one order everywhere, which prevents deadlocks: the lab, the registration, its sessions by id, quotas
by id, then seats; a seat is written only under the lock of its session.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from core.accounts.models import User
from registrations.models import Seat, SeatMovement
from sessions.models import Session
from sessions.models.seating import SEATING_FIELDS, Mode


@dataclass(frozen=True)
class Claim:
    """The resulting state of a seat, its reason, queue position and end (of a held or offered one).

    `position` is the place in the waiting list, where it is known.
    """

    state: Seat.State
    reason: SeatMovement.Reason
    place: int | None = None
    until: datetime | None = None
    note: str = ""
    position: int | None = None


def lock_sessions(session_ids: Iterable[int]) -> dict[int, Session]:
    """Lock these sessions' rows, lowest id first, and return them by id with their seats and counters alone.

    Call it before moving seats in several sessions.
    """
    if not (session_ids := set(session_ids)):
        return {}
    rows = Session.objects.select_for_update(no_key=True).filter(pk__in=session_ids).order_by("pk")
    return {session.pk: session for session in rows.only(*SEATING_FIELDS, "last_queue_position")}


def count(session_id: int, mode: str, *, taken: int = 0, waiting: int = 0) -> None:
    """Add these numbers to the counters of a locked session."""
    changes = {f"{mode}_{name}": n for name, n in (("taken", taken), ("waiting", waiting)) if n}
    if changes:
        Session.objects.filter(pk=session_id).update(**{name: F(name) + n for name, n in changes.items()})


def count_held(session_ids: Iterable[int]) -> None:
    """Count anew the seats of locked sessions that forms hold whose address is not confirmed; not those of cities."""
    held = Seat.objects.filter(
        session=OuterRef("pk"), state=Seat.State.HELD, registration__nominated_until__isnull=True
    )
    Session.objects.filter(pk__in=session_ids).update(
        **{
            f"{mode}_held": Coalesce(
                Subquery(
                    held.filter(mode=mode).order_by().values("session").annotate(n=Count("pk")).values("n")
                ),
                0,
            )
            for mode in Mode
        }
    )


def write(moves: "list[tuple[Seat, Claim]]", now: datetime, by: User | None) -> list[SeatMovement]:
    """Save seats and their movements, in one statement each."""
    if not moves:
        return []
    movements = []
    held = {seat.session_id for seat, claim in moves if Seat.State.HELD in (seat.state, claim.state)}
    for seat, claim in moves:
        movements.append(
            SeatMovement(
                seat=seat,
                at=now,
                before=seat.state,
                after=claim.state,
                reason=claim.reason,
                note=claim.note,
                by=by,
            )
        )
        seat.state, seat.queue_position, seat.until = claim.state, claim.place, claim.until
        seat.moved_for, seat.position = claim.reason, claim.position
        seat.changed_at = now
        seat.sequence += 1
    # An upsert by the unique pair of registration and session.
    Seat.objects.bulk_create(
        [seat for seat, _claim in moves],
        update_conflicts=True,
        unique_fields=["registration", "session"],
        update_fields=["mode", "state", "queue_position", "until", "changed_at", "sequence"],
    )
    if held:
        count_held(held)
    return SeatMovement.objects.bulk_create(movements)
