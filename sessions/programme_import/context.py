"""What validators of a programme file know beside the value in hand: the objects around it, and the file's cities."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationInfo

from sessions.programme_import.problems import Problem, Problems

Key = tuple[Hashable, ...]


@dataclass
class Level:
    """An object of the file while it is validated.

    `given` are its known members as they stand in the file, `sound` the fields that are valid so far, and `taken`
    says at which path something was first used that only one inside this object may have.
    """

    kind: str
    path: str
    given: Mapping[str, Any]
    sound: Mapping[str, Any] = field(default_factory=dict)
    taken: dict[Key, str] = field(default_factory=dict)

    def claim(self, key: Key, path: str) -> str | None:
        """Return the path at which the key was taken already; None after taking it."""
        if key in self.taken:
            return self.taken[key]
        self.taken[key] = path
        return None


@dataclass
class Reading:
    """One run over a file: the context of all its models. `levels` are the objects around a value, outermost first."""

    known_cities: Collection[str]
    sources: Collection[str] | None
    problems: Problems
    notices: list[Problem] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    free_hours: Iterator[datetime] = field(default_factory=lambda: iter(()))

    @property
    def here(self) -> Level:
        return self.levels[-1]

    def level(self, kind: str) -> Level:
        """Return the nearest object of this kind."""
        return next(level for level in reversed(self.levels) if level.kind == kind)

    def find(self, key: Key) -> str | None:
        """Return the path at which the key was taken inside any of the objects around the value."""
        return next((level.taken[key] for level in self.levels if key in level.taken), None)

    @contextmanager
    def inside(self, kind: str, path: str, given: Mapping[str, Any]) -> Iterator[None]:
        self.levels.append(Level(kind, path, given))
        try:
            yield
        finally:
            self.levels.pop()


Info = ValidationInfo[Reading]
