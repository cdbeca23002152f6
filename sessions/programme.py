"""A lab's programme as its pages show it: days with their sessions, in one language and one zone.

Pure: rows in, frozen rows for the template out, with every word and hour ready, so that a page of hundreds of
sessions costs little. No queries beyond what `for_pages` fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils.html import format_html
from django.utils.translation import gettext

from labs.dates import clock, day_mark, month_and_year, short_day, weekday
from labs.models import Lab
from labs.models.texts import reading
from sessions.figure import Block, weigh
from sessions.models import AgendaItem, Appearance, Session


@dataclass(frozen=True)
class View:
    """For whom a page is made: language, the zone of the hours, the instant, and the cities that are the reader's."""

    language: str
    zone: str
    now: datetime
    own_cities: frozenset[int] = frozenset()
    # Sessions may be chosen for registration.
    choosing: bool = False


@dataclass(frozen=True)
class Moment:
    """An instant as clocks show it: "11:30", and as machines read it."""

    words: str
    stamp: str


@dataclass(frozen=True)
class Person:
    """Somebody who appears: name and affiliation as HTML-safe words, and in which role."""

    slug: str
    name: str
    affiliation: str
    role: str


@dataclass(frozen=True)
class AgendaRow:
    title: str
    abstract: object
    starts: Moment | None
    ends: Moment | None
    people: tuple[Person, ...]


@dataclass(frozen=True)
class SessionRow:
    """One session in a list. `ends_on` names the day where it ends on another one than it starts."""

    session: Session
    slug: str
    title: str
    starts: Moment
    ends: Moment
    ends_on: str
    track: str
    place: str
    online: bool
    agenda: tuple[AgendaRow, ...]
    people: tuple[Person, ...]
    audience: tuple[tuple[str, bool], ...]
    internal: bool
    draft: bool
    cancelled: bool
    reason: str
    may_choose: bool
    would_wait: bool


@dataclass(frozen=True)
class Day:
    """One day in the zone of the view, with its sessions in order."""

    on: date
    anchor: str
    mark: str
    weekday: str
    month: str
    title: str
    rows: tuple[SessionRow, ...]


def spoken(text: object, language: str, fallback: str) -> str:
    """Return a text in `language`; where it comes in another one, wrapped in `<span lang>` as safe HTML."""
    words, came_in = reading(text, language, fallback)
    if not words or came_in == language:
        return words
    return format_html('<span lang="{}">{}</span>', came_in, words)


def days(sessions: Iterable[Session], titles: Mapping[date, object], lab: Lab, view: View) -> tuple[Day, ...]:
    """Group sessions by the days of the view's zone. `titles` are the headings of the lab's own days."""
    zone, lab_zone = ZoneInfo(view.zone), ZoneInfo(lab.time_zone)
    grouped: dict[date, list[Session]] = {}
    for session in sessions:
        grouped.setdefault(session.starts_at.astimezone(zone).date(), []).append(session)
    result = []
    for on, of_day in grouped.items():
        # In another zone a day may hold the end of one of the lab's days and the start of the next: no title then.
        lab_days = {session.starts_at.astimezone(lab_zone).date() for session in of_day}
        title = titles.get(lab_days.pop()) if len(lab_days) == 1 else None
        result.append(
            Day(
                on=on,
                anchor=f"d{on.isoformat()}",
                mark=day_mark(on, view.language),
                weekday=weekday(on, view.language),
                month=month_and_year(on, view.language),
                title=spoken(title, view.language, lab.default_language) if title else "",
                rows=tuple(row(session, lab, view) for session in of_day),
            )
        )
    return tuple(result)


