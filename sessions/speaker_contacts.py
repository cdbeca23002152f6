"""Email addresses of speakers: kept for organisers only, and deleted with what came by them when no longer needed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from core.mail import message_counts
from core.mail.models import Message
from core.timezones.wall_clock import wall
from labs.models import Lab
from sessions.models import AppearanceReply, Slides, Speaker, SpeakerAvailability

# How long an address is kept that was entered for a speaker who appears nowhere.
KEPT_WITHOUT_SESSION = timedelta(days=365)


def message_key(speaker: Speaker) -> str:
    """Return how the keys of all emails to the speaker begin."""
    return f"speaker:{speaker.public_id}:"


def contact_changed(speaker: Speaker, now: datetime) -> None:
    """Give the speaker whose address was changed another link, unsaved: the earlier one was sent elsewhere."""
    forget_messages(speaker)
    speaker.link_version += 1
    speaker.asked_at = speaker.reminded_at = None
    speaker.contact_since = now if speaker.email else None


def forget_messages(speaker: Speaker) -> None:
    message_counts.delete(Message.objects.filter(key__startswith=message_key(speaker)))


@transaction.atomic
def revoke_link(speaker: Speaker) -> None:
    """Let every link open nothing that was sent to the speaker."""
    Speaker.objects.filter(pk=speaker.pk).update(link_version=F("link_version") + 1)
    speaker.link_version += 1


@transaction.atomic
def forget(speaker: Speaker) -> None:
    """Delete the address, the emails to it, what the speaker replied, the hours, and slides that are not published.

    The profile stays: it is public, and organisers delete it where no session shows it.
    """
    Speaker.objects.select_for_update(of=("self",), no_key=True).get(pk=speaker.pk)
    forget_messages(speaker)
    Speaker.objects.filter(pk=speaker.pk).update(
        email="",
        language="",
        contact_since=None,
        asked_at=None,
        reminded_at=None,
        link_version=F("link_version") + 1,
        version=F("version") + 1,
    )
    AppearanceReply.objects.filter(speaker=speaker).delete()
    SpeakerAvailability.objects.filter(speaker=speaker).delete()
    Slides.objects.filter(speaker=speaker, is_published=False).delete()
    speaker.refresh_from_db()


def kept_until(speaker: Speaker) -> date | None:
    """Return the last day on which the address is kept, in the zone of the last lab; None without an address.

    It follows the labs when they move.
    """
    if speaker.contact_since is None:
        return None
    labs = Lab.objects.filter(sessions__appearances__speaker=speaker).distinct()
    last = max((lab.answers_kept_until for lab in labs), default=None)
    return last or (speaker.contact_since + KEPT_WITHOUT_SESSION).date()


def due(now: datetime) -> Iterable[Speaker]:
    """Yield the speakers whose addresses, replies or hours are no longer needed, nobody before the last lab is over."""
    kept = (
        Q(contact_since__isnull=False)
        | Q(replies__isnull=False)
        | Q(availability__isnull=False)
        | Q(slides__is_published=False)
    )
    for speaker in Speaker.objects.filter(kept).distinct().order_by("pk"):
        labs = list(Lab.objects.filter(sessions__appearances__speaker=speaker).distinct())
        if not labs:
            since = speaker.contact_since
            if since is not None and since + KEPT_WITHOUT_SESSION < now:
                yield speaker
        elif all(
            lab.answers_kept_until < wall(now, lab.time_zone).date() and lab.is_over(now) for lab in labs
        ):
            yield speaker
