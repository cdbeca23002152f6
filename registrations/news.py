"""Telling everybody who has a seat, or waits for one, what became of a session."""

from collections.abc import Callable, Iterator

from django.db import transaction

from labs.models import Message
from registrations import letters, seats
from registrations.models import Seat, SeatMovement
from registrations.personal_calendar import with_sessions
from sessions.models import Session
from sessions.publishing import Change

CHUNK = 50

_LETTERS: dict[str, Callable[[Seat], Message]] = {
    Change.CANCELLED.value: letters.session_cancelled,
    Change.RESTORED.value: letters.session_restored,
    Change.MOVED.value: letters.session_moved,
}
_REASONS = {
    Change.CANCELLED.value: SeatMovement.Reason.SESSION_CANCELLED,
    Change.RESTORED.value: SeatMovement.Reason.SESSION_RESTORED,
}


def tell(session_id: int, change: str, by_mail: bool) -> Iterator[int]:
    """Write the change into the history of every seat of the session and, if asked, queue a mail to each person.

    Works through the seats in chunks, a transaction each, and yields the size of each when it is done: the caller
    may be stopped between two and start again, nobody is told twice of one version of the session. What is no
    longer so (cancelled and restored meanwhile) is not told.
    """
    status = Session.Status.CANCELLED if change == Change.CANCELLED else Session.Status.SCHEDULED
    last = 0
    while True:
        with transaction.atomic():
            chunk = _next(session_id, status, last)
            if not chunk:
                return
            reason = _REASONS.get(change)
            if reason is not None:
                seats.note(chunk, reason)
            if by_mail and with_sessions(chunk[0].registration, chunk[:1]):
                for seat in chunk:
                    seat.session = chunk[0].session
                    _LETTERS[change](seat)
        last = chunk[-1].pk
        yield len(chunk)


def how_many(session: Session) -> int:
    """Return how many people would be told of a change to this session."""
    return Seat.objects.filter(session=session, state__in=seats.ACTIVE).count()


def _next(session_id: int, status: str, last: int) -> list[Seat]:
    return list(
        Seat.objects.filter(session=session_id, session__status=status, state__in=seats.ACTIVE, pk__gt=last)
        .select_related("registration__lab__programme")
        .order_by("pk")[:CHUNK]
    )
