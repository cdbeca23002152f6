"""A poster of a lab: one page of A4 with its name, days, place and organiser, and the way to its page as a QR code."""

from __future__ import annotations

from datetime import datetime

from django.template.loader import get_template
from django.utils import translation

from core.pdf import qr
from core.pdf.renderer import render_document
from core.web.absolute_urls import absolute_url
from labs.funding import funding_of
from labs.models import Lab
from sessions import lab_summary
from sessions.exports import printed

# Letters of a title up to which it stands so large; the last is for any.
_SIZES = ((24, "short"), (48, "middling"), (90, "long"))


def poster_pdf(lab: Lab, language: str, as_of: datetime) -> bytes:
    """Return the poster as PDF/A-3a and PDF/UA-1 in this language; the same arguments give the same bytes.

    `as_of` is when what it says was last changed. Raises RendererFailed.
    """
    address = absolute_url("lab", lab.slug)
    pictures = printed.pictures(lab) | {"own:qr": printed.drawing(qr.svg(address))}
    with translation.override(language):
        context = {
            "language": language,
            "colours": printed.colours(lab),
            "title": printed.plain(lab.title, language, lab),
            "heading": printed.line(lab.title, language, lab),
            "heading_size": _size(printed.plain(lab.title, language, lab)),
            "theme": printed.line(lab.theme, language, lab),
            "programme": printed.line(lab.programme.name, language, lab),
            "organiser": printed.plain(lab.programme.organiser, language, lab),
            "facts": lab_summary.facts(lab, language),
            "has_logo": bool(lab.logo),
            "logo_text": printed.plain(lab.logo_alt, language, lab),
            "funding": funding_of(lab.programme),
            "address": address,
            "short_address": address.partition("://")[2].rstrip("/"),
            "stamp": as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        html = get_template("sessions/print/poster.html").render(context)
    return render_document(
        html, pictures, f"poster-{lab.pk}-{language}", style=printed.style_sheet("poster.css")
    )


def _size(title: str) -> str:
    """Return the class of a title by its length and its longest word, which must fit in one line."""
    longest = max((len(word) for word in title.split()), default=0)
    return next((css for most, css in _SIZES if len(title) <= most and longest <= most * 2 // 3), "longest")
