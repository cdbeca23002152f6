"""What stands in a programme file: its objects as pydantic models, which find all that is wrong with it at once.

`docs/programme-file.md` describes the file for people. A field that is None was not given, and leaves what is stored
as it is. Fields are validated from above, so those that others depend on stand first; cities, tracks, rooms and
speakers are known to what comes after them even where something else is wrong with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any

from babel import Locale
from django.conf import settings
from django.utils.translation import gettext as _
from pydantic import BeforeValidator, Field, field_validator

from core.timezones.wall_clock import instant
from labs import models as lab_tables
from sessions import models as session_tables
from sessions.plans import AGENDA_LIMIT
from sessions.programme_import.context import Info
from sessions.programme_import.fields import (
    AutomaticSlug,
    CitySlugs,
    Colour,
    Count,
    Country,
    Day,
    EmailAddress,
    FilledText,
    FilledTexts,
    Flag,
    LanguageCodes,
    Languages,
    Ordinal,
    Record,
    RoomSlug,
    Text,
    Texts,
    TrackSlug,
    WallTime,
    at_most,
    whole,
)
from sessions.programme_import.json_document import JsonObject
from sessions.programme_import.problems import Problem
from sessions.programme_import.speakers import Appearance, Appearances, Speaker
from sessions.programme_import.times import AgendaTimes, SessionTimes, free_hours


class City(Record):
    table = lab_tables.City

    slug: FilledText
    name: FilledTexts
    country: Country
    time_zone: FilledText


class Track(Record):
    """A track. Its name stands under `name`, or its languages stand beside the slug."""

    table = lab_tables.Track

    slug: FilledText
    name: FilledTexts

    @classmethod
    def _members(cls, data: JsonObject) -> dict[str, Any]:
        beside = {code: data[code] for code, _name in settings.LANGUAGES if data.get(code) is not None}
        if beside and data.get("name") is None:
            data = JsonObject({key: value for key, value in data.items() if key not in beside}, name=beside)
        return super()._members(data)


class StakeholderGroup(Record):
    table = lab_tables.StakeholderGroup

    name: FilledTexts
    slug: AutomaticSlug


def _named(groups: Any, info: Info) -> Any:
    """Read a text in the list as the name of a group."""
    if not isinstance(groups, list):
        return groups
    here, found = info.context.here, []
    path = f"{here.path}.{'list' if here.kind == 'StakeholderGroupList' else info.field_name}"
    for index, group in enumerate(groups):
        if isinstance(group, str):
            group = JsonObject(name=group)
            group.path = f"{path}[{index}]"
        found.append(group)
    return found


StakeholderGroups = Annotated[list[StakeholderGroup], BeforeValidator(_named), at_most(100)]


class StakeholderGroupList(Record):
    """The stakeholder groups of a programme, with remarks beside them."""

    groups: StakeholderGroups = Field(default=[], alias="list")


class AgendaItem(AgendaTimes):
    table = session_tables.AgendaItem

    title: FilledTexts
    abstract: Texts | None = None
    appearances: Appearances = Field(default=[], alias="speakers")


class FormatMixin(Record):
    """The way to attend, of a lab or of a session."""

    format: lab_tables.Lab.Format | None = None

    @field_validator("format", mode="before")
    @classmethod
    def _as_published(cls, value: Any) -> Any:
        return "in-person" if value == "in person" else value  # published files write both


class Session(SessionTimes, FormatMixin):
    table = session_tables.Session

    slug: FilledText
    title: FilledTexts
    visibility: session_tables.Session.Visibility | None = None
    abstract: Texts | None = None
    track: TrackSlug | None = None
    room: RoomSlug | None = None
    join_link: Text | None = None
    audience: CitySlugs | None = Field(default=None, alias="audience_cities")
    capacity: Count | None = None
    online_capacity: Count | None = None
    waiting_list: Flag | None = None
    needs_approval: Flag | None = None
    spoken_languages: LanguageCodes | None = None
    interpreted_languages: LanguageCodes | None = None
    sign_languages: LanguageCodes | None = None
    captioned_languages: LanguageCodes | None = None
    interpretation_order_by: Day | None = None
    interpretation_ordered_on: Day | None = None
    appearances: Appearances | None = Field(default=None, alias="speakers")
    agenda: Annotated[list[AgendaItem], at_most(AGENDA_LIMIT)] | None = None

    @field_validator("audience", mode="after")
    @classmethod
    def _check_audience(cls, audience: tuple[str, ...], info: Info) -> tuple[str, ...]:
        if audience and info.data.get("visibility") != session_tables.Session.Visibility.INTERNAL:
            raise ValueError(_("Only internal sessions can be limited to cities."))
        return audience

    @property
    def all_appearances(self) -> Iterable[Appearance]:
        """Yield who speaks in the session, then in its agenda."""
        yield from self.appearances or ()
        for item in self.agenda or ():
            yield from item.appearances


class LabDay(Record):
    table = lab_tables.LabDay

    on: Day
    title: FilledTexts

    @field_validator("on", mode="after")
    @classmethod
    def _check_day(cls, on: date, info: Info) -> date:
        lab, here = info.context.level("Lab"), info.context.here
        first, last = lab.sound.get("starts_on"), lab.sound.get("ends_on")
        if lab.claim(("LabDay", on), here.path):
            raise ValueError(_("This day appears twice. Keep one."))
        if first and last and not first <= on <= last:
            message = _("This is not a day of the lab, which lasts from %(first)s to %(last)s.")
            raise ValueError(message % {"first": first, "last": last})
        return on


class Room(Record):
    """A room. Its slug is known only within the file; in the database it is found again by its name."""

    table = lab_tables.Room

    name: FilledTexts
    slug: AutomaticSlug
    address: Text | None = None
    online: Flag | None = None
    join_link: Text | None = None
    capacity: Ordinal | None = None

    @field_validator("name", mode="after")
    @classmethod
    def _check_name(cls, name: dict[str, str], info: Info) -> dict[str, str]:
        lab, here = info.context.level("Lab"), info.context.here
        claimed = [lab.claim(("name of a room", *item), here.path) for item in name.items()]
        if any(claimed):
            raise ValueError(_("Another room of this lab has this name. Choose another."))
        return name


class Venue(Record):
    """The town and the country of a lab's venue."""

    city: FilledTexts
    country: Text | None = None

    @field_validator("country", mode="after")
    @classmethod
    def _check_country(cls, country: str) -> str:
        if country and not (len(country) == 2 and Locale("en").territories.get(country)):
            raise ValueError(_("Two capital letters are expected here, such as BG."))
        return country

    @property
    def texts(self) -> dict[str, str]:
        if not self.country:
            return self.city
        return {code: f"{text}, {Locale(code).territories[self.country]}" for code, text in self.city.items()}


