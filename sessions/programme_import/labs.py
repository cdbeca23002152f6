"""Labs in a programme file: their days, tracks and rooms."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from babel import Locale
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from core.timezones.wall_clock import WallClockError, instant
from core.web.email_addresses import clean_address
from core.web.error_messages import sentences
from labs.models import Lab, LabDay, Room, Track
from labs.theme import clean_colour
from sessions.programme_import.document import Record, Texts
from sessions.programme_import.facts import LabFacts, RoomFacts, TrackFacts
from sessions.programme_import.ground import Ground, column, languages_of, slug_of, web_address, zone_of
from sessions.programme_import.sessions import Frame, SessionReader
from sessions.programme_import.speakers import Speakers

# Published files write both.
FORMATS = {**{value: value for value in Lab.Format.values}, "in person": Lab.Format.IN_PERSON.value}


@dataclass
class LabReader:
    """Reads the labs of one programme. `cities` gathers those that its labs and sessions name."""

    ground: Ground
    tracks: tuple[TrackFacts, ...]
    speakers: Speakers
    cities: list[str] = field(default_factory=list)

    def read(self, record: Record) -> LabFacts | None:
        with record:
            self.ground.provenance(record)
            record.number("ordinal", least=1)
            record.number("of", least=1)
            slug = slug_of(record, column(Lab, "slug"))
            if slug:
                self.ground.labs.append((record.path, slug))
            title = record.texts("title", column(Lab, "title"), required=True)
            starts_on = record.day("starts_on", required=True)
            ends_on = record.day("ends_on", required=True)
            if starts_on and ends_on and ends_on < starts_on:
                record.note("ends_on", _("The last day is before the first. Choose a later one."))
                starts_on = ends_on = None
            zone = zone_of(record)
            languages = languages_of(record)
            visibility = record.choice("visibility", tuple(Lab.Visibility.values))
            lab_format = record.choice("format", tuple(FORMATS))
            opens, closes = self._registration(record, zone)
            for name in ("participating_cities", "blueprint_cities"):
                self.cities += self.ground.city_slugs(record, name) or ()
            days = tuple(self._days(record, starts_on, ends_on))
            tracks = self.tracks + tracks_of(record, self.ground, self.tracks)
            rooms = self._rooms(record)
            described = {
                name: record.texts(name, column(Lab, name)) for name in ("theme", "description", "consent")
            }
            venue = self._venue(record)
            contact_email = self._email(record)
            retention_days = record.number("retention_days", most=36500)
            certificate_min_sessions = record.number("certificate_min_sessions", least=1, most=1000)
            colour = self._colour(record)
            frame = Frame(
                zone=zone,
                starts_on=starts_on,
                ends_on=ends_on,
                tracks=frozenset(track.slug for track in tracks),
                rooms=frozenset(room.slug for room in rooms),
            )
            sessions = SessionReader(self.ground, self.speakers, frame)
            found = sessions.read_all(record)
            self.cities += sessions.cities
        if not (slug and title and starts_on and ends_on and zone):
            return None
        return LabFacts(
            path=record.path,
            slug=slug,
            title=title,
            starts_on=starts_on,
            ends_on=ends_on,
            time_zone=zone,
            languages=languages,
            visibility=visibility,
            theme=described["theme"],
            description=described["description"],
            consent=described["consent"],
            format=FORMATS[lab_format] if lab_format else None,
            venue=venue,
            contact_email=contact_email,
            retention_days=retention_days,
            certificate_min_sessions=certificate_min_sessions,
            colour=colour,
            registration_opens=opens,
            registration_closes=closes,
            days=days,
            tracks=tracks,
            rooms=rooms,
            sessions=found,
        )

    def _registration(self, record: Record, zone: str | None) -> tuple[datetime | None, datetime | None]:
        """Return when registration opens and closes, as wall times in the lab's zone."""
        window = record.record("registration")
        if window is None:
            return None, None
        with window:
            opens, closes = window.wall_time("opens", required=True), window.wall_time("closes")
        if zone is None:
            return opens, closes
        instants = []
        for name, local in (("opens", opens), ("closes", closes)):
            if local:
                try:
                    instants.append(instant(local.date(), local.time(), zone))
                except WallClockError as error:
                    window.note(name, error.message)
        if len(instants) == 2 and instants[1] <= instants[0]:
            window.note("closes", _("Registration closes before it opens. Choose a later time."))
        return opens, closes

    def _days(self, record: Record, starts_on: date | None, ends_on: date | None) -> list[tuple[date, Texts]]:
        days: dict[date, Texts] = {}
        for item in record.records("days", at_most=1000):
            with item:
                self.ground.provenance(item)
                on = item.day("on", required=True)
                title = item.texts("title", column(LabDay, "title"), required=True)
            if on and on in days:
                item.note("on", _("This day appears twice. Keep one."))
            elif on and starts_on and ends_on and not starts_on <= on <= ends_on:
                item.note(
                    "on",
                    _("This is not a day of the lab, which lasts from %(first)s to %(last)s.")
                    % {"first": starts_on, "last": ends_on},
                )
            elif on and title:
                days[on] = title
        return sorted(days.items())

    def _rooms(self, record: Record) -> tuple[RoomFacts, ...]:
        rooms: list[RoomFacts] = []
        slugs: list[tuple[str, str]] = []
        names: list[Texts] = []
        for item in record.records("rooms", at_most=200):
            with item:
                self.ground.provenance(item)
                name = item.texts("name", column(Room, "name"), required=True)
                slug = slug_of(item, column(Lab, "slug"), named=name)
                address = item.text("address", column(Room, "address"))
                online = item.flag("online")
                join_link = web_address(item, "join_link", column(Room, "join_link"))
                capacity = item.number("capacity", least=1)
            if slug and name:
                rooms.append(RoomFacts(slug, name, address, online, join_link, capacity))
                slugs.append((item.path, slug))
                if any(name.get(code) == text for other in names for code, text in other.items()):
                    item.note("name", _("Another room of this lab has this name. Choose another."))
                names.append(name)
        self.ground.no_doubles(slugs)
        return tuple(rooms)

    def _venue(self, record: Record) -> Texts | None:
        """Return the venue: a text in several languages, or one made of `{"city": …, "country": "BE"}`."""
        place = record.record("venue") if record.is_object("venue") else None
        if place is None or "city" not in place:
            return record.texts("venue", column(Lab, "venue"))
        with place:
            city = place.texts("city", column(Lab, "venue"), required=True)
            country = place.text("country")
            names = {code: Locale(code).territories.get(country or "") for code, _name in settings.LANGUAGES}
            if country and not (len(country) == 2 and names["en"]):
                place.note("country", _("Two capital letters belong here, such as BG."))
        if city is None or not country:
            return city
        return {code: f"{text}, {names[code]}" for code, text in city.items()}

    def _email(self, record: Record) -> str | None:
        address = record.text("contact_email", column(Lab, "contact_email"))
        if address:
            try:
                return clean_address(address)
            except ValidationError as error:
                record.note("contact_email", sentences(error)[0])
                return None
        return address

    def _colour(self, record: Record) -> str | None:
        colour = record.text("colour")
        if colour:
            try:
                return clean_colour(colour)
            except ValueError:
                record.note("colour", _("A colour such as #00564e belongs here."))
                return None
        return colour


def tracks_of(record: Record, ground: Ground, known: tuple[TrackFacts, ...] = ()) -> tuple[TrackFacts, ...]:
    """Return the tracks of a programme, which every lab of it has, or those that one lab has beside the `known`."""
    tracks: list[TrackFacts] = []
    for item in record.records("tracks", at_most=100):
        track = _track(item, ground)
        if track and any(track.slug == other.slug for other in (*known, *tracks)):
            item.note(
                "slug", _("Another track has the slug “%(slug)s”. Choose another.") % {"slug": track.slug}
            )
        elif track:
            tracks.append(track)
    return tuple(tracks)


def _track(record: Record, ground: Ground) -> TrackFacts | None:
    """A track's name stands under `name`, or its languages stand beside the slug."""
    limits = column(Track, "name")
    with record:
        ground.provenance(record)
        slug = slug_of(record, column(Track, "slug"))
        beside = {code: record.value(code) for code, _name in settings.LANGUAGES if code in record}
        if beside and "name" not in record:
            name = record.as_texts("", beside, limits)
        else:
            name = record.texts("name", limits, required=True)
    return TrackFacts(slug, name) if slug and name else None
