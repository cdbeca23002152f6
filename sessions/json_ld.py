"""schema.org descriptions of public labs and sessions, for search engines (JSON-LD).

They contain public data only, for every viewer: callers pass public sessions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from core.web import markdown
from core.web.absolute_urls import absolute_url
from core.web.localized_fields import text_of
from labs.models import Lab
from sessions.models import Session
from sessions.opengraph import image_url

CONTEXT = "https://schema.org"
# The sessions listed in a lab's description; every session has its own on its page.
MAX_PARTS = 50
# As in `django.utils.html.json_script`.
_ESCAPES = {ord(character): f"\\u{ord(character):04X}" for character in "<>&\u2028\u2029"}


def script(description: dict[str, Any]) -> SafeString:
    """Return a description as a data block, which the Content-Security-Policy allows."""
    text = json.dumps({"@context": CONTEXT, **description}, ensure_ascii=False, separators=(",", ":"))
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(text.translate(_ESCAPES)))


def lab_event(lab: Lab, public_sessions: Iterable[Session], language: str) -> dict[str, Any]:
    """Describe a lab as an event series with its public sessions as parts."""
    sessions = list(public_sessions)
    return _without_empty(
        {
            "@type": "EventSeries",
            "name": text_of(lab.title, language, lab),
            "description": markdown.plain_line(text_of(lab.description, language, lab))
            or text_of(lab.theme, language, lab),
            "startDate": lab.starts_on.isoformat(),
            "endDate": lab.ends_on.isoformat(),
            "eventStatus": f"{CONTEXT}/EventScheduled",
            "image": _image(lab, language),
            "inLanguage": lab.languages,
            "eventAttendanceMode": _attendance_mode(lab.format),
            "location": _lab_location(lab, language),
            "organizer": _organiser(lab, language),
            "performer": _performers(sessions, language)[:MAX_PARTS],
            "isAccessibleForFree": True,
            "offers": _offer(lab, soldout=False),
            "url": absolute_url("lab", lab.slug),
            "subEvent": [
                _without_empty(
                    {
                        "@type": "Event",
                        "name": text_of(session.title, language, lab),
                        "startDate": _local(session.starts_at, session.time_zone),
                        "endDate": _local(session.ends_at, session.time_zone),
                        "eventStatus": _status(session),
                        "eventAttendanceMode": _attendance_mode(session.format),
                        "inLanguage": session.spoken_languages,
                        "location": _session_location(session, language),
                        "url": absolute_url("session", lab.slug, session.slug),
                    }
                )
                for session in islice(sessions, MAX_PARTS)
            ],
        }
    )


def session_event(session: Session, language: str) -> dict[str, Any]:
    """Describe one public session."""
    lab = session.lab
    return _without_empty(
        {
            "@type": "Event",
            "name": text_of(session.title, language, lab),
            "description": markdown.plain_line(text_of(session.abstract, language, lab)),
            "startDate": _local(session.starts_at, session.time_zone),
            "endDate": _local(session.ends_at, session.time_zone),
            "eventStatus": _status(session),
            "eventAttendanceMode": _attendance_mode(session.format),
            "location": _session_location(
                session, language, address=session.room.address if session.room else ""
            ),
            "image": _image(lab, language),
            "inLanguage": session.spoken_languages or lab.languages,
            "organizer": _organiser(lab, language),
            "performer": _performers([session], language),
            "superEvent": {
                "@type": "EventSeries",
                "name": text_of(lab.title, language, lab),
                "url": absolute_url("lab", lab.slug),
            },
            "isAccessibleForFree": True,
            "offers": None if session.is_cancelled else _offer(lab, soldout=session.seats_left == 0),
            "maximumAttendeeCapacity": session.capacity,
            "maximumPhysicalAttendeeCapacity": session.room_capacity if session.is_hybrid else None,
            "maximumVirtualAttendeeCapacity": session.online_capacity if session.is_hybrid else None,
            "url": absolute_url("session", lab.slug, session.slug),
        }
    )


def _lab_location(lab: Lab, language: str) -> list[dict[str, Any]]:
    places: list[dict[str, Any]] = []
    if lab.format != Lab.Format.ONLINE:
        venue = text_of(lab.venue, language, lab)
        if venue:
            places.append({"@type": "Place", "name": venue, "address": venue})
    if lab.format != Lab.Format.IN_PERSON:
        places.append({"@type": "VirtualLocation", "url": absolute_url("lab", lab.slug)})
    return places


def _session_location(session: Session, language: str, address: str = "") -> list[dict[str, Any]]:
    """Return the locations, physical and virtual for a hybrid session. `address` is the room's, if known."""
    lab, room, format = session.lab, session.room, session.format
    places: list[dict[str, Any]] = []
    venue = text_of(lab.venue, language, lab)
    name = text_of(room.name, language, lab) if room else venue
    if format != Lab.Format.ONLINE and name:
        places.append({"@type": "Place", "name": name, "address": address or venue or name})
    if format != Lab.Format.IN_PERSON:
        # Never the join link, which is for people with a seat.
        places.append({"@type": "VirtualLocation", "url": absolute_url("session", lab.slug, session.slug)})
    return places


def _performers(sessions: Iterable[Session], language: str) -> list[dict[str, Any]]:
    """Return the speakers of these sessions of one lab, each once."""
    appearing = {
        appearance.speaker: session.lab for session in sessions for appearance in session.all_appearances
    }
    return [
        {
            "@type": "Person",
            "name": text_of(speaker.name, language, lab),
            "url": absolute_url("speaker", lab.slug, speaker.slug),
        }
        for speaker, lab in appearing.items()
    ]


def _image(lab: Lab, language: str) -> list[str]:
    address = image_url(lab, language)
    return [address] if address else []


def _offer(lab: Lab, *, soldout: bool) -> dict[str, Any] | None:
    """Return the free offer of registration, if registration is planned."""
    if lab.registration_opens_at is None:
        return None
    return _without_empty(
        {
            "@type": "Offer",
            "price": "0",
            "priceCurrency": "EUR",
            "availability": f"{CONTEXT}/{'SoldOut' if soldout else 'InStock'}",
            "validFrom": _local(lab.registration_opens_at, lab.time_zone),
            "validThrough": _local(lab.registration_closes_at, lab.time_zone)
            if lab.registration_closes_at
            else None,
            "url": absolute_url("register", lab.slug),
        }
    )


def _organiser(lab: Lab, language: str) -> dict[str, Any] | None:
    programme = lab.programme
    name = text_of(programme.organiser, language, programme)
    return {"@type": "Organization", "name": name} if name else None


def _attendance_mode(format: str) -> str:
    return {
        Lab.Format.ONLINE: f"{CONTEXT}/OnlineEventAttendanceMode",
        Lab.Format.IN_PERSON: f"{CONTEXT}/OfflineEventAttendanceMode",
        Lab.Format.HYBRID: f"{CONTEXT}/MixedEventAttendanceMode",
    }[Lab.Format(format)]


def _status(session: Session) -> str:
    return f"{CONTEXT}/EventCancelled" if session.is_cancelled else f"{CONTEXT}/EventScheduled"


def _local(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")


def _without_empty(description: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in description.items() if value not in (None, "", [])}
