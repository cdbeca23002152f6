"""Seats that a city holds until its deadline, passed on from one of its people to another."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from registrations import quotas
from registrations.models import NominationPlaces, Registration, Seat, SeatMovement
from registrations.seat_rows import Claim, write
from sessions.models import Session

State = Seat.State
Reason = SeatMovement.Reason


def pass_on(
    given_up: Iterable[Seat], to: Registration, wishes: Iterable[int], until: datetime, now: datetime
) -> list[Seat]:
    """Make held seats those of `to`, who has no seat yet, as far as sessions are wished; return the new ones.

    The rows of registrations and sessions are locked; each seat has its registration. No counter of a session moves,
    so that nobody of the waiting list comes between. Each person keeps an own row of the seat, and an own history.
    Nothing is passed on where a quota has no room for it.
    """
    wanted = set(wishes)
    by_session = {seat.session_id: seat for seat in given_up if seat.session_id in wanted}
    old = list(by_session.values())
    if not old or not _move_quotas(old, to):
        return []
    places = {seat.session_id: seat.queue_position for seat in old}
    write([(seat, Claim(State.CANCELLED, Reason.REPLACED)) for seat in old], now, None)
    new = [
        (
            Seat(registration=to, session_id=seat.session_id, mode=seat.mode, state=""),
            Claim(State.HELD, Reason.NOMINATED, places[seat.session_id], until),
        )
        for seat in old
    ]
    write(new, now, None)
    return [seat for seat, _claim in new]


def _move_quotas(seats: list[Seat], to: Registration) -> bool:
    """Count these seats as those of `to` in the quotas; return whether there is room."""
    limits = quotas.lock_quotas(to.lab_id, [seat.session_id for seat in seats])
    if not limits:
        return True
    moved: Counter[int] = Counter()
    by_person: dict[int, list[Seat]] = defaultdict(list)
    for seat in seats:
        by_person[seat.registration_id].append(seat)
    for theirs in by_person.values():
        holder = quotas.holder_of(theirs[0].registration)
        places = quotas.places_of(holder.registration_id)
        rest = places - {(seat.session_id, seat.mode) for seat in theirs}
        moved.subtract(quotas.counted(limits, holder, places) - quotas.counted(limits, holder, rest))
    holder = quotas.holder_of(to)
    moved.update(quotas.counted(limits, holder, [(seat.session_id, seat.mode) for seat in seats]))
    if any(quota.taken + moved[quota.pk] > quota.limit for quota in limits if moved[quota.pk] > 0):
        return False
    for quota_id, change in sorted(moved.items()):
        for _each in range(abs(change)):
            quotas.move({quota_id} if change < 0 else set(), {quota_id} if change > 0 else set())
    return True


def covered(registration: Registration, session_ids: Collection[int]) -> set[int]:
    """Return those sessions for which the city may name another person in the place of this one, by day and track of
    its places; all where these are not known any more.
    """
    places = NominationPlaces.objects.filter(nominations__registration=registration).first()
    sessions = Session.objects.filter(pk__in=session_ids)
    if places is not None and places.day is not None:
        sessions = sessions.filter(start_date=places.day)
    if places is not None and places.track_id is not None:
        sessions = sessions.filter(track=places.track_id)
    return set(sessions.order_by().values_list("pk", flat=True))


def hold_until(people: Iterable[Registration], until: datetime) -> None:
    """Hold the seats of these locked registrations until another instant; their sessions are locked."""
    ids = [person.pk for person in people]
    Registration.objects.filter(pk__in=ids).update(nominated_until=until)
    Seat.objects.filter(registration__in=ids, state=State.HELD).update(until=until)
