"""Sessions and agenda items in a programme file, and the times of those that the file leaves open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.utils.translation import gettext as _

from core.timezones.wall_clock import WallClockError, instant, wall
from sessions.models import AgendaItem, Session
from sessions.plans import AGENDA_LIMIT
from sessions.programme_import.document import Problem, Record
from sessions.programme_import.facts import AgendaFacts, SessionFacts
from sessions.programme_import.ground import Ground, column, slug_of, web_address, zone_of
from sessions.programme_import.speakers import Speakers

# Where `assumed` leaves the times to us: hours on the lab's own clock.
FIRST_HOUR, LAST_HOUR = 9, 18
_TIMES = re.compile(r"\btimes?\b", re.IGNORECASE)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Frame:
    """What the sessions of one lab may refer to, and the days they have to keep to. None: wrong in the file."""

    zone: str | None
    starts_on: date | None
    ends_on: date | None
    tracks: frozenset[str]
    rooms: frozenset[str]


@dataclass(frozen=True)
class _Times:
    """Wall times in a zone, and the instants (UTC) they stand for."""

    zone: str
    starts: datetime
    ends: datetime
    starts_fold: int | None
    ends_fold: int | None
    starts_at: datetime
    ends_at: datetime


@dataclass
class SessionReader:
    """Reads the sessions of one lab. `cities` gathers those in their audiences."""

    ground: Ground
    speakers: Speakers
    frame: Frame
    cities: list[str] = field(default_factory=list)
    _taken: list[_Times] = field(default_factory=list)
    _slugs: list[tuple[str, str]] = field(default_factory=list)

    def read_all(self, lab: Record) -> tuple[SessionFacts, ...]:
        """Return the sessions in the file's order, those without times placed between the others."""
        records = list(lab.records("sessions"))
        timed = {record.path: self._times(record) for record in records if not self._is_open(record)}
        self._taken = [times for times in timed.values() if times]
        slots = self._free_slots()
        found = []
        for record in records:
            times = timed[record.path] if record.path in timed else self._assume(record, slots)
            if session := self._session(record, times, assumed=record.path not in timed):
                found.append(session)
        self.ground.no_doubles(self._slugs)
        return tuple(found)

    def _session(self, record: Record, times: _Times | None, *, assumed: bool) -> SessionFacts | None:
        with record:
            self.ground.provenance(record)
            slug = slug_of(record, column(Session, "slug"))
            if slug:
                self._slugs.append((record.path, slug))
            title = record.texts("title", column(Session, "title"), required=True)
            visibility = record.choice("visibility", tuple(Session.Visibility.values))
            facts = {"abstract": record.texts("abstract", column(Session, "abstract"))}
            track = self._reference(record, "track", self.frame.tracks)
            room = self._reference(record, "room", self.frame.rooms)
            join_link = web_address(record, "join_link", column(Session, "join_link"))
            audience = self._audience(record, visibility)
            capacity = record.number("capacity")
            waiting_list = record.flag("waiting_list")
            appearances = self.speakers.appearances(record)
            agenda = self._agenda(record, times)
        if not (slug and title and times):
            return None
        return SessionFacts(
            path=record.path,
            slug=slug,
            title=title,
            starts=times.starts,
            ends=times.ends,
            starts_fold=times.starts_fold,
            ends_fold=times.ends_fold,
            time_zone=times.zone,
            time_assumed=assumed,
            visibility=visibility,
            abstract=facts["abstract"],
            track=track,
            room=room,
            join_link=join_link,
            audience=audience,
            capacity=capacity,
            waiting_list=waiting_list,
            appearances=appearances,
            agenda=agenda,
        )

    def _reference(self, record: Record, name: str, known: frozenset[str]) -> str | None:
        slug = record.text(name)
        if slug and slug not in known:
            message = (
                _("“%(slug)s” is not a track of this lab.")
                if name == "track"
                else _("“%(slug)s” is not a room of this lab.")
            )
            record.note(name, message % {"slug": slug[:60]})
        return slug or None

    def _audience(self, record: Record, visibility: str | None) -> tuple[str, ...] | None:
        audience = self.ground.city_slugs(record, "audience_cities")
        if audience and visibility != Session.Visibility.INTERNAL:
            record.note("audience_cities", _("Only an internal session has an audience of cities."))
        self.cities += audience or ()
        return audience

    # Times

    def _is_open(self, record: Record) -> bool:
        """Tell whether the file leaves the times to us: it gives none, and its `assumed` says so."""
        assumed = record.value("assumed")
        given = any(name in record for name in ("starts", "ends", "time_zone"))
        return not given and isinstance(assumed, str) and bool(_TIMES.search(assumed))

    def _times(self, record: Record) -> _Times | None:
        zone = zone_of(record, required=False) if "time_zone" in record else self.frame.zone
        starts_fold, ends_fold = record.number("starts_fold", most=1), record.number("ends_fold", most=1)
        if "starts" not in record and "ends" not in record:
            for name in ("starts", "ends", "time_zone"):
                record.value(name)
            record.note(
                "starts",
                _(
                    "is missing. Write starts and ends, or “assumed”: “times” to have free hours of the lab assumed."
                ),
            )
            return None
        starts, ends = record.wall_time("starts", required=True), record.wall_time("ends", required=True)
        record.value("time_zone")
        if zone is None:
            return None
        starts_at = self._instant(record, "starts", starts, zone, starts_fold)
        ends_at = self._instant(record, "ends", ends, zone, ends_fold)
        if not (starts and ends and starts_at and ends_at):
            return None
        if ends_at <= starts_at:
            record.note("ends", _("The end is not after the start. Choose a later end."))
            return None
        self._check_days(record, starts_at, ends_at)
        return _Times(zone, starts, ends, starts_fold, ends_fold, starts_at, ends_at)

    def _instant(
        self, record: Record, name: str, local: datetime | None, zone: str, fold: int | None
    ) -> datetime | None:
        if local is None:
            return None
        try:
            return instant(local.date(), local.time(), zone, fold)
        except WallClockError as error:
            hint = _("Say so with “%(name)s”: 0 or 1.") % {"name": f"{name}_fold"}
            record.note(name, f"{error.message} {hint}" if error.code == "ambiguous_time" else error.message)
            return None

    def _check_days(self, record: Record, starts_at: datetime, ends_at: datetime) -> None:
        """Keep a session inside the lab's days, which are days in the lab's own zone."""
        first, last, zone = self.frame.starts_on, self.frame.ends_on, self.frame.zone
        if first is None or last is None or zone is None:
            return
        # A session that ends at midnight ends with the day, not on the next one.
        for name, at in (("starts", starts_at), ("ends", ends_at - timedelta(microseconds=1))):
            if not first <= wall(at, zone).date() <= last:
                record.note(
                    name,
                    _("This is outside the lab, which lasts from %(first)s to %(last)s in %(zone)s.")
                    % {"first": first, "last": last, "zone": zone},
                )

    def _free_slots(self) -> Iterator[_Times]:
        """Yield whole hours of the lab's days, in order, in which no other session of the file takes place."""
        on, last, zone = self.frame.starts_on, self.frame.ends_on, self.frame.zone
        while on and last and zone and on <= last:
            for hour in range(FIRST_HOUR, LAST_HOUR):
                starts, ends = datetime.combine(on, time(hour)), datetime.combine(on, time(hour + 1))
                try:
                    starts_at = instant(on, starts.time(), zone)
                    ends_at = instant(on, ends.time(), zone)
                except WallClockError:
                    continue
                if all(ends_at <= other.starts_at or other.ends_at <= starts_at for other in self._taken):
                    yield _Times(zone, starts, ends, None, None, starts_at, ends_at)
            on += _DAY

    def _assume(self, record: Record, slots: Iterator[_Times]) -> _Times | None:
        for name in ("starts", "ends", "time_zone"):
            record.value(name)
        times = next(slots, None)
        if times:
            self.ground.notices.append(
                Problem(
                    record.path,
                    _("no times given; a new session is placed on %(start)s to %(end)s, as the file asks.")
                    % {"start": times.starts.strftime("%Y-%m-%d %H:%M"), "end": times.ends.strftime("%H:%M")},
                )
            )
        elif self.frame.zone and self.frame.starts_on:
            record.note(
                "starts", _("is missing, and no hour of the lab's days is free. Write starts and ends.")
            )
        return times

    # Agenda

    def _agenda(self, record: Record, times: _Times | None) -> tuple[AgendaFacts, ...] | None:
        if "agenda" not in record:
            record.value("agenda")
            return None
        items = []
        for item in record.records("agenda", at_most=AGENDA_LIMIT):
            with item:
                self.ground.provenance(item)
                title = item.texts("title", column(AgendaItem, "title"), required=True)
                abstract = item.texts("abstract", column(AgendaItem, "abstract"))
                starts, ends = item.wall_time("starts"), item.wall_time("ends")
                appearances = self.speakers.appearances(item)
            self._check_item(item, starts, ends, times)
            if title:
                items.append(AgendaFacts(title, abstract, starts, ends, appearances or ()))
        return tuple(items)

    def _check_item(
        self, item: Record, starts: datetime | None, ends: datetime | None, times: _Times | None
    ) -> None:
        """An item has both times or none, inside the session, the end after the start."""
        if ("starts" in item) != ("ends" in item):
            item.note("ends" if "starts" in item else "starts", _("Give both times, or neither."))
        if starts is None or ends is None or times is None:
            return
        starts_at = self._first_inside(item, "starts", starts, times)
        ends_at = self._first_inside(item, "ends", ends, times, after=starts_at)
        if starts_at and ends_at and ends_at <= starts_at:
            item.note("ends", _("The end is not after the start. Choose a later end."))
        elif starts_at and starts - times.starts >= _DAY:
            item.note(
                "starts", _("This is more than a day after the session's start. Split the session by days.")
            )

    def _first_inside(
        self, item: Record, name: str, local: datetime, times: _Times, after: datetime | None = None
    ) -> datetime | None:
        """Return the instant of a wall time inside the session: of two readings the first, or the one `after`."""
        try:
            readings = [instant(local.date(), local.time(), times.zone, fold) for fold in (0, 1)]
        except WallClockError as error:
            item.note(name, error.message)
            return None
        inside = [at for at in readings if times.starts_at <= at <= times.ends_at]
        if not inside:
            item.note(name, _("This is outside the session's hours."))
            return None
        return next((at for at in inside if after is None or at > after), inside[0])
