"""Built-in tags for a lab's colours and logo, and for whether the reader organises it."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from core.web.localized_fields import text_and_language
from labs.funding import funding_of
from labs.models import Programme, ProgrammeLogo
from labs.theme import file_version, theme_version

register = template.Library()

EMAIL_LOGOS = 4


@register.simple_tag
def lab_colours(labs: object) -> SafeString:
    """Print the style sheet links of a lab, or of several, that have their own colour."""
    several: Iterable[Any] = labs if isinstance(labs, Iterable) else [labs]
    return format_html_join(
        "\n",
        '<link rel="stylesheet" href="{}?v={}">',
        (
            (reverse("lab_theme", args=[lab.slug]), theme_version(lab))
            for lab in several
            if lab and lab.theme_values
        ),
    )


@register.simple_tag
def logo_address(lab: Any) -> str:
    """Return the URL of the lab's logo, which changes with the picture, for caching."""
    return f"{reverse('lab_logo', args=[lab.slug])}?v={file_version(lab.logo)}"


@register.simple_tag(takes_context=True)
def email_logos(context: template.Context, lab_id: int | None, language: str) -> list[dict[str, str]]:
    """Return the first logos of a lab's programme for an email: `words`, and `address` of those that it can show.

    Mail programs draw no SVG: the words stand for one. Emails that are rendered together ask once (`memo`).
    """
    if lab_id is None:
        return []
    memo, key = context.get("memo"), ("logos", lab_id, language)
    if memo is None:
        return _email_logos(lab_id, language)
    if key not in memo:
        memo[key] = _email_logos(lab_id, language)
    found: list[dict[str, str]] = memo[key]
    return found


def _email_logos(lab_id: int, language: str) -> list[dict[str, str]]:
    found = ProgrammeLogo.objects.filter(programme__labs=lab_id).select_related("programme")[:EMAIL_LOGOS]
    return [
        {
            "words": text_and_language(logo.alt, language, logo.programme.default_language)[0],
            "address": f"{settings.BASE_URL}{reverse('programme_logo', args=[logo.programme.slug, logo.pk])}"
            if str(logo.picture.name).endswith(".png")
            else "",
        }
        for logo in found
    ]


@register.inclusion_tag("partials/funding.html")
def funding(programme: Programme) -> dict[str, object]:
    """Print the emblem and the statement of a programme that the European Union funds."""
    return {"funding": funding_of(programme)}


@register.simple_tag(takes_context=True)
def organises(context: template.Context, lab: object) -> bool:
    """Tell whether the reader organises this lab."""
    viewer = context.get("viewer")
    return bool(viewer is not None and lab and viewer.organises(lab))
