"""Seats: who has one, who waits, in which order. With `registrations.waiting_list` the only writer of `Seat` and of the
counters of sessions.

A seat is taken by one conditional update of the session's row, whose result decides, while every quota that it falls
under has room. The row stays locked until the transaction ends, so queue positions follow the order of commits. See
`registrations.seat_rows` for the order of locks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import F, Max, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.jobs.database_clock import DatabaseNow
from core.web.errors import RuleViolation
from labs.viewer import Viewer
from registrations import acceptance, city_seats, webhooks
from registrations.claiming import WITHOUT_APPROVAL, Wishes, claim_places
from registrations.models import Registration, Seat, SeatMovement
from registrations.models.seats import ACTIVE, TAKEN
from registrations.seat_rows import Claim, lock_sessions, write
from registrations.waiting_list import promote, release
from sessions.calendar_texts import with_entry
from sessions.models import Session
from sessions.models.agenda import SEEN_WITH_A_SEAT, visible_sessions

State = Seat.State
Reason = SeatMovement.Reason


class RegistrationNotConfirmed(RuleViolation):
    """Only confirmed registrations may have seats."""

    def __init__(self) -> None:
        super().__init__("not_confirmed")


def store_choice(registration: Registration, wishes: Wishes) -> list[Seat]:
    """Store the choice of an unconfirmed registration, without taking seats; return it by session id."""
    now = timezone.now()
    return Seat.objects.bulk_create(
        Seat(
            registration=registration, session_id=session_id, mode=mode, state=State.REQUESTED, changed_at=now
        )
        for session_id, mode in sorted(wishes.items())
    )


@transaction.atomic
def hold(
    registration: Registration,
    wishes: Wishes,
    until: datetime,
    reason: SeatMovement.Reason = Reason.HELD,
) -> list[Seat]:
    """Store the choice of an unconfirmed registration and hold the seats that are free until then; see `confirm`.

    Where none is free the choice is only stored: places in waiting lists are for confirmed people.
    """
    locked = lock_sessions(wishes)
    known = {
        session_id: Seat(registration=registration, session_id=session_id, mode=mode, state="")
        for session_id, mode in wishes.items()
    }
    now = timezone.now()
    claims = claim_places(registration, wishes, locked, now, reason, until=until)
    held = [(known[pk], claim) for pk, claim in claims.items() if claim.state == State.HELD]
    write(held, now, None)
    rest = {pk: mode for pk, mode in wishes.items() if claims[pk].state != State.HELD}
    return sorted(
        [seat for seat, _claim in held] + store_choice(registration, rest), key=lambda seat: seat.session_id
    )


@transaction.atomic
def take(
    registration: Registration,
    wishes: Wishes,
    reason: SeatMovement.Reason = Reason.CHOSEN,
    by: User | None = None,
) -> list[Seat]:
    """Take a seat in each session, or the next place of its waiting list, or neither where it keeps none.

    Returns the seats by session id: CONFIRMED, WAITING, PENDING where an organiser has to approve, or CANCELLED with a
    movement that says why. A seat or a place that is held already stays. Sessions of another lab are refused like
    closed ones, and so are modes that a session does not offer. Raises RegistrationNotConfirmed.
    """
    lock_confirmed(registration)
    known = {
        seat.session_id: seat
        for seat in Seat.objects.filter(registration=registration, session__in=wishes).order_by()
    }
    if new := [session_id for session_id in wishes if session_id not in known]:
        sent = Seat.objects.filter(
            session__in=new,
            registration__lab=registration.lab_id,
            registration__email_key=registration.email_key,
        )
        for session_id, sequence in sent.order_by().values_list("session").annotate(Max("sequence")):
            known[session_id] = Seat(
                registration=registration, session_id=session_id, state="", sequence=sequence
            )
    seats = _take(registration, known, wishes, reason, by)
    acceptance.seats_given(registration, [one.session_id for one in seats if one.state == State.CONFIRMED])
    return seats


def take_requested(
    registration: Registration, viewers: Iterable[Viewer], *, is_only_one: bool = False
) -> list[Seat]:
    """Take the stored choice, in the transaction that has confirmed and locked the registration.

    Seats that are held meanwhile become the person's. `is_only_one` says that no other registration of the lab has the
    address, so that no earlier seats are looked for. Sessions that none of the viewers may see are not taken. Returns
    the seats with their sessions, as `with_sessions` does, without those of sessions that were not seen. The sessions
    are read `with_entry`.
    """
    if registration.state != Registration.State.CONFIRMED:
        raise RegistrationNotConfirmed
    # One query for the seats, what the viewers see, and what the email tells. Sessions are locked on the way, lowest
    # id first; the seats are our own under the registration's lock.
    chosen = Session.objects.filter(
        seats__registration=registration, seats__state__in=[State.REQUESTED, State.HELD]
    )
    requested = (
        with_entry(chosen, registration.language)
        .select_for_update(no_key=True, of=("self",))
        .annotate(
            seat_id=F("seats__pk"),
            seat_mode=F("seats__mode"),
            seat_state=F("seats__state"),
            seat_place=F("seats__queue_position"),
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
            mode=session.seat_mode,
            state=session.seat_state,
            queue_position=session.seat_place,
            sequence=session.sent_before,
        )
        for session in requested
    }
    sessions = [seat.session for seat in known.values()]
    locked = {session.pk: session for session in sessions if session.is_seen}  # type: ignore[attr-defined]
    _take(registration, known, {pk: seat.mode for pk, seat in known.items()}, Reason.CHOSEN, None, locked)
    told = []
    for session in sorted(sessions, key=lambda one: (one.starts_at, one.pk)):
        if session.pk in locked and session.is_told:  # type: ignore[attr-defined]
            session.lab = registration.lab
            # Again, as a seat that was promoted on the way has been read anew.
            known[session.pk].session = session
            told.append(known[session.pk])
    # In a lab that is still a draft the confirmation tells of none.
    waiting = (seat for seat in known.values() if seat.state == State.WAITING and seat not in told)
    webhooks.waiting(registration, waiting)
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
    note: str = "",
) -> list[Seat]:
    """Give up seats, places in waiting lists and stored choices, and promote the next. Returns the seats given up.

    Seats that a nomination covers are held for the city until its deadline, unless an organiser takes them.
    """
    now = timezone.now()
    sessions = lock_sessions(session_ids)
    seats = list(
        Seat.objects.filter(registration=registration, session__in=sessions)
        .exclude(state=State.CANCELLED)
        .order_by("session_id")
    )
    for seat in seats:
        seat.registration = registration
    stays = registration.is_of_city(now) and reason not in (Reason.BY_ORGANISER, Reason.REFUSED)
    covered = city_seats.covered(registration, sessions) if stays else ()
    kept = [
        seat for seat in seats if seat.session_id in covered and seat.state in (State.CONFIRMED, State.HELD)
    ]
    of_city = Claim(State.HELD, reason, until=registration.nominated_until, note=note)
    write(
        [
            (seat, replace(of_city, place=seat.queue_position))
            for seat in kept
            if seat.state == State.CONFIRMED
        ],
        now,
        by,
    )
    given_up = [seat for seat in seats if seat not in kept]
    freed = [seat.session_id for seat in given_up if seat.state in TAKEN]
    release(given_up)
    write([(seat, Claim(State.CANCELLED, reason, note=note)) for seat in given_up], now, by)
    for session_id in freed:
        promote(session_id)
    return seats


@transaction.atomic
def accept_offer(registration: Registration, session_id: int) -> Seat:
    """Make an offered seat the person's. Raises RuleViolation (code: no_offer) and RegistrationNotConfirmed."""
    lock_confirmed(registration)
    lock_sessions([session_id])
    now = timezone.now()
    seat = Seat.objects.filter(
        registration=registration, session=session_id, state=State.OFFERED, until__gt=DatabaseNow()
    ).first()
    if seat is None:
        raise RuleViolation("no_offer", _("The offer has expired, or you have accepted it already."))
    seat.registration = registration
    write([(seat, Claim(State.CONFIRMED, Reason.OFFER_ACCEPTED, seat.queue_position))], now, None)
    return seat


