"""The seats of people whom a city named, as its contact sees and passes them on."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext

from labs.viewer import Viewer
from registrations.models import CityContact, Nomination, NominationPlaces, Registration, Seat
from registrations.models.seats import waiting_positions
from registrations.visibility import visible_ids
from sessions.models import Session

State = Seat.State


@dataclass(frozen=True)
class NamedSeat:
    """A session of somebody whom the city named, and what he or she has there, in words."""

    session: Session
    words: str


def seats_shown(contact: CityContact, named: Iterable[Nomination]) -> dict[int, list[NamedSeat]]:
    """Return the seats of people who were named, by registration, in the order of time. Three queries.

    Those of nominations that ended are left out, and sessions that the city’s delegates do not see. Needs the lab.
    """
    people = {one.registration_id: one.registration for one in named if not one.ended_as}
    seats = list(
        Seat.objects.filter(registration__in=[pk for pk in people if pk])
        .select_related("session")
        .order_by("session__starts_at", "session_id")
    )
    delegate = Viewer(delegations=frozenset({(contact.lab.programme_id, contact.city_id)}))
    seen = visible_ids(contact.lab_id, [delegate], {seat.session_id for seat in seats})
    positions = waiting_positions(seats)
    found: dict[int, list[NamedSeat]] = defaultdict(list)
    for seat in seats:
        person = people[seat.registration_id]
        if person is not None and seat.session_id in seen:
            words = _in_words(seat, person, positions.get(seat.pk))
            found[person.pk].append(NamedSeat(seat.session, words))
    return found


def _in_words(seat: Seat, person: Registration, position: int | None) -> str:
    if seat.state == State.WAITING and position is not None:
        return gettext("on the waiting list, number %(position)d") % {"position": position}
    if seat.state == State.HELD and person.state != Registration.State.UNCONFIRMED:
        return gettext("seat held for your city")
    return {
        State.HELD: gettext("seat held"),
        State.CONFIRMED: gettext("has a seat"),
        State.OFFERED: gettext("a seat is offered"),
        State.PENDING: gettext("waits for the organisers’ approval"),
    }.get(State(seat.state), gettext("no seat"))


def sessions_had(nomination: Nomination) -> list[int]:
    """Return the sessions of whom the city named, also of somebody who declined or cancelled."""
    person = nomination.registration
    if person is None:
        return []
    had = Seat.objects.filter(registration=person)
    if person.state != Registration.State.CANCELLED:
        had = had.exclude(state=State.CANCELLED)
    return list(had.order_by("session_id").values_list("session_id", flat=True))


def passing_on(places: NominationPlaces, leaving: Nomination | None) -> Counter[int]:
    """Return how many seats of the city are free to pass on, by session; those of `leaving` are."""
    is_free = Q(state=State.HELD) & ~Q(registration__state=Registration.State.UNCONFIRMED)
    if leaving is not None and leaving.registration_id is not None:
        is_free |= Q(registration=leaving.registration_id, state__in=[State.HELD, State.CONFIRMED])
    free = Seat.objects.filter(is_free, registration__nomination__places=places)
    return Counter(free.order_by().values_list("session_id", flat=True))
