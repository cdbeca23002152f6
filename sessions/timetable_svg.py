"""A timetable as SVG: for pages, whose style sheet has its classes, and as a document with a style of its own.

Coordinates are written with a point in every language.
"""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from sessions.timetable import Figure


def svg(figure: Figure | None) -> SafeString:
    """Return the drawing as an element of a page, where the same stands in words beside it; nothing for None."""
    if figure is None:
        return SafeString()
    view_box = f"0 0 {figure.width} {figure.height}"
    shapes = "".join(_shapes(figure))
    head = f'<svg class="{figure.css}" viewBox="{view_box}" aria-hidden="true" focusable="false">'
    return mark_safe(f"{head}{shapes}</svg>")  # the labels are escaped


def document(figure: Figure, style: str) -> str:
    """Return the drawing as a document without a ground; `style` is the service's own CSS."""
    width, height = figure.width, figure.height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"<style>{style}</style>{''.join(_shapes(figure))}</svg>"
    )


def _shapes(figure: Figure) -> Iterator[str]:
    """Yield the lines as one path, the bars as paths (those that follow each other in one class as one), the labels."""
    lines = "".join(f"M{one.x1:.1f} {one.y1:.1f}L{one.x2:.1f} {one.y2:.1f}" for one in figure.lines)
    yield f'<path class="g-line" d="{lines}"/>'
    for weight, bars in groupby(figure.bars, key=attrgetter("weight")):
        path = "".join(
            f"M{one.x:.1f} {one.y:.1f}h{one.width:.1f}v{one.height:.1f}h-{one.width:.1f}z" for one in bars
        )
        yield f'<path class="{weight}" d="{path}"/>'
    for label in figure.labels:
        yield f'<text class="{label.css}" x="{label.x:.1f}" y="{label.y:.1f}">{escape(label.text)}</text>'