class Registration(Record):
    """When registration opens and closes: wall times in the lab's zone."""

    opens: WallTime
    closes: WallTime | None = None

    @field_validator("opens", "closes", mode="after")
    @classmethod
    def _check_time(cls, local: Any, info: Info) -> Any:
        zone, opens = info.context.level("Lab").sound.get("time_zone"), info.data.get("opens")
        if not zone:
            return local
        at = instant(local.date(), local.time(), zone)
        if opens and at <= instant(opens.date(), opens.time(), zone):
            raise ValueError(_("Registration closes before it opens. Choose a later time."))
        return local


class Lab(FormatMixin):
    table = lab_tables.Lab

    ordinal: Ordinal | None = None
    of: Ordinal | None = None
    slug: FilledText
    title: FilledTexts
    starts_on: Day
    ends_on: Day
    time_zone: FilledText
    languages: Languages | None = None
    visibility: lab_tables.Lab.Visibility | None = None
    registration: Registration | None = None
    participating_cities: CitySlugs = ()
    blueprint_cities: CitySlugs = ()
    days: Annotated[list[LabDay], at_most(1000)] = []
    tracks: Annotated[list[Track], at_most(100)] = Field(default=[], validate_default=True)
    rooms: Annotated[list[Room], at_most(200)] = []
    theme: Texts | None = None
    description: Texts | None = None
    consent: Texts | None = None
    venue: Texts | None = None
    contact_email: EmailAddress | None = None
    retention_days: Annotated[int, whole(most=36500)] | None = None
    certificate_min_sessions: Annotated[int, whole(1, 1000)] | None = None
    signatory_name: Text | None = None
    signatory_function: Texts | None = None
    colour: Colour | None = None
    sessions: Annotated[list[Session], at_most(2000)] = []

    @classmethod
    def _claim(cls, slug: str, info: Info) -> str | None:
        """Take the slug in all of the file, whatever the programme."""
        return info.context.level("ProgrammeFile").claim(("Lab", slug), info.context.here.path)

    @field_validator("ends_on", mode="after")
    @classmethod
    def _check_days(cls, ends_on: date, info: Info) -> date:
        if "starts_on" in info.data and ends_on < info.data["starts_on"]:
            raise ValueError(_("The last day is before the first. Choose a later one."))
        return ends_on

    @field_validator("tracks", mode="after")
    @classmethod
    def _add_those_of_the_programme(cls, tracks: list[Track], info: Info) -> list[Track]:
        return [*info.context.level("Programme").sound.get("tracks", ()), *tracks]

    @field_validator("venue", mode="before")
    @classmethod
    def _join_town_and_country(cls, value: Any, info: Info) -> Any:
        if isinstance(value, JsonObject) and value.get("city") is not None:
            return Venue.model_validate(value, context=info.context).texts
        return value

    @field_validator("sessions", mode="before")
    @classmethod
    def _find_free_hours(cls, value: Any, info: Info) -> Any:
        info.context.free_hours = free_hours(value, info)
        return value

    @property
    def first_visibility(self) -> str:
        """Return what a new lab gets: where the file does not say so, it is public if any of its sessions is."""
        has_public_sessions = any(session.visibility == "public" for session in self.sessions)
        return self.visibility or ("public" if has_public_sessions else "draft")


