"""The languages of sessions in words, and the choice of a language to follow sessions in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.utils.text import capfirst
from django.utils.translation import get_language, gettext

from core.search import alphabetical_key
from sessions.languages import language_name, language_names
from sessions.models import Session


@dataclass(frozen=True)
class LanguageChoice:
    """A language in which some of these sessions can be followed."""

    code: str
    name: str
    chosen: bool


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
