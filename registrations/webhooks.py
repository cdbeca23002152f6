"""What webhooks tell of registrations, seats and attendance: ids, states and addresses in the API, no names."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from core.web.absolute_urls import absolute_url
from core.webhooks import events
from core.webhooks.event_types import EventType
from registrations.models import Attendance, NominationPlaces, Registration, Seat
from sessions.models import Session


def person_data(registration: Registration) -> dict[str, Any]:
    """Return what every event about a person says. Needs its lab."""
    slug = registration.lab.slug
    return {
        "lab": slug,
        "registration": {
            "id": registration.public_id,
            "state": registration.state,
            "url": absolute_url("api:registration", slug, str(registration.public_id)),
        },
    }


def _announce(registration: Registration, type: EventType, **more: object) -> None:
    event = events.Event(type, person_data(registration) | more, registration.pk)
    events.announce(registration.lab_id, [event])


def created(registration: Registration) -> None:
    _announce(registration, EventType.REGISTRATION_CREATED)


def nominated(registration: Registration, places: NominationPlaces) -> None:
    """Tell that a city named somebody. Needs the places with their city."""
    of_places = {"city": places.city.slug, "role": places.role, "day": places.day}
    _announce(registration, EventType.REGISTRATION_NOMINATED, nomination=of_places)


def confirmed(registration: Registration, seats: Sequence[Seat]) -> None:
    """Tell that a registration is confirmed, with the seats that came of it, and of each for which the person waits.

    Each has its session. One query where nobody asked for it.
    """
    said = person_data(registration)
    held = [{"session": seat.session.slug, "mode": seat.mode, "state": seat.state} for seat in seats]
    told = [events.Event(EventType.REGISTRATION_CONFIRMED, said | {"seats": held}, registration.pk)]
    slugs = {seat.session_id: seat.session.slug for seat in seats}
    told += [
        _of_seat(EventType.SEAT_WAITING, said, seat, slugs)
        for seat in seats
        if seat.state == Seat.State.WAITING
    ]
    events.announce(registration.lab_id, told)


def cancelled(registration: Registration) -> None:
    _announce(registration, EventType.REGISTRATION_CANCELLED)


def erased(registrations: Iterable[Registration]) -> None:
    """Tell that these people are deleted, by the ids that receivers know, and drop what waits to be told of them.

    Called while the rows still have those ids.
    """
    by_lab: dict[int, list[events.Event]] = defaultdict(list)
    for registration in registrations:
        data = person_data(registration)
        # What the id leads to is gone.
        data["registration"] = {"id": registration.public_id}
        by_lab[registration.lab_id].append(events.Event(EventType.REGISTRATION_ERASED, data))
    for lab_id in sorted(by_lab):
        events.announce(lab_id, by_lab[lab_id])


def waiting(registration: Registration, seats: Iterable[Seat]) -> None:
    """Tell that the person waits for these seats. At most two queries."""
    _seats(EventType.SEAT_WAITING, registration, list(seats))


def promoted(seat: Seat) -> None:
    _seats(EventType.SEAT_PROMOTED, seat.registration, [seat])


def _seats(type: EventType, registration: Registration, seats: list[Seat]) -> None:
    if not seats or not events.is_asked_for(registration.lab_id, type):
        return
    of_sessions = Session.objects.filter(pk__in=[seat.session_id for seat in seats])
    slugs = dict(of_sessions.values_list("pk", "slug"))
    said = person_data(registration)
    events.announce(registration.lab_id, [_of_seat(type, said, seat, slugs) for seat in seats])


def _of_seat(type: EventType, said: dict[str, Any], seat: Seat, slugs: dict[int, str]) -> events.Event:
    place = {"mode": seat.mode, "state": seat.state, "place": seat.queue_position}
    about = {"session": slugs[seat.session_id], "seat": place}
    return events.Event(type, said | about, seat.registration_id)


def attendance_recorded(attendances: Iterable[Attendance]) -> None:
    """Tell who came; each with registration and session, all of one lab."""
    _attended(EventType.ATTENDANCE_RECORDED, attendances)


def attendance_removed(attendances: Iterable[Attendance]) -> None:
    _attended(EventType.ATTENDANCE_REMOVED, attendances)


def _attended(type: EventType, attendances: Iterable[Attendance]) -> None:
    rows = list(attendances)
    if not rows or not events.is_asked_for(lab_id := rows[0].session.lab_id, type):
        return
    ids = [row.registration_id for row in rows]
    people = Registration.objects.select_related("lab").in_bulk(ids)
    events.announce(
        lab_id,
        [
            events.Event(
                type,
                person_data(people[row.registration_id])
                | {"session": row.session.slug, "taken_at": row.taken_at},
                row.registration_id,
            )
            for row in rows
        ],
    )
