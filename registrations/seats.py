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
from django.db.models import F, Max, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.jobs.database_clock import DatabaseNow
from core.web.errors import RuleViolation
from labs.viewer import Viewer
from registrations import acceptance, city_seats, quotas, webhooks
from registrations.models import Registration, Seat, SeatMovement
from registrations.models.rules import rules_of
from registrations.models.seats import ACTIVE, TAKEN
from registrations.seat_rows import Claim, lock_sessions, write
from registrations.waiting_list import promote, release
from sessions.calendar_texts import with_entry
from sessions.models import Session
from sessions.models.agenda import SEEN_WITH_A_SEAT, to_come, visible_sessions
from sessions.models.seating import MODES, Mode, has_free_seat, offers

State = Seat.State
Reason = SeatMovement.Reason
# For these no organiser is asked.
WITHOUT_APPROVAL = (Reason.BY_ORGANISER, Reason.APPROVED, Reason.SWITCHED, Reason.NOMINATED)
# The sessions that somebody wants, by id, and how to attend each.
Wishes = Mapping[int, str]


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
    places = {session.pk: session.last_queue_position for session in sessions if session.is_seen}  # type: ignore[attr-defined]
    _take(registration, known, {pk: seat.mode for pk, seat in known.items()}, Reason.CHOSEN, None, places)
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
    places: dict[int, int] | None = None,
) -> list[Seat]:
    """Take seats in `wishes`, lowest session id first; `known` are the person's rows for them, whatever their state.

    `places` are the last places of the sessions that are locked already; those that are not among them are not open.
    """
    now = timezone.now()
    wanted = sorted(wishes)
    stays = {*ACTIVE, State.HELD} - ({State.PENDING} if reason in WITHOUT_APPROVAL else set())
    new = {pk: wishes[pk] for pk in wanted if pk not in known or known[pk].state not in stays}
    held = {pk for pk in wanted if pk in known and known[pk].state == State.HELD}
    locked = lock_sessions(new.keys() | held) if places is None else places
    # Who is only being confirmed has no seats beside those that are held.
    taken = None if places is None else {(pk, wishes[pk]) for pk in held}
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
        if claim.state == State.WAITING and promote(session_id, unless_told=registration):
            known[session_id].refresh_from_db()
    waiting = (known[session_id] for session_id in claims if known[session_id].state == State.WAITING)
    webhooks.waiting(registration, waiting)
    return [known[session_id] for session_id in wanted]


def claim_places(
    registration: Registration,
    wishes: Wishes,
    places: dict[int, int],
    now: datetime,
    reason: SeatMovement.Reason,
    until: datetime | None = None,
    taken: set[quotas.Place] | None = None,
) -> dict[int, Claim]:
    """Count each wish as a seat or in the waiting list of its session, if possible. The waiting list has priority.

    `places` are the last queue positions of these sessions, whose rows are locked. With `until` seats are only held,
    and nobody waits. `taken` are the seats that the person has already, read where it is None. One statement if all
    sessions have free seats and the lab has no quotas.
    """
    places = dict(places)
    is_open = Q(to_come(now), lab=registration.lab_id)
    claims = {session_id: Claim(State.CANCELLED, Reason.NOT_OPEN) for session_id in wishes}
    if not wishes:
        return claims
    holder = quotas.holder_of(registration)
    limits = quotas.lock_quotas(registration.lab_id, wishes)
    if taken is None:
        taken = quotas.places_of(registration.pk) if limits else set()
    already = quotas.counted(limits, holder, taken)
    fits = {pk for pk, mode in wishes.items() if quotas.has_room(limits, holder, (pk, mode), already)}
    state = State.CONFIRMED if until is None else State.HELD
    asks = reason not in WITHOUT_APPROVAL
    of_lab = asks and rules_of(registration.lab).needs_approval
    free_to_take = is_open & Q(needs_approval=False) if asks else is_open
    for mode in () if of_lab else Mode:
        asked = {pk: places[pk] for pk in fits if wishes[pk] == mode and pk in places}
        free = free_to_take & has_free_seat(mode) & Q(**{f"{mode}_waiting": 0})
        for session_id in _increment(f"{mode}_taken", free, asked):
            claims[session_id] = Claim(state, reason, places.pop(session_id) + 1, until)
            taken.add((session_id, str(mode)))
    if limits:
        quotas.move(already, quotas.counted(limits, holder, taken))
    if until is None and not of_lab:
        for mode in Mode:
            asked = {pk: place for pk, place in places.items() if wishes.get(pk) == mode}
            for session_id in _increment(
                f"{mode}_waiting", free_to_take & offers(mode) & Q(waiting_list=True), asked
            ):
                why = Reason.FULL if session_id in fits else Reason.QUOTA
                claims[session_id] = Claim(State.WAITING, why, places.pop(session_id) + 1)
    if places:
        rest = Session.objects.filter(is_open, pk__in=places).values_list("pk", "format", "needs_approval")
        for session_id, format, of_session in rest:
            if wishes.get(session_id) not in MODES[format]:
                continue
            if of_lab or (asks and of_session):
                claims[session_id] = Claim(State.PENDING, Reason.APPROVAL)
            else:
                why = Reason.CLOSED if session_id in fits else Reason.QUOTA
                claims[session_id] = Claim(State.CANCELLED, why)
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
