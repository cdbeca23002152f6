"""What the console and a speaker's own page both show of a speaker: sessions with replies and slides, and hours."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import get_language

from core.timezones import formatting
from core.timezones.wall_clock import wall
from core.timezones.zone_hours import city_words
from labs.models import Lab
from sessions.appearance_replies import Reply
from sessions.availability import availability_of
from sessions.models import AppearanceReply, Session, Slides, Speaker
from sessions.speaker_gaps import SpeakerOfLab


@dataclass(frozen=True)
class SessionOfSpeaker:
    """A session of a speaker: the roles in words, whether he or she comes, and what was handed in."""

    session: Session
    roles: str
    reply: Reply
    replied: AppearanceReply | None
    slides: Slides | None


def sessions_of(one: SpeakerOfLab) -> list[SessionOfSpeaker]:
    """Return the sessions of a speaker in a lab, in the order of time."""
    return [
        SessionOfSpeaker(
            session,
            ", ".join(
                dict.fromkeys(
                    str(each.get_role_display()) for each in one.appearances if each.session_id == session.pk
                )
            ),
            one.reply_in(session),
            one.replies.get(session.pk),
            one.slides.get(session.pk),
        )
        for session in one.sessions
    ]


def zone_of(speaker: Speaker, lab: Lab | None) -> str:
    """Return the zone in which the speaker's hours are shown: that of the city, else the lab's."""
    if speaker.city is not None:
        return speaker.city.time_zone
    return lab.time_zone if lab else "UTC"


def hours_in_words(speaker: Speaker, lab: Lab | None) -> list[str]:
    """Return the hours in which the speaker can appear: "6 April 2027, 09:00–12:00, Sofia (UTC+3)". One query."""
    zone, language = zone_of(speaker, lab), get_language() or "en"
    found = []
    for one in availability_of([speaker.pk]).get(speaker.pk, ()):
        starts, ends = wall(one.starts_at, zone), wall(one.ends_at, zone)
        words = city_words(zone, [one.starts_at, one.ends_at], language)
        found.append(f"{formatting.span(starts, ends, language)}, {words}")
    return found
