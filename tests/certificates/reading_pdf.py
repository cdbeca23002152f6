"""Certificates printed for tests, and reading their files."""

import io
import re
import subprocess
from collections.abc import Iterator
from datetime import date, time
from functools import cache
from typing import Any

import page
from pypdf import PdfReader

from certificates.pdf import (
    AttendedSession,
    Logo,
    render,
)
from tests.certificates.papers import certificate

LANGUAGES = ("en", "bg", "el")
PROFILES = ("3a", "ua1")
LOGO = Logo(
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 16" width="60" height="16">'
    b'<rect width="60" height="16" fill="#003399"/></svg>',
    "image/svg+xml",
    {"en": "Demo City", "bg": "Демонстрационен град"},
)


def many_sessions(count: int) -> tuple[AttendedSession, ...]:
    return tuple(
        AttendedSession(
            on=date(2021, 11, 1 + number % 28),
            titles={"en": f"Session {number:03d}", "bg": f"Сесия {number:03d}"},
            minutes=60,
            starts=time(9 + number % 9),
            ends=time(10 + number % 9),
        )
        for number in range(count)
    )


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


def boxes(file: bytes) -> list[tuple[float, ...]]:
    """Where each word of the file stands on its page: left, top, right, bottom in points."""
    listed = subprocess.run(
        ["pdftotext", "-bbox", "-", "-"], input=file, capture_output=True, check=True
    ).stdout
    found = re.findall(rb'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)"', listed)
    return [tuple(map(float, box)) for box in found]
