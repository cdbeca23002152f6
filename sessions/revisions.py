"""Holding a session while it is changed, and the mark that every change leaves on it."""

from datetime import timedelta

from django.utils import timezone

from labs.models import User
from sessions.models import Session


def lock(session: Session) -> None:
    """Bring `session` up to date and hold its row until the transaction ends (SQLite: the database is held)."""
    session.refresh_from_db(from_queryset=Session.objects.select_for_update(no_key=True, of=("self",)))


def revise(session: Session) -> None:
    """Move `revised_at` on. It always rises: it is LAST-MODIFIED in calendars, and tells editors of each other."""
    session.revised_at = max(timezone.now(), session.revised_at + timedelta(microseconds=1))


def remember(session: Session, by: User | None) -> None:
    """Name in the history who makes the change that is saved next; None leaves it to the request, if there is one."""
    if by is not None:
        session._history_user = by  # type: ignore[attr-defined]
