"""Photos of speakers as HTML, with their initials where there is none."""

from __future__ import annotations

from functools import lru_cache

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from core.web.localized_fields import text_and_language
from labs.models import Lab
from labs.theme import file_version
from sessions.models import Speaker
from sessions.speaker_photos import SIDE, SMALL_SIDE


def photo_address(lab: str, speaker: Speaker, *, small: bool = False) -> str:
    """Return the path of the photo in this lab, which changes with it, for caching; "" without one."""
    if not speaker.photo:
        return ""
    query = "size=small&" if small else ""
    return f"{reverse('speaker_photo', args=[lab, speaker.slug])}?{query}v={file_version(speaker.photo)}"


def portrait(speaker: Speaker, lab: Lab, language: str) -> SafeString:
    """Return the photo in its full size, with its alternative text, else the initials."""
    name = text_and_language(speaker.name, language, lab.default_language)[0]
    alt = text_and_language(speaker.photo_alt, language, lab.default_language)[0] or name
    return _html(photo_address(lab.slug, speaker), SIDE, alt, name, "portrait portrait-large")


def small_portrait(speaker: Speaker, lab: Lab, language: str) -> SafeString:
    """Return the small photo for lists, where the name stands beside it; else the initials."""
    name = text_and_language(speaker.name, language, lab.default_language)[0]
    alt = text_and_language(speaker.photo_alt, language, lab.default_language)[0]
    return _html(photo_address(lab.slug, speaker, small=True), SMALL_SIDE, alt, name, "portrait")


def link_portrait(speaker: Speaker, token: str) -> SafeString:
    """Return the photo in its full size for the pages of the speaker's own link, else the initials."""
    language = get_language() or "en"
    name = text_and_language(speaker.name, language, speaker.programme.default_language)[0]
    alt = text_and_language(speaker.photo_alt, language, speaker.programme.default_language)[0] or name
    address = (
        f"{reverse('speaking_photo', args=[token])}?v={file_version(speaker.photo)}" if speaker.photo else ""
    )
    return _html.__wrapped__(address, SIDE, alt, name, "portrait portrait-large")


@lru_cache(maxsize=4096)
def _html(address: str, side: int, alt: str, name: str, css: str) -> SafeString:
    if not address:
        return format_html('<span class="{}" aria-hidden="true">{}</span>', css, initials(name))
    return format_html(
        '<img class="{}" src="{}" width="{}" height="{}" alt="{}" loading="lazy" decoding="async">',
        css,
        address,
        side,
        side,
        alt,
    )


def initials(name: str) -> str:
    """Return the first letters of the first and the last word: "MI" of "Maria del Mar Ivanova"."""
    words = [word for word in name.split() if word[0].isalpha()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper()
