"""Conflicts of a lab's schedule: what cannot be held as planned, and what should be looked at.

One list for the console, a session's page, the API and `manage.py conflicts`, computed from what is stored now in a
constant number of queries. Sessions that are cancelled, over or not placed yet have none; drafts have, since they are
being planned.
That a session lies within the lab's days, and its agenda within its hours, is refused when it is saved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple, cast

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.timezones.wall_clock import wall
from labs.models import City, Lab
from sessions.availability import Availability, availability_of, is_available
from sessions.models import AgendaItem, Appearance, AppearanceReply, Session, Speaker
from sessions.models.session_languages import LANGUAGE_COLUMNS, ORDER_COLUMNS
from sessions.signals import conflicts_requested

# The hours, by the clocks of a speaker's city, in which one may be asked to speak.
DAY_BEGINS, DAY_ENDS = time(7), time(22)
# How long before the last day for the order it is said that interpreters have to be ordered; and before a session
# whose last day for it is not known.
ORDER_IS_NEAR, WITHOUT_ORDER = timedelta(days=7), timedelta(days=21)

Name = Mapping[str, str]


class Kind(models.TextChoices):
    SPEAKER_TWICE = "speaker-twice", _("Speaker in two sessions at once")
    ROOM_TWICE = "room-twice", _("Room in use twice at once")
    ROOM_TOO_SMALL = "room-too-small", _("Room smaller than the seats")
    CITY_TWICE = "city-twice", _("City invited to two sessions at once")
    SEATS_TWICE = "seats-twice", _("People with two seats at once")
    AGENDA_OVERLAP = "agenda-overlap", _("Agenda items at the same time")
    SPEAKER_AWAY = "speaker-away", _("Speaker not available")
    SPEAKER_HOURS = "speaker-hours", _("At night for a speaker")
    INTERPRETATION = "interpretation", _("Interpretation not ordered")
    LANGUAGE_NEED = "language-need", _("Language that people need not spoken")
    SPEAKER_DECLINED = "speaker-declined", _("Speaker declined")
    NO_PLACE = "no-place", _("No room and no join link")
    NO_SPEAKER = "no-speaker", _("No speaker")


@dataclass(frozen=True)
class Conflict:
    """One conflict. `is_error` where the session cannot be held as it is planned, else it is a warning.

    `sessions` are one or two, the earlier first, which is where it can be mended. `names` are the localized names of
    the parties: of the speaker, the room, the cities or the agenda's items. `slugs` are those of speaker or cities.
    `count` are people: those with two seats, those that a room holds. `hours` are those in which somebody is asked to
    speak, and `time_zone` that of the speaker's city, or the session's. `due` is the last day for an order.
    """

    kind: Kind
    sessions: tuple[Session, ...]
    is_error: bool = False
    names: tuple[Name, ...] = ()
    slugs: tuple[str, ...] = ()
    count: int = 0
    hours: tuple[datetime, datetime] | None = None
    time_zone: str = ""
    due: date | None = None


@dataclass(frozen=True)
class Span:
    """Hours that a session claims of somebody or something."""

    starts_at: datetime
    ends_at: datetime
    session: Session


# What conflicts and their sentences need of sessions; anything else costs a query each.
_FIELDS = (
    "version", "lab", "slug", "title", "starts_at", "ends_at", "time_zone", "is_placed", "room", "track", "join_link",
    "format", "room_capacity", "room_taken", "visibility", "status", *LANGUAGE_COLUMNS, *ORDER_COLUMNS,
)  # fmt: skip


class _Appearing(NamedTuple):
    """Somebody in a session, or in one item of its agenda."""

    speaker: Speaker
    session: Session
    agenda_item: AgendaItem | None


@dataclass
class _Schedule:
    """What conflicts are found in; sessions in the order of time."""

    sessions: list[Session]
    now: datetime
    availability: Availability = field(default_factory=dict)
    refusals: list[AppearanceReply] = field(default_factory=list)
    audiences: dict[int, list[City]] = field(default_factory=lambda: defaultdict(list))
    appearances: dict[int, list[_Appearing]] = field(default_factory=lambda: defaultdict(list))
    agendas: dict[int, list[AgendaItem]] = field(default_factory=lambda: defaultdict(list))

    @cached_property
    def speakers(self) -> list[tuple[Speaker, list[Span]]]:
        """Everyone who appears, with the hours of each appearance."""
        spans: defaultdict[int, list[Span]] = defaultdict(list)
        speakers: dict[int, Speaker] = {}
        for appearances in self.appearances.values():
            for appearance in appearances:
                speakers[appearance.speaker.pk] = appearance.speaker
                spans[appearance.speaker.pk].append(_span_of(appearance))
        return [(speakers[pk], spans[pk]) for pk in sorted(spans)]


def conflicts_of(lab: Lab, now: datetime | None = None) -> list[Conflict]:
    """Return the lab's conflicts, errors first, then by time. Eight queries, and those of the packages above."""
    schedule = _read(lab, now or timezone.now())
    found = [conflict for finder in _FINDERS for conflict in finder(schedule)]
    for _receiver, more in conflicts_requested.send(Lab, sessions=schedule.sessions):
        found.extend(cast("list[Conflict]", more))
    kinds = list(Kind)
    return sorted(
        found,
        key=lambda one: (
            not one.is_error,
            one.sessions[0].starts_at,
            kinds.index(one.kind),
            [session.pk for session in one.sessions],
        ),
    )


