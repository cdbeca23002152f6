"""Emails about one session: what became of it, and of the seat in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from django.utils import timezone, translation

from core.mail.models import Message
from registrations import links
from registrations.emails import instant_text, moment_text, queue_for
from registrations.models import Registration, Seat, SeatMovement
from registrations.personal_calendar import entries_file
from registrations.seat_lines import listed_sessions, text_of
from sessions.session_facts import Kind, differences, subject_text


def seat_is_yours(seat: Seat, movement: SeatMovement) -> Message:
    """Tell the next in the waiting list that a seat became free and is his or hers."""
    in_calendars = {"subscribe": links.SUBSCRIBE, "calendar": links.CALENDAR}
    return _about_session("seat_is_yours", f"seat-is-yours:{movement.pk}", seat, in_calendars)


def seat_is_offered(seat: Seat, movement: SeatMovement) -> Message:
    """Offer a seat that became free to the next in the waiting list, who accepts it on the registration's page."""
    by = moment_text(seat.registration, seat.until or timezone.now())
    return _about_session("seat_is_offered", f"seat-is-offered:{movement.pk}", seat, until=by)


def offer_expired(seat: Seat, movement: SeatMovement) -> Message:
    """Say that a seat that was offered was not accepted in time and went to the next."""
    return _about_session("offer_expired", f"offer-expired:{movement.pk}", seat)


def session_reminder(seat: Seat, hours: int) -> Message:
    """Remind somebody of a session in which he or she has a seat, once for each rule and start."""
    starts_at = instant_text(seat.session.starts_at)
    return queue_for(
        seat.registration,
        "session_reminder",
        f"session-reminder:{seat.pk}:{hours}:{starts_at}",
        {
            **listed_sessions(seat.registration, [seat]),
            "session_title": text_of(seat.session.title, seat.registration),
        },
        {"manage": links.MANAGE, "unsubscribe": links.UNSUBSCRIBE},
    )


def session_cancelled(seat: Seat) -> Message:
    """Tell somebody with a seat or a place in the waiting list that the session does not take place."""
    return _about_session("session_cancelled", _of_session("session-cancelled", seat), seat)


def session_restored(seat: Seat) -> Message:
    """Tell the same people that it takes place after all, and that their seats are still theirs."""
    return _about_session("session_restored", _of_session("session-restored", seat), seat)


def sessions_moved(
    registration: Registration, seats: Sequence[Seat], facts: Mapping[int, Mapping[str, Any]]
) -> Message | None:
    """Tell somebody what was and what is now of these sessions of his or hers; None where nothing differs for them.

    `facts` are by session, with the version of each that is told.
    """
    language, found = registration.language, []
    for seat in seats:
        of_seat = facts[seat.session_id]
        has_seat = seat.state == Seat.State.CONFIRMED
        differing = differences(
            of_seat["was"], of_seat["now"], registration.time_zone, language, join_link=has_seat
        )
        if differing:
            found.append((seat, differing))
    if not found:
        return None
    told = [seat for seat, _differing in found]
    kinds = [{one.kind for one in differing} for _seat, differing in found]
    with translation.override(language):
        what = subject_text(one for _seat, differing in found for one in differing)
    changes = [
        (
            text_of(seat.session.title, registration),
            [{"label": one.label, "before": one.before, "after": one.after} for one in differing],
        )
        for seat, differing in found
    ]
    version = max(facts[seat.session_id]["version"] for seat in told)
    return queue_for(
        registration,
        "session_moved",
        f"session-moved:{told[0].session_id}:{version}:{registration.public_id}",
        {
            **listed_sessions(registration, told),
            "changes": changes,
            "what": what,
            "cancelled": sum(Kind.CANCELLED in one for one in kinds),
        },
        {"manage": links.MANAGE},
        calendar=entries_file(registration, told),
    )


def _about_session(
    occasion: str,
    key: str,
    seat: Seat,
    purposes: Mapping[str, links.Purpose] = MappingProxyType({}),
    **more: str,
) -> Message:
    registration, session = seat.registration, seat.session
    return queue_for(
        registration,
        occasion,
        key,
        {
            **listed_sessions(registration, [seat]),
            "session_title": text_of(session.title, registration),
            "reason": text_of(session.cancel_reason, registration),
            **more,
        },
        {"manage": links.MANAGE, **purposes},
        calendar=entries_file(registration, [seat]),
    )


def _of_session(kind: str, seat: Seat) -> str:
    # The session's sequence rises with each such change: a second cancellation is a second email.
    return f"{kind}:{seat.session_id}:{seat.session.sequence}:{seat.pk}"
