"""The QR code says the check address, in the same picture each time."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest
import segno

from core.pdf import qr
from tests.certificates.samples import ADDRESS

URL = f"https://{ADDRESS}"


def _drawn(svg: str) -> Iterator[tuple[int, int]]:
    """The modules (line, column) that the picture's stroke covers, quiet zone included."""
    path = ET.fromstring(svg)[1].attrib["d"]
    for run in path.split("M")[1:]:
        start, _, length = run.partition("h")
        column, line = start.split()
        yield from ((int(line.removesuffix(".5")), int(column) + step) for step in range(int(length)))


def _dark(text: str) -> set[tuple[int, int]]:
    return {(y, x) for y, row in enumerate(qr.matrix(text)) for x, dark in enumerate(row) if dark}


def _level_and_mask(text: str) -> tuple[int, int]:
    """The error correction level and mask, read from the code's own format information (ISO/IEC 18004 §7.9)."""
    row = qr.matrix(text)[8]
    bits = int("".join("1" if row[column] else "0" for column in range(5)), 2) ^ 0b10101
    return bits >> 3, bits & 0b111


def test_the_code_is_an_ordinary_qr_code_of_level_m_for_the_address():
    reference = segno.make_qr(URL, error="m", boost_error=False, mask=4)
    assert qr.matrix(URL) == tuple(tuple(bool(one) for one in row) for row in reference.matrix)
    assert (reference.error, reference.mask) == ("M", 4)


def test_the_format_information_says_level_m_and_always_the_same_mask():
    assert _level_and_mask(URL) == (0b00, 4)
    assert _level_and_mask("https://citylabs.example.org/certificates/0000-0000-0000") == (0b00, 4)


def test_the_picture_draws_exactly_the_dark_modules_inside_the_quiet_zone():
    assert set(_drawn(qr.svg(URL))) == {(y + 4, x + 4) for y, x in _dark(URL)}
    assert set(_drawn(qr.svg(URL, quiet_zone=0))) == _dark(URL)


def test_the_picture_is_as_large_as_the_code_and_its_quiet_zone():
    side = str(len(qr.matrix(URL)) + 8)
    root = ET.fromstring(qr.svg(URL))
    assert (root.attrib["width"], root.attrib["height"], root.attrib["viewBox"]) == (
        side,
        side,
        f"0 0 {side} {side}",
    )


def test_the_same_text_gives_the_same_picture_and_another_text_another():
    assert qr.svg(URL) == qr.svg(URL)
    assert qr.svg(URL) != qr.svg(URL + "x")


def test_markup_in_the_text_is_encoded_not_drawn():
    root = ET.fromstring(qr.svg('"/><script>alert(1)</script>'))
    assert [child.tag.rpartition("}")[2] for child in root] == ["path", "path"]


def test_a_text_longer_than_any_code_is_refused():
    with pytest.raises(segno.DataOverflowError):
        qr.svg("x" * 5000)
