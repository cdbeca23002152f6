"""The emails about a place that is given to a colleague. Each is queued in the transaction of what it tells."""

from collections.abc import Sequence
from copy import copy

from django.utils import timezone

from core.mail.links import Link
from core.mail.models import Message
from core.mail.queue import queue
from core.timezones import zone_hours
from core.web.absolute_urls import absolute_url
from registrations import links
from registrations.emails import initials, instant_text, queue_for
from registrations.models import Registration, Seat, Transfer
from registrations.personal_calendar import entries_file
from registrations.seat_lines import lab_facts, listed_sessions, text_of


def offered(transfer: Transfer, link: Link, seats: Sequence[Seat], more: int = 0) -> Message:
    """Ask a colleague whether he or she takes over these seats; of what the giver typed only initials are in it.

    `more` are seats in internal sessions, which are counted and not named.
    """
    giver = transfer.registration
    lab, language = giver.lab, giver.language
    # By the lab's clocks, and as what is not the colleague's yet: without join links.
    reader, offered_seats = copy(giver), [copy(seat) for seat in seats]
    reader.time_zone = lab.time_zone
    for seat in offered_seats:
        seat.state = Seat.State.REQUESTED
    return queue(
        "transfer_offered",
        key=f"transfer-offered:{transfer.public_id}",
        language=language,
        to_name="",
        to_email=transfer.email,
        context={
            "lab_title": text_of(lab.title, giver),
            "giver": initials(giver.name),
            "until": zone_hours.moment(transfer.expires_at, lab.time_zone, language),
            **lab_facts(lab, language),
            **listed_sessions(reader, offered_seats),
            "more": more,
        },
        lab=lab,
        transfer_id=transfer.pk,
        links={"transfer": link},
        is_first=True,
        is_asked_for=True,
    )


def accepted(registration: Registration, seats: Sequence[Seat]) -> Message:
    """Tell the giver that a colleague has taken over, and which sessions leave the calendar."""
    return queue_for(
        registration,
        "transfer_accepted",
        f"transfer-accepted:{registration.public_id}:{instant_text(registration.cancelled_at)}",
        {"again": absolute_url("register", registration.lab.slug)},
        {},
        calendar=entries_file(registration, [], given_up=seats),
    )


def ended(registration: Registration, why: str) -> Message:
    """Tell the giver that nobody took over: `why` is "declined", "expired" or "organiser"."""
    key = f"transfer-ended:{registration.public_id}:{instant_text(timezone.now())}"
    return queue_for(registration, "transfer_ended", key, {"why": why}, {"manage": links.MANAGE})
