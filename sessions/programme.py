"""A lab's programme as its pages show it: days with their sessions, in one language and one zone.

Pure: rows in, frozen rows for the template out, with every word and hour ready, so that a page of hundreds of
sessions costs little. No queries beyond what `for_pages` or `sessions.listing` fetched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Q
from django.urls import reverse
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from core.search import alphabetical_key
from core.timezones.formatting import clock, day_mark, month_and_year, short_day, weekday
from core.web.localized_fields import text_and_language
from core.web.localized_html import html_with_language, localized_html
from core.web.templatetags.site_tags import icon, seats
from labs.models import Lab
from sessions.models import Appearance, Session
from sessions.places import is_online, place_html
from sessions.timetable import Block, weigh


@dataclass(frozen=True)
class View:
    """For whom a page is made: language, the zone of the hours, the instant, and the cities that are the reader's."""

    language: str
    zone: str
    now: datetime
    own_cities: frozenset[int] = frozenset()
    # Sessions may be chosen for registration.
    choosing: bool = False
    # Addresses of the sessions that are ticked so far.
    picked: frozenset[str] = frozenset()


class TemplateRow:
    """What templates show. They try `row["title"]` before `row.title`, and a miss costs as much as all the rest."""

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


@dataclass(frozen=True)
class Moment(TemplateRow):
    """An instant as clocks show it: "11:30", and as machines read it."""

    words: str
    stamp: str


@dataclass(frozen=True)
class Person(TemplateRow):
    """Somebody who appears, and as what: each part, and all in one line of safe HTML with a link."""

    slug: str
    name: str
    affiliation: str
    role: str
    line: str


@dataclass(frozen=True)
class AgendaRow(TemplateRow):
    title: str
    abstract: object
    starts: Moment | None
    ends: Moment | None
    people: tuple[Person, ...]
    who: str


@dataclass(frozen=True)
class SessionRow(TemplateRow):
    """One session in a list. `ends_on` names the day where it ends on another one than it starts.

    `meta` is track and place in one list of safe HTML, `who` the lines of its people, which so are one text however
    many there are; `seats` says how many are left, where they can be taken.
    """

    session: Session
    slug: str
    title: str
    starts: Moment
    ends: Moment
    ends_on: str
    track: str
    place: str
    online: bool
    meta: str
    agenda: tuple[AgendaRow, ...]
    people: tuple[Person, ...]
    who: str
    audience: tuple[tuple[str, bool], ...]
    internal: bool
    draft: bool
    cancelled: bool
    reason: str
    seats: str
    may_choose: bool
    would_wait: bool
    ticked: bool


@dataclass(frozen=True)
class Day(TemplateRow):
    """One day in the zone of the view, with its sessions in order."""

    on: date
    anchor: str
    mark: str
    weekday: str
    month: str
    title: str
    rows: tuple[SessionRow, ...]


_escaped = lru_cache(maxsize=4096)(escape)


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
                title=localized_html(title, view.language, lab.default_language) if title else "",
                rows=tuple(row(session, lab, view) for session in of_day),
            )
        )
    return tuple(result)


def row(session: Session, lab: Lab, view: View, *, parts: bool = True, whole: bool = False) -> SessionRow:
    """Return one session as a list shows it.

    Without `parts`, agenda, people and invited cities are left out, and need not have been fetched. The `whole` one is
    for its own page, with the agenda's abstracts.
    """
    language, fallback = view.language, lab.default_language
    zone = ZoneInfo(view.zone)
    starts, ends = session.starts_at.astimezone(zone), session.ends_at.astimezone(zone)
    people: defaultdict[int | None, list[Person]] = defaultdict(list)
    for appearance in session.all_appearances if parts else ():
        people[appearance.agenda_item_id].append(person(appearance, lab, language))
    internal = session.is_internal
    may_choose = view.choosing and can_be_chosen(session, view.now)
    track = localized_html(session.track.name, language, fallback) if session.track else ""
    place, online = place_html(session, language), is_online(session)
    return SessionRow(
        session=session,
        slug=_escaped(session.slug),
        title=localized_html(session.title, language, fallback),
        starts=_moment(starts),
        ends=_moment(ends),
        ends_on="" if ends.date() == starts.date() else short_day(ends.date(), language),
        track=track,
        place=place,
        online=online,
        meta=_meta(track, place, online),
        agenda=tuple(
            AgendaRow(
                title=localized_html(item.title, language, fallback),
                abstract=item.abstract if whole else "",
                starts=_moment(item.starts_at.astimezone(zone)) if item.starts_at else None,
                ends=_moment(item.ends_at.astimezone(zone)) if item.ends_at else None,
                people=tuple(people[item.pk]),
                who=_who(people[item.pk]),
            )
            for item in (session.agenda_items if parts else ())
        ),
        people=tuple(people[None]),
        who=_who(people[None]),
        audience=_audience(session, view) if parts and internal else (),
        internal=internal,
        draft=session.visibility == Session.Visibility.DRAFT,
        cancelled=session.is_cancelled,
        reason=localized_html(session.cancel_reason, language, fallback) if session.is_cancelled else "",
        seats=seats(session) if view.choosing and not session.is_cancelled else "",
        may_choose=may_choose,
        would_wait=may_choose and session.seats_left is not None and session.seats_left <= 0,
        ticked=may_choose and session.slug in view.picked,
    )


