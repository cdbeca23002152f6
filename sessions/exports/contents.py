"""What is exported of a lab: the rows that a reader may see, read in a constant number of queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import prefetch_related_objects

from core.web.localized_fields import text_and_language
from labs.models import City, Lab, LabDay, Room, Track
from labs.viewer import Viewer
from sessions.models import Appearance, Session, Speaker


@dataclass(frozen=True)
class Contents:
    """A lab's programme as one reader sees it: sessions in order of time, and what they refer to.

    `for_organisers` where the reader organises the lab: then rooms and tracks without a session are there, too, and
    exports have the columns that only organisers read (join links, invited cities, drafts).
    """

    lab: Lab
    sessions: tuple[Session, ...]
    tracks: tuple[Track, ...]
    rooms: tuple[Room, ...]
    speakers: tuple[Speaker, ...]
    days: tuple[LabDay, ...]
    cities: tuple[City, ...]
    for_organisers: bool

    @property
    def scheduled(self) -> tuple[Session, ...]:
        """The sessions that take place, for formats that know no cancelled ones."""
        return tuple(session for session in self.sessions if not session.is_cancelled)

    def text(self, text: object, language: str) -> str:
        """Return a text in this language, else in the lab's main one, else in any."""
        return text_and_language(text, language, self.lab.default_language)[0]

    def local(self, at: datetime) -> datetime:
        """Return an instant as wall time of the lab's zone, with its offset."""
        return at.astimezone(ZoneInfo(self.lab.time_zone))

    def day_of(self, session: Session) -> date:
        """Return the day of the lab on which the session starts."""
        return self.local(session.starts_at).date()


def contents_of(lab: Lab, viewer: Viewer) -> Contents:
    """Return what this viewer may see of the lab. Eleven queries, however many sessions there are."""
    for_organisers = viewer.organises(lab)
    sessions = list(
        Session.objects.filter(lab=lab).visible_to(viewer).for_pages().order_by("starts_at", "pk")
    )
    prefetch_related_objects(sessions, "audience")
    speakers = {appearance.speaker_id: appearance.speaker for appearance in _appearances(sessions)}
    prefetch_related_objects(list(speakers.values()), "city")
    for session in sessions:
        session.lab = lab
    tracks, rooms, days = list(lab.tracks.all()), list(lab.rooms.all()), list(lab.days.order_by("on"))
    if not for_organisers:
        used = {session.track_id for session in sessions}, {session.room_id for session in sessions}
        tracks = [track for track in tracks if track.pk in used[0]]
        rooms = [room for room in rooms if room.pk in used[1]]
        zone = ZoneInfo(lab.time_zone)
        begun = {session.starts_at.astimezone(zone).date() for session in sessions}
        days = [day for day in days if day.on in begun]
    cities = {speaker.city for speaker in speakers.values() if speaker.city}
    if for_organisers:
        cities |= {city for session in sessions for city in session.audience.all()}
    return Contents(
        lab=lab,
        sessions=tuple(sessions),
        tracks=tuple(tracks),
        rooms=tuple(rooms),
        speakers=tuple(sorted(speakers.values(), key=lambda speaker: speaker.slug)),
        days=tuple(days),
        cities=tuple(sorted(cities, key=lambda city: city.slug)),
        for_organisers=for_organisers,
    )


def _appearances(sessions: list[Session]) -> Iterator[Appearance]:
    for session in sessions:
        yield from session.all_appearances
