"""A person's own calendar: seats as entries, with the join links that only they may have."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.utils.translation import gettext, override

from labs.models.texts import reading
from labs.viewer import Viewer
from registrations import links
from registrations.models import Registration, Seat
from sessions.calendars import CalendarEntry, Feed, event_file, feed_bytes
from sessions.entries import entries


def with_sessions(registration: Registration, seats: Iterable[Seat]) -> list[Seat]:
    """Put into each seat its session with all that mails and calendars say of it, and return them in its order.

    Whoever has a seat sees the session; seats of sessions that were withdrawn to the drafts are left out.
    """
    by_session = {seat.session_id: seat for seat in seats}
    if not by_session:
        return []
    viewer = Viewer(seated_sessions=frozenset(by_session))
    found = []
    for session in registration.lab.sessions.visible_to(viewer).filter(pk__in=by_session).for_pages():
        seat = by_session[session.pk]
        seat.session = session
        found.append(seat)
    return found


def entries_file(registration: Registration, seats: Sequence[Seat], *, given_up: bool = False) -> bytes:
    """Return these seats as a file to open; with `given_up` as cancelled entries. Empty where there is none."""
    shown = [seat for seat in seats if given_up or seat.state in _SHOWN]
    if not shown:
        return b""
    return event_file(_entries(registration, shown, given_up), "PUBLISH", registration.language)


def feed(registration: Registration, seats: Iterable[Seat]) -> bytes:
    """Return the calendar to subscribe to: confirmed seats, and waiting places as tentative entries."""
    lab, language = registration.lab, registration.language
    with override(language):
        name = gettext("%(lab)s, my sessions") % {
            "lab": reading(lab.title, language, lab.default_language)[0]
        }
    return feed_bytes(
        Feed(
            name=name,
            entries=_entries(registration, with_sessions(registration, seats), given_up=False),
            url=links.address_of(registration, links.MANAGE),
            language=language,
            zone=lab.time_zone,
        )
    )


def _entries(registration: Registration, seats: Iterable[Seat], given_up: bool) -> list[CalendarEntry]:
    """Write one entry per seat. Waiting ones have no join link yet, cancelled ones have none any longer."""
    written = []
    for seat in seats:
        seated = seat.state == Seat.State.CONFIRMED and not given_up
        [entry] = entries([seat.session], registration.language, with_join_link=seated)
        if given_up:
            entry = replace(entry, status="CANCELLED")
        elif not seated and not seat.session.is_cancelled:
            with override(registration.language):
                summary = gettext("Waiting list: %(title)s") % {"title": entry.summary}
            entry = replace(entry, status="TENTATIVE", summary=summary)
        written.append(entry)
    return written


_SHOWN = (Seat.State.CONFIRMED, Seat.State.WAITING)