def at_once(spans: Iterable[Span]) -> Iterator[tuple[Session, Session]]:
    """Yield each session that begins during another one of these, with that one before it; each pair once.

    Not all pairs: a session is told beside the one that lasts longest of those before it, so that there are fewer pairs
    than sessions.
    """
    latest: Span | None = None
    told = set()
    for span in sorted(spans, key=lambda one: (one.starts_at, one.ends_at, one.session.pk)):
        if latest is not None and span.starts_at < latest.ends_at and span.session.pk != latest.session.pk:
            pair = latest.session.pk, span.session.pk
            if pair not in told:
                told.add(pair)
                yield latest.session, span.session
        if latest is None or span.ends_at > latest.ends_at:
            latest = span


def has_no_place(session: Session) -> bool:
    """Tell whether people with a seat would not know where to go. Needs the room."""
    room = session.room
    if session.join_link:
        return False
    return room is None or (room.online and not room.join_link and not room.address)


def _read(lab: Lab, now: datetime) -> _Schedule:
    coming = lab.sessions.filter(status=Session.Status.SCHEDULED, is_placed=True, ends_at__gt=now)
    # Each room and speaker is one object for all sessions: creating objects is what takes the time.
    rooms = {room.pk: room for room in lab.rooms.all()}
    sessions = list(coming.only(*_FIELDS).order_by("starts_at", "pk"))
    for session in sessions:
        session.lab = lab
        session.room = rooms.get(session.room_id) if session.room_id else None
    by_id = {session.pk: session for session in sessions}
    schedule = _Schedule(sessions, now)
    invited = Session.audience.through.objects.filter(session__in=coming, session__visibility="internal")
    for row in invited.select_related("city"):
        schedule.audiences[row.session_id].append(row.city)
    items = {}
    agenda = AgendaItem.objects.filter(session__in=coming).only("session", "title", "starts_at", "ends_at")
    for item in agenda.order_by("position", "pk"):
        items[item.pk] = item
        if item.session_id in by_id:
            schedule.agendas[item.session_id].append(item)
    people = Appearance.objects.filter(session__in=coming)
    appearing = Speaker.objects.filter(pk__in=people.order_by().values("speaker"))
    speakers = {one.pk: one for one in appearing.select_related("city").defer("biography", "website")}
    rows = people.order_by("position", "pk").values_list("session", "speaker", "agenda_item")
    for of_session, of_speaker, of_item in rows:
        # What was created or deleted in between is left out.
        if of_session in by_id and of_speaker in speakers:
            schedule.appearances[of_session].append(
                _Appearing(speakers[of_speaker], by_id[of_session], items.get(of_item) if of_item else None)
            )
    schedule.availability = availability_of(people.order_by().values("speaker"))
    refusals = AppearanceReply.objects.filter(session__in=coming, is_confirmed=False)
    schedule.refusals = list(refusals.select_related("speaker").order_by("session", "pk"))
    return schedule


def _span_of(appearance: _Appearing) -> Span:
    """Return the hours in which somebody appears: those of the agenda's item where it has any."""
    item, session = appearance.agenda_item, appearance.session
    if item is not None and item.starts_at is not None and item.ends_at is not None:
        return Span(item.starts_at, item.ends_at, session)
    return Span(session.starts_at, session.ends_at, session)


def _speakers_twice(schedule: _Schedule) -> Iterator[Conflict]:
    for speaker, spans in schedule.speakers:
        for pair in at_once(spans):
            yield Conflict(
                Kind.SPEAKER_TWICE, pair, is_error=True, names=(speaker.name,), slugs=(speaker.slug,)
            )


def _rooms_twice(schedule: _Schedule) -> Iterator[Conflict]:
    spans: defaultdict[int, list[Span]] = defaultdict(list)
    for session in schedule.sessions:
        if session.room_id is not None:
            spans[session.room_id].append(Span(session.starts_at, session.ends_at, session))
    for of_room in spans.values():
        for pair in at_once(of_room):
            room = pair[0].room
            yield Conflict(Kind.ROOM_TWICE, pair, is_error=True, names=(room.name,) if room else ())


def _rooms_too_small(schedule: _Schedule) -> Iterator[Conflict]:
    for session in schedule.sessions:
        room = session.room
        if room is None or room.online or room.capacity is None or session.format == Lab.Format.ONLINE:
            continue
        if session.room_capacity is None or session.room_capacity > room.capacity:
            is_error = session.room_taken > room.capacity
            yield Conflict(Kind.ROOM_TOO_SMALL, (session,), is_error, (room.name,), count=room.capacity)


