"""The last run of the accessibility tests, of which the accessibility statement speaks."""

import functools
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

FILE = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class AccessibilityRun:
    """When which program examined how many pages, in which languages and schemes, and how many faults it found."""

    date: date
    tool: str
    pages: int
    languages: tuple[str, ...]
    schemes: tuple[str, ...]  # "light", "dark", "forced-colours"
    findings: int


@functools.cache
def last_run() -> AccessibilityRun:
    """Return what `accessibility_run.json` says, which `make accessibility` writes."""
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    return AccessibilityRun(
        date=date.fromisoformat(stored["date"]),
        tool=stored["tool"],
        pages=stored["pages"],
        languages=tuple(stored["languages"]),
        schemes=tuple(stored["schemes"]),
        findings=stored["findings"],
    )
