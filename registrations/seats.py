"""Seats: who has one, who waits, in which order. The only writer of `Seat.state`, `Seat.queue_position` and of the
counters `Session.seats_taken`, `seats_waiting` and `last_queue_position`.

A seat is taken by one conditional update of the session's row, whose result decides. The row stays locked until the
transaction ends, so queue positions follow the order of commits. Rows are locked in one order everywhere, which
prevents deadlocks: the registration, then its sessions by id, then seats; a seat is written only under the lock of its
session.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import F, Max, OuterRef, Q, Subquery
from django.utils import timezone

from core.accounts.models import User
from core.web.errors import RuleViolation
from labs.viewer import Viewer
from registrations import emails
from registrations.models import Registration, Seat, SeatMovement
from registrations.personal_calendar import with_sessions
from sessions.calendar_texts import with_entry
from sessions.models import Session
from sessions.models.agenda import HAS_FREE_SEAT, SEEN_WITH_A_SEAT, to_come, visible_sessions

logger = logging.getLogger(__name__)

State = Seat.State
Reason = SeatMovement.Reason
ACTIVE = (State.CONFIRMED, State.WAITING)


class RegistrationNotConfirmed(RuleViolation):
    """Only confirmed registrations may have seats."""

    def __init__(self) -> None:
        super().__init__("not_confirmed")


def store_choice(registration: Registration, session_ids: Iterable[int]) -> list[Seat]:
    """Store the choice of an unconfirmed registration, without taking seats; return it by session id."""
    now = timezone.now()
    return Seat.objects.bulk_create(
        Seat(registration=registration, session_id=session_id, state=State.REQUESTED, changed_at=now)
        for session_id in sorted(set(session_ids))
    )


@transaction.atomic
def take(
    registration: Registration,
    session_ids: Iterable[int],
    reason: SeatMovement.Reason = Reason.CHOSEN,
    by: User | None = None,
) -> list[Seat]:
    """Take a seat in each session, or the next place of its waiting list, or neither where it keeps none.

    Returns the seats by session id: CONFIRMED, WAITING, or CANCELLED with a movement that says why. A seat or a place
    that is held already stays. Sessions of another lab are refused like closed ones. Raises RegistrationNotConfirmed.
    """
    _lock_confirmed(registration)
    wanted = sorted(set(session_ids))
    known = {
        seat.session_id: seat
        for seat in Seat.objects.filter(registration=registration, session__in=wanted).order_by()
    }
    if new := [session_id for session_id in wanted if session_id not in known]:
        sent = Seat.objects.filter(
            session__in=new,
            registration__lab=registration.lab_id,
            registration__email_key=registration.email_key,
        )
        for session_id, sequence in sent.order_by().values_list("session").annotate(Max("sequence")):
            known[session_id] = Seat(
                registration=registration, session_id=session_id, state="", sequence=sequence
            )
    return _take(registration, known, wanted, reason, by)


def take_requested(
    registration: Registration, viewers: Iterable[Viewer], *, is_only_one: bool = False
) -> list[Seat]:
    """Take the stored choice, in the transaction that has confirmed and locked the registration.

    `is_only_one` says that no other registration of the lab has the address, so that no earlier seats are looked for.
    Sessions that none of the viewers may see are not taken. Returns the seats with their sessions, as `with_sessions`
    does, without those of sessions that were not seen. The sessions are read `with_entry`.
    """
    if registration.state != Registration.State.CONFIRMED:
        raise RegistrationNotConfirmed
    # One query for the seats, what the viewers see, and what the email tells. Sessions are locked on the way, lowest
    # id first; the seats are our own under the registration's lock.
    chosen = Session.objects.filter(seats__registration=registration, seats__state=State.REQUESTED)
    requested = (
        with_entry(chosen, registration.language)
        .select_for_update(no_key=True, of=("self",))
        .annotate(
            seat_id=F("seats__pk"),
            sent_before=F("seats__sequence") if is_only_one else Subquery(_SENT_BEFORE),
            is_seen=reduce(or_, map(visible_sessions, viewers)),
            is_told=SEEN_WITH_A_SEAT,
        )
        .select_related("room")
        .defer("abstract")
        .order_by("pk")
    )
    known = {
        session.pk: Seat(
            pk=session.seat_id,
            registration=registration,
            session=session,
            state=State.REQUESTED,
            sequence=session.sent_before,
        )
        for session in requested
    }
    sessions = [seat.session for seat in known.values()]
    places = {session.pk: session.last_queue_position for session in sessions if session.is_seen}  # type: ignore[attr-defined]
    _take(registration, known, list(known), Reason.CHOSEN, None, places)
    told = []
    for session in sorted(sessions, key=lambda one: (one.starts_at, one.pk)):
        if session.pk in places and session.is_told:  # type: ignore[attr-defined]
            session.lab = registration.lab
            # Again, as a seat that was promoted on the way has been read anew.
            known[session.pk].session = session
            told.append(known[session.pk])
    return told


# The sequence continues that of an earlier registration with the same email address, whose calendar keeps entries with
# the higher SEQUENCE.
_SENT_BEFORE = (
    Seat.objects.filter(
        session=OuterRef("pk"),
        registration__lab=OuterRef("lab"),
        registration__email_key=OuterRef("seats__registration__email_key"),
    )
    .order_by()
    .values("session")
    .annotate(n=Max("sequence"))
    .values("n")
)


@transaction.atomic
def give_up(
    registration: Registration,
    session_ids: Iterable[int],
    reason: SeatMovement.Reason = Reason.GIVEN_UP,
    by: User | None = None,
) -> list[Seat]:
    """Give up seats, places in waiting lists and stored choices, and promote the next. Returns the seats given up."""
    sessions = lock_sessions(session_ids)
    now = timezone.now()
    seats = list(
        Seat.objects.filter(registration=registration, session__in=sessions)
        .exclude(state=State.CANCELLED)
        .order_by("session_id")
    )
    freed = []
    for seat in seats:
        if seat.state == State.CONFIRMED:
            Session.objects.filter(pk=seat.session_id).update(seats_taken=F("seats_taken") - 1)
            freed.append(seat.session_id)
        elif seat.state == State.WAITING:
            Session.objects.filter(pk=seat.session_id).update(seats_waiting=F("seats_waiting") - 1)
    _write([(seat, _Claim(State.CANCELLED, reason)) for seat in seats], now, by)
    for session_id in freed:
        promote(session_id)
    return seats


@transaction.atomic
def promote(session_id: int, at_most: int | None = None) -> list[Seat]:
    """Promote the waiting list in order while seats are free, and queue an email to each person. Returns their seats.

    `at_most` limits one transaction; call again until fewer are returned.
    """
    now = timezone.now()
    promoted: list[Seat] = []
    while at_most is None or len(promoted) < at_most:
        moved = Session.objects.filter(
            to_come(now), HAS_FREE_SEAT, pk=session_id, seats_waiting__gt=0
        ).update(seats_taken=F("seats_taken") + 1, seats_waiting=F("seats_waiting") - 1)
        if not moved:
            break
        seat = (
            Seat.objects.filter(session=session_id, state=State.WAITING)
            .select_related("registration__lab__programme")
            .order_by("queue_position")
            .first()
        )
        if seat is None:
            # The counter of waiting people was wrong; it is corrected now.
            Session.objects.filter(pk=session_id).update(seats_taken=F("seats_taken") - 1)
            logger.error("session %s counted people in its waiting list who are not there", session_id)
            continue
        [movement] = _write(
            [(seat, _Claim(State.CONFIRMED, Reason.PROMOTED, seat.queue_position))], now, None
        )
        for shown in with_sessions(seat.registration, [seat]):
            emails.seat_is_yours(shown, movement)
        promoted.append(seat)
    return promoted


@transaction.atomic
def record_movement(seats: Iterable[Seat], reason: SeatMovement.Reason) -> None:
    """Record in the history of these seats that their session was cancelled or restored; states do not change.

    Does nothing for seats whose last movement has the same reason.
    """
    now = timezone.now()
    by_id = {seat.pk: seat for seat in seats}
    last = dict(
        SeatMovement.objects.filter(seat__in=by_id).order_by("at", "pk").values_list("seat_id", "reason")
    )
    SeatMovement.objects.bulk_create(
        SeatMovement(seat=seat, at=now, before=seat.state, after=seat.state, reason=reason)
        for pk, seat in by_id.items()
        if last.get(pk) != reason
    )


def lock_sessions(session_ids: Iterable[int]) -> dict[int, int]:
    """Lock these sessions' rows, lowest id first, and return their last queue positions by id.

    Call it before moving seats in several sessions.
    """
    if not (session_ids := set(session_ids)):
        return {}
    return dict(
        Session.objects.select_for_update(no_key=True)
        .filter(pk__in=session_ids)
        .order_by("pk")
        .values_list("pk", "last_queue_position")
    )


def _lock_confirmed(registration: Registration) -> None:
    """Lock the registration's row, which serialises requests of one person."""
    state = (
        Registration.objects.select_for_update(no_key=True)
        .filter(pk=registration.pk)
        .values_list("state", flat=True)
        .first()
    )
    if state != Registration.State.CONFIRMED:
        raise RegistrationNotConfirmed


