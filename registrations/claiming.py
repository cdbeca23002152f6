"""Counting a seat or a place in a waiting list: the conditional updates of locked sessions that decide who has one."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import F, Q

from registrations import quotas
from registrations.models import Registration, Seat, SeatMovement
from registrations.models.rules import rules_of
from registrations.seat_rows import Claim
from sessions.models import Session
from sessions.models.agenda import to_come
from sessions.models.seating import MODES, Mode, Seating, has_free_seat, offers

State = Seat.State
Reason = SeatMovement.Reason
# For these no organiser is asked.
WITHOUT_APPROVAL = (Reason.BY_ORGANISER, Reason.APPROVED, Reason.SWITCHED, Reason.NOMINATED)
# The sessions that somebody wants, by id, and how to attend each.
Wishes = Mapping[int, str]


def claim_places(
    registration: Registration,
    wishes: Wishes,
    locked: Mapping[int, Session],
    now: datetime,
    reason: SeatMovement.Reason,
    until: datetime | None = None,
    taken: set[quotas.Place] | None = None,
) -> dict[int, Claim]:
    """Count each wish as a seat or in the waiting list of its session, if possible. The waiting list has priority.

    `locked` are these sessions as their locked rows are. With `until` seats are only held, and nobody waits. `taken`
    are the seats that the person has already, read where it is None. One statement if all sessions have free seats and
    the lab has no quotas.
    """
    places = {pk: session.last_queue_position for pk, session in locked.items()}
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
        # What the rows tell spares a statement; whether there is a seat is decided by its condition.
        asked = {
            pk: places[pk]
            for pk in fits
            if wishes[pk] == mode and pk in places and _is_free(locked[pk].seating(mode))
        }
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
                last = locked[session_id].seating(mode).waiting + 1
                claims[session_id] = Claim(State.WAITING, why, places.pop(session_id) + 1, position=last)
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


def _is_free(seating: Seating) -> bool:
    return seating.has_free_seat and not seating.waiting


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
