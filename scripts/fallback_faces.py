"""Write the faces that stand in for the web fonts until these have arrived: fonts of the reader's device, scaled.

A text in such a face takes as much room as it will take in the web font, so that nothing moves when this one comes.
Widths and heights of the web fonts are read from their files; what the devices' fonts measure stands below. Writes
`static/site/fallbacks.css`; with `--check`, exit code 1 where that file is not what would be written.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "static" / "site" / "fallbacks.css"
# Small letters and the space, capitals, and a figure for all figures, which are equally wide.
LETTERS = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ0"
# How often each small letter and the space stand in a thousand signs of English running text; then each capital, and
# figures, as often as in headings of programmes.
OFTEN = (
    65, 12, 22, 35, 104, 18, 16, 50, 57, 1, 6, 33, 20, 56, 60, 14, 1, 48, 52, 74, 23, 8, 19, 1, 16, 1, 188,
    *(5,) * 26, 50,
)  # fmt: skip


@dataclass(frozen=True)
class Local:
    """A font of devices: the full names under which it is installed, and its widths in thousandths of its size."""

    names: tuple[str, ...]
    widths: tuple[int, ...]


# Arial, and what is as wide: Helvetica (whose AFM files give these numbers), Liberation Sans, Arimo; nearly so, Roboto.
ARIAL = {
    400: Local(
        ("Arial", "ArialMT", "Liberation Sans", "LiberationSans", "Arimo", "Helvetica", "Roboto", "Roboto Regular"),
        (556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500,
         722, 500, 500, 500, 278,
         667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611,
         722, 667, 944, 667, 667, 611, 556),
    ),
    700: Local(
        ("Arial Bold", "Arial-BoldMT", "Liberation Sans Bold", "LiberationSans-Bold", "Arimo Bold", "Helvetica Bold",
         "Roboto Bold"),
        (556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556,
         778, 556, 556, 500, 278,
         722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611,
         722, 667, 944, 667, 667, 611, 556),
    ),
}  # fmt: skip
DEJAVU = {
    400: Local(
        ("DejaVu Sans", "DejaVuSans", "Verdana"),
        (613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592,
         818, 592, 592, 525, 318,
         684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611,
         732, 684, 989, 685, 611, 685, 636),
    ),
    700: Local(
        ("DejaVu Sans Bold", "DejaVuSans-Bold"),
        (675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652,
         924, 645, 652, 582, 348,
         774, 762, 734, 830, 683, 683, 821, 837, 372, 372, 775, 637, 995, 837, 850, 733, 850, 770, 720, 682,
         812, 774, 1103, 771, 724, 725, 696),
    ),
}  # fmt: skip
LOCALS = {"Arial": ARIAL, "DejaVu": DEJAVU}
# The web fonts' packages, and the weight at which headings and strong words are set in them.
FAMILIES = {"sofia-sans": ("Sofia Sans", 700), "sofia-sans-condensed": ("Sofia Sans Condensed", 750)}
RANGES = {400: "1 549", 700: "550 1000"}


def average(widths: tuple[float, ...]) -> float:
    """Return the width of a sign in running text."""
    return sum(width * often for width, often in zip(widths, OFTEN, strict=True)) / sum(OFTEN)


def web_font(package: str, weight: int) -> tuple[float, float, float]:
    """Return the mean width, the ascent and the descent of a web font at a weight, in thousandths of its size."""
    path = (
        ROOT
        / "node_modules"
        / "@fontsource-variable"
        / package
        / "files"
        / f"{package}-latin-wght-normal.woff2"
    )
    font = instantiateVariableFont(TTFont(path, recalcTimestamp=False), {"wght": weight}, inplace=True)
    unit = 1000 / font["head"].unitsPerEm
    names = font.getBestCmap()
    widths = tuple(font["hmtx"][names[ord(letter)]][0] * unit for letter in LETTERS)
    return average(widths), font["hhea"].ascent * unit, -font["hhea"].descent * unit


def face(family: str, weight: int, local: Local, measures: tuple[float, float, float]) -> str:
    """Return the rule for one face."""
    width, ascent, descent = measures
    scale = width / average(local.widths)
    sources = ", ".join(f'local("{name}")' for name in local.names)
    return (
        f'@font-face {{\n  font-family: "{family}";\n  font-weight: {RANGES[weight]};\n  src: {sources};\n'
        f"  size-adjust: {scale:.2%};\n  ascent-override: {ascent / 1000 / scale:.2%};\n"
        f"  descent-override: {descent / 1000 / scale:.2%};\n  line-gap-override: 0%;\n}}\n"
    )


def style_sheet() -> str:
    """Return the whole style sheet."""
    rules = ["/* Made by scripts/fallback_faces.py from what the fonts measure. */\n"]
    for package, (name, bold) in FAMILIES.items():
        for weight in RANGES:
            measures = web_font(package, bold if weight == 700 else weight)
            rules += [
                face(f"{name} as {like}", weight, local[weight], measures) for like, local in LOCALS.items()
            ]
    return "\n".join(rules)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="change nothing, and tell whether anything would be"
    )
    wanted = style_sheet()
    if parser.parse_args().check:
        return int(TARGET.read_text() != wanted)
    TARGET.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
