"""What the certificate's faces can draw, and how wide: no name is printed as boxes.

The house's own family comes first. What it lacks is drawn by the families that stand in for it: all of Latin, Greek
and Cyrillic by one, signs and further alphabets by another, and whatever `settings.PDF_EXTRA_FONTS` adds. Widths are in
points, at a size in points.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path

from django.conf import settings
from fontTools.ttLib import TTFont

# The two hyphens that word processors put for the plain one, which alone the faces have.
_PLAIN = str.maketrans({"\u2010": "-", "\u2011": "-"})
# Joiners are part of how some scripts are written; of others they are left-overs.
_JOINERS = "\u200c\u200d"
_JOINED_SCRIPTS = (
    "ARABIC",
    "SYRIAC",
    "DEVANAGARI",
    "BENGALI",
    "GURMUKHI",
    "GUJARATI",
    "TAMIL",
    "TELUGU",
    "SINHALA",
)
# What only looks like other characters: ligatures and letters by their place in the word, and wide or narrow forms.
_FORMS = ((0xFB00, 0xFB4F), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC), (0xFF01, 0xFFEE))
# Controls, formatting, surrogates, private use, unassigned, separators: nothing that a reader could see.
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
    """A name holds characters that the certificate's faces cannot draw.

    `characters` are those characters, each once, in the order of the name (a letter with marks that have no
    place of their own counts as one). The message carries code points only, so it may be logged.
    """

    def __init__(self, characters: tuple[str, ...]) -> None:
        self.characters = characters
        points = ", ".join("+".join(f"U+{ord(one):04X}" for one in character) for character in characters)
        super().__init__(f"no glyph for {points}")


@dataclass(frozen=True)
class _Measures:
    """The widths of one face's characters, in thousandths of the size."""

    widths: Mapping[int, float]
    widest: float


def normalise_name(text: str) -> str:
    """Return a name as it is compared and printed: composed (NFC), plain hyphens, single spaces, nothing invisible.

    Ligatures and other forms of letters become the letters (“ﬁ” is “fi”), line breaks and every kind of space one
    space. Zero-width characters, marks of direction and controls fall out. Nothing that a reader could see is dropped.
    """
    composed = unicodedata.normalize("NFC", "".join(_plain(one) for one in text))
    seen = (one for at, one in enumerate(composed) if _is_seen(composed, at))
    return " ".join(unicodedata.normalize("NFC", "".join(seen)).translate(_PLAIN).split())


def _plain(one: str) -> str:
    is_form = any(first <= ord(one) <= last for first, last in _FORMS)
    return unicodedata.normalize("NFKC", one) if is_form else one


def _is_seen(text: str, at: int) -> bool:
    """Tell whether the character at that place is one that a reader sees, or that shapes what a reader sees."""
    one = text[at]
    if one in _JOINERS:
        return at > 0 and unicodedata.name(text[at - 1], "").startswith(_JOINED_SCRIPTS)
    # U+034F and the selectors of variants are marks without a look of their own.
    if one == "\u034f" or 0xFE00 <= ord(one) <= 0xFE0F or 0xE0100 <= ord(one) <= 0xE01EF:
        return False
    return unicodedata.category(one) not in ("Cf", "Cc") or one.isspace()


def missing_glyphs(text: str) -> tuple[str, ...]:
    """Return what of the text the faces cannot draw, each once, in the order of the text; () if all is well.

    The text is normalised as `normalise_name` does first. Marks that NFC could not join to their letter count
    together with it, and are drawn where one family has them all.
    """
    found = (cluster for cluster in _clusters(normalise_name(text)) if not _can_draw(cluster))
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class Printed:
    """A text as it is printed, and what of it could not be: signs that were left out, letters shown as “?”."""

    text: str
    lost: tuple[str, ...]


def printable(text: str) -> Printed:
    """Return a text that is no name as the faces can draw it, so that one sign never stops a certificate.

    What no face has is written plainly where that can be read (“①” as “1”); a letter becomes “?”, any other sign is
    left out.
    """
    said, lost = [], []
    for cluster in _clusters(normalise_name(text)):
        plain = unicodedata.normalize("NFKC", cluster)
        if _can_draw(cluster):
            said.append(cluster)
        elif all(_can_draw(one) for one in _clusters(plain)):
            said.append(plain)
        else:
            lost.append(cluster)
            said.append("?" if unicodedata.category(cluster[0])[0] in "LN" else "")
    return Printed(" ".join("".join(said).split()), tuple(dict.fromkeys(lost)))


