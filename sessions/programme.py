"""Builds the rows of sessions for lists and templates, in one language and one zone.

Pure functions that return formatted values, so that pages with hundreds of sessions are fast. No queries beyond what
`for_pages` or `sessions.listing` fetched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from core.search import alphabetical_key
from core.timezones.formatting import clock, short_day
from core.web.localized_fields import text_and_language, text_of
from core.web.localized_html import html_with_language, localized_html
from labs.models import Lab
from sessions.models import Appearance, Session
from sessions.places import is_online, place_html
from sessions.session_languages import languages_in_words
from sessions.speaker_pictures import small_portrait
from sessions.timetable import Block, weigh


@dataclass(frozen=True)
class View:
    """The parameters of a page: language, zone of the hours, instant, and the reader's cities."""

    language: str
    zone: str
    now: datetime
    own_cities: frozenset[int] = frozenset()
    # Sessions may be chosen for registration.
    choosing: bool = False
    # Addresses of the sessions that are ticked so far.
    picked: frozenset[str] = frozenset()


class TemplateRow:
    """Base of rows for templates, which try `row["title"]` before `row.title`: a failed lookup is slow."""

    def __getitem__(self, name: str) -> object:
        return getattr(self, name)


@dataclass(frozen=True)
class Moment(TemplateRow):
    """An instant as "11:30" and in ISO format."""

    words: str
    stamp: str


@dataclass(frozen=True)
class Person(TemplateRow):
    """A speaker with role: each part, and all in one line of safe HTML with a link; `photo` or the initials."""

    slug: str
    name: str
    affiliation: str
    role: str
    line: str
    photo: str


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
    """One session in a list. `ends_on` is the day of the end if it differs from that of the start.

    `meta` is the safe HTML of track, place and languages, `who` that of the people.
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
    languages: str
    meta: str
    agenda: tuple[AgendaRow, ...]
    people: tuple[Person, ...]
    who: str
    audience: tuple[tuple[str, bool], ...]
    internal: bool
    draft: bool
    cancelled: bool
    reason: str
    may_choose: bool
    would_wait: bool


_escaped = lru_cache(maxsize=4096)(escape)


def row(session: Session, lab: Lab, view: View, *, parts: bool = True, whole: bool = False) -> SessionRow:
    """Return the row of one session.

    Without `parts`, agenda, people and invited cities are omitted, and need not be fetched. `whole` includes the
    agenda's abstracts, for the session's own page.
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
    languages = languages_in_words(session)
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
        languages=languages,
        meta=_meta(track, place, languages),
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
        may_choose=may_choose,
        would_wait=may_choose and session.is_full,
    )


def can_be_chosen(session: Session, now: datetime) -> bool:
    """Tell whether the session takes place, is not over, and has a free seat or a waiting list."""
    return is_to_come(session, now) and (session.waiting_list or not session.is_full)


def is_to_come(session: Session, now: datetime) -> bool:
    """Tell whether the session takes place and is not over: neither cancelled nor a draft."""
    is_on = not session.is_cancelled and session.visibility != Session.Visibility.DRAFT
    return is_on and not session.is_over(now)


def people_of(sessions: Iterable[Session], lab: Lab, language: str) -> tuple[Person, ...]:
    """Return the speakers of these sessions, each once, by name."""
    seen: dict[int, Appearance] = {}
    for session in sessions:
        for appearance in session.all_appearances:
            seen.setdefault(appearance.speaker_id, appearance)
    by_name = sorted(
        seen.values(),
        key=lambda each: alphabetical_key(text_of(each.speaker.name, language, lab)),
    )
    return tuple(person(appearance, lab, language) for appearance in by_name)


def person(appearance: Appearance, lab: Lab, language: str) -> Person:
    """Return the speaker with role, linked to the speaker's page in this lab."""
    speaker, fallback = appearance.speaker, lab.default_language
    return _person(
        lab.slug,
        speaker.slug,
        text_and_language(speaker.name, language, fallback),
        text_and_language(speaker.affiliation, language, fallback),
        appearance.role,
        language,
        small_portrait(speaker, lab, language),
    )


@lru_cache(maxsize=4096)
def _person(
    lab: str,
    slug: str,
    name: tuple[str, str],
    affiliation: tuple[str, str],
    role: str,
    language: str,
    photo: SafeString,
) -> Person:
    """Cached for all rows with the same person. `language` is the active one."""
    who, whence = html_with_language(*name, language), html_with_language(*affiliation, language)
    what = escape(str(Appearance.Role(role).label))
    address = reverse("speaker", args=[lab, slug])
    line = format_html('{}: <a href="{}">{}</a>', what, address, who)
    return Person(slug, who, whence, what, format_html("{}, {}", line, whence) if whence else line, photo)


# What `blocks` needs of sessions, and the lab.
BLOCK_FIELDS = ("lab", "starts_at", "ends_at", "visibility", "status")


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
    """Join lines (safe HTML). Cached for all rows with the same people."""
    return format_html_join("", '<span class="who">{}</span>', ((line,) for line in lines))


@lru_cache(maxsize=4096)
def _meta(track: str, place: str, languages: str) -> SafeString:
    """Join track and place (both safe HTML) and languages, "" without all. Cached for all rows that share them."""
    of_track = format_html('<li><span class="track-mark"></span>{}</li>', track) if track else ""
    of_place = format_html("<li>{}</li>", place) if place else ""
    spoken = format_html('<li class="spoken">{}</li>', languages) if languages else ""
    parts = (of_track, of_place, spoken)
    return format_html('<ul class="meta">{}{}{}</ul>', *parts) if any(parts) else escape("")


def _moment(local: datetime) -> Moment:
    return Moment(_escaped(clock(local)), _escaped(local.isoformat(timespec="minutes")))


def _audience(session: Session, view: View) -> tuple[tuple[str, bool], ...]:
    """Return the names of the invited cities, each with whether it is one of the reader's."""
    return tuple(
        sorted(
            (text_and_language(city.name, view.language)[0], city.pk in view.own_cities)
            for city in session.audience.all()
        )
    )