@transaction.atomic
def record_movement(seats: Iterable[Seat], reason: SeatMovement.Reason) -> None:
    """Record in the history of these seats that their session was cancelled or restored; states do not change.

    Does nothing for seats whose last movement has the same reason.
    """
    now = timezone.now()
    by_id = {seat.pk: seat for seat in seats}
    last = dict(SeatMovement.objects.filter(seat__in=by_id).order_by("pk").values_list("seat_id", "reason"))
    SeatMovement.objects.bulk_create(
        SeatMovement(seat=seat, at=now, before=seat.state, after=seat.state, reason=reason)
        for pk, seat in by_id.items()
        if last.get(pk) != reason
    )


def lock_confirmed(registration: Registration) -> None:
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
    wishes: Wishes,
    reason: SeatMovement.Reason,
    by: User | None,
    locked: Mapping[int, Session] | None = None,
) -> list[Seat]:
    """Take seats in `wishes`, lowest session id first; `known` are the person's rows for them, whatever their state.

    `locked` are the sessions whose rows are locked already; those that are not among them are not open.
    """
    now = timezone.now()
    wanted = sorted(wishes)
    stays = {*ACTIVE, State.HELD} - ({State.PENDING} if reason in WITHOUT_APPROVAL else set())
    new = {pk: wishes[pk] for pk in wanted if pk not in known or known[pk].state not in stays}
    held = {pk for pk in wanted if pk in known and known[pk].state == State.HELD}
    is_confirming = locked is not None
    # Who is only being confirmed has no seats beside those that are held.
    taken = {(pk, wishes[pk]) for pk in held} if is_confirming else None
    if locked is None:
        locked = lock_sessions(new.keys() | held)
    claims = claim_places(registration, new, locked, now, reason, taken=taken)
    for pk in held:
        claims[pk] = Claim(State.CONFIRMED, reason, known[pk].queue_position)
        if pk not in locked:
            # Nobody may see the session any more.
            known[pk].registration = registration
            release([known[pk]])
            claims[pk] = Claim(State.CANCELLED, Reason.NOT_OPEN)
    moves = []
    for session_id, claim in claims.items():
        seat = known.get(session_id) or Seat(registration=registration, session_id=session_id, state="")
        known[session_id] = seat
        seat.mode = wishes[session_id]
        moves.append((seat, claim))
    write(moves, now, by)
    for session_id in held - locked.keys():
        promote(session_id)
    # The waiting list may not have been promoted yet after an increase of capacity, or may hold only people for whom
    # a quota has no room: it comes first.
    for session_id, claim in claims.items():
        if claim.state == State.WAITING and _may_promote(locked[session_id], wishes[session_id]):
            promote(session_id, unless_told=registration)
            known[session_id].refresh_from_db()
            known[session_id].position = known[session_id].moved_for = None
    if not is_confirming:
        # Else it is told together with the confirmation.
        waiting = (known[session_id] for session_id in claims if known[session_id].state == State.WAITING)
        webhooks.waiting(registration, waiting)
    return [known[session_id] for session_id in wanted]


def _may_promote(session: Session, joined: str) -> bool:
    """Tell whether a seat is free in a mode in which people wait: those of the locked row, and who has just joined."""
    return any(one.has_free_seat and (one.waiting or one.mode == joined) for one in session.seatings)
