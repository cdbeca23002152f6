"""The timeline of a registration as sentences, newest first."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from core.mail.models import Message
from core.web.localized_fields import text_and_language
from registrations.models import Attendance, Registration, Seat, SeatMovement
from sessions.models import Session

State = Seat.State
Reason = SeatMovement.Reason


@dataclass(frozen=True)
class Event:
    """One line of the history: an instant (UTC) and a sentence in the active language."""

    at: datetime
    words: str


def events(
    registration: Registration,
    movements: Iterable[SeatMovement],
    attendances: Iterable[Attendance],
    messages: Iterable[Message],
    language: str,
    seen: Collection[int],
) -> list[Event]:
    """Return the history, from rows that come with their session (movements by their seat).

    `seen` are the sessions that the reader may see; titles of others are hidden.
    """
    fallback = registration.lab.default_language

    def title(session: Session) -> str:
        if session.pk not in seen:
            return gettext("a session that is not public at the moment")
        return text_and_language(session.title, language, fallback)[0]

    found = [Event(registration.created_at, gettext("You submitted the form"))]
    if registration.confirmed_at:
        found.append(Event(registration.confirmed_at, gettext("You confirmed your email")))
    if registration.cancelled_at:
        found.append(Event(registration.cancelled_at, gettext("The registration was cancelled")))
    found += [Event(movement.at, sentence(movement, title(movement.seat.session))) for movement in movements]
    found += [
        Event(
            attendance.taken_at,
            gettext("Your attendance was recorded: %(session)s") % {"session": title(attendance.session)},
        )
        for attendance in attendances
    ]
    found += [
        Event(
            message.finished_at or message.created_at,
            gettext("Email “%(subject)s”: %(state)s")
            % {"subject": message.subject, "state": message.get_state_display().lower()},
        )
        for message in messages
    ]
    return sorted(found, key=lambda event: event.at, reverse=True)


def sentence(movement: SeatMovement, session: str) -> str:
    """Return the sentence about a movement of a seat."""
    known = {
        Reason.PROMOTED: gettext("You got a seat from the waiting list: %(session)s"),
        Reason.FULL: gettext("You joined the waiting list: %(session)s"),
        Reason.CLOSED: gettext("The session was full and has no waiting list: %(session)s"),
        Reason.NOT_OPEN: gettext("The session was no longer open: %(session)s"),
        Reason.REGISTRATION_CANCELLED: gettext("Given up when you cancelled the registration: %(session)s"),
        Reason.SESSION_CANCELLED: gettext("The session was cancelled: %(session)s"),
        Reason.SESSION_RESTORED: gettext("The session is going ahead: %(session)s"),
    }
    if movement.reason == Reason.BY_ORGANISER:
        given = gettext("An organiser gave you a seat: %(session)s")
        left = gettext("An organiser removed you from the waiting list: %(session)s")
        given_up = gettext("An organiser removed your seat: %(session)s")
    else:
        given = gettext("You have a seat: %(session)s")
        left = gettext("You left the waiting list: %(session)s")
        given_up = gettext("You gave up your seat: %(session)s")
    if movement.reason in known:
        words = known[Reason(movement.reason)]
    elif movement.after == State.CONFIRMED:
        words = given
    else:
        words = left if movement.before == State.WAITING else given_up
    return words % {"session": session}
