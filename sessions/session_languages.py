"""The languages of sessions in words, and the choice of a language to follow sessions in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from django.utils.text import capfirst
from django.utils.translation import get_language, gettext

from core.search import alphabetical_key
from labs.models import Lab
from sessions.languages import language_name, language_names
from sessions.models import Session
from sessions.signals import language_needs_requested


@dataclass(frozen=True)
class LanguageChoice:
    """A language in which some of these sessions can be followed."""

    code: str
    name: str
    chosen: bool


@dataclass(frozen=True)
class LanguageNeed:
    """How many people with a seat need a language in a session; `asked` are those who asked to have it interpreted."""

    language: str
    people: int
    asked: int

    @property
    def name(self) -> str:
        """The name of the language in the reader's."""
        return str(capfirst(language_name(self.language)))

    def is_met(self, session: Session) -> bool:
        """Tell whether the session is spoken in the language or interpreted into it."""
        return can_be_followed_in(session, self.language)


def needs_of(session: Session) -> list[LanguageNeed]:
    """Return which languages people with a seat need, as the packages above know it."""
    found: list[LanguageNeed] = []
    for _receiver, needs in language_needs_requested.send(Lab, sessions=[session]):
        found += cast("dict[int, list[LanguageNeed]]", needs).get(session.pk, ())
    return found


def languages_in_words(session: Session) -> str:
    """Return "English, interpreted into Bulgarian; captions in English" in the active language; "" without any."""
    return _in_words(
        tuple(session.spoken_languages),
        (*session.interpreted_languages, *session.sign_languages),
        tuple(session.captioned_languages),
        get_language() or "en",
    )


@lru_cache(maxsize=1024)
def _in_words(
    spoken: tuple[str, ...], interpreted: tuple[str, ...], captioned: tuple[str, ...], language: str
) -> str:
    """Cached for all sessions with the same languages. `language` is the active one."""
    parts = [language_names(spoken)] if spoken else []
    if interpreted:
        parts.append(gettext("interpreted into %(languages)s") % {"languages": language_names(interpreted)})
    words = [", ".join(parts)] if parts else []
    if captioned:
        words.append(gettext("captions in %(languages)s") % {"languages": language_names(captioned)})
    return str(capfirst("; ".join(words)))


def can_be_followed_in(session: Session, code: str) -> bool:
    """Tell whether the session is spoken in this language or interpreted into it, as `in_language` of the database."""
    return any(
        code in codes
        for codes in (session.spoken_languages, session.interpreted_languages, session.sign_languages)
    )


def language_filter(sessions: Iterable[Session], chosen: str) -> list[LanguageChoice]:
    """Return the languages in which any of these sessions can be followed, by name."""
    codes = {
        code
        for session in sessions
        for code in (*session.spoken_languages, *session.interpreted_languages, *session.sign_languages)
    }
    found = [LanguageChoice(code, str(capfirst(language_name(code))), code == chosen) for code in codes]
    return sorted(found, key=lambda one: alphabetical_key(one.name))
