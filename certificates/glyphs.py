"""What the certificate's faces can draw, and how wide: no name is printed as boxes.

Widths are in points, at a size in points. The font files are those of `settings.PDF_FONT_DIR`.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from django.conf import settings
from fontTools.ttLib import TTFont

# The two hyphens that word processors put for the plain one, which alone the faces have.
_PLAIN = str.maketrans({"\u2010": "-", "\u2011": "-"})
# Controls, formatting (zero-width, bidirectional, soft hyphen), surrogates, private use, unassigned, separators:
# a face may hold a glyph for some of them, but none is a letter that a reader could see.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class Face(Enum):
    """One font file of the certificate; the value is the file's stem."""

    TEXT = "SofiaSans-400"
    TEXT_SEMIBOLD = "SofiaSans-600"
    TEXT_BOLD = "SofiaSans-700"
    HEAD = "SofiaSansCondensed-400"
    HEAD_BOLD = "SofiaSansCondensed-700"

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return Path(settings.PDF_FONT_DIR) / f"{self.value}.ttf"

    @property
    def family(self) -> str:
        """The family's name, as CSS knows it."""
        return "Sofia Sans Condensed" if self in (Face.HEAD, Face.HEAD_BOLD) else "Sofia Sans"

    @property
    def weight(self) -> int:
        """The weight in hundreds, as CSS knows it."""
        return int(self.value.rpartition("-")[2])


class MissingGlyphs(ValueError):
    """A text holds characters that the certificate's faces cannot draw.

    `characters` are those characters, each once, in the order of the text (a letter with marks that have no
    place of their own counts as one); `part` names the part of the content. The message carries code points
    only, so it may be logged.
    """

    def __init__(self, characters: tuple[str, ...], part: str) -> None:
        self.characters = characters
        self.part = part
        points = ", ".join("+".join(f"U+{ord(one):04X}" for one in character) for character in characters)
        super().__init__(f"{part}: no glyph for {points}")


@dataclass(frozen=True)
class _Measures:
    """The widths of one face's characters, in thousandths of the size."""

    widths: Mapping[int, float]
    widest: float


def normalise_name(text: str) -> str:
    """Return a name as it is stored, compared and printed: composed (NFC), plain hyphens, single spaces.

    Line breaks and every kind of space become one space. Nothing that a reader could see is dropped, and
    nothing invisible either: `missing_glyphs` tells about it.
    """
    return " ".join(unicodedata.normalize("NFC", text).translate(_PLAIN).split())


def missing_glyphs(text: str) -> tuple[str, ...]:
    """Return what of the text the faces cannot draw, each once, in the order of the text; () if all is well.

    The text is normalised as `normalise_name` does first. A combining mark that NFC could not join to its
    letter is reported together with that letter, since the faces have no designed place for it. Control,
    zero-width and bidirectional characters are reported too. A character counts as drawable when every face
    of the certificate has it, so a text may move from one face to another.
    """
    drawable = _drawable()
    found = (
        cluster
        for cluster in _clusters(normalise_name(text))
        if len(cluster) > 1
        or ord(cluster) not in drawable
        or unicodedata.combining(cluster)
        or unicodedata.category(cluster) in _UNPRINTABLE
    )
    return tuple(dict.fromkeys(found))


def describe_character(character: str) -> str:
    """Return a character for a message to people: itself if it can be seen, and its code point.

    `王 (U+738B)` for a letter, `U+200B` for one that cannot be seen.
    """
    points = " ".join(f"U+{ord(one):04X}" for one in character)
    if any(unicodedata.category(one) in _UNPRINTABLE for one in character):
        return points
    return f"{character} ({points})"


def width(text: str, face: Face, size: float) -> float:
    """Return how wide the text stands on one line, without kerning (so seldom a little wider than it prints)."""
    measures = _measures(face)
    return sum(measures.widths.get(ord(one), measures.widest) for one in text) * size / 1000


def line_count(text: str, face: Face, size: float, available: float) -> int:
    """Return on how many lines the text stands in `available` points, breaking at spaces and inside long words."""
    space = width(" ", face, size)
    lines, used = 1, 0.0
    for word in text.split():
        wide = width(word, face, size)
        if used and used + space + wide > available:
            lines, used = lines + 1, 0.0
        elif used:
            used += space
        used += wide
        while used > available:
            lines, used = lines + 1, used - available
    return lines


def _clusters(text: str) -> Iterator[str]:
    """Yield each character together with the combining marks that follow it."""
    cluster = ""
    for one in text:
        if cluster and not unicodedata.combining(one):
            yield cluster
            cluster = ""
        cluster += one
    if cluster:
        yield cluster


@cache
def _drawable() -> frozenset[int]:
    """The code points that every face has."""
    return frozenset.intersection(*(frozenset(_measures(face).widths) for face in Face))


@cache
def _measures(face: Face) -> _Measures:
    with TTFont(face.path) as font:
        units = font["head"].unitsPerEm
        advances = font["hmtx"].metrics
        widths = {point: advances[glyph][0] * 1000 / units for point, glyph in font.getBestCmap().items()}
    return _Measures(widths, max(widths.values()))
