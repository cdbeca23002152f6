"""The pictures of a certificate: QR code, logo, timetable."""

import io
import re
import subprocess
from collections.abc import Callable

from PIL import Image

from certificates.content import Logo
from certificates.pdf import render
from core.pdf import qr
from core.pdf.renderer import Picture
from sessions.timetable import Block, Weight, columns
from tests.certificates.reading import (
    PROFILES,
    failures,
    printed,
    read,
    structure,
    words,
)
from tests.certificates.samples import ADDRESS, NAMES, certificate


def test_the_printed_qr_code_is_the_address():
    rows = qr.matrix(f"https://{ADDRESS}")
    side = len(rows)
    image = rasterise(printed("en"), resolution=300)
    left, top, size = ((297 - 16 - 30) / 25.4 * 300, (210 - 12 - 30) / 25.4 * 300, 30 / 25.4 * 300)
    seen = tuple(
        tuple(image(left + (x + 0.5) * size / side, top + (y + 0.5) * size / side) < 128 for x in range(side))
        for y in range(side)
    )
    assert seen == rows


def rasterise(file: bytes, resolution: int) -> Callable[[float, float], int]:
    """Return a function from a point of the first page, in pixels, to its grey value."""
    grey = subprocess.run(
        ["pdftoppm", "-r", str(resolution), "-gray", "-f", "1", "-l", "1", "-"],
        input=file,
        capture_output=True,
        check=True,
    ).stdout
    header = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", grey)
    assert header
    across = int(header[1])
    return lambda x, y: grey[header.end() + int(y) * across + int(x)]


def test_a_broken_logo_leaves_the_certificate_whole():
    file = render(
        certificate(
            logos=(Logo(Picture(b"\x89PNG\r\n\x1a\nnot a picture", "image/png"), {"en": "Demo City"}),)
        )
    )
    assert NAMES["en"] in words(file)


def test_a_raster_logo_is_printed():
    png = io.BytesIO()
    Image.new("RGBA", (2, 1), (0, 0, 255, 128)).save(png, "PNG")
    file = render(certificate(logos=(Logo(Picture(png.getvalue(), "image/png"), {"en": "Demo City"}),)))
    assert [one["/Alt"] for one in structure(read(file)) if one["/S"] == "/Figure"] == [
        "Demo City",
        f"QR: {ADDRESS}",
    ]
    assert {profile: failures(file, profile) for profile in PROFILES} == {"3a": [], "ua1": []}


def test_the_timetable_shows_attended_sessions_and_the_others_in_different_shades():
    content = certificate()
    attended = [Block(one.starts, one.ends) for one in content.sessions]
    others = [Block(*hours, Weight.SOFT) for hours in content.other_sessions]
    image = rasterise(printed("en"), resolution=144)
    # The drawing is 36 mm wide and begins 6 mm from the left, 46 mm from the top.
    millimetre, unit = 144 / 25.4, 36 / 192
    shades = {
        bar.weight: image(
            (6 + (bar.x + bar.width / 2) * unit) * millimetre,
            (46 + (bar.y + bar.height / 2) * unit) * millimetre,
        )
        for bar in columns([*attended, *others]).bars
    }
    ground = image(2, 2)
    assert shades[Weight.PLAIN] > shades[Weight.SOFT] > ground
