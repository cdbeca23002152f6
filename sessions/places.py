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
from sessions.models.seating import Mode

# (text, language)
Part = tuple[str, str]
# A page that everybody's browser opens; `geo:` needs a program that is installed, and coordinates.
MAP_URL = "https://www.openstreetmap.org/search"


class Place(NamedTuple):
    """The name of the place, and its address, each in parts. `is_hybrid` where one can also attend online."""

    name: tuple[Part, ...] = ()
    address: tuple[Part, ...] = ()
    is_online: bool = False
    is_hybrid: bool = False


def place_of(session: Session, language: str, mode: str = "") -> str:
    """Return "Plenary, 5 Rue de la Loi, Town hall", "Plenary, online", "Plenary and online", in `language`, which is
    the active one.

    With a `mode` the place of those who attend a hybrid session so. Needs the session's room and lab. "" for a session
    in person without a place.
    """
    place = _place(session, language, mode)
    words = ", ".join(words for words, _language in (*place.name, *place.address))
    return gettext("{venue} and online").format(venue=words) if place.is_hybrid else words


def place_html(session: Session, language: str, mode: str = "") -> SafeString:
    """Return the same as safe HTML with an icon, and the address as a link to a map.

    Parts in other languages have `lang` attributes.
    """
    return _html(_place(session, language, mode), language)


def is_online(session: Session) -> bool:
    """Tell whether the session is online only."""
    return session.format == Lab.Format.ONLINE


def join_link_of(session: Session, mode: str = Mode.ONLINE) -> str:
    """Return the join link of the session or else of its room, "" if there is none.

    Who comes to the room of a hybrid session (`mode`) needs none.
    """
    if session.is_hybrid and mode == Mode.ROOM:
        return ""
    address = session.join_link or (session.room.join_link if session.room else "")
    return address if markdown.is_safe_link(address) else ""


def _place(session: Session, language: str, mode: str = "") -> Place:
    lab, room = session.lab, session.room
    is_hybrid = session.is_hybrid and not mode
    venue = text_and_language(lab.venue, language, lab.default_language)
    online = (pgettext("place, within a sentence", "online"), language)
    if session.is_hybrid and mode == Mode.ONLINE:
        return Place(((gettext("Online"), language),), is_online=True)
    if room is None:
        if is_online(session):
            return Place(((gettext("Online"), language),), is_online=True)
        if venue[0]:
            return Place(address=(venue,), is_hybrid=is_hybrid)
        return Place(((gettext("In person and online"), language),)) if is_hybrid else Place()
    name = text_and_language(room.name, language, lab.default_language)
    if is_online(session):
        return Place((name, online), is_online=True)
    # Addresses are not translated.
    address = (room.address, language)
    # Parts that the address contains are not repeated, and vice versa.
    if venue[0].casefold() in address[0].casefold():
        venue = ("", "")
    elif address[0].casefold() in venue[0].casefold():
        address = ("", "")
    where = tuple(part for part in (address, venue) if part[0] and part[0] != name[0])
    return Place((name,) if name[0] else (), where, is_hybrid=is_hybrid)


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
