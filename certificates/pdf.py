"""The certificate of attendance as a file: plain content in, PDF bytes out. No requests, no queries."""

from functools import cache
from pathlib import Path

from django.conf import settings
from django.template.loader import get_template

from certificates.content import CertificateContent, Colours
from certificates.page import layouts, page_context
from core.pdf import qr
from core.pdf.renderer import Picture, render_document
from core.web.palette import mixed
from labs.funding import EMBLEM
from sessions import timetable, timetable_svg
from sessions.timetable import Block, Weight

STYLE_SHEET = Path(settings.BASE_DIR) / "templates" / "certificates" / "certificate.css"
# The service's logo, in the certificate's band.
_MARK = Picture(
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="24" height="24">'
    b'<path fill="#ffffff" d="M1 2h6v12H1zM9 7h6v15H9zM17 2h6v8h-6z"/></svg>',
    "image/svg+xml",
)
_EMBLEM = Picture(EMBLEM.read_bytes(), "image/svg+xml")


def render(content: CertificateContent) -> bytes:
    """Return the certificate as one PDF that is both PDF/A-3a and PDF/UA-1; same content, same bytes.

    A4 landscape; a list of sessions that is too long for one page goes on with its heading repeated, and every page
    carries the code. Raises MissingGlyphs when the fonts lack a character of the name.
    """
    content.check_glyphs()
    html = get_template("certificates/certificate.html").render(page_context(content))
    return render_document(html, _pictures(content), content.code, layouts(content), style=_style())


@cache
def _style() -> str:
    return STYLE_SHEET.read_text(encoding="utf-8")


def _pictures(content: CertificateContent) -> dict[str, Picture]:
    """The images of this one certificate, under the addresses by which the template mentions them."""
    attended = [Block(one.starts, one.ends) for one in content.sessions]
    others = [Block(starts, ends, Weight.SOFT) for starts, ends in content.other_sessions]
    drawing = timetable_svg.document(
        timetable.columns([*attended, *others]), _timetable_style(content.colours)
    )
    pictures = {
        "own:mark": _MARK,
        "own:timetable": Picture(drawing.encode(), "image/svg+xml"),
        "own:qr": Picture(qr.svg(content.check_url, quiet_zone=0).encode(), "image/svg+xml"),
    }
    if content.eu_funded:
        pictures["own:emblem"] = _EMBLEM
    return pictures | {f"own:{part}": picture for part, picture in content.uploaded_pictures()}


def _timetable_style(colours: Colours) -> str:
    """The look of the timetable on the lab's ground."""
    return (
        f".g-line {{ stroke: {mixed(colours.ground, '#ffffff', 0.26)}; stroke-width: 1 }}"
        f".g-bar {{ fill: {colours.lift} }} .g-bar-2 {{ fill: {mixed(colours.ground, colours.lift, 0.35)} }}"
        f'text {{ font-family: "Sofia Sans Condensed" }} .g-text {{ font-size: 12px; fill: {colours.soft} }}'
        ".g-day { font-size: 14px; font-weight: 700; fill: #ffffff }"
    )
