"""What the fonts of our PDFs can draw: no name is printed as boxes.

The service's own family comes first. What it lacks is drawn by fallback families: all of Latin, Greek and Cyrillic by
one, signs and further alphabets by another, and whatever `settings.PDF_EXTRA_FONTS` adds.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from django.conf import settings
from fontTools.ttLib import TTFont
from PIL import ImageFont

# The two hyphens that word processors put for the plain one, which alone the fonts have.
_PLAIN = str.maketrans({"\u2010": "-", "\u2011": "-"})
# Joiners are part of how some scripts are written; of others they are left-overs.
_JOINERS = "\u200c\u200d"
_JOINED_SCRIPTS = (
    "ARABIC", "SYRIAC", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "TAMIL", "TELUGU", "SINHALA",
)  # fmt: skip
# What only looks like other characters: ligatures and letters by their place in the word, and wide or narrow forms.
_FORMS = ((0xFB00, 0xFB4F), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC), (0xFF01, 0xFFEE))
# Controls, formatting, surrogates, private use, unassigned, separators: nothing that a reader could see.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Names are measured so large that rounding to the font's grid does not count.
_EM = 1000


@dataclass(frozen=True)
class FontFile:
    """A font file, with the family and weight by which CSS knows it."""

    family: str
    weight: int
    path: Path


@cache
def own_fonts() -> tuple[FontFile, ...]:
    """Return the files of the service's own family and of its condensed cut, each from light to bold."""
    return _shipped("Sofia Sans", 400, 600, 700) + _shipped("Sofia Sans Condensed", 400, 700)


@cache
def fallback_families() -> tuple[tuple[FontFile, ...], ...]:
    """Return the families in the order in which they are asked, each with its files from light to bold."""
    extra = enumerate(settings.PDF_EXTRA_FONTS, start=1)
    return (
        _shipped("Noto Sans", 400, 600, 700),
        _shipped("DejaVu Sans", 400, 700),
        *((FontFile(f"Extra {number}", 400, Path(path)),) for number, path in extra),
    )


def _shipped(family: str, *weights: int) -> tuple[FontFile, ...]:
    stem = Path(settings.PDF_FONT_DIR) / family.replace(" ", "")
    return tuple(FontFile(family, weight, Path(f"{stem}-{weight}.ttf")) for weight in weights)


@cache
def points_of(family: tuple[FontFile, ...]) -> frozenset[int]:
    """The code points that every file of a family has."""
    return frozenset.intersection(*(_points(file.path) for file in family))


@cache
def _points(path: Path) -> frozenset[int]:
    with TTFont(path, fontNumber=0) as font:
        return frozenset(font.getBestCmap())


def sample_of(file: FontFile) -> str:
    """Return a few letters that the own family lacks and this file has, if there are any, else some of any font."""
    lacking = sorted(_points(file.path) - points_of(own_fonts()))
    letters = (chr(point) for point in lacking if point > 0x7F)
    return "".join([one for one in letters if unicodedata.category(one)[0] == "L"][:3]) or "Aa Яя Ωω 1"


class MissingGlyphs(ValueError):
    """A name holds characters that the fonts cannot draw.

    `characters` are those characters, each once, in the order of the name (a letter with marks that have no
    place of their own counts as one). The message carries code points only, so it may be logged.
    """

    def __init__(self, characters: tuple[str, ...]) -> None:
        self.characters = characters
        points = ", ".join("+".join(f"U+{ord(one):04X}" for one in character) for character in characters)
        super().__init__(f"no glyph for {points}")


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
    """Return what of the text the fonts cannot draw, each once, in the order of the text; () if all is well.

    The text is normalised as `normalise_name` does first. Marks that NFC could not join to their letter count
    together with it, and are drawn where one family has them all.
    """
    found = (cluster for cluster in _clusters(normalise_name(text)) if not _can_draw(cluster))
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=4096)
def printable_text(text: str) -> str:
    """Return a longer text as the fonts can draw it, with its line breaks: as `printable` does for a line."""
    if _plain_letters().issuperset(text):
        return text
    lines = ("".join(one for at, one in enumerate(line) if _is_seen(line, at)) for line in text.splitlines())
    seen = "\n".join(unicodedata.normalize("NFC", line).translate(_PLAIN) for line in lines)
    for cluster in dict.fromkeys(one for one in _clusters(seen) if one != "\n" and not _can_draw(one)):
        seen = seen.replace(cluster, printable(cluster).text or ("" if cluster.strip() else " "))
    return seen


@cache
def _plain_letters() -> frozenset[str]:
    """What the service's own family draws as it is: nothing invisible, no joining marks, no forms of other signs."""
    drawn = map(chr, points_of(own_fonts()))
    return frozenset(
        one
        for one in drawn
        if unicodedata.category(one) not in _UNPRINTABLE
        and not unicodedata.combining(one)
        and _plain(one) == one == one.translate(_PLAIN)
    ) | {"\n"}


@dataclass(frozen=True)
class Printed:
    """A text as it is printed, and what of it could not be: signs that were left out, letters shown as “?”."""

    text: str
    lost: tuple[str, ...]


@lru_cache(maxsize=512)
def printable(text: str) -> Printed:
    """Return a text that is no name as the fonts can draw it, so that one sign never stops a document.

    What no font has is written plainly where that can be read (“①” as “1”); a letter becomes “?”, any other sign is
    left out.
    """
    if _plain_letters().issuperset(text):
        return Printed(" ".join(text.split()), ())
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
    return _is_own(cluster) or any(points <= points_of(family) for family in fallback_families())


def _is_own(cluster: str) -> bool:
    """Tell whether the service's own family draws it; it has no designed places for separate marks."""
    return len(cluster) == 1 and ord(cluster) in points_of(own_fonts())


def describe_character(character: str) -> str:
    """Return a character for a message to people: itself if it can be seen, and its code point.

    `王 (U+738B)` for a letter, `U+200B` for one that cannot be seen.
    """
    points = " ".join(f"U+{ord(one):04X}" for one in character)
    if any(unicodedata.category(one) in _UNPRINTABLE for one in character):
        return points
    return f"{character} ({points})"


@lru_cache(maxsize=512)
def needs_fallback(text: str) -> bool:
    """Tell whether a letter of the text needs a fallback family, so that all of the text is set in that one.

    Single letters of another design would look like a mistake; signs (“→”) do not.
    """
    if _plain_letters().issuperset(text):
        return False
    return any(
        unicodedata.category(cluster[0])[0] == "L" and not _is_own(cluster)
        for cluster in _clusters(normalise_name(text))
    )


def ems_in_heading(name: str) -> float:
    """Return how wide a name stands on one line in the font of headings, or in its fallback, in times its size."""
    points = {ord(one) for one in name if one not in _JOINERS}
    families = [family for family in fallback_families() if points <= points_of(family)]
    file = families[0][-1] if families and needs_fallback(name) else own_fonts()[-1]
    return ImageFont.truetype(file.path, _EM).getlength(name) / _EM


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
