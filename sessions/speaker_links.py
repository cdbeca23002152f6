"""The private link of a speaker: signed, revocable, and valid until a while after the last session."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Max
from django.http import Http404
from django.urls import reverse

from core.mail.links import Link
from core.web import signed_links
from sessions.models import Appearance, Speaker

PURPOSE: Final = "sessions.speaker"
ROUTE: Final = "speaking"
VALID_AFTER_LAST_SESSION = timedelta(days=30)


def token_of(speaker: Speaker) -> str:
    return signed_links.make_token(PURPOSE, speaker.public_id, speaker.link_version)


def link_of(speaker: Speaker) -> Link:
    """Return the link as an email stores it, without its token."""
    path = reverse(ROUTE, args=["-" * signed_links.TOKEN_LENGTH])
    return Link(
        PURPOSE,
        speaker.public_id,
        speaker.link_version,
        path.replace("-" * signed_links.TOKEN_LENGTH, "{token}"),
    )


def valid_until(speaker: Speaker) -> datetime | None:
    """Return when the link ends: after the last session, or after it was asked for where there is none. One query.

    None for a speaker who has neither. It follows the sessions when they move.
    """
    appearances = Appearance.objects.filter(speaker=speaker, session__is_placed=True)
    last = appearances.aggregate(last=Max("session__ends_at"))["last"]
    since = max((at for at in (last, speaker.asked_at) if at is not None), default=None)
    return since and since + VALID_AFTER_LAST_SESSION


def find(token: str, now: datetime) -> Speaker:
    """Return the speaker whose link this is. Raises Http404 for a forged, revoked or ended one."""
    public_id = signed_links.subject_of(token)
    found = (
        Speaker.objects.select_related("programme", "city")
        .exclude(email="")
        .filter(public_id=public_id)
        .first()
        if public_id
        else None
    )
    if found is None or not signed_links.is_valid(token, PURPOSE, found.public_id, found.link_version):
        raise Http404
    ends_at = valid_until(found)
    if ends_at is None or ends_at <= now:
        raise Http404
    return found
