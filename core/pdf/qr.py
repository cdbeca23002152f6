"""QR codes of addresses, each as one SVG path."""

from collections.abc import Iterator
from itertools import groupby

import segno

# Any of the eight masks is valid; trying them all is four fifths of the encoding time, and a fixed one makes the
# same address give the same picture for ever.
_MASK = 4
_QUIET_ZONE = 4  # modules, ISO/IEC 18004 §5.3.8


def matrix(text: str) -> tuple[tuple[bool, ...], ...]:
    """Return the rows of the code, without a quiet zone; True is dark. Error correction level M.

    Raises `segno.DataOverflowError` when the text is longer than a QR code can hold.
    """
    code = segno.make(text, error="m", boost_error=False, mask=_MASK, micro=False)
    return tuple(tuple(bool(module & 1) for module in row) for row in code.matrix)


def svg(text: str, *, quiet_zone: int = _QUIET_ZONE, dark: str = "#0f1b1d") -> str:
    """Return the code as an SVG document on a white ground, one unit per module, its dark runs as one stroke.

    Strokes need two commands for a run where outlines need five, and parsing paths is what drawing a code costs.
    """
    rows = matrix(text)
    side = len(rows) + 2 * quiet_zone
    path = "".join(
        f"M{column + quiet_zone} {line + quiet_zone}.5h{length}"
        for line, row in enumerate(rows)
        for column, length in _dark_runs(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" width="{side}" height="{side}">'
        f'<path fill="#ffffff" d="M0 0h{side}v{side}h-{side}z"/><path stroke="{dark}" d="{path}"/></svg>'
    )


def _dark_runs(row: tuple[bool, ...]) -> Iterator[tuple[int, int]]:
    """Yield the dark stretches of a row as (first column, number of modules)."""
    column = 0
    for dark, modules in groupby(row):
        length = len(tuple(modules))
        if dark:
            yield column, length
        column += length
