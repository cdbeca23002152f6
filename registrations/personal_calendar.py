"""Personal calendars: seats as entries, with join links."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext, override

from core.timezones.zones import rules_version
from labs.viewer import Viewer
from registrations import links
from registrations.models import Registration, Seat
from sessions.calendar_entries import entries
from sessions.calendars import CalendarEntry, Events, Feed, event_file, events_of, feed_bytes, vevent
from sessions.models import Session
from sessions.models.agenda import SessionQuerySet

CACHE_SECONDS = 60 * 60


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


def entries_file(registration: Registration, held: Iterable[Seat], given_up: Iterable[Seat] = ()) -> bytes:
    """Return an iCalendar file: held seats as entries, those given up as cancelled ones. Empty without any."""
    shown = [seat for seat in held if seat.state in _SHOWN] + list(given_up)
    return event_file(_events(registration, shown), language=registration.language) if shown else b""


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


def _events(registration: Registration, seats: Iterable[Seat]) -> Events:
    """Return one event per seat, with join links for confirmed ones only."""
    by_session = {seat.session_id: seat for seat in seats}
    states = {pk: Seat.State(seat.state) for pk, seat in by_session.items()}
    written = _cached_entries(registration, states)
    return events_of(
        vevent(_versioned_entry(entry, by_session[pk], registration.language))
        for pk, entry in written.items()
    )


def _versioned_entry(entry: CalendarEntry, seat: Seat, language: str) -> CalendarEntry:
    """Return the session's entry for this person, with a new version for each movement of the seat.

    Calendars keep the entry with the higher SEQUENCE, or the later DTSTAMP (RFC 5546 §2.1.5).
    """
    entry = replace(
        entry,
        sequence=entry.sequence + max(seat.sequence - 1, 0),
        dtstamp=max(entry.dtstamp, seat.changed_at),
        last_modified=max(entry.last_modified, seat.changed_at),
    )
    if seat.state == Seat.State.CANCELLED:
        return replace(entry, status="CANCELLED")
    if seat.state == Seat.State.CONFIRMED or entry.status == "CANCELLED":
        return entry
    with override(language):
        summary = gettext("Waiting list: %(title)s") % {"title": entry.summary}
    return replace(entry, status="TENTATIVE", summary=summary)


def _cached_entries(registration: Registration, states: Mapping[int, Seat.State]) -> dict[int, CalendarEntry]:
    """Return the sessions' entries in the programme's order, with join links for confirmed seats only.

    They are cached by language and the lab's revision.
    """
    lab, language = registration.lab, registration.language
    # With the date, since revisions may repeat after a restore.
    version = f"{rules_version()}:{settings.BASE_URL}:{lab.pk}:{lab.revision}:{lab.revised_at.timestamp()}:{language}"
    keys = {f"entry:{version}:{pk}:{state.value}": pk for pk, state in states.items()}
    found = {keys[key]: entry for key, entry in cache.get_many(keys).items()}
    missing = {pk: key for key, pk in keys.items() if pk not in found}
    if missing:
        for session in _visible_sessions(registration.lab_id, missing).for_pages():
            session.lab = registration.lab
            state = states[session.pk]
            [found[session.pk]] = entries(
                [session],
                language,
                with_join_link=state == Seat.State.CONFIRMED,
                held=state != Seat.State.WAITING,
            )
        cache.set_many({key: found[pk] for pk, key in missing.items() if pk in found}, CACHE_SECONDS)
    return dict(sorted(found.items(), key=lambda pair: (pair[1].starts_at, pair[0])))


def _visible_sessions(lab_id: int, session_ids: Iterable[int]) -> SessionQuerySet:
    ids = frozenset(session_ids)
    in_lab = Session.objects.filter(lab=lab_id, pk__in=ids)
    return in_lab.visible_to(Viewer(seated_sessions=ids))


_SHOWN = (Seat.State.CONFIRMED, Seat.State.WAITING)
