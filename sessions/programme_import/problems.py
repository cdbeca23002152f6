"""What is wrong with a programme file: where it stands, and a sentence in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pydantic import ValidationError

from core.web.problem_messages import Sentences, message_for

MAX_PROBLEMS = 500
NOTED = "noted"  # the type of the error that an object raises after its own errors were noted


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where: `programmes[0].labs[0].starts_on`; an empty path is the document itself."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


@dataclass
class Problems:
    """The problems found so far. Beyond MAX_PROBLEMS they are only counted."""

    found: list[Problem] = field(default_factory=list)
    unlisted: int = 0

    def note(self, path: str, message: str) -> None:
        if len(self.found) < MAX_PROBLEMS:
            self.found.append(Problem(path, message))
        else:
            self.unlisted += 1

    def note_all(self, error: ValidationError, path: str) -> None:
        """Note what pydantic found in the object at `path`, without what is noted already of the objects in it."""
        for each in error.errors(include_url=False):
            if each["type"] == NOTED:
                continue
            if len(self.found) < MAX_PROBLEMS:
                self.note(_path(path, each["loc"]), message_for(each, _SENTENCES))
            else:
                self.unlisted += 1

    def __bool__(self) -> bool:
        return bool(self.found)


class ProgrammeFileError(Exception):
    """The file cannot be loaded. `problems` says why, each with its path; `unlisted` more were found."""

    def __init__(self, problems: Collection[Problem], unlisted: int = 0) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
        self.unlisted = unlisted


def member_path(path: str, name: str) -> str:
    """Return the path of a member of the object at `path`."""
    return f"{path}.{printable(name)}" if path else printable(name)


def printable(text: str) -> str:
    """Return the beginning of a text from the file in a form that no terminal obeys."""
    shown = text if len(text) <= 40 else text[:40] + "…"
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in shown
    )


def kind_of(value: object) -> str:
    """Name what was found instead of what was expected."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _("the text “%(text)s”") % {"text": printable(value)}
    if isinstance(value, int | float):
        return _("the number %(number)s") % {"number": str(value)[:30]}
    return _("a list") if isinstance(value, list) else _("an object")


def _path(path: str, steps: tuple[str | int, ...]) -> str:
    for step in steps:
        if step != "[key]":  # pydantic's mark of an error in a key itself
            path = f"{path}[{step}]" if isinstance(step, int) else member_path(path, step)
    return path


def _instead(limits: Mapping[str, Any], expected: str | Promise) -> str:
    return _("%(expected)s is expected here, not %(found)s.") % {
        "expected": expected,
        "found": kind_of(limits["input"]),
    }


def _one_of(limits: Mapping[str, Any]) -> str:
    choices = re.findall("'(.*?)'", limits["expected"])
    return _instead(limits, _("One of %(choices)s") % {"choices": ", ".join(choices)})


def too_long(limits: Mapping[str, Any]) -> str:
    """Say that something has more entries than its `max_length`."""
    most = limits["max_length"]
    return ngettext("has more than %(limit)d entry.", "has more than %(limit)d entries.", most) % {
        "limit": most
    }


# By the beginning of the error's type, the longer one first. "unexpected" is what `fields` raise.
_SENTENCES: Sentences = {
    "missing": lambda limits: _("is missing."),
    "string_too_short": lambda limits: _("is empty."),
    "too_short": lambda limits: _("is empty."),
    "too_long": too_long,
    "unexpected": lambda limits: _instead(limits, limits["expected"]),
    "enum": _one_of,
    "string_": lambda limits: _instead(limits, _("A text")),
    "bool_": lambda limits: _instead(limits, _("true or false")),
    "list_": lambda limits: _instead(limits, _("A list")),
    "tuple_": lambda limits: _instead(limits, _("A list")),
    "model_": lambda limits: _instead(limits, _("An object")),
    "dict_": lambda limits: _instead(limits, _("An object")),
    "": lambda limits: _("This could not be read. Enter it again."),
}
