"""The emails of a registration: what each says, to whom, once. Each is queued in the transaction of what it tells.

An email is wholly in the person's language, with the person's hours first and the lab's beside them where they differ.
Emails to an address that nobody has confirmed carry nothing that the sender of the form typed: no name, no words.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, TypedDict

from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext_lazy

from core.mail.models import Message
from core.mail.queue import queue
from core.timezones import formatting, zone_hours
from core.timezones.wall_clock import wall
from core.web.absolute_urls import absolute_url
from core.web.localized_fields import text_and_language
from labs.models import Lab
from registrations import links
from registrations.models import Registration, Seat, SeatMovement
from registrations.models.seats import waiting_positions
from registrations.personal_calendar import entries_file
from sessions.models import Session
from sessions.places import is_in_person, is_online, join_link_of, place_of
from sessions.timezone_hints import instants_of
from sessions.unannounced_changes import Kind, differences, subject_text

# An address gets at most one email of a kind that anybody may ask for within this time.
QUIET = timedelta(minutes=20)


class SeatLine(TypedDict):
    """One session as an email lists it, in the person's language.

    `mode` is "In person" where the words of `place` leave it open. `state` is empty until the address is confirmed.
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
    is_seat: bool


def confirm_address(
    registration: Registration,
    days: int,
    selected: Sequence[Seat],
    *,
    again: bool = False,
    is_asked_for: bool = False,
) -> Message:
    """Ask the address whether it wants to be registered in what it `selected`; the question stands for `days`.

    Colleagues with one address tell each other's questions apart by initials: letters that can say nothing else.
    Only what everybody may see of the selected sessions is listed; of others, how many there are.
    """
    public = [seat for seat in selected if session_address(seat.session, registration.lab)]
    once = f"confirm-address:{registration.public_id}"
    return _queue(
        registration,
        "confirm_address",
        _quietly("confirm-address", registration) if again else once,
        {
            **_listed(registration, public),
            "days": days,
            "holder": initials(registration.name),
            "more": len(selected) - len(public),
        },
        {"confirm": links.CONFIRM, "leave": links.LEAVE},
        to_name="",
        is_first=not again,
        is_asked_for=is_asked_for,
    )


def already_registered(registration: Registration) -> Message:
    """Answer a second form for a confirmed address; nothing of what was typed into the second one is in it."""
    return _queue(
        registration,
        "already_registered",
        _quietly("already-registered", registration),
        {},
        {"manage": links.MANAGE},
        is_asked_for=True,
    )


def link_again(registration: Registration, is_asked_for: bool = False) -> Message:
    """Send the private link: when someone asked for it at this address, or when an organiser resends it."""
    return _queue(
        registration,
        "registration_link",
        _quietly("registration-link", registration),
        {},
        {"manage": links.MANAGE},
        is_asked_for=is_asked_for,
    )


def confirmation(
    registration: Registration, seats: Sequence[Seat], sessions: Iterable[Any] | None = None
) -> Message:
    """Say what is now the person's, with the calendar entries attached; `sessions` as for `entries_file`."""
    return _queue(
        registration,
        "confirmation",
        f"confirmation:{registration.public_id}:{_instant(registration.confirmed_at)}",
        _overview(registration, seats),
        {
            "manage": links.MANAGE,
            "subscribe": links.SUBSCRIBE,
            "calendar": links.CALENDAR,
            "cancel": links.CANCEL,
            "leave": links.LEAVE,
        },
        calendar=entries_file(registration, seats, sessions=sessions),
        is_first=True,
    )


def changed(registration: Registration, seats: Sequence[Seat], given_up: Sequence[Seat] = ()) -> Message:
    """Say what is the person's after a change of sessions, and what no longer is; that leaves the calendar."""
    return _queue(
        registration,
        "registration_changed",
        f"registration-changed:{registration.public_id}:{_instant(timezone.now())}",
        _overview(registration, seats, given_up),
        {"manage": links.MANAGE, "subscribe": links.SUBSCRIBE, "calendar": links.CALENDAR},
        calendar=entries_file(registration, seats, given_up),
    )


def cancelled(registration: Registration, seats: Sequence[Seat]) -> Message:
    """Say that the registration is cancelled and its seats are given up."""
    return _queue(
        registration,
        "registration_cancelled",
        f"registration-cancelled:{registration.public_id}:{_instant(registration.cancelled_at)}",
        {"again": absolute_url("register", registration.lab.slug)},
        {},
        calendar=entries_file(registration, [], given_up=seats),
    )


def seat_is_yours(seat: Seat, movement: SeatMovement) -> Message:
    """Tell the next in the waiting list that a seat became free and is his or hers."""
    in_calendars = {"subscribe": links.SUBSCRIBE, "calendar": links.CALENDAR}
    return _about_session("seat_is_yours", f"seat-is-yours:{movement.pk}", seat, in_calendars)


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
    kinds = {one.kind: one for _seat, differing in found for one in differing}
    with translation.override(language):
        what = subject_text([kinds[kind] for kind in Kind if kind in kinds])
    changes = [
        (
            text_of(seat.session.title, registration),
            [{"label": one.label, "before": one.before, "after": one.after} for one in differing],
        )
        for seat, differing in found
    ]
    version = max(facts[seat.session_id]["version"] for seat in told)
    return _queue(
        registration,
        "session_moved",
        f"session-moved:{told[0].session_id}:{version}:{registration.public_id}",
        {**_listed(registration, told), "changes": changes, "what": what},
        {"manage": links.MANAGE},
        calendar=entries_file(registration, told),
    )


