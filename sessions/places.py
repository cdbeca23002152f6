"""The place of a session as text for pages, emails and calendars.

A room with its address and the lab's venue, or "online"; never the join link, which is for people with a seat.
"""

from __future__ import annotations

from functools import lru_cache

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from core.web import markdown
from core.web.localized_fields import text_and_language
from core.web.localized_html import html_with_language
from labs.models import Lab
from sessions.models import Session

# (text, language)
Part = tuple[str, str]


def place_of(session: Session, language: str) -> str:
    """Return "Plenary, 5 Rue de la Loi, Town hall", "Plenary, online", in `language`, which is the active one.

    Needs the session's room and lab. "" for a session in person without a place.
    """
    parts, is_hybrid = _parts(session, language)
    words = ", ".join(words for words, _language in parts)
    return gettext("{venue} and online").format(venue=words) if is_hybrid else words


def place_html(session: Session, language: str) -> SafeString:
    """Return the same as safe HTML, with `lang` attributes on parts in other languages."""
    return _parts_html(*_parts(session, language), language)


def is_online(session: Session) -> bool:
    """Tell whether the session is online only."""
    return session.room.online if session.room else session.lab.format == Lab.Format.ONLINE


def join_link_of(session: Session) -> str:
    """Return the join link of the session or else of its room, "" if there is none."""
    address = session.join_link or (session.room.join_link if session.room else "")
    return address if markdown.is_safe_link(address) else ""


def _parts(session: Session, language: str) -> tuple[tuple[Part, ...], bool]:
    """Return the parts of the place, and whether the session is hybrid: in a hybrid lab, without a room."""
    lab, room = session.lab, session.room
    venue = text_and_language(lab.venue, language, lab.default_language)
    if room is None:
        if lab.format == Lab.Format.ONLINE:
            return ((gettext("Online"), language),), False
        is_hybrid = lab.format == Lab.Format.HYBRID
        if venue[0]:
            return (venue,), is_hybrid
        return (((gettext("In person and online"), language),) if is_hybrid else ()), False
    name = text_and_language(room.name, language, lab.default_language)
    if room.online:
        return (name, (gettext("online"), language)), False
    # Addresses are not translated.
    address = (room.address, language)
    # Parts that the address contains are not repeated, and vice versa.
    if venue[0].casefold() in address[0].casefold():
        venue = ("", "")
    elif address[0].casefold() in venue[0].casefold():
        address = ("", "")
    return tuple(
        part for part in (name, address, venue) if part[0] and (part == name or part[0] != name[0])
    ), False


@lru_cache(maxsize=1024)
def _parts_html(parts: tuple[Part, ...], is_hybrid: bool, language: str) -> SafeString:
    """Cached for all rows with the same parts."""
    words = format_html_join(", ", "{}", ((html_with_language(*part, language),) for part in parts))
    return format_html(gettext("{venue} and online"), venue=words) if is_hybrid else words
