"""What a programme file says, checked and typed. None means that the file says nothing about it.

Texts are {language code: text}. Days and wall times (naive datetimes) are read in the zone named beside them.
Every fact carries the path at which it stood in the file, so that what the database objects to can be shown there.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from sessions.programme_import.document import Problem, Texts


@dataclass(frozen=True)
class CityFacts:
    path: str
    slug: str
    name: Texts
    country: str
    time_zone: str


@dataclass(frozen=True)
class GroupFacts:
    """A stakeholder group of a programme."""

    slug: str
    name: Texts


@dataclass(frozen=True)
class TrackFacts:
    slug: str
    name: Texts


@dataclass(frozen=True)
class RoomFacts:
    """A room. Its slug is known only within the file; in the database it is found again by its name."""

    slug: str
    name: Texts
    address: str | None = None
    online: bool | None = None
    join_link: str | None = None
    capacity: int | None = None


@dataclass(frozen=True)
class SpeakerFacts:
    path: str
    slug: str
    name: Texts
    affiliation: Texts | None = None
    biography: Texts | None = None
    city: str | None = None
    website: str | None = None


@dataclass(frozen=True)
class AppearanceFacts:
    """A speaker, by slug, in a role (one of `Appearance.Role`)."""

    speaker: str
    role: str


@dataclass(frozen=True)
class AgendaFacts:
    """An agenda item; both times or none, in the session's zone."""

    title: Texts
    abstract: Texts | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    appearances: tuple[AppearanceFacts, ...] = ()


@dataclass(frozen=True)
class SessionFacts:
    """A session. `time_assumed`: the file leaves the times to us, so those of an existing session stay."""

    path: str
    slug: str
    title: Texts
    starts: datetime
    ends: datetime
    time_zone: str
    starts_fold: int | None = None
    ends_fold: int | None = None
    time_assumed: bool = False
    visibility: str | None = None
    abstract: Texts | None = None
    track: str | None = None
    room: str | None = None
    join_link: str | None = None
    audience: tuple[str, ...] | None = None
    capacity: int | None = None
    waiting_list: bool | None = None
    appearances: tuple[AppearanceFacts, ...] | None = None
    agenda: tuple[AgendaFacts, ...] | None = None


@dataclass(frozen=True)
class LabFacts:
    """A lab. Opening and closing of registration are wall times in the lab's zone."""

    path: str
    slug: str
    title: Texts
    starts_on: date
    ends_on: date
    time_zone: str
    languages: tuple[str, ...] | None = None
    visibility: str | None = None
    theme: Texts | None = None
    description: Texts | None = None
    format: str | None = None
    venue: Texts | None = None
    contact_email: str | None = None
    consent: Texts | None = None
    retention_days: int | None = None
    certificate_min_sessions: int | None = None
    colour: str | None = None
    registration_opens: datetime | None = None
    registration_closes: datetime | None = None
    days: tuple[tuple[date, Texts], ...] = ()
    tracks: tuple[TrackFacts, ...] = ()
    rooms: tuple[RoomFacts, ...] = ()
    sessions: tuple[SessionFacts, ...] = ()

    @property
    def has_public_sessions(self) -> bool:
        return any(session.visibility == "public" for session in self.sessions)


@dataclass(frozen=True)
class ProgrammeFacts:
    """A programme. `cities` are slugs: those named for it, for its labs and in the audiences of its sessions."""

    path: str
    slug: str
    name: Texts
    organiser: Texts
    languages: tuple[str, ...] | None = None
    visibility: str | None = None
    description: Texts | None = None
    runs: Texts | None = None
    cities_total: int | None = None
    cities: tuple[str, ...] = ()
    stakeholder_groups: tuple[GroupFacts, ...] = ()
    speakers: tuple[SpeakerFacts, ...] = ()
    labs: tuple[LabFacts, ...] = ()


@dataclass(frozen=True)
class FileFacts:
    """A whole file that is in order. `notices` are what a person should know although nothing is wrong."""

    cities: tuple[CityFacts, ...] = ()
    programmes: tuple[ProgrammeFacts, ...] = ()
    notices: tuple[Problem, ...] = field(default=(), compare=False)
