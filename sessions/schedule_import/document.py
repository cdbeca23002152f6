"""The plain document of a lab's schedule to which files of every format are parsed, with all that is wrong in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext

MAX_FINDINGS = 500

Texts = dict[str, str]


class Kind(StrEnum):
    """What a row of a document is about, in the order in which rows are applied."""

    TRACK = "track"
    ROOM = "room"
    SPEAKER = "speaker"
    SESSION = "session"


@dataclass(frozen=True)
class Place:
    """Where something stands: a sheet ("" where there is only one), a row or line from 1, a cell ("F12") or the name
    of a part.
    """

    sheet: str = ""
    row: int = 0
    part: str = ""
    is_line: bool = False

    def at(self, part: str) -> Place:
        return Place(self.sheet, self.row, part, self.is_line)

    def __str__(self) -> str:
        said = [self.sheet] if self.sheet else []
        if self.row:
            said.append(
                (gettext("line %(row)d") if self.is_line else gettext("row %(row)d")) % {"row": self.row}
            )
        if self.part:
            said.append(self.part)
        return ", ".join(said)


@dataclass(frozen=True)
class Finding:
    """Something to know about a file: an error keeps what it is about from being imported, a note does not."""

    place: Place
    message: str
    is_error: bool = True

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if str(self.place) else self.message


class UnreadableFile(Exception):
    """Nothing of the file can be imported; `findings` say why."""

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.findings = [Finding(place or Place(), message)]


@dataclass(frozen=True)
class Local:
    """A wall time. `fold` as in PEP 495; None where the file does not say which of two readings it means."""

    on: date
    at: time
    fold: int | None = None


@dataclass(frozen=True)
class When:
    """When a session takes place, as the file says it: wall times in `zone`, or instants (aware); or how long it takes.

    `zone` is "" where the file names none: a stored session keeps its own, a new one has `fallback` or the lab's.
    """

    starts: Local | datetime
    ends: Local | datetime | timedelta
    zone: str = ""
    fallback: str = ""


@dataclass
class AgendaItem:
    """An item of an agenda; `starts` and `ends` are wall times in the session's zone. `people`: as in `Row.values`."""

    title: Texts
    place: Place
    abstract: Texts | None = None
    starts: time | None = None
    ends: time | None = None
    people: list[tuple[str, str]] | None = None


@dataclass
class Row:
    """One track, room, speaker or session of a file.

    `key` is the source's own id ("" without one), `slug` the address where the file knows it, `uid` the calendar's. In
    `values` stands only what the file says, by the name of the column of the table; for a session `when` (a `When`),
    `length` (a timedelta, where there may be no time), `track` and `room` (key, slug or name; "" for none), `people`
    (pairs of key, slug or name, and role), `agenda` (a list of `AgendaItem`) and `audience` (slugs). Texts are merged
    with those stored, language by language: "" removes one. `places` has where each value stands.
    """

    kind: Kind
    place: Place
    key: str = ""
    slug: str = ""
    uid: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def error(self, name: str, message: str) -> None:
        """Note what is wrong with a value of the row, which is not imported then."""
        self.findings.append(Finding(self.place_of(name), message))

    def note(self, name: str, message: str) -> None:
        self.findings.append(Finding(self.place_of(name), message, is_error=False))

    def place_of(self, name: str) -> Place:
        return self.places.get(name, self.place)

    @property
    def errors(self) -> list[Finding]:
        return [one for one in self.findings if one.is_error]


@dataclass
class Document:
    """What a file says about a lab's schedule. `source` is the kind of file, under which keys are remembered.

    `is_single_language` where the file does not say in which language its texts are: one that equals a stored text in
    any language says nothing new.
    """

    source: str
    rows: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unlisted: int = 0
    is_single_language: bool = False

    def of(self, kind: Kind) -> list[Row]:
        return [row for row in self.rows if row.kind == kind]

    def note(self, message: str, place: Place | None = None, *, is_error: bool = False) -> None:
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding(place or Place(), message, is_error))
        else:
            self.unlisted += 1

    @property
    def is_unusable(self) -> bool:
        return any(one.is_error for one in self.findings)
