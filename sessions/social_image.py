"""The picture that stands for a lab where its address is shared: its colour, name, days and timetable (PNG).

Pure: it opens the service's own fonts and nothing else. Glyphs that the fonts lack are left out by the font itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

from core.web.palette import mixed
from sessions.timetable import Figure, Weight

SIZE = (1200, 630)
MARGIN = 72
FIGURE_WIDTH = 496
WHITE = "#ffffff"


@dataclass(frozen=True)
class Sharing:
    """What the picture says. `colours` are those of `labs.theme`."""

    title: str
    theme: str
    days: str
    programme: str
    colours: Mapping[str, str]
    figure: Figure | None


def png(sharing: Sharing) -> bytes:
    """Return the picture, 1200 × 630 pixels."""
    colours = sharing.colours
    image = Image.new("RGB", SIZE, colours["lab"])
    draw = ImageDraw.Draw(image)
    second = colours["on_lab_2"]
    room = SIZE[0] - 2 * MARGIN - (FIGURE_WIDTH + 48 if sharing.figure else 0)
    draw.text((MARGIN, MARGIN), _cut(sharing.programme, _text(30), SIZE[0] - 2 * MARGIN), second, _text(30))
    foot = SIZE[1] - MARGIN - 34
    theme = _wrapped(sharing.theme, _text(34), room)[:2]
    y = MARGIN + 60
    face, lines = _fitting(sharing.title, room, foot - 60 - 44 * len(theme) - y)
    for line in lines:
        draw.text((MARGIN, y), line, WHITE, face)
        y += int(face.size)
    for line in theme:
        draw.text((MARGIN, y + 16), line, WHITE, _text(34))
        y += 44
    draw.line((0, foot - 30, SIZE[0], foot - 30), mixed(colours["lab"], WHITE, 0.3), 2)
    draw.text((MARGIN, foot), sharing.days, WHITE, _text(34, bold=True))
    draw.text((SIZE[0] - MARGIN, foot), "City Labs", WHITE, _head(38), anchor="ra")
    if sharing.figure:
        _draw_figure(draw, sharing.figure, colours, top=MARGIN + 76, bottom=foot - 60)
    answer = BytesIO()
    image.save(answer, "PNG", optimize=True)
    return answer.getvalue()


def _draw_figure(
    draw: ImageDraw.ImageDraw, figure: Figure, colours: Mapping[str, str], top: int, bottom: int
) -> None:
    scale = min(FIGURE_WIDTH / figure.width, (bottom - top) / figure.height)
    left, above = SIZE[0] - MARGIN - FIGURE_WIDTH, bottom - figure.height * scale
    fills = {
        Weight.PLAIN: colours["lab_lift"],
        Weight.SOFT: mixed(colours["lab"], colours["lab_lift"], 0.4),
        Weight.STRONG: WHITE,
    }

    def box(x1: float, y1: float, x2: float, y2: float) -> tuple[float, float, float, float]:
        return left + x1 * scale, above + y1 * scale, left + x2 * scale, above + y2 * scale

    for line in figure.lines:
        draw.line(box(line.x1, line.y1, line.x2, line.y2), mixed(colours["lab"], WHITE, 0.26), 1)
    for bar in figure.bars:
        draw.rectangle(box(bar.x, bar.y, bar.x + bar.width, bar.y + bar.height), fills[bar.weight])


def _fitting(title: str, room: int, height: int) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """Return the largest face in which the title fits, and its lines; too long a title is cut."""
    for size in (104, 88, 72, 60, 48):
        lines = _wrapped(title, _head(size), room)
        if len(lines) * size <= height:
            return _head(size), lines
    kept = lines[: max(height // size, 1)]
    return _head(size), [*kept[:-1], _cut(f"{kept[-1]} …", _head(size), room)]


def _wrapped(words: str, face: ImageFont.FreeTypeFont, room: int) -> list[str]:
    lines: list[str] = []
    for word in words[:300].split():
        if lines and face.getlength(f"{lines[-1]} {word}") <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(_cut(word, face, room))
    return lines


def _cut(words: str, face: ImageFont.FreeTypeFont, room: int) -> str:
    if face.getlength(words) <= room:
        return words
    while words and face.getlength(f"{words}…") > room:
        words = words[:-1]
    return f"{words.rstrip()}…"


def _head(size: int) -> ImageFont.FreeTypeFont:
    return _face("SofiaSansCondensed-700", size)


def _text(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    return _face("SofiaSans-700" if bold else "SofiaSans-400", size)


@lru_cache(maxsize=32)
def _face(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(Path(settings.PDF_FONT_DIR) / f"{name}.ttf"), size)
