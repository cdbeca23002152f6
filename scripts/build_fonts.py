"""Make one static TrueType file per weight for the PDF renderer, from the web fonts npm installed.

WeasyPrint garbles a family that comes as several `unicode-range` files and knows only weights in hundreds, so
each weight is cut from every script's variable file and the scripts are merged into one. The faces that stand in
for letters and signs which this family lacks come whole and are copied. The same input gives the same bytes: no clock
enters a file. Nothing is done when the files are up to date.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parent.parent
SUBSETS = ("latin", "latin-ext", "cyrillic", "cyrillic-ext", "greek")
# Enough to tell that no script was lost on the way: Latin, Bulgarian and Greek with accent.
MUST_DRAW = "AŻßЖщъѝΩώ€–…"
FIXED_TIME = 3_660_000_000  # seconds since 1904, as the font format counts; any constant will do


@dataclass(frozen=True)
class Family:
    """One type family: its npm package, the names written into the files, and the weights the PDF uses."""

    package: str
    name: str
    weights: tuple[int, ...]

    @property
    def stem(self) -> str:
        """The family's name without spaces, as file and PostScript names want it."""
        return self.name.replace(" ", "")

    def sources(self, node_modules: Path) -> list[Path]:
        """The package's upright variable files, one per script, in a fixed order."""
        folder = node_modules / "@fontsource-variable" / self.package / "files"
        return [folder / f"{self.package}-{subset}-wght-normal.woff2" for subset in SUBSETS]


FAMILIES = (
    Family("sofia-sans", "Sofia Sans", (400, 600, 700)),
    Family("sofia-sans-condensed", "Sofia Sans Condensed", (400, 700)),
)
# Files of npm packages that are used as they are, by the name that the PDF renderer knows them by.
WHOLE = {
    "NotoSans-400.ttf": "@expo-google-fonts/noto-sans/400Regular/NotoSans_400Regular.ttf",
    "NotoSans-600.ttf": "@expo-google-fonts/noto-sans/600SemiBold/NotoSans_600SemiBold.ttf",
    "NotoSans-700.ttf": "@expo-google-fonts/noto-sans/700Bold/NotoSans_700Bold.ttf",
    "DejaVuSans-400.ttf": "dejavu-fonts-ttf/ttf/DejaVuSans.ttf",
    "DejaVuSans-700.ttf": "dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf",
}
WEIGHT_NAMES = {400: "Regular", 600: "SemiBold", 700: "Bold"}


def rename(font: TTFont, family: Family, weight: int) -> None:
    """Write the static file's own names; licence and copyright records stay as the foundry wrote them."""
    style = WEIGHT_NAMES[weight]
    linked = style in ("Regular", "Bold")
    names = {
        1: family.name if linked else f"{family.name} {style}",
        2: style if linked else "Regular",
        3: f"{family.stem}-{style}",
        4: f"{family.name} {style}",
        6: f"{family.stem}-{style}",
        16: family.name,
        17: style,
    }
    table = font["name"]
    table.names = [record for record in table.names if record.nameID not in (*names, 21, 22, 25)]
    for name_id, text in names.items():
        table.setName(text, name_id, 3, 1, 0x409)


def static_subset(source: Path, weight: int) -> TTFont:
    """One script's variable file fixed at one weight."""
    # Imported here, since most runs find all fonts up to date.
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    font = instantiateVariableFont(TTFont(source, recalcTimestamp=False), {"wght": weight}, inplace=True)
    for tag in ("STAT", "DSIG", "avar", "HVAR", "MVAR"):
        if tag in font:
            del font[tag]
    font.flavor = None
    return font


def build(family: Family, weight: int, node_modules: Path, target: Path) -> None:
    """Write one static file with all scripts; raises ValueError when a script did not survive the merge."""
    from fontTools.merge import Merger

    with tempfile.TemporaryDirectory() as folder:
        parts = []
        for number, source in enumerate(family.sources(node_modules)):
            part = Path(folder) / f"{number}.ttf"
            static_subset(source, weight).save(part)
            parts.append(str(part))
        font = Merger().merge(parts)
    font.recalcTimestamp = False
    font["head"].created = font["head"].modified = FIXED_TIME
    font["OS/2"].usWeightClass = weight
    font["head"].macStyle = int(weight == 700)
    font["OS/2"].fsSelection = (font["OS/2"].fsSelection & ~0b1100001) | (
        0b100000 if weight == 700 else 0b1000000
    )
    rename(font, family, weight)
    missing = {letter for letter in MUST_DRAW if ord(letter) not in font.getBestCmap()}
    if missing:
        raise ValueError(f"{target.name}: no glyph for {' '.join(sorted(missing))}")
    unfinished = target.with_suffix(".part")
    font.save(unfinished)
    unfinished.replace(target)


def fingerprint(node_modules: Path) -> str:
    """A checksum over this script and every source file."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for family in FAMILIES:
        for source in family.sources(node_modules):
            digest.update(source.read_bytes())
    for source in WHOLE.values():
        digest.update((node_modules / source).read_bytes())
    return digest.hexdigest()


def main() -> int:
    """Build what is missing or old; exit code 1 with one sentence when the web fonts are not there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--node-modules", type=Path, default=ROOT / "node_modules")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "fonts")
    options = parser.parse_args()
    logging.getLogger("fontTools").setLevel(logging.ERROR)

    try:
        wanted = fingerprint(options.node_modules)
    except FileNotFoundError as error:
        print(f"{error.filename} is missing. Run “npm ci” first.", file=sys.stderr)
        return 1
    stamp = options.output / "fingerprint"
    targets = {
        options.output / f"{family.stem}-{weight}.ttf": (family, weight)
        for family in FAMILIES
        for weight in family.weights
    }
    copies = {options.output / name: options.node_modules / source for name, source in WHOLE.items()}
    wanted_files = (*targets, *copies)
    if stamp.exists() and stamp.read_text() == wanted and all(target.exists() for target in wanted_files):
        return 0
    options.output.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    for target, (family, weight) in targets.items():
        build(family, weight, options.node_modules, target)
        print(f"{target.name}: {target.stat().st_size // 1024} kB")
    for target, source in copies.items():
        unfinished = target.with_suffix(".part")
        shutil.copyfile(source, unfinished)
        unfinished.replace(target)
        print(f"{target.name}: {target.stat().st_size // 1024} kB")
    stamp.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