def _take(
    registration: Registration,
    known: dict[int, Seat],
    wanted: list[int],
    reason: SeatMovement.Reason,
    by: User | None,
    places: dict[int, int] | None = None,
) -> list[Seat]:
    """Take seats in `wanted`, lowest session id first; `known` are the person's rows for them, whatever their state.

    `places` are the last places of the sessions that are locked already; those that are not among them are not open.
    """
    now = timezone.now()
    new = [pk for pk in wanted if pk not in known or known[pk].state not in ACTIVE]
    claims = _claim(registration.lab_id, new, lock_sessions(new) if places is None else places, now, reason)
    moves = []
    for session_id, claim in claims.items():
        seat = known.get(session_id) or Seat(registration=registration, session_id=session_id, state="")
        known[session_id] = seat
        moves.append((seat, claim))
    _write(moves, now, by)
    # The waiting list may not have been promoted yet after an increase of capacity: it comes first.
    for session_id, claim in claims.items():
        if claim.state == State.WAITING and promote(session_id):
            known[session_id].refresh_from_db()
    return [known[session_id] for session_id in wanted]


@dataclass(frozen=True)
class _Claim:
    """The resulting state of a seat, its reason and its queue position."""

    state: Seat.State
    reason: SeatMovement.Reason
    place: int | None = None


