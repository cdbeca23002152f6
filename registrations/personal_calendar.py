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
from sessions.models import Session


def entries_file(registration: Registration, seats: Sequence[Seat], *, given_up: bool = False) -> bytes:
    """Return these seats as a file to open; with `given_up` as cancelled entries. Empty where there is none."""
    found = _entries(registration, seats, given_up)
    return event_file(found, "PUBLISH", registration.language) if found else b""


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
            entries=_entries(registration, list(seats), given_up=False),
            url=links.address_of(registration, links.MANAGE),
            language=language,
            zone=lab.time_zone,
        )
    )


def _entries(registration: Registration, seats: Sequence[Seat], given_up: bool) -> list[CalendarEntry]:
    """Write one entry per seat, in the programme's order; none for a session that was withdrawn to the drafts."""
    states = {seat.session_id: seat.state for seat in seats if given_up or seat.state in _SHOWN}
    if not states:
        return []
    viewer = Viewer(seated_sessions=frozenset(states))
    sessions = list(Session.objects.visible_to(viewer).filter(pk__in=states).for_pages())
    written = []
    for session in sessions:
        seated = states[session.pk] == Seat.State.CONFIRMED
        [entry] = entries([session], registration.language, with_join_link=seated)
        if given_up:
            entry = replace(entry, status="CANCELLED")
        elif not seated and not session.is_cancelled:
            with override(registration.language):
                summary = gettext("Waiting list: %(title)s") % {"title": entry.summary}
            entry = replace(entry, status="TENTATIVE", summary=summary)
        written.append(entry)
    return written


_SHOWN = (Seat.State.CONFIRMED, Seat.State.WAITING)
