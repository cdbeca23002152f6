"""The timeline of a registration as sentences, newest first."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.utils.translation import gettext

from core.mail.models import Message
from core.web.localized_fields import text_and_language, text_of
from labs.viewer import Viewer
from registrations.changes import answers_changed
from registrations.models import Attendance, Registration, Seat, SeatMovement
from registrations.models.nominations import nominating_city
from registrations.visibility import visible_ids
from sessions.models import Session
from sessions.models.seating import Mode

State = Seat.State
Reason = SeatMovement.Reason
CancelledAs = Registration.CancelledAs


@dataclass(frozen=True)
class Event:
    """One line of the history: an instant (UTC) and a sentence in the active language."""

    at: datetime
    words: str


def history_of(registration: Registration, viewer: Viewer, language: str) -> list[Event]:
    """Return the history of a registration, also of one that is cancelled. At most seven queries."""
    movements = list(
        SeatMovement.objects.filter(seat__registration=registration).select_related("seat__session")
    )
    attendances = list(registration.attendances.select_related("session"))
    sessions = {one.seat.session_id for one in movements} | {one.session_id for one in attendances}
    messages = Message.objects.without_content().filter(registration=registration)
    seen = visible_ids(registration.lab_id, [viewer], sessions)
    return events(registration, movements, attendances, messages, language, seen)


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
    lab = registration.lab

    def title(session: Session) -> str:
        if session.pk not in seen:
            return gettext("a session that is not public at the moment")
        return text_and_language(session.title, language, lab.default_language)[0]

    city = nominating_city(registration)
    found = _of_registration(registration, text_of(city.name, language, lab) if city else "")
    for _seat, of_seat in groupby(
        sorted(movements, key=lambda one: (one.seat_id, one.at, one.pk)), key=lambda one: one.seat_id
    ):
        for movement, mode in _with_modes(list(of_seat)):
            found.append(Event(movement.at, sentence(movement, title(movement.seat.session), mode)))
    found += [Event(at, _answered(section)) for at, section in answers_changed(registration, language)]
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


def _of_registration(registration: Registration, city: str) -> list[Event]:
    """Return how the registration began and ended; `city` nominated the person."""
    if city:
        began = gettext("%(city)s nominated you") % {"city": city}
    elif registration.entered_by_id is not None:
        began = gettext("An organiser entered you")
    else:
        began = gettext("You submitted the form")
    found = [Event(registration.created_at, began)]
    if registration.confirmed_at:
        if city:
            words = gettext("You accepted the nomination")
        elif registration.entered_by_id is not None:
            words = gettext("Your registration was confirmed")
        else:
            words = gettext("You confirmed your email")
        found.append(Event(registration.confirmed_at, words))
    if registration.cancelled_at:
        found.append(Event(registration.cancelled_at, how_it_ended(registration, city)))
    return found


def _answered(section: str) -> str:
    if not section:
        return gettext("An organiser changed your answers")
    return gettext("An organiser changed your answers: %(section)s") % {"section": section}


def how_it_ended(registration: Registration, city: str) -> str:
    """Return who cancelled the registration, as a sentence without its full stop."""
    if city and registration.confirmed_at is None and registration.cancelled_as == CancelledAs.BY_PERSON:
        return gettext("You declined the nomination")
    known = {
        CancelledAs.BY_PERSON: gettext("You cancelled your registration"),
        CancelledAs.BY_ORGANISER: gettext("The organisers cancelled your registration"),
        CancelledAs.TRANSFERRED: gettext("You gave your place to a colleague"),
        CancelledAs.REPLACED: gettext("%(city)s named someone else instead of you") % {"city": city},
        CancelledAs.WITHDRAWN: gettext("%(city)s withdrew your nomination") % {"city": city},
    }
    how = registration.cancelled_as
    return known[CancelledAs(how)] if how else gettext("The registration was cancelled")


def _with_modes(movements: list[SeatMovement]) -> Iterable[tuple[SeatMovement, str]]:
    """Return the movements of one seat, each with the way to attend that it changed to, as far as that is known.

    Only the present one is stored. A seat that its city takes back and passes on moves twice, for one reason.
    """
    changes = [
        one
        for one in movements
        if one.reason in (Reason.SWITCHED, Reason.REFORMATTED) or one.before == State.CANCELLED
    ]
    for number, movement in enumerate(movements):
        is_again = number > 0 and movements[number - 1].reason == movement.reason == Reason.REPLACED
        if not is_again:
            yield movement, movement.seat.mode if changes[-1:] == [movement] else ""


def sentence(movement: SeatMovement, session: str, mode: str = "") -> str:
    """Return the sentence about a movement of a seat; `mode` is what a change of how to attend came to."""
    said = _words(movement, mode) % {"session": session}
    return f"{said} ({movement.note})" if movement.note else said


def _words(movement: SeatMovement, mode: str) -> str:
    reason, is_by_organiser = movement.reason, movement.by_id is not None
    if reason == Reason.APPROVED and movement.after == State.WAITING:
        return gettext("The organisers approved you, and you joined the waiting list: %(session)s")
    if reason == Reason.SWITCHED:
        return _switched(mode, is_by_organiser)
    if reason == Reason.MERGED and movement.after == State.WAITING:
        return gettext("The place on the waiting list of your other registration is yours: %(session)s")
    if reason == Reason.FEWER_SEATS and movement.after == State.WAITING:
        return gettext("The session has fewer seats, and you are on the waiting list: %(session)s")
    if reason == Reason.NOMINATED and movement.before not in (State.CONFIRMED, State.WAITING):
        return gettext("Your city holds a seat for you: %(session)s")
    known = {
        Reason.PROMOTED: gettext("You got a seat from the waiting list: %(session)s"),
        Reason.FULL: gettext("You joined the waiting list: %(session)s"),
        Reason.CLOSED: gettext("The session was full and has no waiting list: %(session)s"),
        Reason.QUOTA: gettext("The places for your group were taken: %(session)s"),
        Reason.REFORMATTED: gettext("The format of the session changed: %(session)s"),
        Reason.HELD: gettext("A seat is held until you confirm your email: %(session)s"),
        Reason.HOLD_EXPIRED: gettext("You did not confirm your email in time to keep the seat: %(session)s"),
        Reason.REPLACED: gettext("Your city gave the seat to someone else: %(session)s"),
        Reason.WITHDRAWN: gettext("Your city took the seat back: %(session)s"),
        Reason.CITY_DEADLINE: gettext("Your city’s seat was held until its deadline only: %(session)s"),
        Reason.APPROVAL: gettext("You asked for a seat that the organisers approve: %(session)s"),
        Reason.REFUSED: gettext("The organisers did not approve your seat: %(session)s"),
        Reason.OFFERED: gettext("A seat was offered to you: %(session)s"),
        Reason.OFFER_ACCEPTED: gettext("You accepted the seat: %(session)s"),
        Reason.OFFER_EXPIRED: gettext("You did not accept the seat in time: %(session)s"),
        Reason.NOT_OPEN: gettext("The session was no longer open: %(session)s"),
        Reason.FEWER_SEATS: gettext("The session has fewer seats, and yours is no longer there: %(session)s"),
        Reason.SILENT: gettext("You did not say that you still need your seat: %(session)s"),
        Reason.REGISTRATION_CANCELLED: gettext("Given up when the registration was cancelled: %(session)s"),
        Reason.SESSION_CANCELLED: gettext("The session was cancelled: %(session)s"),
        Reason.SESSION_RESTORED: gettext("The session is going ahead: %(session)s"),
    }
    return known[Reason(reason)] if reason in known else _given_or_left(movement)


def _switched(mode: str, is_by_organiser: bool) -> str:
    if is_by_organiser:
        return gettext("An organiser changed how you attend: %(session)s")
    return {
        "": gettext("You changed how you attend: %(session)s"),
        Mode.ROOM: gettext("You chose to attend in person: %(session)s"),
        Mode.ONLINE: gettext("You chose to attend online: %(session)s"),
    }[mode]


def _given_or_left(movement: SeatMovement) -> str:
    if movement.reason in (Reason.BY_ORGANISER, Reason.APPROVED):
        given = gettext("An organiser gave you a seat: %(session)s")
        left = gettext("An organiser removed you from the waiting list: %(session)s")
        given_up = gettext("An organiser removed your seat: %(session)s")
    else:
        given = gettext("You have a seat: %(session)s")
        left = gettext("You left the waiting list: %(session)s")
        given_up = gettext("You gave up your seat: %(session)s")
    if movement.reason == Reason.TRANSFERRED:
        given = gettext("A colleague gave you the seat: %(session)s")
        given_up = gettext("You gave the seat to a colleague: %(session)s")
    if movement.reason == Reason.MERGED:
        given = gettext("The seat of your other registration is yours: %(session)s")
    if movement.after == State.CONFIRMED:
        return given
    return left if movement.before == State.WAITING else given_up