# The same in the database: a seat is free, or one can wait for one.
HAS_ROOM = Q(capacity__isnull=True) | Q(seats_taken__lt=F("capacity")) | Q(waiting_list=True)


def to_come(now: datetime) -> Q:
    """Return the condition for sessions that take place and are not over."""
    return Q(status=Session.Status.SCHEDULED, ends_at__gt=now) & ~Q(visibility=Session.Visibility.DRAFT)


def can_be_chosen(session: Session, now: datetime) -> bool:
    """Tell whether a person could register for the session: it takes place, is ahead, and has a seat or a list."""
    if session.is_cancelled or session.visibility == Session.Visibility.DRAFT or session.is_over(now):
        return False
    left = session.seats_left
    return left is None or left > 0 or session.waiting_list


def people_of(sessions: Iterable[Session], lab: Lab, language: str) -> tuple[Person, ...]:
    """Return everyone who appears in these sessions, each once, by name."""
    seen: dict[int, Appearance] = {}
    for session in sessions:
        for appearance in session.all_appearances:
            seen.setdefault(appearance.speaker_id, appearance)
    by_name = sorted(
        seen.values(),
        key=lambda each: alphabetical_key(
            text_and_language(each.speaker.name, language, lab.default_language)[0]
        ),
    )
    return tuple(person(appearance, lab, language) for appearance in by_name)


def person(appearance: Appearance, lab: Lab, language: str) -> Person:
    """Return who appears, and as what; the link leads to the speaker's page in this lab."""
    speaker, fallback = appearance.speaker, lab.default_language
    return _person(
        lab.slug,
        speaker.slug,
        text_and_language(speaker.name, language, fallback),
        text_and_language(speaker.affiliation, language, fallback),
        appearance.role,
        language,
    )


@lru_cache(maxsize=4096)
def _person(
    lab: str, slug: str, name: tuple[str, str], affiliation: tuple[str, str], role: str, language: str
) -> Person:
    """Make a person's words once for all the rows in which he or she stands. `language` is the active one."""
    who, whence = html_with_language(*name, language), html_with_language(*affiliation, language)
    what = escape(Appearance.Role(role).label)
    address = reverse("speaker", args=[lab, slug])
    line = format_html('{}: <a href="{}">{}</a>', what, address, who)
    return Person(slug, who, whence, what, format_html("{}, {}", line, whence) if whence else line)


def blocks(sessions: Iterable[Session], zone: str) -> list[Block]:
    """Return the timetable figure's blocks: the sessions that take place, as clocks in `zone` show them."""
    clocks = ZoneInfo(zone)
    return weigh(
        (session.starts_at.astimezone(clocks), session.ends_at.astimezone(clocks), session.is_internal)
        for session in sessions
        if not session.is_cancelled
    )


def _who(people: Iterable[Person]) -> SafeString:
    return _lines(tuple(person.line for person in people))


@lru_cache(maxsize=4096)
def _lines(lines: tuple[str, ...]) -> SafeString:
    """Write lines (safe HTML) one after the other, once for all the rows in which the same people stand."""
    return format_html_join("", '<span class="who">{}</span>', ((line,) for line in lines))


@lru_cache(maxsize=4096)
def _meta(track: str, place: str, online: bool) -> SafeString:
    """Write track and place (safe HTML both) once for all the rows that share them; nothing where both are missing."""
    of_track = format_html('<li><span class="track-mark"></span>{}</li>', track) if track else ""
    of_place = (
        format_html("<li>{}<span>{}</span></li>", icon("screen" if online else "place"), place)
        if place
        else ""
    )
    return format_html('<ul class="meta">{}{}</ul>', of_track, of_place) if track or place else escape("")


def _moment(local: datetime) -> Moment:
    return Moment(_escaped(clock(local)), _escaped(local.isoformat(timespec="minutes")))


def _audience(session: Session, view: View) -> tuple[tuple[str, bool], ...]:
    """Return the invited cities by name, each with whether it is the reader's own."""
    return tuple(
        sorted(
            (text_and_language(city.name, view.language)[0], city.pk in view.own_cities)
            for city in session.audience.all()
        )
    )


def empty_list_text(filtered: bool) -> str:
    """Return what stands where no session is shown."""
    if filtered:
        return gettext("No session of this programme belongs to this track.")
    return gettext("The programme is not published yet. Its sessions will appear here, day by day.")
