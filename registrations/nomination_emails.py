"""The emails to people whom a city named. Each is queued in the transaction of what it tells."""

from collections.abc import Sequence

from django.utils import timezone, translation
from django.utils.translation import gettext

from core.mail.models import Message
from core.timezones import zone_hours
from core.web.absolute_urls import absolute_url
from registrations import links
from registrations.emails import instant_text, queue_for, quiet_key
from registrations.models import NominationPlaces, Registration, Seat
from registrations.models.nominations import nominating_city
from registrations.personal_calendar import entries_file
from registrations.seat_lines import lab_facts, listed_sessions, text_of

AGAIN = "nominee-asked-again"


def asked(
    registration: Registration,
    places: NominationPlaces,
    seats: Sequence[Seat],
    contact_name: str,
    *,
    again: bool = False,
    is_asked_for: bool = True,
) -> Message:
    """Ask somebody whom a contact of a city named whether he or she accepts, once for each deadline. Needs the places
    with their city.

    `seats` are what the city chose for the person, with their sessions. `again` is asked quietly.
    """
    lab, language = registration.lab, registration.language
    found = listed_sessions(registration, seats)
    with translation.override(language):
        for seat, line in zip(seats, found["lines"], strict=True):
            is_held = seat.state == Seat.State.HELD
            line["state"] = gettext("A seat is held for you") if is_held else gettext("No seat is held")
    once = f"nominee-asked:{registration.public_id}:{instant_text(registration.nominated_until)}"
    return queue_for(
        registration,
        "nominee_asked",
        quiet_key(AGAIN, registration) if again else once,
        {
            **found,
            **lab_facts(lab, language),
            "city": text_of(places.city.name, registration),
            "contact_name": contact_name,
            "until": zone_hours.moment(
                registration.nominated_until or timezone.now(), lab.time_zone, language
            ),
            "is_over": not registration.is_of_city(timezone.now()),
        },
        {"nomination": links.NOMINEE, "leave": links.LEAVE},
        to_name="",
        is_first=not again,
        is_asked_for=is_asked_for,
    )


def ended(registration: Registration, seats: Sequence[Seat], *, is_answered: bool = True) -> Message:
    """Say that the city which nominated the person took its seats back, and whether for someone else.

    Without an answer to the nomination nothing was registered, and nobody has confirmed the address.
    """
    city = nominating_city(registration)
    return queue_for(
        registration,
        "nomination_ended",
        f"nomination-ended:{registration.public_id}:{instant_text(registration.cancelled_at)}",
        {
            "city": text_of(city.name, registration) if city else "",
            "is_answered": is_answered,
            "is_replaced": registration.cancelled_as == Registration.CancelledAs.REPLACED,
            "again": absolute_url("register", registration.lab.slug),
        },
        {"manage": links.MANAGE if is_answered else links.NOMINEE},
        calendar=entries_file(registration, [], given_up=seats) if is_answered else b"",
        to_name=None if is_answered else "",
        is_asked_for=not is_answered,
    )
