"""Whether speakers come: they confirm or decline each session in which they appear."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.web.errors import RuleViolation
from sessions.models import AppearanceReply, Session, Speaker


class Reply(StrEnum):
    """What is known of a speaker and a session. `OTHER_HOURS`: confirmed before the session moved."""

    CONFIRMED = "confirmed"
    DECLINED = "declined"
    OTHER_HOURS = "other-hours"
    NONE = "none"


def reply_of(row: AppearanceReply | None) -> Reply:
    """Return what a stored reply says now. Needs its session."""
    if row is None:
        return Reply.NONE
    if not row.is_confirmed:
        # Somebody who declined may be free at another hour: asked again.
        return Reply.DECLINED if row.is_of_these_hours else Reply.NONE
    return Reply.CONFIRMED if row.is_of_these_hours else Reply.OTHER_HOURS


@transaction.atomic
def reply(speaker: Speaker, session: Session, is_confirmed: bool, now: datetime) -> AppearanceReply:
    """Note that the speaker comes to the session, or does not, for the hours that it has now.

    Raises RuleViolation (codes: other_session, cancelled, over).
    """
    Speaker.objects.select_for_update(of=("self",), no_key=True).get(pk=speaker.pk)
    session.refresh_from_db()
    if not speaker.appearances.filter(session=session).exists():
        raise RuleViolation("other_session", _("You do not appear in this session any longer."))
    if session.is_cancelled:
        raise RuleViolation("cancelled", _("This session is cancelled."))
    if session.is_over(now):
        raise RuleViolation("over", _("This session has ended."))
    row, _made = AppearanceReply.objects.update_or_create(
        speaker=speaker,
        session=session,
        defaults={
            "is_confirmed": is_confirmed,
            "replied_at": now,
            "starts_at": session.starts_at,
            "ends_at": session.ends_at,
        },
    )
    return row
