"""The sessions of a registration as emails list them: a line each, in the person's language and hours."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext_lazy, pgettext

from core.timezones import formatting, zone_hours
from core.timezones.wall_clock import wall
from core.web.absolute_urls import absolute_url
from core.web.localized_fields import text_and_language
from labs.models import Lab
from registrations import quota_reasons
from registrations.models import Registration, Seat
from registrations.models.seats import waiting_positions
from sessions.models import Session
from sessions.models.seating import Mode
from sessions.places import join_link_of, place_of
from sessions.timezone_hints import instants_of


class SeatLine(TypedDict):
    """One session as an email lists it, in the person's language.

    `was` is what has changed: "Before: Online", "New". `mode` is "In person" where the words of `place` leave it
    open. `state` is empty until the address is confirmed. `why` is the quota that has no room for the person.
    `elsewhere` are the hours by the clocks of the session's own zone and the lab's, where they differ. `join_link` is
    for people with a seat; `how_to_join` says where to find it while there is none yet.
    """

    title: str
    address: str
    day: str
    hours: str
    elsewhere: tuple[str, ...]
    place: str
    mode: str
    join_link: str
    how_to_join: str
    state: str
    why: str
    is_seat: bool
    was: str


def text_of(text: object, registration: Registration) -> str:
    """Return a text of the lab in the person's language, else in the lab's own."""
    return text_and_language(text, registration.language, registration.lab.default_language)[0]


def lab_facts(lab: Lab, language: str) -> dict[str, str]:
    """Return the days and the place of a lab, as emails to people who do not know it yet tell them."""
    venue = text_and_language(lab.venue, language, lab.default_language)[0]
    with translation.override(language):
        format = "" if venue and lab.format == Lab.Format.IN_PERSON else lab.get_format_display()
    return {
        "lab_dates": formatting.date_range(lab.starts_on, lab.ends_on, language),
        "lab_place": ", ".join(part for part in (venue, format) if part),
    }


def overview(
    registration: Registration,
    seats: Sequence[Seat],
    given_up: Sequence[Seat] = (),
    was: Mapping[int, str] | None = None,
) -> dict[str, object]:
    """Return what an email about the whole registration shows: a line per session, and the sum of them in words.

    `was` is that of `emails.changed`. `can_switch` says that there is a session to be attended in another way,
    `only_pending` that nothing is the person's before an organiser decides.
    """
    # Together, so that hours over a change of clocks are told apart in both lists.
    found = listed_sessions(registration, [*seats, *given_up], waiting_positions(seats))
    lines = found["lines"]
    with translation.override(registration.language):
        summary = in_words(seats)
        reasons = quota_reasons.of_seats(registration, seats)
        for seat, line in zip(seats, lines, strict=False):
            line["why"] = reasons.get(seat.session_id, "")
            if was and seat.session_id in was:
                line["was"] = _was_in_words(was[seat.session_id])
    return {
        **found,
        "lines": lines[: len(seats)],
        "given_up": lines[len(seats) :],
        "summary": summary,
        "only_pending": bool(seats) and all(seat.state == Seat.State.PENDING for seat in seats),
        "can_switch": any(
            seat.session.is_hybrid and seat.state in (Seat.State.CONFIRMED, Seat.State.WAITING)
            for seat in seats
        ),
    }


def _was_in_words(mode: str) -> str:
    return (
        gettext("Before: %(mode)s") % {"mode": Mode(mode).label}
        if mode
        else pgettext("session of a person", "New")
    )


def in_words(seats: Iterable[Seat]) -> str:
    """Return "2 seats are yours. In 1 session you are on the waiting list.", in the active language."""
    states = [seat.state for seat in seats]
    sentences = [words % {"n": n} for state, words in _SEATS_IN_WORDS.items() if (n := states.count(state))]
    return " ".join(sentences) or gettext("You have no seats at the moment.")


_SEATS_IN_WORDS = {
    Seat.State.CONFIRMED: ngettext_lazy("You have %(n)d seat.", "You have %(n)d seats.", "n"),
    Seat.State.WAITING: ngettext_lazy(
        "You are on the waiting list for %(n)d session.",
        "You are on the waiting list for %(n)d sessions.",
        "n",
    ),
    Seat.State.PENDING: ngettext_lazy(
        "%(n)d seat waits for the organisers’ approval.",
        "%(n)d seats wait for the organisers’ approval.",
        "n",
    ),
    Seat.State.OFFERED: ngettext_lazy(
        "%(n)d seat is offered to you.", "%(n)d seats are offered to you.", "n"
    ),
    Seat.State.CANCELLED: ngettext_lazy("%(n)d session was full.", "%(n)d sessions were full.", "n"),
}


def listed_sessions(
    registration: Registration, seats: Sequence[Seat], positions: Mapping[int, int] | None = None
) -> dict[str, Any]:
    """Return the sessions as an email lists them, and the person's zone during them: "Athens (EEST, UTC+3)".

    `positions` are the places in line of those who wait.
    """
    language, zone = registration.language, registration.time_zone
    instants = instants_of(seat.session for seat in seats)
    with_offset = zone_hours.clocks_change(zone, instants)
    with translation.override(language):
        return {
            "lines": [
                _line(registration, seat, (positions or {}).get(seat.pk), with_offset) for seat in seats
            ],
            "zone": zone_hours.city_words(zone, instants or [timezone.now()], language),
        }


def _line(registration: Registration, seat: Seat, position: int | None, with_offset: bool) -> SeatLine:
    session, lab = seat.session, registration.lab
    language, zone = registration.language, registration.time_zone
    starts, ends = session.starts_at, session.ends_at
    is_seat = seat.state == Seat.State.CONFIRMED and not session.is_cancelled
    join_link = join_link_of(session, seat.mode) if is_seat else ""
    is_still_to_come = is_seat and seat.mode == Mode.ONLINE and not join_link
    return SeatLine(
        title=text_of(session.title, registration),
        address=session_address(session, lab),
        day=formatting.long_day(wall(starts, zone).date(), language),
        hours=zone_hours.hours(starts, ends, zone, language, with_offset=with_offset),
        elsewhere=zone_hours.hours_in_other_zones(
            starts, ends, zone, (lab.time_zone, session.time_zone), language
        ),
        place=place_of(session, language, seat.mode),
        mode=str(Mode.ROOM.label) if seat.mode == Mode.ROOM else "",
        join_link=join_link,
        how_to_join=gettext("The join link will be on your registration page.") if is_still_to_come else "",
        state=_state_in_words(seat, position),
        why="",
        is_seat=is_seat,
        was="",
    )


def session_address(session: Session, lab: Lab) -> str:
    """Return the session's public address; nothing for an internal one, whose page asks for an account."""
    if session.visibility != Session.Visibility.PUBLIC:
        return ""
    return absolute_url("session", lab.slug, session.slug)


def _state_in_words(seat: Seat, position: int | None) -> str:
    if seat.session.is_cancelled:
        return gettext("This session is cancelled")
    if seat.state in (Seat.State.REQUESTED, Seat.State.HELD):
        return ""
    if seat.state == Seat.State.CONFIRMED:
        return gettext("Your seat is confirmed")
    if seat.state == Seat.State.WAITING:
        if position is None:
            return gettext("Waiting list")
        return gettext("Waiting list: you are number %(position)d") % {"position": position}
    if seat.state == Seat.State.PENDING:
        return gettext("The organisers will decide about your seat")
    if seat.state == Seat.State.OFFERED:
        return gettext("A seat is offered to you")
    return gettext("Full")
