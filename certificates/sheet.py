"""How the parts of a certificate share the first sheet: sizes and gaps, all in points.

The renderer lays out what it is told; this tells it, so that one session and eight both fill the sheet, and a
name of 200 characters still stands on it. Sizes and heights follow templates/certificates/certificate.css.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from certificates.glyphs import Face, line_count

MM = 72 / 25.4
BODY_WIDTH = 200 * MM
BODY_HEIGHT = 185 * MM
FOOT_HEIGHT = 33 * MM
COLUMN_WIDTH = 95 * MM
TITLE_WIDTH = 145 * MM
BAND_WIDTH = 48 * MM
ISSUER_WIDTH = 92 * MM
ADDRESS_WIDTH = 70 * MM

NAME_SIZES = (34.0, 30.0, 26.0, 23.0, 20.0)
SMALL_SIZES = (10.5, 9.0, 7.5)
ADDRESS_SIZES = (9.0, 8.0, 7.0, 6.0)
GAP_LEAST, GAP_MOST = 5 * MM, 22 * MM
# Text may break a little earlier than estimated here: one line of the table is kept in hand.
SPARE = 5 * MM
# The words of our own in the sentence that says in what the person took part, in the longest translation.
OWN_WORDS = "x" * 62


@dataclass(frozen=True)
class Sheet:
    """The sizes of one certificate; `one` tells that one sheet holds it all, `gap` is between its parts."""

    name_size: float
    organiser_size: float
    programme_size: float
    address_size: float
    gap: float
    one: bool


def sheet(
    *,
    name: str,
    headings: int,
    statements: Sequence[str],
    titles: Iterable[Sequence[str]],
    organiser: Sequence[str],
    programme: Sequence[str],
    address: str,
) -> Sheet:
    """Return the sizes for these texts: `headings` lines of heading, one statement per language without our own
    words, for each session its title per language, the issuer's and the programme's name per language, and the check address."""
    name_size = _fitting(NAME_SIZES, [name], Face.HEAD_BOLD, BODY_WIDTH, lines=1)
    column = BODY_WIDTH if len(statements) == 1 else COLUMN_WIDTH
    used = 33 + (25 if headings > 1 else 0)
    used += 22.5 + line_count(name, Face.HEAD_BOLD, name_size, BODY_WIDTH) * name_size * 1.1
    used += max(line_count(f"{OWN_WORDS} {text}", Face.TEXT_BOLD, 10.5, column) for text in statements) * 14.2
    used += 17 + 23  # the table's head and its sum
    used += sum(_row_height(title) for title in titles)
    gap = (BODY_HEIGHT - FOOT_HEIGHT - SPARE - used) / 4  # the fourth is above the foot
    return Sheet(
        name_size=name_size,
        organiser_size=_fitting(SMALL_SIZES, organiser, Face.TEXT_BOLD, ISSUER_WIDTH, lines=3),
        programme_size=_fitting(SMALL_SIZES, programme, Face.TEXT_BOLD, BAND_WIDTH, lines=8),
        address_size=_fitting(ADDRESS_SIZES, [address], Face.TEXT, ADDRESS_WIDTH, lines=1),
        gap=round(min(max(gap, GAP_LEAST), GAP_MOST), 1),
        one=gap >= GAP_LEAST,
    )


def _row_height(title: Sequence[str]) -> float:
    """The height of a session's row: its title in each language, at least the two lines of day and hours."""
    lines = sum(line_count(text, Face.TEXT_SEMIBOLD, 9.5, TITLE_WIDTH) for text in title)
    return max(lines, 2) * 12.35 + 9.6


def _fitting(sizes: Sequence[float], texts: Sequence[str], face: Face, width: float, *, lines: int) -> float:
    """The largest of the sizes at which the texts stand on so many lines together; the smallest if none does."""
    fitting = (size for size in sizes if sum(line_count(text, face, size, width) for text in texts) <= lines)
    return next(fitting, sizes[-1])
