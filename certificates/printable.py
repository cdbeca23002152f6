"""Why no certificate is made, and what its fonts cannot print, as sentences for people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from certificates.models import NotIssued
from core.pdf.fonts import describe_character, missing_glyphs, printable
from core.web.localized_fields import languages_of
from labs.models import Lab
from sessions.models import Session

NAMED = 5


def obstacle_of(name: str) -> str:
    """Return why a name cannot be printed, and what to do; empty where it can."""
    missing = missing_glyphs(name)
    return why_not(NotIssued.Code.NO_GLYPHS, {"characters": missing}) if missing else ""


def why_not(code: str, details: Mapping[str, Any]) -> str:
    """Return why no certificate was made and what to do, in the language that is active."""
    return NotIssued.Code(code).label % {"characters": named_characters(details.get("characters", ()))}


def named_characters(characters: Iterable[str]) -> str:
    """Return the first few characters for a message: “王 (U+738B), 伟 (U+4F1F)”."""
    found = list(characters)
    more = "…" if len(found) > NAMED else ""
    return ", ".join(describe_character(character) for character in found[:NAMED]) + more


@dataclass(frozen=True)
class LostCharacters:
    """A text that certificates print otherwise than it was written: as written, as printed, the characters lost."""

    text: str
    printed: str
    characters: str


def lost_characters(lab: Lab) -> list[LostCharacters]:
    """Return the texts of the lab and of its sessions that certificates print without some characters. One query."""
    sessions = (
        Session.objects.filter(lab=lab)
        .taking_place()
        .order_by("starts_at", "pk")
        .values_list("title", flat=True)
    )
    programme = lab.programme
    signatory = {"": lab.signatory_name}, lab.signatory_function
    texts = [lab.title, programme.name, programme.organiser, lab.venue, *signatory, *sessions]
    return [found for text in texts for found in _lost(languages_of(text))]


def _lost(texts: Mapping[str, str]) -> Iterable[LostCharacters]:
    for text in dict.fromkeys(texts.values()):
        printed = printable(text)
        if printed.lost:
            yield LostCharacters(text, printed.text, named_characters(printed.lost))
