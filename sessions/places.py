"""The place of a session as text for pages, emails and calendars.

A room with its address and the lab's venue, or "online"; never the join link, which is for people with a seat.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlencode

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext

from core.web import markdown
from core.web.localized_fields import text_and_language
from core.web.localized_html import html_with_language
from core.web.templatetags.site_tags import icon
from labs.models import Lab
from sessions.models import Session

# (text, language)
Part = tuple[str, str]
# A page that everybody's browser opens; `geo:` needs a program that is installed, and coordinates.
MAP_URL = "https://www.openstreetmap.org/search"


class Place(NamedTuple):
    """The name of the place, and its address, each in parts. `is_hybrid` in a hybrid lab, without a room."""

    name: tuple[Part, ...] = ()
    address: tuple[Part, ...] = ()
    is_online: bool = False
    is_hybrid: bool = False


def place_of(session: Session, language: str) -> str:
    """Return "Plenary, 5 Rue de la Loi, Town hall", "Plenary, online", in `language`, which is the active one.

    Needs the session's room and lab. "" for a session in person without a place.
    """
    place = _place(session, language)
    words = ", ".join(words for words, _language in (*place.name, *place.address))
    return gettext("{venue} and online").format(venue=words) if place.is_hybrid else words


def place_html(session: Session, language: str) -> SafeString:
    """Return the same as safe HTML with an icon, and the address as a link to a map.

    Parts in other languages have `lang` attributes.
    """
    return _html(_place(session, language), language)


def is_online(session: Session) -> bool:
    """Tell whether the session is online only."""
    return session.room.online if session.room else session.lab.format == Lab.Format.ONLINE


def is_in_person(session: Session) -> bool:
    """Tell whether the session can only be attended where it takes place."""
    return not session.room.online if session.room else session.lab.format == Lab.Format.IN_PERSON


def join_link_of(session: Session) -> str:
    """Return the join link of the session or else of its room, "" if there is none."""
    address = session.join_link or (session.room.join_link if session.room else "")
    return address if markdown.is_safe_link(address) else ""


def _place(session: Session, language: str) -> Place:
    lab, room = session.lab, session.room
    venue = text_and_language(lab.venue, language, lab.default_language)
    if room is None:
        if lab.format == Lab.Format.ONLINE:
            return Place(((gettext("Online"), language),), is_online=True)
        is_hybrid = lab.format == Lab.Format.HYBRID
        if venue[0]:
            return Place(address=(venue,), is_hybrid=is_hybrid)
        return Place(((gettext("In person and online"), language),)) if is_hybrid else Place()
    name = text_and_language(room.name, language, lab.default_language)
    if room.online:
        online = pgettext("place, within a sentence", "online")
        return Place((name, (online, language)), is_online=True)
    # Addresses are not translated.
    address = (room.address, language)
    # Parts that the address contains are not repeated, and vice versa.
    if venue[0].casefold() in address[0].casefold():
        venue = ("", "")
    elif address[0].casefold() in venue[0].casefold():
        address = ("", "")
    where = (address, venue)
    return Place((name,) if name[0] else (), tuple(part for part in where if part[0] and part[0] != name[0]))


@lru_cache(maxsize=1024)
def _html(place: Place, language: str) -> SafeString:
    """Cached for all rows with the same place."""
    words = _join(place.name, language)
    if place.address:
        query = urlencode({"query": ", ".join(words for words, _language in place.address)})
        link = format_html(
            '<a href="{}?{}" rel="noopener noreferrer nofollow" title="OpenStreetMap">{}</a>',
            MAP_URL,
            query,
            _join(place.address, language),
        )
        words = format_html("{}, {}", words, link) if words else link
    if place.is_hybrid:
        words = format_html(gettext("{venue} and online"), venue=words)
    if not words:
        return words
    sign = icon("screen" if place.is_online else "place")
    # One element: where what stands beside each other has gaps, none comes before the comma of an address.
    return format_html('<span class="place">{}<span>{}</span></span>', sign, words)


def _join(parts: tuple[Part, ...], language: str) -> SafeString:
    return format_html_join(", ", "{}", ((html_with_language(*part, language),) for part in parts))
