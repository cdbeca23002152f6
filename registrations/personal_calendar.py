"""Personal calendars: seats as entries, with join links."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext, override

from core.web.localized_fields import text_of
from labs.viewer import Viewer
from registrations import links
from registrations.models import Registration, Seat
from registrations.models.seats import ACTIVE
from sessions.calendar_texts import with_entry
from sessions.calendars import (
    Events,
    Feed,
    Status,
    Vevent,
    event_file,
    events_of,
    feed_bytes,
    of_seat,
)
from sessions.models import Session
from sessions.models.agenda import SessionQuerySet
from sessions.places import join_link_of


def with_sessions(registration: Registration, seats: Iterable[Seat]) -> list[Seat]:
    """Set the session of each seat, without long texts, and return the seats in the programme's order.

    Seats of draft sessions are omitted. One query.
    """
    by_session = {seat.session_id: seat for seat in seats}
    found: list[Seat] = []
    if not by_session:
        return found
    without_texts = (
        _visible_sessions(registration.lab_id, by_session).select_related("room").defer("abstract")
    )
    for session in without_texts:
        session.lab = registration.lab
        seat = by_session[session.pk]
        seat.session = session
        found.append(seat)
    return found


def entries_file(
    registration: Registration,
    held: Iterable[Seat],
    given_up: Iterable[Seat] = (),
    sessions: Iterable[Any] | None = None,
) -> bytes:
    """Return an iCalendar file: held seats as entries, those given up as cancelled ones. Empty without any.

    `sessions` are those of the seats in the programme's order, read `with_entry`; a query finds them if it is None.
    """
    shown = [seat for seat in held if seat.state in _SHOWN] + list(given_up)
    return event_file(_events(registration, shown, sessions), registration.language) if shown else b""


def feed(registration: Registration, seats: Iterable[Seat]) -> bytes:
    """Return the calendar to subscribe to: confirmed seats, and waiting places as tentative entries."""
    lab, language = registration.lab, registration.language
    return feed_bytes(
        Feed(
            name=links.calendar_name(registration),
            events=_events(registration, seats),
            url=links.url_of(registration, links.MANAGE),
            language=language,
            zone=lab.time_zone,
        )
    )


def _events(
    registration: Registration, seats: Iterable[Seat], sessions: Iterable[Any] | None = None
) -> Events:
    """Return one event per seat in the programme's order, with join links for confirmed ones only."""
    by_session = {seat.session_id: seat for seat in seats}
    found: Iterable[Any] = sessions or ()
    if sessions is None:
        found = (
            with_entry(_visible_sessions(registration.lab_id, by_session), registration.language)
            .select_related("room")
            .only(
                "title",
                "status",
                "format",
                "join_link",
                "revised_at",
                "content_revised_at",
                "room__join_link",
            )
            .order_by("starts_at", "pk")
        )
    with override(registration.language):
        return events_of(
            Vevent(
                _text(session, by_session[session.pk], registration),
                session.zone,
                session.first_on,
                session.last_on,
            )
            for session in found
            if session.pk in by_session and session.text is not None
        )


def _text(session: Any, seat: Seat, registration: Registration) -> str:
    """Return the session's entry for this person, in the active language, with a new version for each move of the seat.

    An entry that replaces one with a link must not be older: only entries of waiting people have the date without
    changes of links.
    """
    is_confirmed, is_waiting = seat.state == Seat.State.CONFIRMED, seat.state == Seat.State.WAITING
    is_offered = seat.state == Seat.State.OFFERED
    status: Status | None = None
    summary = "%s"
    # A seat that a city holds still is no longer the person's.
    if seat.state in (Seat.State.CANCELLED, Seat.State.HELD):
        status = "CANCELLED"
    elif not is_confirmed and not session.is_cancelled:
        words = gettext("Seat offered: %(title)s") if is_offered else gettext("Waiting list: %(title)s")
        if seat.state == Seat.State.PENDING:
            words = gettext("To be approved: %(title)s")
        status, summary = "TENTATIVE", words % {"title": "%s"}
    link = join_link_of(session, seat.mode) if is_confirmed and not session.is_cancelled else ""
    return of_seat(
        session.text,
        revised_at=max(session.content_revised_at if is_waiting else session.revised_at, seat.changed_at),
        moves=max(seat.sequence - 1, 0),
        status=status,
        summary=summary,
        join_link=link,
        join_words=gettext("Join online: %(link)s") % {"link": link},
        label=text_of(session.title, registration.language, registration.lab),
    )


def _visible_sessions(lab_id: int, session_ids: Iterable[int]) -> SessionQuerySet:
    ids = frozenset(session_ids)
    in_lab = Session.objects.filter(lab=lab_id, pk__in=ids)
    return in_lab.visible_to(Viewer(seated_sessions=ids))


_SHOWN = ACTIVE