class Programme(Record):
    table = lab_tables.Programme

    slug: FilledText
    name: FilledTexts
    organiser: FilledTexts
    visibility: lab_tables.Programme.Visibility | None = None
    languages: Languages | None = None
    description: Texts | None = None
    runs: Texts | None = None
    cities_total: Count | None = None
    participation: Texts | None = None
    contact_email: EmailAddress | None = None
    imprint: Texts | None = None
    eu_funded: Flag | None = None
    grant_number: Text | None = None
    own_cities: CitySlugs = Field(default=(), alias="cities")
    stakeholder_groups: StakeholderGroups = []
    listed_speakers: Annotated[list[Speaker], at_most(2000)] = Field(default=[], alias="speakers")
    tracks: Annotated[list[Track], at_most(100)] = []
    labs: Annotated[list[Lab], at_most(200)] = []

    @field_validator("grant_number", mode="after")
    @classmethod
    def _check_grant(cls, number: str, info: Info) -> str:
        if number and not info.data.get("eu_funded"):
            raise ValueError(_("Only a programme with eu_funded has a grant agreement."))
        return number

    @field_validator("stakeholder_groups", mode="before")
    @classmethod
    def _take_list(cls, value: Any, info: Info) -> Any:
        if isinstance(value, JsonObject):
            return StakeholderGroupList.model_validate(value, context=info.context).groups
        return value

    @property
    def first_visibility(self) -> str:
        """Return what a new programme gets: a session that is public can be seen only if all around it can."""
        is_public = any(lab.first_visibility == "public" for lab in self.labs)
        return self.visibility or ("public" if is_public else "draft")

    @property
    def cities(self) -> tuple[str, ...]:
        """Return the slugs of the cities named for the programme, for its labs and in audiences of its sessions."""
        named = [*self.own_cities]
        for lab in self.labs:
            named += [*lab.participating_cities, *lab.blueprint_cities]
            named += [city for session in lab.sessions for city in session.audience or ()]
        return tuple(dict.fromkeys(named))

    @property
    def speakers(self) -> tuple[Speaker, ...]:
        """Return the listed speakers and those described where they speak, in the order of the file."""
        found = {speaker.slug: speaker for speaker in self.listed_speakers}
        for lab in self.labs:
            for session in lab.sessions:
                for one in session.all_appearances:
                    if isinstance(one, Speaker):
                        found.setdefault(one.slug, one)
        return tuple(found.values())


class ProgrammeFile(Record):
    """A whole file. `notices` are what a person should know although nothing is wrong."""

    _notices: tuple[Problem, ...] = ()

    about: Text | None = None
    sources: Annotated[dict[str, FilledText], at_most(2000)] | None = None
    cities: Annotated[list[City], at_most(2000)] = []
    programmes: Annotated[list[Programme], at_most(200)] = Field(default=[], validate_default=True)

    @property
    def notices(self) -> tuple[Problem, ...]:
        return self._notices

    @field_validator("programmes", mode="before")
    @classmethod
    def _has_something(cls, value: Any, info: Info) -> Any:
        if not info.context.here.given.keys() & {"programmes", "cities"}:
            raise ValueError(_("is missing."))
        return value
