"""Builds calendar entries of sessions, and the heads of their feeds, in one language.

Pure functions of the given rows: no query beyond what `for_pages` fetched, and no clock, so that an unchanged session
gives the same text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext, override

from core.timezones.zone_hours import city_words, clocks_change, hours
from core.web import markdown
from core.web.absolute_urls import absolute_url
from core.web.localized_fields import text_of
from labs.models import Lab, Programme, Track
from sessions.calendars import CalendarEntry, Events, Feed
from sessions.models import AgendaItem, Appearance, Session
from sessions.places import place_of
from sessions.session_languages import languages_in_words


def entries(sessions: Iterable[Session], language: str) -> tuple[CalendarEntry, ...]:
    """Return the sessions' entries in `language`, each text falling back to its lab's default language."""
    with override(language):
        return tuple(_entry(session, language) for session in sessions)


def lab_feed(lab: Lab, events: Events, language: str) -> Feed:
    """Return the calendar of a whole lab."""
    return Feed(
        name=text_of(lab.title, language, lab),
        events=events,
        description=text_of(lab.theme, language, lab),
        url=absolute_url("lab", lab.slug),
        language=language,
        zone=lab.time_zone,
    )


def track_feed(track: Track, events: Events, language: str) -> Feed:
    """Return the calendar of one track of its lab."""
    lab = track.lab
    return Feed(
        name=f"{text_of(lab.title, language, lab)} · {text_of(track.name, language, lab)}",
        events=events,
        url=f"{absolute_url('lab', lab.slug)}?track={track.slug}",
        language=language,
        zone=lab.time_zone,
    )


def programme_feed(programme: Programme, events: Events, language: str) -> Feed:
    """Return the calendar of all labs of a programme."""
    return Feed(
        name=text_of(programme.name, language, programme),
        events=events,
        url=absolute_url("programme", programme.slug),
        language=language,
    )


def delegate_feed(events: Events, language: str) -> Feed:
    """Return the calendar of all sessions that a delegate may see."""
    with override(language):
        name = gettext("City Labs, your sessions as a delegate")
    return Feed(name=name, events=events, url=f"{settings.BASE_URL}/", language=language)


def _entry(session: Session, language: str) -> CalendarEntry:
    lab = session.lab
    title = text_of(session.title, language, lab)
    if session.is_cancelled:
        title = gettext("Cancelled: %(title)s") % {"title": title}
    url = absolute_url("session", lab.slug, session.slug)
    return CalendarEntry(
        uid=session.uid,
        starts=datetime.combine(session.start_date, session.start_time),
        ends=datetime.combine(session.end_date, session.end_time),
        zone=session.time_zone,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        summary=title,
        revised_at=session.content_revised_at,
        created=session.created_at,
        description=_description(session, language, url),
        location=place_of(session, language),
        url=url,
        categories=_categories(session, language),
        status="CANCELLED" if session.is_cancelled else "CONFIRMED",
        sequence=session.sequence,
    )


def people(appearances: Sequence[Appearance], language: str, lab: Lab) -> list[str]:
    """Return who appears, by role, in the active language: "Moderator: Name, affiliation"."""
    lines = []
    for appearance in appearances:
        speaker = appearance.speaker
        who = [text_of(speaker.name, language, lab), text_of(speaker.affiliation, language, lab)]
        lines.append(f"{appearance.get_role_display()}: {', '.join(part for part in who if part)}")
    return lines


def _description(session: Session, language: str, url: str) -> str:
    lab = session.lab
    parts = []
    if session.is_cancelled:
        parts.append(text_of(session.cancel_reason, language, lab))
    parts.append(markdown.plain_paragraphs(text_of(session.abstract, language, lab)))
    languages = languages_in_words(session)
    if languages:
        parts.append(gettext("Languages: %(languages)s") % {"languages": languages})
    parts.append("\n".join(people(session.appearances_in(), language, lab)))
    parts.append(_agenda(session, language))
    parts.append(url)
    return "\n\n".join(part for part in parts if part)


def _agenda(session: Session, language: str) -> str:
    items = session.agenda_items
    if not items:
        return ""
    zone = session.time_zone
    instants = [at for item in items for at in (item.starts_at, item.ends_at) if at]
    if instants:
        heading = gettext("Agenda, times in %(zone)s") % {"zone": city_words(zone, instants, language)}
    else:
        heading = gettext("Agenda")
    lines = [heading]
    with_offset = clocks_change(zone, instants)
    for item in items:
        lines.append(
            f"{_item_hours(item, zone, language, with_offset)}{text_of(item.title, language, session.lab)}"
        )
        lines += [f"  {line}" for line in people(session.appearances_in(item), language, session.lab)]
    return "\n".join(lines)


def _item_hours(item: AgendaItem, zone: str, language: str, with_offset: bool) -> str:
    if item.starts_at is None or item.ends_at is None:
        return ""
    return f"{hours(item.starts_at, item.ends_at, zone, language, with_offset=with_offset)} "


def _categories(session: Session, language: str) -> tuple[str, ...]:
    lab = session.lab
    names = [
        text_of(lab.programme.name, language, lab.programme),
        text_of(lab.title, language, lab),
    ]
    if session.track:
        names.append(text_of(session.track.name, language, lab))
    return tuple(name for name in names if name)
