"""Cleans texts that were pasted from PDF files and word processors."""

from __future__ import annotations

import re
import unicodedata

# Soft hyphens, zero-width characters, direction marks and the byte order mark: invisible, and in nobody's search.
_INVISIBLE = re.compile("[\u00ad\u200b\u200c\u2060\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]")
# Zero-width joiners stay inside emoji, where they mean something.
_JOINER = re.compile("(?<![\u2600-\U0001faff\ufe0f])\u200d|\u200d(?![\u2600-\U0001faff])")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\t\v\f]")
_LIGATURES = {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
_HYPHENATED = re.compile(r"(?<=[^\W\d_])[\u00ad\u2010\u2011-]\n(?=[^\W\d_])")
# What no text may hold: controls but for line breaks, halves of pairs.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")


def cleaned_line(text: str) -> str:
    """Return a text on one line: words divided at line breaks are joined, spaces are single and plain."""
    return re.sub(r"\s+", " ", _cleaned(text).replace("\n", " ")).strip()


def cleaned_text(text: str) -> str:
    """Return a text of several lines: at most one empty line between paragraphs, no spaces at the ends of lines."""
    lines = [re.sub(r" {2,}", " ", line).rstrip() for line in _cleaned(text).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _cleaned(text: str) -> str:
    text = re.sub("\r\n?|\u2028|\u2029|\x85|\x0b|\x0c|_x000[dD]_\n?", "\n", text)
    text = _HYPHENATED.sub("", text)
    text = _JOINER.sub("", _INVISIBLE.sub("", text))
    for ligature, letters in _LIGATURES.items():
        text = text.replace(ligature, letters)
    return unicodedata.normalize("NFC", _CONTROL.sub("", _SPACES.sub(" ", text)))


def differs_visibly(before: str, after: str) -> bool:
    """Tell whether cleaning did more than trim spaces and line ends."""
    plain = re.sub(r"\s+", " ", before).strip()
    return plain != re.sub(r"\s+", " ", after).strip()


def without_escape(cell: str) -> str:
    """Return a cell without the quote that protects spreadsheets from formulas, as exports write it."""
    cell = re.sub(r"(;\s*)'(?=[=+\-@＝＋－＠])", r"\1", cell)
    return cell[1:] if re.match(r"'[ \u00a0]*[=+\-@\t\r\n＝＋－＠]", cell) else cell
