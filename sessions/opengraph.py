"""OpenGraph metadata of pages: title, description, image, and the URLs by language."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from core.timezones.formatting import date_range, span
from core.timezones.wall_clock import wall
from core.timezones.zone_hours import zone_time
from core.web import markdown
from core.web.localized_fields import text_and_language, text_of
from labs.models import City, Lab, Programme
from sessions.models import Session

MAX_DESCRIPTION = 200


@dataclass(frozen=True)
class Preview:
    """`address` is the canonical URL, without the reader's preferences."""

    title: str
    description: str
    address: str
    image: str = ""


def lab_preview(lab: Lab, language: str, route: str = "lab", *parts: str) -> Preview:
    """Describe a lab, or the page of a lab with this `route` and `parts`."""
    days = date_range(lab.starts_on, lab.ends_on, language)
    theme = text_of(lab.theme, language, lab) or markdown.plain_line(text_of(lab.description, language, lab))
    return Preview(
        title=text_of(lab.title, language, lab),
        description=_truncated(_sentences(days, theme)),
        address=f"{settings.BASE_URL}{reverse(route, args=[lab.slug, *parts])}",
        image=image_url(lab, language),
    )


def session_preview(session: Session, language: str) -> Preview:
    """Describe a session: when, in which zone, and what about."""
    lab = session.lab
    when = span(wall(session.starts_at, lab.time_zone), wall(session.ends_at, lab.time_zone), language)
    about = markdown.plain_line(text_of(session.abstract, language, lab)) or text_of(lab.title, language, lab)
    return Preview(
        title=text_of(session.title, language, lab),
        description=_truncated(_sentences(f"{when}, {zone_time(lab.time_zone, language)}", about)),
        address=f"{settings.BASE_URL}{reverse('session', args=[lab.slug, session.slug])}",
        image=image_url(lab, language),
    )


def programme_preview(programme: Programme, language: str) -> Preview:
    """Describe a programme."""
    name = text_of(programme.name, language, programme)
    about = text_of(programme.description, language, programme)
    return Preview(
        title=name,
        description=_truncated(markdown.plain_line(about)) or name,
        address=f"{settings.BASE_URL}{reverse('programme', args=[programme.slug])}",
    )


def city_preview(programme: Programme, city: City, language: str) -> Preview:
    """Describe a city of a programme."""
    name = text_and_language(city.name, language)[0]
    return Preview(
        title=name,
        description=_sentences(f"{name}, {text_of(programme.name, language, programme)}"),
        address=f"{settings.BASE_URL}{reverse('city', args=[programme.slug, city.slug])}",
    )


def image_url(lab: Lab, language: str) -> str:
    """Return the URL of the lab's image, "" for a draft."""
    if lab.visibility != Lab.Visibility.PUBLIC:
        return ""
    return f"{settings.BASE_URL}{reverse('lab_picture', args=[lab.slug])}?lang={language}"


def _sentences(*parts: str) -> str:
    """Join the non-empty parts, each with one full stop: dates already end with one in Bulgarian."""
    said = [part.strip() for part in parts if part.strip()]
    return " ".join(part if part.endswith((".", "!", "?", "…", ";")) else f"{part}." for part in said)


def _truncated(words: str) -> str:
    if len(words) <= MAX_DESCRIPTION:
        return words
    return words[:MAX_DESCRIPTION].rsplit(" ", 1)[0].rstrip(",.;:– ") + "…"
