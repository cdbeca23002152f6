"""How the parts of a certificate share the first sheet: sizes and gaps, all in points.

The renderer lays out what it is told; this tells it, so that one session and eight both fill the sheet, and a
name of 200 characters still stands on it. Sizes and heights follow templates/certificates/certificate.css.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from certificates.fonts import Face, line_count, width

MM = 72 / 25.4
BODY_WIDTH = 200 * MM
BODY_HEIGHT = 185 * MM
FOOT_HEIGHT = 33 * MM
COLUMN_WIDTH = 90 * MM
TITLE_WIDTH = 132 * MM  # of the table's middle column, without its padding
BAND_WIDTH = 48 * MM
ISSUER_WIDTH = 92 * MM
ADDRESS_WIDTH = 70 * MM
RUNNING_WIDTH = 130 * MM

# Sizes, each with the number of lines which the text may take at that size.
NAME_SIZES = ((34.0, 1), (30.0, 1), (26.0, 1), (26.0, 2), (22.0, 2), (18.0, 3), (16.0, 6))
ORGANISER_SIZES = ((10.5, 3), (9.0, 4), (7.5, 5), (6.0, 10))
PROGRAMME_SIZES = ((10.5, 8), (9.0, 9), (7.5, 12))
ADDRESS_SIZES = ((9.0, 1), (8.0, 1), (7.0, 1), (6.0, 1))
GAP_MOST = 26 * MM
# Text may break a little earlier than estimated here; beyond this, the gap above the foot gives way first.
SPARE = 2 * MM
# The words of our own in the sentence that says in what the person took part, in the longest translation.
OWN_WORDS = "x" * 50


@dataclass(frozen=True)
class _Density:
    """How closely a sheet is set: heights of the heading's two lines, size of the table's text, its rows' air."""

    heading: float
    second_heading: float
    name_sizes: tuple[tuple[float, int], ...]
    title_size: float
    row_air: float
    sum_row: float
    least_gap: float

    def row_height(self, title: Sequence[str]) -> float:
        """The height of a session's row: its title in each language, at least the two lines of day and hours."""
        lines = sum(line_count(text, Face.TEXT_SEMIBOLD, self.title_size, TITLE_WIDTH) for text in title)
        return max(lines, 2) * self.title_size * 1.3 + self.row_air


EASY = _Density(33, 25.2, NAME_SIZES, 9.5, 9.6, 23.5, 5 * MM)
DENSE = _Density(28, 20.5, NAME_SIZES[1:], 8.5, 6.2, 18.5, 2.5 * MM)


@dataclass(frozen=True)
class Sheet:
    """The sizes of one certificate.

    `one` tells that one sheet holds it all, `dense` that it is set closely (as several sheets always are), `gap` is
    between its parts, `running_name` heads further sheets.
    """

    one: bool
    dense: bool

    name_size: float
    organiser_size: float
    programme_size: float
    address_size: float
    gap: float
    running_name: str


def sheet(
    *,
    name: str,
    headings: int,
    statements: Sequence[str],
    titles: Sequence[Sequence[str]],
    organiser: Sequence[str],
    programme: Sequence[str],
    address: str,
    note: bool,
) -> Sheet:
    """Return the sizes for these texts.

    `headings` is the number of lines of heading; `statements` has one text per language, without our own words;
    `titles` has for each session its title per language; organiser and programme have theirs per language.
    `note` tells whether a line stands below the sum.
    """
    column = BODY_WIDTH if len(statements) == 1 else COLUMN_WIDTH
    statement_lines = max(
        line_count(f"{OWN_WORDS} {text}", Face.TEXT_BOLD, 10.5, column) for text in statements
    )
    for density in (EASY, DENSE):
        name_size = _fitting(density.name_sizes, [name], Face.HEAD_BOLD, BODY_WIDTH)
        used = density.heading + (density.second_heading if headings > 1 else 0)
        used += 22.5 + line_count(name, Face.HEAD_BOLD, name_size, BODY_WIDTH) * name_size * 1.1
        used += statement_lines * 14.2
        used += 17 + sum(density.row_height(title) for title in titles) + density.sum_row
        # Below the sum in the first language stands that in the second, and perhaps a note.
        used += 12.5 if headings > 1 or note else 0
        # One gap and a half stand above the name, the last one above the foot.
        gap = (BODY_HEIGHT - FOOT_HEIGHT - SPARE - used) / 4.5
        if gap >= density.least_gap:
            break
    return Sheet(
        one=gap >= density.least_gap,
        dense=density is DENSE,
        name_size=name_size,
        organiser_size=_fitting(ORGANISER_SIZES, organiser, Face.TEXT_BOLD, ISSUER_WIDTH),
        programme_size=_fitting(PROGRAMME_SIZES, programme, Face.TEXT_BOLD, BAND_WIDTH),
        address_size=_fitting(ADDRESS_SIZES, [address], Face.TEXT, ADDRESS_WIDTH),
        gap=round(min(max(gap, density.least_gap), GAP_MOST), 1),
        running_name=_cut(name, Face.HEAD_BOLD, 12, RUNNING_WIDTH),
    )


def _cut(text: str, face: Face, size: float, available: float) -> str:
    """The text, or as much of it as one line holds, with an ellipsis."""
    if width(text, face, size) <= available:
        return text
    kept = text
    while width(f"{kept}…", face, size) > available:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def _fitting(sizes: Sequence[tuple[float, int]], texts: Sequence[str], face: Face, available: float) -> float:
    """The first of the sizes at which the texts together take no more lines than it allows; else the last."""
    fitting = (
        size for size, most in sizes if sum(line_count(text, face, size, available) for text in texts) <= most
    )
    return next(fitting, sizes[-1][0])
