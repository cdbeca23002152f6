"""A text of several languages as pages and mails show it: in the reader's language, or marked as being in another."""

from functools import lru_cache

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from core.web.localized_fields import reading


def spoken(text: object, language: str, fallback: str) -> SafeString:
    """Return a text in `language` as safe HTML; where it comes in another one, wrapped in `<span lang>`.

    So it is spoken and hyphenated right (WCAG 2.2, 3.1.2). `fallback` is the language asked for next.
    """
    return marked(*reading(text, language, fallback), language)


@lru_cache(maxsize=4096)
def marked(words: str, came_in: str, language: str) -> SafeString:
    """Escape words, and mark them where they are not in `language`. Escaped once for all rows that show them.

    Also what somebody took for safe is escaped: it equals the same words of others, and so is found for them.
    """
    if not words or came_in == language:
        return escape(words)
    return format_html('<span lang="{}">{}</span>', came_in, escape(words))
