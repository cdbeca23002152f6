"""Reading a certificate's file in tests: its text, its structure, and what a validator finds."""

import io
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import page
from pypdf import PdfReader

from certificates.pdf import render
from tests.certificates.samples import certificate

LANGUAGES = ("en", "bg", "el")
PROFILES = ("3a", "ua1")


@cache
def printed(language: str) -> bytes:
    return render(certificate(language))


def failures(file: bytes, profile: str) -> list[str]:
    result = page.validate_pdf_bytes(file, profile=profile)
    assert result.is_compliant is (not result.failures)
    return [failure.rule_id for failure in result.failures]


def read(file: bytes) -> Any:
    """The file, opened; its parts are of types known at run time only."""
    return PdfReader(io.BytesIO(file))


def lines(file: bytes, number: int = 0) -> list[str]:
    text = read(file).pages[number].extract_text()
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def words(file: bytes) -> str:
    return " ".join(" ".join(lines(file, number)) for number in range(len(read(file).pages)))


def structure(reader: Any) -> list[Any]:
    """Every element of the tag tree, in reading order."""

    def walk(element: Any) -> Iterator[Any]:
        if not isinstance(element, dict) or "/S" not in element:
            return
        yield element
        kids = element.get("/K")
        kids = kids.get_object() if kids is not None else []
        for kid in kids if isinstance(kids, list) else [kids]:
            yield from walk(kid.get_object())

    return [one for top in reader.root_object["/StructTreeRoot"]["/K"] for one in walk(top.get_object())]


class Placed(NamedTuple):
    """A word of the file and where it stands on its page, in points."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return round(self.bottom - self.top, 1)


def placed_words(file: bytes) -> list[Placed]:
    """Every word of the file, in reading order."""
    listed = subprocess.run(
        ["pdftotext", "-bbox", "-", "-"], input=file, capture_output=True, check=True
    ).stdout.decode()
    found = re.findall(
        r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">([^<]*)<', listed
    )
    return [Placed(text, *map(float, box)) for *box, text in found]
