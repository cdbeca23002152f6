"""Built-in tags and filters: icons, texts in several languages, seats, URLs.

They are used in lists of hundreds of sessions, so they use `format_html` instead of templates.
"""

from functools import lru_cache
from typing import Protocol
from urllib.parse import quote

from django import template
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from core.timezones import formatting
from core.web import markdown
from core.web.email_addresses import ascii_address
from core.web.localized_fields import text_and_language
from core.web.localized_html import localized_html

register = template.Library()

FEW_SEATS = 10
# Letters of a heading beyond which it is set smaller, and smaller still: three lines and five on a phone.
LONG_HEADING, LONGER_HEADING = 60, 110


class Seated(Protocol):
    """The fields of a session that the seats line shows."""

    @property
    def capacity(self) -> int | None: ...
    @property
    def seats_left(self) -> int | None: ...
    @property
    def seats_waiting(self) -> int: ...
    @property
    def waiting_list(self) -> bool: ...


def _language() -> str:
    return get_language() or "en"


# Icons


@lru_cache(maxsize=1)
def _sprite() -> str:
    return static("site/icons.svg")


@register.simple_tag
def icon(name: str, css: str = "icon") -> SafeString:
    """Print an icon of static/site/icons.svg, hidden from assistive technology."""
    return _icon(name, css)


@lru_cache(maxsize=256)
def _icon(name: str, css: str) -> SafeString:
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css,
        _sprite(),
        name,
    )


# Texts in several languages


def _fallback(context: template.Context, within: object) -> str:
    owner = within or context.get("lab") or context.get("programme")
    return getattr(owner, "default_language", "") or ""


@register.simple_tag(takes_context=True)
def say(context: template.Context, text: object, within: object = None) -> str:
    """Print a text in the reader's language, else in the default one of `within` (the page's lab or programme).

    A text in another language is wrapped in `<span lang>`.
    """
    return localized_html(text, _language(), _fallback(context, within))


@register.simple_tag(takes_context=True)
def say_plain(context: template.Context, text: object, within: object = None) -> str:
    """Like `say`, as plain text for titles and attributes."""
    return text_and_language(text, _language(), _fallback(context, within))[0]


@register.simple_tag(takes_context=True)
def heading_size(context: template.Context, text: object, within: object = None) -> str:
    """Return the class that sets a long heading smaller, "" for others, so that what follows stays on the screen."""
    length = len(say_plain(context, text, within))
    return "heading-longer" if length > LONGER_HEADING else "heading-long" if length > LONG_HEADING else ""


@register.simple_tag(takes_context=True)
def prose(context: template.Context, text: object, top: int = 3, within: object = None) -> str:
    """Print paragraphs of Markdown in a `<div class="prose">`; headings begin at level `top`. Nothing for no text."""
    words, language = text_and_language(text, _language(), _fallback(context, within))
    if not words.strip():
        return ""
    html = markdown.render(words, top)
    if language == _language():
        return format_html('<div class="prose">{}</div>', html)
    return format_html('<div class="prose" lang="{}">{}</div>', language, html)


@register.filter
def plain(text: object, length: int = 200) -> str:
    """Return Markdown as plain text on one line, cut after a word at about `length` characters."""
    words = markdown.plain_line(text_and_language(text, _language())[0])
    if len(words) <= length:
        return words
    return words[:length].rsplit(" ", 1)[0].rstrip(",.;:– ") + "…"


@register.filter
def language_in_words(code: str) -> str:
    """Return the name of a language in the reader's language: "Bulgarian", "български", "Βουλγαρικά".

    Not called `language_name`: Django's i18n tags have a filter of that name, which answers in English.
    """
    name = formatting.locale_of(code).get_language_name(_language()) or code
    # Names of languages are lower case in Bulgarian, capitalised in English and Greek.
    return name if _language() == "bg" else name[:1].upper() + name[1:]


@register.filter
def country_name(code: str) -> str:
    """Return the name of a country code: "Bulgaria", "България", "Βουλγαρία"."""
    return formatting.locale_of(_language()).territories.get(code.upper(), code)


@register.filter
def safe_link(address: str) -> str:
    """Return a URL that people typed if it is http, https or mailto, else "".

    Forms check it as well, but rows may come from an import or the administration.
    """
    return address if markdown.is_safe_link(str(address)) else ""


@register.filter
def mailto(address: str) -> str:
    """Return the `mailto:` URI of an email address (RFC 6068 §2), with the domain's ASCII name."""
    return "mailto:" + quote(ascii_address(address), safe="@!$'*+")


# Seats


@register.simple_tag
def meter(share: float, kind: str = "full", css: str = "meter") -> SafeString:
    """Print a proportion (0 to 1) as a bar. Kinds: full, few, wait."""
    width = f"{min(max(share, 0.0), 1.0) * 100:.1f}"
    return format_html(
        '<svg class="{}" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="m-{}" width="{}" height="1"></rect></svg>',
        css,
        kind,
        width,
    )


@register.simple_tag
def seats(session: Seated, with_meter: bool = True) -> SafeString:
    """Print how many seats are left, with a bar of their share. Full sessions have no bar."""
    return _seats(
        session.capacity,
        session.seats_left or 0,
        session.seats_waiting if session.waiting_list else None,
        with_meter,
        _language(),
    )


@lru_cache(maxsize=4096)
def _seats(
    capacity: int | None, left: int, waiting: int | None, with_meter: bool, language: str
) -> SafeString:
    """Cached for all sessions with the same numbers; `waiting` is None without a waiting list."""
    if capacity is None:
        return format_html('<p class="seats quiet">{}</p>', gettext("Open to everyone who registers"))
    if left > 0:
        before, after = ngettext("%(seats)s seat left", "%(seats)s seats left", left).split("%(seats)s")
        words = format_html('<p class="seats">{}<strong class="num">{}</strong>{}</p>', before, left, after)
    else:
        sign, text = _full_text(waiting)
        words = format_html('<p class="seats"><span class="state">{}{}</span></p>', icon(sign), text)
    if left <= 0 or not with_meter:
        return words
    return format_html("{}{}", words, meter(left / capacity, "few" if left < FEW_SEATS else "full"))


@register.simple_tag
def seats_words(session: Seated) -> str:
    """Return the same as `seats` as plain text."""
    left = session.seats_left
    if left is None:
        return gettext("Open to everyone who registers")
    if left > 0:
        return ngettext("%(seats)s seat left", "%(seats)s seats left", left) % {"seats": left}
    return _full_text(session.seats_waiting if session.waiting_list else None)[1]


def _full_text(waiting: int | None) -> tuple[str, str]:
    if waiting is None:
        return "cross", gettext("Full, without a waiting list")
    if not waiting:
        return "wait", gettext("Full. You can join the waiting list")
    return "wait", ngettext(
        "Full. %(count)s person is waiting", "Full. %(count)s people are waiting", waiting
    ) % {"count": waiting}


# Addresses


@register.simple_tag(takes_context=True)
def active_query(context: template.Context, *without: str, **changes: object) -> str:
    """Return this page's query ("?q=a&page=2") without some parameters, others changed; None or "" removes one, too."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name, value in (dict.fromkeys(without) | changes).items():
        if value is None or value == "":
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"
