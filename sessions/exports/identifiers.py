"""Identifiers of sessions, rooms and speakers in exported schedules: the same for life, and telling nothing else.

Other programs know what they read before by them, and so does our own import.
"""

import uuid

from django.conf import settings

from labs.models import Room
from sessions.models import Session, Speaker

# The largest id that every app reads: a signed number of 32 bits.
_MOST = 2**31 - 1


def session_guid(session: Session) -> uuid.UUID:
    """Return the UUID of the session's calendar UID, or one made from a UID that has none."""
    name = session.uid.partition("@")[0]
    try:
        return uuid.UUID(name)
    except ValueError:
        return _named("session", session.uid)


def room_guid(room: Room) -> uuid.UUID:
    """Return a UUID that stays when the room is renamed."""
    return _named("room", f"{settings.SITE_DOMAIN}/{room.pk}")


def speaker_guid(speaker: Speaker, programme: str) -> uuid.UUID:
    """Return the UUID of a speaker of the programme of this slug, never made from an email address."""
    return _named("speaker", f"{programme}/{speaker.slug}")


def number_of(guid: uuid.UUID) -> int:
    """Return a number (1 to 2³¹-1) for apps that know things by numbers; ids of rows would tell of hidden ones."""
    return guid.int % _MOST + 1


def _named(kind: str, name: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"urn:city-labs:{kind}:{name}")
