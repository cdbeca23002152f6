"""A timetable as SVG: for pages, whose style sheet has its classes, and as a document with a style of its own.

Coordinates are written with a point in every language.
"""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from sessions.timetable import Figure


def svg(figure: Figure | None) -> str:
    """Return the drawing as an element of a page, where the same stands in words beside it; nothing for None."""
    if figure is None:
        return ""
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}</svg>',
        figure.css,
        str(figure.width),
        str(figure.height),
        _shapes(figure),
    )


def document(figure: Figure, style: str) -> str:
    """Return the drawing as a document without a ground; `style` is the service's own CSS."""
    width, height = figure.width, figure.height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"<style>{style}</style>{_shapes(figure)}</svg>"
    )


def _shapes(figure: Figure) -> SafeString:
    """Return the lines as one path, the bars as paths (neighbours of one class as one), and the labels."""
    return format_html_join("", "{}", ([shape] for shape in _each_shape(figure)))


def _each_shape(figure: Figure) -> Iterator[SafeString]:
    lines = "".join(f"M{one.x1:.1f} {one.y1:.1f}L{one.x2:.1f} {one.y2:.1f}" for one in figure.lines)
    yield format_html('<path class="g-line" d="{}"/>', lines)
    for weight, bars in groupby(figure.bars, key=attrgetter("weight")):
        path = "".join(
            f"M{one.x:.1f} {one.y:.1f}h{one.width:.1f}v{one.height:.1f}h-{one.width:.1f}z" for one in bars
        )
        yield format_html('<path class="{}" d="{}"/>', weight, path)
    for label in figure.labels:
        x, y = f"{label.x:.1f}", f"{label.y:.1f}"
        yield format_html('<text class="{}" x="{}" y="{}">{}</text>', label.css, x, y, label.text)
