"""Multilingual texts as HTML: in the reader's language, or with a `lang` attribute."""

from functools import lru_cache

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from core.web.localized_fields import text_and_language


def localized_html(text: object, language: str, fallback: str) -> SafeString:
    """Return a text in `language` as safe HTML; if it is in another one, in `<span lang>` (WCAG 2.2, 3.1.2).

    `fallback` is the second choice of language.
    """
    return html_with_language(*text_and_language(text, language, fallback), language)


@lru_cache(maxsize=4096)
def html_with_language(words: str, came_in: str, language: str) -> SafeString:
    """Return the escaped words, in `<span lang>` unless they are in `language`. Cached for all rows that show them.

    Also a SafeString is escaped: it equals the same plain string, so the cache cannot tell them apart.
    """
    if not words or came_in == language:
        return escape(words)
    return format_html('<span lang="{}">{}</span>', came_in, escape(words))
