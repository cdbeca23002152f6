"""Slots for sessions of a lab: what `sessions.slot_finder` is asked for, read from what is stored now.

Cities are taken by the sessions of the lab that they are invited to, drafts included, since those are being planned;
speakers by their appearances and by what they said themselves; rooms by the sessions in them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext

from core.timezones.wall_clock import instant
from core.timezones.working_hours import difference
from core.web.errors import InvalidFields
from core.web.localized_fields import languages_of
from labs.models import City, Lab, Room
from sessions.availability import availability_of
from sessions.models import Appearance, Session, Speaker
from sessions.slot_finder import Busy, Found, Party, SlotQuery, find_slots

# What one search looks at.
MOST_DAYS = 62
LONGEST = 12 * 60  # minutes
SHORTEST = 5


@dataclass(frozen=True)
class Wanted:
    """What organisers ask for. No `first_day` or `last_day` means the lab's. Hours are those of each city.

    `moved` is a session of the lab for which another time is looked for: it is not in its own way.
    """

    cities: Sequence[City]
    minutes: int
    speakers: Sequence[Speaker] = ()
    rooms: Sequence[Room] = ()
    first_day: date | None = None
    last_day: date | None = None
    day_begins: time = time(9)
    day_ends: time = time(17)
    moved: Session | None = None

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.minutes)


def slots_of(lab: Lab, wanted: Wanted, now: datetime | None = None) -> Found:
    """Return the slots for a session of the lab, or the nearest misses. Six queries.

    Raises InvalidFields.
    """
    return find_slots(query_of(lab, wanted, now))


def query_of(lab: Lab, wanted: Wanted, now: datetime | None = None) -> SlotQuery:
    """Return what the finder is asked for. Only times to come are looked at. Raises InvalidFields."""
    check(lab, wanted)
    earliest, latest = span_of(lab, wanted)
    busy = read_busy(lab, wanted, earliest, latest)
    rooms = list(wanted.rooms) or list(lab.rooms.all())
    return SlotQuery(
        cities=tuple(_party(city, city.time_zone, busy.cities[city.pk]) for city in wanted.cities),
        minutes=wanted.minutes,
        earliest=max(earliest, now or timezone.now()),
        latest=latest,
        time_zone=lab.time_zone,
        speakers=tuple(
            _party(one, one.city.time_zone if one.city else "", busy.speakers[one.pk])
            for one in wanted.speakers
        ),
        rooms=tuple(
            Party(str(room.pk), languages_of(room.name), busy=tuple(busy.rooms[room.pk])) for room in rooms
        ),
        rooms_needed=bool(wanted.rooms),
        day_begins=wanted.day_begins,
        day_ends=wanted.day_ends,
        open_sessions=tuple(busy.open_sessions),
    )


def days_of(lab: Lab, wanted: Wanted) -> tuple[date, date]:
    """Return the first and the last day that a search looks at."""
    first, last = wanted.first_day or lab.starts_on, wanted.last_day or lab.ends_on
    return first, min(last, _later(first, MOST_DAYS - 1))


def span_of(lab: Lab, wanted: Wanted) -> tuple[datetime, datetime]:
    """Return the first and the last instant of these days in the lab's zone."""
    first, last = days_of(lab, wanted)
    return _midnight(first, lab.time_zone), _midnight(_later(last, 1), lab.time_zone)


def check(lab: Lab, wanted: Wanted) -> None:
    """Raise InvalidFields for days outside the lab's, or hours and lengths that leave no slot."""
    errors: dict[str, list[str]] = {}
    first, last = wanted.first_day or lab.starts_on, wanted.last_day or lab.ends_on
    for name, on in (("first_day", first), ("last_day", last)):
        if not lab.starts_on <= on <= lab.ends_on:
            errors[name] = [gettext("Choose one of the lab's days.")]
    if not errors and last < first:
        errors["last_day"] = [gettext("Choose the first day or a later one.")]
    if not SHORTEST <= wanted.minutes <= LONGEST:
        words = gettext("Enter a length from %(least)d to %(most)d minutes.")
        errors["minutes"] = [words % {"least": SHORTEST, "most": LONGEST}]
    begins, ends = wanted.day_begins, wanted.day_ends
    if begins >= ends:
        errors["day_ends"] = [gettext("The end is not after the start. Choose a later end.")]
    elif not errors and (ends.hour - begins.hour) * 60 + ends.minute - begins.minute < wanted.minutes:
        errors["day_ends"] = [gettext("The session is longer than these hours.")]
    if not wanted.cities:
        errors["cities"] = [gettext("Choose at least one city.")]
    if errors:
        raise InvalidFields(errors)


@dataclass
class BusyTimes:
    """When cities, speakers and rooms are taken, by id, and what anybody may attend."""

    cities: defaultdict[int, list[Busy]]
    speakers: defaultdict[int, list[Busy]]
    rooms: defaultdict[int, list[Busy]]
    open_sessions: list[Busy]


def read_busy(lab: Lab, wanted: Wanted, earliest: datetime, latest: datetime) -> BusyTimes:
    """Read when the lab's rooms and the people who are wanted are taken. Five queries."""
    near = timedelta(days=1)  # what comes just before or after leaves no break
    found = lab.sessions.filter(
        status=Session.Status.SCHEDULED, starts_at__lt=latest + near, ends_at__gt=earliest - near
    )
    if wanted.moved is not None:
        found = found.exclude(pk=wanted.moved.pk)
    sessions = {
        one.pk: one for one in found.only("pk", "title", "starts_at", "ends_at", "room", "visibility", "lab")
    }
    busy = {pk: Busy(one.starts_at, one.ends_at, languages_of(one.title)) for pk, one in sessions.items()}
    times = BusyTimes(defaultdict(list), defaultdict(list), defaultdict(list), [])
    invited = Session.audience.through.objects.filter(session__in=found).exclude(session__visibility="public")
    with_audience = set()
    for session_id, city_id in invited.order_by("pk").values_list("session_id", "city_id"):
        times.cities[city_id].append(busy[session_id])
        with_audience.add(session_id)
    for pk, one in sessions.items():
        if one.room_id is not None:
            times.rooms[one.room_id].append(busy[pk])
        if one.visibility != Session.Visibility.DRAFT and pk not in with_audience:
            times.open_sessions.append(busy[pk])
    appearing = Appearance.objects.filter(session__in=found, speaker__in=wanted.speakers)
    for row in appearing.select_related("agenda_item").order_by("pk"):
        item, whole = row.agenda_item, busy[row.session_id]
        if item is not None and item.starts_at is not None and item.ends_at is not None:
            whole = Busy(item.starts_at, item.ends_at, whole.title)
        times.speakers[row.speaker_id].append(whole)
    for speaker_id, hours in availability_of([one.pk for one in wanted.speakers]).items():
        within = [(one.starts_at, one.ends_at) for one in hours]
        for start, end in difference([(earliest, latest)], within):
            times.speakers[speaker_id].append(Busy(start, end))
    return times


def _party(row: City | Speaker, zone: str, busy: Iterable[Busy]) -> Party:
    return Party(row.slug, languages_of(row.name), zone, tuple(busy))


def _later(on: date, days: int) -> date:
    return on + timedelta(days=min(days, (date.max - on).days))


def _midnight(on: date, zone: str) -> datetime:
    """Return the instant at which a day begins in a zone, also where clocks skip midnight."""
    for at in (time(0), time(1), time(2)):
        try:
            return instant(on, at, zone, 0)
        except ValueError:
            continue
    return datetime.combine(on, time(0), UTC)