def _about_session(
    occasion: str, key: str, seat: Seat, purposes: Mapping[str, links.Purpose] = MappingProxyType({})
) -> Message:
    registration, session = seat.registration, seat.session
    return _queue(
        registration,
        occasion,
        key,
        {
            **_listed(registration, [seat]),
            "session_title": text_of(session.title, registration),
            "reason": text_of(session.cancel_reason, registration),
        },
        {"manage": links.MANAGE, **purposes},
        calendar=entries_file(registration, [seat]),
    )


def _queue(
    registration: Registration,
    occasion: str,
    key: str,
    context: dict[str, Any],
    purposes: dict[str, links.Purpose],
    *,
    to_name: str | None = None,
    calendar: bytes = b"",
    is_first: bool = False,
    is_asked_for: bool = False,
) -> Message:
    language, lab = registration.language, registration.lab
    own = {
        "lab_title": text_of(lab.title, registration),
        "form_sent_on": formatting.long_date(
            wall(registration.created_at, registration.time_zone).date(), language
        ),
        "kept_until": formatting.long_date(registration.kept_until, language),
        "is_attached": bool(calendar),
    }
    return queue(
        occasion,
        key=key,
        language=language,
        to_name=registration.name if to_name is None else to_name,
        to_email=registration.email,
        context={**own, **context},
        lab=lab,
        registration_id=registration.pk,
        leads_to=[line["join_link"] for line in context.get("lines", ()) if line["join_link"]],
        links={name: links.email_link(registration, purpose) for name, purpose in purposes.items()},
        calendar=calendar,
        is_first=is_first,
        is_asked_for=is_asked_for,
    )


def initials(name: str) -> str:
    """Return "M. P." for "Maria Petrova": the first letter or figure of each of the first three words."""
    firsts = (next((sign for sign in word if sign.isalnum()), "") for word in name.split())
    return " ".join(f"{sign.upper()}." for sign in [sign for sign in firsts if sign][:3])


def text_of(text: object, registration: Registration) -> str:
    """Return a text of the lab in the person's language, else in the lab's own."""
    return text_and_language(text, registration.language, registration.lab.default_language)[0]


def _overview(
    registration: Registration, seats: Sequence[Seat], given_up: Sequence[Seat] = ()
) -> dict[str, object]:
    """Return what an email about the whole registration shows: a line per session, and the sum of them in words."""
    # Together, so that hours over a change of clocks are told apart in both lists.
    listed = _listed(registration, [*seats, *given_up], waiting_positions(seats))
    lines = listed["lines"]
    with translation.override(registration.language):
        summary = in_words(seats)
    return {**listed, "lines": lines[: len(seats)], "given_up": lines[len(seats) :], "summary": summary}


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
    Seat.State.CANCELLED: ngettext_lazy("%(n)d session was full.", "%(n)d sessions were full.", "n"),
}


def _listed(
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
    join_link = join_link_of(session) if is_seat else ""
    is_still_to_come = is_seat and is_online(session) and not join_link
    return SeatLine(
        title=text_of(session.title, registration),
        address=session_address(session, lab),
        day=formatting.long_day(wall(starts, zone).date(), language),
        hours=zone_hours.hours(starts, ends, zone, language, with_offset=with_offset),
        elsewhere=zone_hours.hours_in_other_zones(
            starts, ends, zone, (lab.time_zone, session.time_zone), language
        ),
        place=place_of(session, language),
        mode=gettext("In person") if is_in_person(session) else "",
        join_link=join_link,
        how_to_join=gettext("The join link will be on your registration page.") if is_still_to_come else "",
        state=_state_in_words(seat, position),
        is_seat=is_seat,
    )


def session_address(session: Session, lab: Lab) -> str:
    """Return the session's public address; nothing for an internal one, whose page asks for an account."""
    if session.visibility != Session.Visibility.PUBLIC:
        return ""
    return absolute_url("session", lab.slug, session.slug)


def _state_in_words(seat: Seat, position: int | None) -> str:
    if seat.session.is_cancelled:
        return gettext("This session is cancelled")
    if seat.state == Seat.State.REQUESTED:
        return ""
    if seat.state == Seat.State.CONFIRMED:
        return gettext("Your seat is confirmed")
    if seat.state == Seat.State.WAITING:
        if position is None:
            return gettext("Waiting list")
        return gettext("Waiting list: you are number %(position)d") % {"position": position}
    return gettext("Full")


def _quietly(kind: str, registration: Registration) -> str:
    """Return a key that stays the same for a while, so that nobody can fill somebody else's mailbox.

    A corrected address has links of a new version, and is written to at once.
    """
    window = int(timezone.now().timestamp() // QUIET.total_seconds())
    return f"{kind}:{registration.public_id}:{registration.link_version}:{window}"


def _of_session(kind: str, seat: Seat) -> str:
    # The session's sequence rises with each such change: a second cancellation is a second email.
    return f"{kind}:{seat.session_id}:{seat.session.sequence}:{seat.pk}"


def _instant(at: datetime | None) -> str:
    return str(int(at.timestamp() * 1_000_000)) if at else ""
