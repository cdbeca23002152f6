"""Derive a lab's colours from the picked one, so that every page meets the contrasts of WCAG 2.2.

Lightness is adjusted in OKLCH (Björn Ottosson, 2020) with constant hue; chroma is reduced only to stay within sRGB, in
light and in dark mode.
"""

import hashlib
import json
import math
import re
from dataclasses import dataclass
from functools import lru_cache

from django.db.models.fields.files import FieldFile

from core.web.palette import DEFAULT_COLOURS
from labs.models import Lab

# Backgrounds and text colours of static/site/tokens.css.
WHITE = "#ffffff"
INK_LIGHT, INK_DARK = "#0f1b1d", "#edf2ef"
WASH_2_DARK = "#253031"

# Required contrast ratios.
GROUND, GROUND_DARK = 7.0, 10.0
SECOND_ON_GROUND = 5.5
LIFT_ON_GROUND = 3.3
MARK_IN_DARK = 6.5
INK_ON_TINT = 12.0

_HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_GREY = 0.035  # chroma below which a colour has no visible hue
_NEAR_BLACK = 0.2
_STEP = 0.002


@dataclass(frozen=True)
class Oklch:
    """A colour by lightness (0 to 1), chroma (0 to about 0.37) and hue (radians)."""

    lightness: float
    chroma: float
    hue: float


def clean_colour(text: str) -> str:
    """Return a colour as #rrggbb in lower case. Accepts "#0A7", "00aa77"; raises ValueError for anything else."""
    found = _HEX.fullmatch(text.strip())
    if not found:
        raise ValueError("not a colour")
    digits = found[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def theme_values(colour: str) -> dict[str, str]:
    """Return the colours of a lab, each as #rrggbb, from the picked one; the defaults for greys and near-blacks.

    Keys: `lab`, `lab_dark` (backgrounds of white text), `on_lab_2` (secondary text on both), `lab_lift` (shapes on
    both), `lab_ink`, `lab_ink_dark` (shapes on the page), `lab_tint`, `lab_tint_dark` (light backgrounds). Raises
    ValueError for an invalid colour.
    """
    picked = to_oklch(clean_colour(colour))
    if picked.chroma < _GREY or picked.lightness < _NEAR_BLACK:
        return dict(DEFAULT_COLOURS)
    ground = _darken(picked, WHITE, GROUND)
    chroma = picked.chroma
    return {
        "lab": ground,
        "lab_dark": _darken(to_oklch(ground), WHITE, GROUND_DARK),
        "on_lab_2": _lighten(_with_hue_of(picked, 0.86, min(chroma, 0.05)), ground, SECOND_ON_GROUND),
        "lab_lift": _lighten(_with_hue_of(picked, 0.72, min(chroma, 0.12)), ground, LIFT_ON_GROUND),
        "lab_ink": ground,
        "lab_ink_dark": _lighten(_with_hue_of(picked, 0.76, min(chroma, 0.12)), WASH_2_DARK, MARK_IN_DARK),
        "lab_tint": _lighten(_with_hue_of(picked, 0.945, min(chroma, 0.02)), INK_LIGHT, INK_ON_TINT),
        "lab_tint_dark": _darken(_with_hue_of(picked, 0.29, min(chroma, 0.03)), INK_DARK, INK_ON_TINT),
    }


def is_adjusted(colour: str) -> bool:
    """Tell whether the background differs from the picked colour."""
    return theme_values(colour)["lab"] != clean_colour(colour)


def theme_css(slug: str, values: dict[str, str]) -> str:
    """Return the style sheet with the lab's colours for `data-lab="<slug>"`.

    Neither `slug` nor `values` (of `theme_values`) can contain characters with a meaning in CSS.
    """
    return f"""@layer lab {{
  [data-lab="{slug}"] {{
    --lab: light-dark({values["lab"]}, {values["lab_dark"]});
    --on-lab: {WHITE};
    --on-lab-2: {values["on_lab_2"]};
    --lab-lift: {values["lab_lift"]};
    --lab-ink: light-dark({values["lab_ink"]}, {values["lab_ink_dark"]});
    --lab-tint: light-dark({values["lab_tint"]}, {values["lab_tint_dark"]});
  }}
}}
"""


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (1 to 21, WCAG 2.2 §1.4.3)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def to_oklch(colour: str) -> Oklch:
    """Return #rrggbb as OKLCH."""
    red, green, blue = _linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return Oklch(lightness, math.hypot(a, b), math.atan2(b, a))


def to_hex(colour: Oklch) -> str:
    """Return OKLCH as #rrggbb; out of gamut, with the highest chroma in sRGB."""
    low, high = 0.0, colour.chroma
    channels = _channels(colour)
    if not _in_gamut(channels):
        for _ in range(24):
            middle = (low + high) / 2
            if _in_gamut(_channels(_with_hue_of(colour, colour.lightness, middle))):
                low = middle
            else:
                high = middle
        channels = _channels(_with_hue_of(colour, colour.lightness, low))
    return "#" + "".join(f"{round(_encoded(channel) * 255):02x}" for channel in channels)


def _with_hue_of(colour: Oklch, lightness: float, chroma: float) -> Oklch:
    return Oklch(lightness, chroma, colour.hue)


def _darken(colour: Oklch, against: str, wanted: float) -> str:
    """Lower the lightness until the contrast with the lighter colour `against` is reached."""
    return _move(colour, -_STEP, against, wanted)


def _lighten(colour: Oklch, against: str, wanted: float) -> str:
    """Raise the lightness until the contrast with the darker colour `against` is reached."""
    return _move(colour, _STEP, against, wanted)


def _move(colour: Oklch, step: float, against: str, wanted: float) -> str:
    """Change the lightness by steps; black and white meet all contrasts used here."""
    lightness = colour.lightness
    while True:
        shown = to_hex(_with_hue_of(colour, lightness, colour.chroma))
        if contrast(shown, against) >= wanted or not 0 < lightness < 1:
            return shown
        lightness = min(max(lightness + step, 0.0), 1.0)


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> tuple[float, float, float]:
    """Return the three channels of #rrggbb as linear light (0 to 1)."""
    encoded = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in encoded
    )
    return red, green, blue


def _encoded(light: float) -> float:
    light = min(max(light, 0.0), 1.0)
    return light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def _channels(colour: Oklch) -> tuple[float, float, float]:
    """Return OKLCH as linear sRGB; outside 0 to 1 if out of gamut."""
    a, b = colour.chroma * math.cos(colour.hue), colour.chroma * math.sin(colour.hue)
    long = (colour.lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (colour.lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (colour.lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _in_gamut(channels: tuple[float, float, float]) -> bool:
    return all(-0.0001 <= channel <= 1.0001 for channel in channels)


def theme_version(lab: Lab) -> str:
    """Return a short hash of the lab's style sheet."""
    return _hash_of_theme(lab.slug, json.dumps(lab.theme_values))


@lru_cache(maxsize=512)
def _hash_of_theme(slug: str, values: str) -> str:
    return hashlib.sha256(theme_css(slug, json.loads(values)).encode()).hexdigest()[:12]


def file_version(picture: FieldFile) -> str:
    """Return a short hash of a logo's file name, which changes with the picture."""
    return hashlib.sha256((picture.name or "").encode()).hexdigest()[:12]
