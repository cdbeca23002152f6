"""Holding a session while it is changed, and the mark that every change leaves on it."""

from datetime import timedelta

from django.utils import timezone

from core.accounts.models import User
from labs.revisions import lock_lab
from sessions.models import Session


def lock_session(session: Session) -> None:
    """Bring `session` and its lab up to date and hold both rows until the transaction ends.

    The lab first, as everywhere: whoever changes the lab's days waits for those who change its sessions. (SQLite: the
    database is held.)
    """
    lab = lock_lab(session.lab_id)
    session.refresh_from_db(from_queryset=Session.objects.select_for_update(no_key=True, of=("self",)))
    session.lab = lab


def revise(session: Session, *, seen: bool = True) -> None:
    """Move the session's dates on. They always rise.

    `seen` where more than a join link is another: only people with a seat may know that, in their own calendars.
    """
    session.revised_at = max(timezone.now(), session.revised_at + timedelta(microseconds=1))
    if seen:
        session.content_revised_at = session.revised_at


def set_history_user(session: Session, by: User | None) -> None:
    """Name in the history who makes the change that is saved next; None leaves it to the request, if there is one."""
    if by is not None:
        session._history_user = by  # type: ignore[attr-defined]