def _cities_twice(schedule: _Schedule) -> Iterator[Conflict]:
    spans: defaultdict[int, list[Span]] = defaultdict(list)
    cities: dict[int, City] = {}
    for session in schedule.sessions:
        for city in schedule.audiences.get(session.pk, ()):
            cities[city.pk] = city
            spans[city.pk].append(Span(session.starts_at, session.ends_at, session))
    of_pair: dict[tuple[int, int], tuple[tuple[Session, Session], list[City]]] = {}
    for pk in sorted(spans):
        for one, other in at_once(spans[pk]):
            of_pair.setdefault((one.pk, other.pk), ((one, other), []))[1].append(cities[pk])
    for pair, both in of_pair.values():
        both.sort(key=lambda city: city.slug)
        names, slugs = tuple(city.name for city in both), tuple(city.slug for city in both)
        yield Conflict(Kind.CITY_TWICE, pair, names=names, slugs=slugs)


def _agendas_overlap(schedule: _Schedule) -> Iterator[Conflict]:
    for session in schedule.sessions:
        timed = [one for one in schedule.agendas.get(session.pk, ()) if one.starts_at is not None]
        timed.sort(key=lambda one: (one.starts_at, one.pk))
        for one, other in pairwise(timed):
            if one.ends_at and other.starts_at and other.starts_at < one.ends_at:
                yield Conflict(Kind.AGENDA_OVERLAP, (session,), names=(one.title, other.title))
                break


def _speakers_away(schedule: _Schedule) -> Iterator[Conflict]:
    for speaker, spans in schedule.speakers:
        named, told = schedule.availability.get(speaker.pk), set()
        for span in sorted(spans, key=lambda one: (one.starts_at, one.session.pk)):
            session = span.session
            if session.pk in told or is_available(named, span.starts_at, span.ends_at):
                continue
            told.add(session.pk)
            yield Conflict(
                Kind.SPEAKER_AWAY,
                (session,),
                is_error=True,
                names=(speaker.name,),
                slugs=(speaker.slug,),
                hours=(span.starts_at, span.ends_at),
                time_zone=session.time_zone,
            )


def _speakers_declined(schedule: _Schedule) -> Iterator[Conflict]:
    by_id = {session.pk: session for session in schedule.sessions}
    for reply in schedule.refusals:
        session = by_id[reply.session_id]
        reply.session = session
        appearing = {one.speaker.pk for one in schedule.appearances.get(session.pk, ())}
        if reply.speaker_id in appearing and reply.is_of_these_hours:
            speaker = reply.speaker
            yield Conflict(
                Kind.SPEAKER_DECLINED, (session,), is_error=True, names=(speaker.name,), slugs=(speaker.slug,)
            )


def _interpretation_not_ordered(schedule: _Schedule) -> Iterator[Conflict]:
    for session in schedule.sessions:
        if not session.has_interpreters or session.interpretation_ordered_on is not None:
            continue
        due, today = session.interpretation_order_by, wall(schedule.now, session.lab.time_zone).date()
        is_near = due - today <= ORDER_IS_NEAR if due else session.starts_at - schedule.now <= WITHOUT_ORDER
        if is_near:
            is_late = due is not None and due < today
            yield Conflict(Kind.INTERPRETATION, (session,), is_error=is_late, due=due)


def _at_night(schedule: _Schedule) -> Iterator[Conflict]:
    """Who may take part online, and has a city, is asked to do so by day there."""
    for speaker, spans in schedule.speakers:
        city = speaker.city
        if city is None:
            continue
        told = set()
        for span in sorted(spans, key=lambda one: (one.starts_at, one.session.pk)):
            session = span.session
            if session.format == Lab.Format.IN_PERSON or session.pk in told:
                continue
            starts, ends = wall(span.starts_at, city.time_zone), wall(span.ends_at, city.time_zone)
            is_by_day = (
                starts.time() >= DAY_BEGINS and ends.time() <= DAY_ENDS and starts.date() == ends.date()
            )
            if not is_by_day:
                told.add(session.pk)
                yield Conflict(
                    Kind.SPEAKER_HOURS,
                    (session,),
                    names=(speaker.name, city.name),
                    slugs=(speaker.slug,),
                    hours=(span.starts_at, span.ends_at),
                    time_zone=city.time_zone,
                )


def _without_place(schedule: _Schedule) -> Iterator[Conflict]:
    for session in schedule.sessions:
        if has_no_place(session):
            yield Conflict(Kind.NO_PLACE, (session,), is_error=session.visibility != Session.Visibility.DRAFT)


def _without_speaker(schedule: _Schedule) -> Iterator[Conflict]:
    for session in schedule.sessions:
        if session.visibility == Session.Visibility.PUBLIC and not schedule.appearances.get(session.pk):
            yield Conflict(Kind.NO_SPEAKER, (session,))


_FINDERS: Sequence[Callable[[_Schedule], Iterator[Conflict]]] = (
    _speakers_twice,
    _rooms_twice,
    _rooms_too_small,
    _cities_twice,
    _agendas_overlap,
    _speakers_away,
    _at_night,
    _speakers_declined,
    _interpretation_not_ordered,
    _without_place,
    _without_speaker,
)
