"""Telling everybody who has a seat, or waits for one, what became of a session."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from django.db import models, transaction
from django.db.models import Q

from core.mail.models import Message
from registrations import seats, session_emails
from registrations.models import Registration, Seat, SeatMovement
from registrations.models.seats import ACTIVE
from registrations.personal_calendar import with_sessions
from registrations.seat_rows import lock_sessions
from sessions.models import Session
from sessions.models.agenda import SessionQuerySet
from sessions.publishing import Change

CHUNK = 50

_EMAILS: dict[str, Callable[[Seat], Message]] = {
    Change.CANCELLED.value: session_emails.session_cancelled,
    Change.RESTORED.value: session_emails.session_restored,
}
_REASONS = {
    Change.CANCELLED.value: SeatMovement.Reason.SESSION_CANCELLED,
    Change.RESTORED.value: SeatMovement.Reason.SESSION_RESTORED,
}


def tell(session_id: int, change: str, by_mail: bool) -> Iterator[int]:
    """Write the change into the history of every seat of the session and, if asked, queue an email to each person.

    Works through the seats in chunks, a transaction each, and yields the size of each when it is done: the caller
    may be stopped between two and start again, nobody is told twice of one version of the session. What is no
    longer so (cancelled and restored meanwhile) is not told.
    """
    status = Session.Status.CANCELLED if change == Change.CANCELLED else Session.Status.SCHEDULED
    last = 0
    while True:
        with transaction.atomic():
            ids = _next(session_id, status, last)
            if not ids:
                return
            chunk = _held(session_id, status, ids)
            seats.record_movement(chunk, _REASONS[change])
            if by_mail and chunk and with_sessions(chunk[0].registration, chunk[:1]):
                for seat in chunk:
                    seat.session = chunk[0].session
                    _EMAILS[change](seat)
        last = ids[-1]
        yield len(chunk)


def tell_moves(moves: Mapping[int, Mapping[str, Any]]) -> Iterator[int]:
    """Email everybody with a seat or a place in line in one of these sessions, once, about all that are theirs.

    `moves` are what was and is now, by session of one lab. Works as `tell` does, in chunks of people.
    """
    active = seats_in(moves)
    last = 0
    while True:
        with transaction.atomic():
            people = active.filter(registration__gt=last).order_by("registration")
            ids = list(people.values_list("registration", flat=True).distinct()[:CHUNK])
            if not ids:
                return
            registrations = Registration.objects.filter(pk__in=ids).locked()
            lock_sessions(moves)
            for registration, seats_of_person in with_their_seats(list(registrations), moves):
                session_emails.sessions_moved(registration, seats_of_person, moves)
        last = ids[-1]
        yield len(ids)


def seats_in(moves: Mapping[int, Mapping[str, Any]]) -> models.QuerySet[Seat]:
    """Return the seats and places in line of sessions that are still as `moves` tells: cancelled, or taking place."""
    cancelled = [pk for pk, facts in moves.items() if facts["now"].get("is_cancelled")]
    of_status = Q(session__status=Session.Status.SCHEDULED) & ~Q(session__in=cancelled)
    of_status |= Q(session__status=Session.Status.CANCELLED, session__in=cancelled)
    return Seat.objects.filter(of_status, session__in=moves, state__in=ACTIVE)


def with_their_seats(
    registrations: Sequence[Registration], moves: Mapping[int, Mapping[str, Any]]
) -> Iterator[tuple[Registration, list[Seat]]]:
    """Yield each of these people of one lab with the seats that `moves` tells of, in the programme's order.

    Two queries for all of them.
    """
    held = list(seats_in(moves).filter(registration__in=registrations).order_by("pk"))
    one_of_each = {seat.session_id: seat for seat in held}.values()
    sessions = [seat.session for seat in with_sessions(registrations[0], one_of_each)] if held else []
    for registration in registrations:
        theirs = {seat.session_id: seat for seat in held if seat.registration_id == registration.pk}
        found = [(theirs[session.pk], session) for session in sessions if session.pk in theirs]
        for seat, session in found:
            seat.registration, seat.session = registration, session
        yield registration, [seat for seat, _session in found]


def how_many(sessions: SessionQuerySet | Collection[Session]) -> int:
    """Return how many people would be told of a change to these sessions; a person who is in several counts once."""
    found = Seat.objects.filter(session__in=sessions, state__in=ACTIVE)
    return found.values("registration").distinct().count()


def _next(session_id: int, status: str, last: int) -> list[int]:
    return list(
        Seat.objects.filter(session=session_id, session__status=status, state__in=ACTIVE, pk__gt=last)
        .order_by("pk")
        .values_list("pk", flat=True)[:CHUNK]
    )


def _held(session_id: int, status: str, ids: list[int]) -> list[Seat]:
    """Lock the people of these seats and the session, and return the seats that are still to be told of.

    Who gives up a seat, or is erased, at the same moment is told nothing.
    """
    Registration.objects.filter(seats__in=ids).locked()
    lock_sessions([session_id])
    return list(
        Seat.objects.filter(pk__in=ids, session__status=status, state__in=ACTIVE)
        .select_related("registration__lab__programme")
        .order_by("pk")
    )
