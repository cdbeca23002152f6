"""Texts of other systems without the HTML that some of them write: as Markdown, which is how texts are kept here."""

from __future__ import annotations

import re
from html import unescape

from sessions.schedule_import.texts import cleaned_text

_BLOCKS = "blockquote|center|dd|div|dl|dt|figcaption|figure|h[1-6]|hr|ol|p|pre|section|table|tbody|td|th|thead|tr|ul"
_WORDS = "a|abbr|b|cite|code|del|em|font|i|img|ins|li|q|s|small|span|strong|sub|sup|u"
# Each is of limited length, so that a text that is made for it costs no more than its letters.
_ATTRIBUTES = r"(?:\s[^<>]{0,500})?"
_TAG = re.compile(rf"</?(?:br|{_BLOCKS}|{_WORDS}){_ATTRIBUTES}/?>", re.IGNORECASE)
_BLOCK = re.compile(rf"</?(?:{_BLOCKS}){_ATTRIBUTES}/?>", re.IGNORECASE)
_ITEM = re.compile(rf"<li{_ATTRIBUTES}>\s*(?:<p{_ATTRIBUTES}>)?", re.IGNORECASE)
_BREAK = re.compile(rf"<br{_ATTRIBUTES}/?>[ \t]*\n?", re.IGNORECASE)
_LINK = re.compile(
    r"""<a\s[^<>]{0,300}?href\s{0,9}=\s{0,9}["']([^"'<>\s()]{1,300})["'][^<>]{0,300}>([^<>\[\]]{1,300})</a>""",
    re.IGNORECASE,
)


def plain_text(text: str) -> str:
    """Return a text without HTML: paragraphs, lists, line breaks and links stay, as Markdown has them.

    A text that has no element of HTML is returned as it is, cleaned: what looks like an entity there is none.
    """
    if "<" in text and _TAG.search(text):
        if _BLOCK.search(text) or _ITEM.search(text):
            text = re.sub(r"\s+", " ", text)
        text = _LINK.sub(_link, _BREAK.sub("\n", text))
        text = _BLOCK.sub("\n\n", _ITEM.sub("\n- ", text))
        text = unescape(_TAG.sub("", text))
        text = re.sub(r"^[ \t]+", "", text, flags=re.MULTILINE)
    return cleaned_text(text)


def _link(found: re.Match[str]) -> str:
    address, words = unescape(found[1]), found[2].strip()
    if not address.startswith(("http://", "https://", "mailto:")):
        return words
    return address if unescape(words) == address else f"[{words}]({address})"