def _claim(
    lab_id: int, session_ids: list[int], places: dict[int, int], now: datetime, reason: SeatMovement.Reason
) -> dict[int, _Claim]:
    """Increment the seats or the waiting list of each session, if possible. The waiting list has priority.

    `places` are the last queue positions of these sessions, whose rows are locked. At most five statements, one if all
    sessions have free seats.
    """
    places = dict(places)
    is_open = Q(to_come(now), lab=lab_id)
    claims = {session_id: _Claim(State.CANCELLED, Reason.NOT_OPEN) for session_id in session_ids}
    for session_id in _increment("seats_taken", is_open & HAS_FREE_SEAT & Q(seats_waiting=0), places):
        claims[session_id] = _Claim(State.CONFIRMED, reason, places.pop(session_id) + 1)
    for session_id in _increment("seats_waiting", is_open & Q(waiting_list=True), places):
        claims[session_id] = _Claim(State.WAITING, Reason.FULL, places.pop(session_id) + 1)
    if places:
        for session_id in Session.objects.filter(is_open, pk__in=places).values_list("pk", flat=True):
            claims[session_id] = _Claim(State.CANCELLED, Reason.CLOSED)
    return claims


def _increment(counter: str, condition: Q, places: dict[int, int]) -> list[int]:
    """Increment this counter of those locked sessions that meet the condition, in one statement; return their ids.

    `places` are the last queue positions before it, read under the lock.
    """
    if not places:
        return []
    sessions = Session.objects.filter(condition, pk__in=places)
    moved = sessions.update(**{"last_queue_position": F("last_queue_position") + 1, counter: F(counter) + 1})
    if moved in (0, len(places)):
        return list(places) if moved else []
    after = Session.objects.filter(pk__in=places).order_by("pk").values_list("pk", "last_queue_position")
    return [session_id for session_id, last in after if last != places[session_id]]


def _write(moves: "list[tuple[Seat, _Claim]]", now: datetime, by: User | None) -> list[SeatMovement]:
    """Save seats and their movements, in one statement each."""
    if not moves:
        return []
    movements = []
    for seat, claim in moves:
        movements.append(
            SeatMovement(seat=seat, at=now, before=seat.state, after=claim.state, reason=claim.reason, by=by)
        )
        seat.state, seat.queue_position, seat.changed_at = claim.state, claim.place, now
        seat.sequence += 1
    # An upsert by the unique pair of registration and session.
    Seat.objects.bulk_create(
        [seat for seat, _claim in moves],
        update_conflicts=True,
        unique_fields=["registration", "session"],
        update_fields=["state", "queue_position", "changed_at", "sequence"],
    )
    return SeatMovement.objects.bulk_create(movements)
