"""Quotas: whether a seat fits into all that it falls under. The only writer of `Quota.taken`.

A quota of a session counts its seats; one of the lab counts the people who have at least one seat. Both count what is
taken: held, offered and confirmed seats. The rows are locked after the sessions, lowest id first.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q

from registrations.models import Quota, Registration, Seat
from registrations.models.seats import TAKEN
from registrations.seat_rows import lock_sessions
from sessions.models import Session

# A seat that is or would be taken: session id and mode.
Place = tuple[int, str]


@dataclass(frozen=True)
class Holder:
    """Whose seats are counted, by what quotas ask of people."""

    registration_id: int
    city_id: int | None
    stakeholder_group_id: int | None


def holder_of(registration: Registration) -> Holder:
    """Return what quotas ask of this person."""
    return Holder(registration.pk, registration.city_id, registration.stakeholder_group_id)


def lock_quotas(lab_id: int, session_ids: Iterable[int]) -> list[Quota]:
    """Lock and return the quotas of the lab and of these sessions. One query.

    All of them, also those of other cities: whoever gives a seat up goes on to seat the next person, who may fall under
    any, and rows that are locked in two steps are locked in two orders.
    """
    found = Quota.objects.filter(Q(session__isnull=True) | Q(session__in=list(session_ids)), lab=lab_id)
    return list(found.select_for_update(no_key=True, of=("self",)).order_by("pk"))


def places_of(registration_id: int) -> set[Place]:
    """Return the seats that this person has taken. One query."""
    taken = Seat.objects.filter(registration=registration_id, state__in=TAKEN).order_by()
    return set(taken.values_list("session_id", "mode"))


def applies(quota: Quota, holder: Holder, place: Place) -> bool:
    """Tell whether this person's seat falls under the quota."""
    session_id, mode = place
    return (
        quota.session_id in (None, session_id)
        and quota.mode in ("", mode)
        and quota.city_id in (None, holder.city_id)
        and quota.stakeholder_group_id in (None, holder.stakeholder_group_id)
    )


def counted(quotas: Iterable[Quota], holder: Holder, places: Iterable[Place]) -> set[int]:
    """Return the ids of the quotas that count this person with these seats, each once."""
    places = list(places)
    return {quota.pk for quota in quotas if any(applies(quota, holder, place) for place in places)}


def has_room(quotas: Iterable[Quota], holder: Holder, place: Place, already: set[int]) -> bool:
    """Tell whether all quotas have room for this seat; `already` are the ids of those that count the person."""
    return all(
        quota.taken < quota.limit or quota.pk in already for quota in quotas if applies(quota, holder, place)
    )


def move(before: set[int], after: set[int]) -> None:
    """Count a person in the locked quotas `after` instead of those `before`. At most two statements.

    A quota without room raises IntegrityError: ask `has_room` first.
    """
    if gone := before - after:
        Quota.objects.filter(pk__in=gone).update(taken=F("taken") - 1)
    if new := after - before:
        Quota.objects.filter(pk__in=new).update(taken=F("taken") + 1)


def blocked(quotas: Iterable[Quota], session_id: int, mode: str) -> Q:
    """Return the condition of seats for which a quota has no room in this session and mode."""
    condition = Q(pk__in=[])
    for quota in quotas:
        if (
            quota.taken < quota.limit
            or quota.session_id not in (None, session_id)
            or quota.mode not in ("", mode)
        ):
            continue
        falls_under = Q()
        if quota.city_id is not None:
            falls_under &= Q(registration__city=quota.city_id)
        if quota.stakeholder_group_id is not None:
            falls_under &= Q(registration__stakeholder_group=quota.stakeholder_group_id)
        if quota.session_id is None:
            # Who is counted in the lab already needs no room.
            theirs = Seat.objects.filter(registration=OuterRef("registration"), state__in=TAKEN)
            falls_under &= ~Exists(theirs.filter(mode=quota.mode) if quota.mode else theirs)
        condition |= Q(falls_under) if falls_under else Q(pk__isnull=False)
    return Q(condition)


def recount_holder(lab_id: int, before: Holder, after: Holder) -> bool:
    """Count the seats of a person who is now of another city or type of organisation.

    Returns whether a quota no longer counts the person. Locks the sessions of the seats. A quota without room raises
    IntegrityError.
    """
    places = places_of(before.registration_id)
    session_ids = lock_sessions(session_id for session_id, _mode in places)
    limits = lock_quotas(lab_id, session_ids)
    counted_before, counted_after = counted(limits, before, places), counted(limits, after, places)
    move(counted_before, counted_after)
    return bool(counted_before - counted_after)


def recount_all(lab_id: int) -> None:
    """Count all quotas of a lab anew; its sessions' rows are locked. One that is exceeded gets the higher limit."""
    for quota in lock_quotas(lab_id, Session.objects.filter(lab=lab_id).values_list("pk", flat=True)):
        taken = taken_of(quota)
        if taken != quota.taken:
            Quota.objects.filter(pk=quota.pk).update(taken=taken, limit=max(quota.limit, taken))


def taken_of(quota: Quota) -> int:
    """Count what the quota counts: the seats of its session, or the people with a seat in the lab. One query."""
    seats = Seat.objects.filter(state__in=TAKEN, registration__lab=quota.lab_id)
    if quota.session_id is not None:
        seats = seats.filter(session=quota.session_id)
    if quota.mode:
        seats = seats.filter(mode=quota.mode)
    if quota.city_id is not None:
        seats = seats.filter(registration__city=quota.city_id)
    if quota.stakeholder_group_id is not None:
        seats = seats.filter(registration__stakeholder_group=quota.stakeholder_group_id)
    return (
        seats.order_by().values("registration").distinct().count()
        if quota.session_id is None
        else seats.count()
    )