def row(session: Session, lab: Lab, view: View) -> SessionRow:
    """Return one session as a list shows it."""
    language, fallback = view.language, lab.default_language
    zone = ZoneInfo(view.zone)
    starts, ends = session.starts_at.astimezone(zone), session.ends_at.astimezone(zone)
    internal = session.is_internal
    may_choose = view.choosing and may_be_chosen(session, view.now)
    return SessionRow(
        session=session,
        slug=session.slug,
        title=spoken(session.title, language, fallback),
        starts=_moment(starts),
        ends=_moment(ends),
        ends_on="" if ends.date() == starts.date() else short_day(ends.date(), language),
        track=spoken(session.track.name, language, fallback) if session.track else "",
        place=_place(session, language, fallback),
        online=session.room.online if session.room else lab.format == Lab.Format.ONLINE,
        agenda=tuple(_agenda_row(session, item, zone, language, fallback) for item in session.agenda.all()),
        people=_people(session.appearances_in(), language, fallback),
        audience=tuple(
            sorted(
                (reading(city.name, language)[0], city.pk in view.own_cities)
                for city in session.audience.all()
            )
        )
        if internal
        else (),
        internal=internal,
        draft=session.visibility == Session.Visibility.DRAFT,
        cancelled=session.is_cancelled,
        reason=spoken(session.cancel_reason, language, fallback) if session.is_cancelled else "",
        may_choose=may_choose,
        would_wait=may_choose and session.seats_left is not None and session.seats_left <= 0,
    )


def may_be_chosen(session: Session, now: datetime) -> bool:
    """Tell whether a person could register for the session: it takes place, is ahead, and has a seat or a list."""
    if session.is_cancelled or session.visibility == Session.Visibility.DRAFT or session.is_over(now):
        return False
    left = session.seats_left
    return left is None or left > 0 or session.waiting_list


def people_of(sessions: Iterable[Session], language: str, fallback: str) -> tuple[Person, ...]:
    """Return everyone who appears in these sessions, each once, by name."""
    seen: dict[int, Appearance] = {}
    for session in sessions:
        for appearance in session.appearances.all():
            seen.setdefault(appearance.speaker_id, appearance)
    everyone = _people(list(seen.values()), language, fallback)
    return tuple(sorted(everyone, key=lambda person: person.name.casefold()))


def blocks(sessions: Iterable[Session], zone: str) -> list[Block]:
    """Return the timetable figure's blocks: the sessions that take place, as clocks in `zone` show them."""
    clocks = ZoneInfo(zone)
    return weigh(
        (session.starts_at.astimezone(clocks), session.ends_at.astimezone(clocks), session.is_internal)
        for session in sessions
        if not session.is_cancelled
    )


def _place(session: Session, language: str, fallback: str) -> str:
    """Return where it takes place, without the address: "Plenary, online"."""
    room, lab = session.room, session.lab
    if room is None:
        return gettext("Online") if lab.format == Lab.Format.ONLINE else ""
    name = spoken(room.name, language, fallback)
    return format_html("{}, {}", name, gettext("online")) if room.online else name


def _moment(local: datetime) -> Moment:
    return Moment(clock(local), local.isoformat(timespec="minutes"))


def _agenda_row(
    session: Session, item: AgendaItem, zone: ZoneInfo, language: str, fallback: str
) -> AgendaRow:
    return AgendaRow(
        title=spoken(item.title, language, fallback),
        abstract=item.abstract,
        starts=_moment(item.starts_at.astimezone(zone)) if item.starts_at else None,
        ends=_moment(item.ends_at.astimezone(zone)) if item.ends_at else None,
        people=_people(session.appearances_in(item), language, fallback),
    )


def _people(appearances: Sequence[Appearance], language: str, fallback: str) -> tuple[Person, ...]:
    return tuple(
        Person(
            slug=appearance.speaker.slug,
            name=spoken(appearance.speaker.name, language, fallback),
            affiliation=spoken(appearance.speaker.affiliation, language, fallback),
            role=_role(appearance.role, language),
        )
        for appearance in appearances
    )


@lru_cache(maxsize=64)
def _role(role: str, language: str) -> str:
    """Return a role's name in the active language, which is `language`."""
    return str(Appearance.Role(role).label)


def nothing_yet(filtered: bool) -> str:
    """Return what stands where no session is shown."""
    if filtered:
        return gettext("No session of this programme belongs to this track.")
    return gettext("The programme is not published yet. Its sessions will stand here, day by day.")
