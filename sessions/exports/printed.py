"""What the programme and the poster as PDF have in common: how texts are set, the lab's colours and its pictures.

What people typed is set as text only. A picture is fetched by nobody: its bytes go along with the page, under an
address that the page mentions (`own:…`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from core.pdf.fonts import needs_fallback, printable, printable_text
from core.pdf.renderer import Picture
from core.web import markdown
from core.web.localized_fields import text_and_language
from core.web.palette import DEFAULT_COLOURS
from labs.funding import EMBLEM
from labs.logos import MEDIA_TYPES
from labs.models import Lab

STYLE_FOLDER = Path(settings.BASE_DIR) / "templates" / "sessions" / "print"
# The service's sign.
MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="24" height="24">'
    '<path fill="{}" d="M1 2h6v12H1zM9 7h6v15H9zM17 2h6v8h-6z"/></svg>'
)


@cache
def style_sheet(name: str) -> str:
    return (STYLE_FOLDER / name).read_text(encoding="utf-8")


def drawn(words: str, came_in: str, language: str) -> SafeString:
    """Return a line of text as HTML: what no font draws is left out, and another language is named."""
    text = printable(words).text
    shown = (
        format_html('<span class="fallback-font">{}</span>', text) if needs_fallback(text) else escape(text)
    )
    if came_in and came_in != language:
        return format_html('<span lang="{}">{}</span>', came_in, shown)
    return shown


def line(text: object, language: str, lab: Lab) -> SafeString:
    """Return a multilingual line as HTML in this language, else in another that is named; "" where there is none."""
    words, came_in = text_and_language(text, language, lab.default_language)
    return drawn(words, came_in, language) if words else SafeString("")


def paragraphs(text: object, language: str, lab: Lab, *, top: int) -> SafeString:
    """Return a text in Markdown as HTML that is well-formed XML; its highest heading becomes h`top`."""
    words, came_in = text_and_language(text, language, lab.default_language)
    if not words:
        return SafeString("")
    words = printable_text(words)
    html = markdown.render(words, top)
    for void, closed in (("<br>", "<br/>"), ("<hr>", "<hr/>"), ("&nbsp;", "\u00a0")):
        html = SafeString(html.replace(void, closed))
    classes = "prose fallback-font" if needs_fallback(words) else "prose"
    if came_in == language:
        return format_html('<div class="{}">{}</div>', classes, html)
    return format_html('<div class="{}" lang="{}">{}</div>', classes, came_in, html)


def plain(text: object, language: str, lab: Lab) -> str:
    """Return a multilingual line as text that the fonts draw, for the file's title and its bookmarks."""
    return printable(text_and_language(text, language, lab.default_language)[0]).text


def colours(lab: Lab) -> Mapping[str, str]:
    """Return the lab's colours by their names in `labs.theme`."""
    return {**DEFAULT_COLOURS, **lab.theme_values}


def pictures(lab: Lab) -> dict[str, Picture]:
    """Return the service's sign, the lab's logo and the emblem of its funding, as far as there are any."""
    found = {"own:mark": drawing(MARK.format("#ffffff"))}
    if lab.logo:
        with lab.logo.open("rb") as file:
            kind = str(lab.logo.name).rpartition(".")[2]
            found["own:logo"] = Picture(file.read(), MEDIA_TYPES[kind])
    if lab.programme.eu_funded:
        found["own:emblem"] = Picture(EMBLEM.read_bytes(), "image/svg+xml")
    return found


def drawing(svg: str) -> Picture:
    return Picture(svg.encode(), "image/svg+xml")
