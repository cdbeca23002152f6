"""Lock and save a session, record its revision dates, and set the user of its history."""

from datetime import timedelta

from django.utils import timezone

from core.accounts.models import User
from labs.revisions import lock_lab
from sessions.models import Session
from sessions.models.seating import COUNTERS
from sessions.plans import COLUMNS
from sessions.signals import session_reformatted


def lock_session(session: Session) -> None:
    """Lock and refresh `session` and its lab, the lab first."""
    lab = lock_lab(session.lab_id)
    session.refresh_from_db(from_queryset=Session.objects.select_for_update(no_key=True, of=("self",)))
    session.lab = lab


def revise(session: Session, *, seen: bool = True) -> None:
    """Increase the session's revision dates.

    `seen` if more than a join link has changed, which only people with a seat may know.
    """
    session.revised_at = max(timezone.now(), session.revised_at + timedelta(microseconds=1))
    if seen:
        session.content_revised_at = session.revised_at


def set_history_user(session: Session, by: User | None) -> None:
    """Set the history's user of the next save; with None it is the request's user."""
    if by is not None:
        session._history_user = by  # type: ignore[attr-defined]


def save_session(
    session: Session,
    by: User | None,
    *,
    seen: bool,
    edited: bool = False,
    reformatted: bool = False,
    revised: bool = True,
) -> None:
    """Save all fields except those that other modules update, such as seat counters.

    `edited` if open forms are outdated now. `reformatted` if the session is attended in another way, so that seats
    are counted in another mode. `revised` unless only organisers can read what has changed.
    """
    if revised:
        revise(session, seen=seen)
    set_history_user(session, by)
    session.save(
        update_fields=[
            *COLUMNS,
            *(["version"] if edited else []),
            *(COUNTERS if reformatted else []),
            "start_fold",
            "end_fold",
            "starts_at",
            "ends_at",
            "sequence",
            "revised_at",
            "content_revised_at",
        ]
    )
    if reformatted:
        session_reformatted.send(sender=Session, session_id=session.pk)