def _can_draw(cluster: str) -> bool:
    """Tell whether one family can draw a letter with its marks, or a sign."""
    if any(unicodedata.category(one) in _UNPRINTABLE for one in cluster if one not in _JOINERS):
        return False
    if unicodedata.combining(cluster[0]):
        return False
    points = {ord(one) for one in cluster if one not in _JOINERS}
    return _is_ours(cluster) or any(points <= points_of(family) for family in stand_ins())


def _is_ours(cluster: str) -> bool:
    """Tell whether the house's own family draws it; it has no designed places for separate marks."""
    return len(cluster) == 1 and ord(cluster) in _drawable()


def describe_character(character: str) -> str:
    """Return a character for a message to people: itself if it can be seen, and its code point.

    `王 (U+738B)` for a letter, `U+200B` for one that cannot be seen.
    """
    points = " ".join(f"U+{ord(one):04X}" for one in character)
    if any(unicodedata.category(one) in _UNPRINTABLE for one in character):
        return points
    return f"{character} ({points})"


@lru_cache(maxsize=512)
def stands_in(text: str) -> bool:
    """Tell whether a letter of the text needs another family, so that all of the text is set in that one.

    Single letters of another design would look like a mistake; signs (“→”) do not.
    """
    return any(
        unicodedata.category(cluster[0])[0] == "L" and not _is_ours(cluster)
        for cluster in _clusters(normalise_name(text))
    )


def width(text: str, face: Face, size: float, *, whole: bool | None = None) -> float:
    """Return how wide the text stands on one line, without kerning (so seldom a little wider than it prints).

    `whole` tells that another family sets it; None asks `stands_in`.
    """
    own = None if (stands_in(text) if whole is None else whole) else _measures(face.path)
    return sum(_advance(ord(one), own) for one in text) * size / 1000


def _advance(point: int, own: _Measures | None) -> float:
    """Return how wide a character stands, in its own face, or in the boldest of the first family that has it."""
    if own is not None and (known := own.widths.get(point)) is not None:
        return known
    for family in stand_ins():
        measures = _measures(family[-1].path)
        if (known := measures.widths.get(point)) is not None:
            return known
    return (own or _measures(Face.TEXT_BOLD.path)).widest


def line_count(text: str, face: Face, size: float, available: float) -> int:
    """Return on how many lines the text stands in `available` points, breaking at spaces and inside long words."""
    whole = stands_in(text)
    space = width(" ", face, size, whole=whole)
    lines, used = 1, 0.0
    for word in text.split():
        wide = width(word, face, size, whole=whole)
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
        if cluster and not unicodedata.combining(one) and unicodedata.category(one) != "Mc":
            yield cluster
            cluster = ""
        cluster += one
    if cluster:
        yield cluster


@dataclass(frozen=True)
class StandIn:
    """A font file of a family that draws what the house's own lacks."""

    family: str
    weight: int
    path: Path


@cache
def stand_ins() -> tuple[tuple[StandIn, ...], ...]:
    """Return the families in the order in which they are asked, each with its files from light to bold."""
    folder = Path(settings.PDF_FONT_DIR)
    shipped = (("Noto Sans", "NotoSans", (400, 600, 700)), ("DejaVu Sans", "DejaVuSans", (400, 700)))
    return (
        *(
            tuple(StandIn(name, weight, folder / f"{stem}-{weight}.ttf") for weight in weights)
            for name, stem, weights in shipped
        ),
        *(
            (StandIn(f"Extra {number}", 400, Path(path)),)
            for number, path in enumerate(settings.PDF_EXTRA_FONTS, start=1)
        ),
    )


@cache
def points_of(family: tuple[StandIn, ...]) -> frozenset[int]:
    """The code points that every file of a family has."""
    return frozenset.intersection(*(frozenset(_measures(file.path).widths) for file in family))


def sample_of(file: StandIn) -> str:
    """Return a few letters that only this file's family has, if it has any, else some of it."""
    earlier: Iterable[int] = _drawable()
    own = sorted(
        point
        for point in _measures(file.path).widths
        if point > 0x7F and point not in earlier and unicodedata.category(chr(point))[0] == "L"
    )
    return "".join(map(chr, own[:3])) or "Aa"


@cache
def _drawable() -> frozenset[int]:
    """The code points that every face of the house's own family has."""
    return frozenset.intersection(*(frozenset(_measures(face.path).widths) for face in Face))


@cache
def _measures(path: Path) -> _Measures:
    with TTFont(path, fontNumber=0) as font:
        units = font["head"].unitsPerEm
        advances = font["hmtx"].metrics
        widths = {point: advances[glyph][0] * 1000 / units for point, glyph in font.getBestCmap().items()}
    return _Measures(widths, max(widths.values()))
