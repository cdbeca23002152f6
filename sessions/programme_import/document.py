"""Reading an untrusted JSON document: every problem is noted under its path, not only the first one raised.

A `Record` is one object of the document. Each getter returns a checked value, or None where the value is missing or
wrong; what is wrong has then been noted. Leaving the `with` block of a record notes the keys that nobody asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.web.error_messages import sentences

MAX_BYTES = 8 * 1024 * 1024
MAX_PROBLEMS = 500

Texts = Mapping[str, str]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WALL_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")


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

    def __bool__(self) -> bool:
        return bool(self.found)


class _Members(dict[str, Any]):
    """A JSON object that remembers which of its names came twice."""

    doubled: tuple[str, ...] = ()


def _members(pairs: list[tuple[str, Any]]) -> _Members:
    members = _Members(pairs)
    if len(members) < len(pairs):
        names = [name for name, _value in pairs]
        members.doubled = tuple(sorted({name for name in names if names.count(name) > 1}))
    return members


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def parse(content: bytes, problems: Problems) -> Record | None:
    """Return the document's outermost object; None, with the reason noted, where there is none to be had."""
    if len(content) > MAX_BYTES:
        problems.note(
            "", _("The file has more than %(limit)d MB. Split it.") % {"limit": MAX_BYTES // 1024 // 1024}
        )
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.note(
            "",
            _("The file is not UTF-8 text (byte %(place)d). Save it as UTF-8 and load it again.")
            % {"place": error.start + 1},
        )
        return None
    try:
        value = json.loads(text, object_pairs_hook=_members, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        problems.note(
            "",
            _("The file is not JSON: line %(line)d, column %(column)d: %(reason)s.")
            % {"line": error.lineno, "column": error.colno, "reason": error.msg},
        )
        return None
    except RecursionError:
        problems.note("", _("The file is not such a file: its values are nested too deeply."))
        return None
    except ValueError as error:  # a number with thousands of digits, NaN, Infinity
        problems.note("", _("The file is not JSON: %(reason)s.") % {"reason": str(error)[:200]})
        return None
    if not isinstance(value, _Members):
        problems.note("", _("The file holds %(found)s where an object belongs.") % {"found": _kind(value)})
        return None
    return Record(value, "", problems)


def _kind(value: object) -> str:
    """Name what was found instead of what was expected."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _("the text “%(text)s”") % {"text": _safe(value)}
    if isinstance(value, int | float):
        return _("the number %(number)s") % {"number": str(value)[:30]}
    return _("a list") if isinstance(value, list) else _("an object")


def _safe(text: str) -> str:
    """Return the beginning of a text from the file in a form that no terminal obeys."""
    shown = text if len(text) <= 40 else text[:40] + "…"
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in shown
    )


class Record:
    """One JSON object with its path. See the module's text for how the getters answer."""

    def __init__(self, members: _Members, path: str, problems: Problems) -> None:
        self.path = path
        self._members = members
        self._problems = problems
        self._asked: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            return
        for name in self._members.doubled:
            self.note(_safe(name), _("appears twice. Keep one."))
        for name in self._members.keys() - self._asked:
            near = get_close_matches(name, self._asked, n=1)
            self.note(
                _safe(name),
                _("is not known here. Is “%(name)s” meant?") % {"name": near[0]}
                if near
                else _("is not known here."),
            )

    def __contains__(self, name: str) -> bool:
        return self._members.get(name) is not None

    def at(self, name: str) -> str:
        """Return the path of a member."""
        return f"{self.path}.{name}" if self.path else name

    def note(self, name: str, message: str) -> None:
        """Note a problem with a member, or with the record itself where `name` is empty."""
        self._problems.note(self.at(name) if name else self.path, message)

    def value(self, name: str, *, required: bool = False) -> Any:
        """Return what stands there as it is; null counts as missing."""
        self._asked.add(name)
        value = self._members.get(name)
        if value is None and required:
            self.note(name, _("is missing."))
        return value

    def _wrong(self, name: str, expected: str, value: object) -> None:
        self.note(
            name,
            _("%(expected)s belongs here, not %(found)s.") % {"expected": expected, "found": _kind(value)},
        )

    def text(
        self, name: str, column: models.Field[Any, Any] | None = None, *, required: bool = False
    ) -> str | None:
        """Return a text that passes the column's validators."""
        value = self.value(name, required=required)
        if value is None:
            return None
        if not isinstance(value, str):
            self._wrong(name, _("A text"), value)
            return None
        value = value.strip()
        if not value and required:
            self.note(name, _("is empty."))
            return None
        return value if self._fits(name, value, column) else None

    def texts(self, name: str, column: models.Field[Any, Any], *, required: bool = False) -> Texts | None:
        """Return a text in several languages: `{"en": …, "bg": …}`, or a plain string, which counts as English."""
        value = self.value(name, required=required)
        return None if value is None else self.as_texts(name, value, column, required=required)

    def as_texts(
        self, name: str, value: object, column: models.Field[Any, Any], *, required: bool = False
    ) -> Texts | None:
        """Check a value that was already taken as `texts` does; `name` says where it stood."""
        if isinstance(value, str):
            value = {"en": value}
        if not isinstance(value, dict):
            self._wrong(name, _("A text, or an object with a text for each language,"), value)
            return None
        offered = [code for code, _name in settings.LANGUAGES]
        sound = True
        for name_twice in getattr(value, "doubled", ()):
            self.note(f"{name}.{_safe(name_twice)}", _("appears twice. Keep one."))
            sound = False
        for code, text in value.items():
            if code not in offered:
                self.note(
                    f"{name}.{_safe(code)}",
                    _("is not one of the languages %(languages)s.") % {"languages": ", ".join(offered)},
                )
                sound = False
            elif not isinstance(text, str):
                self._wrong(f"{name}.{code}", _("A text"), text)
                sound = False
        if not sound:
            return None
        texts = {code: text.strip() for code, text in value.items() if text.strip()}
        if not texts and required:
            self.note(name, _("is empty."))
            return None
        return texts if self._fits(name, texts, column) else None

    def _fits(self, name: str, value: str | Texts, column: models.Field[Any, Any] | None) -> bool:
        """Run the column's own validators, so that a file and a form have the same limits."""
        texts = [value] if isinstance(value, str) else value.values()
        if any(_SURROGATE.search(text) or "\0" in text for text in texts):
            self.note(name, _("has a character that no text may hold (half of a pair, or zero)."))
            return False
        if column is None or not value:
            return True
        try:
            column.run_validators(value)
        except ValidationError as error:
            for message in sentences(error, column):
                self.note(name, message)
            return False
        return True

    def day(self, name: str, *, required: bool = False) -> date | None:
        """Return a date written as 2027-04-06."""
        value = self.value(name, required=required)
        if value is None:
            return None
        if isinstance(value, str) and _DATE.fullmatch(value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        self._wrong(name, _("A date such as 2027-04-06"), value)
        return None

    def wall_time(self, name: str, *, required: bool = False) -> datetime | None:
        """Return the date and time that a clock on the wall shows, written as 2027-04-06T11:30; naive."""
        value = self.value(name, required=required)
        if value is None:
            return None
        if isinstance(value, str) and _WALL_TIME.fullmatch(value):
            try:
                return datetime.fromisoformat(value)
            except ValueError:
                pass
        self._wrong(name, _("Date and time on the wall such as 2027-04-06T11:30, without an offset,"), value)
        return None

    def number(self, name: str, *, least: int = 0, most: int = 1_000_000) -> int | None:
        """Return a whole number within these limits."""
        value = self.value(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self._wrong(
            name, _("A whole number from %(least)d to %(most)d") % {"least": least, "most": most}, value
        )
        return None

    def flag(self, name: str) -> bool | None:
        """Return true or false."""
        value = self.value(name)
        if value is None or isinstance(value, bool):
            return value
        self._wrong(name, _("true or false"), value)
        return None

    def choice(self, name: str, choices: Sequence[str], *, required: bool = False) -> str | None:
        """Return one of the choices."""
        value = self.value(name, required=required)
        if value is None:
            return None
        if isinstance(value, str) and value in choices:
            return value
        self._wrong(name, _("One of %(choices)s") % {"choices": ", ".join(choices)}, value)
        return None

    def strings(self, name: str) -> Sequence[str] | None:
        """Return a list of distinct texts."""
        values = self.entries(name)
        if values is None:
            return None
        kept = []
        for index, value in enumerate(values):
            if not isinstance(value, str) or not value.strip():
                self._wrong(f"{name}[{index}]", _("A text"), value)
            elif value in kept:
                self.note(
                    f"{name}[{index}]", _("“%(text)s” appears twice. Keep one.") % {"text": _safe(value)}
                )
            else:
                kept.append(value)
        return kept

    def records(self, name: str, *, at_most: int = 2000) -> Iterator[Record]:
        """Yield the objects of a list."""
        for index, value in enumerate(self.entries(name, at_most) or ()):
            if record := self.as_record(f"{name}[{index}]", value):
                yield record

    def record(self, name: str) -> Record | None:
        """Return an object inside this one."""
        value = self.value(name)
        return None if value is None else self.as_record(name, value)

    def is_object(self, name: str) -> bool:
        """Tell whether an object stands there."""
        return isinstance(self._members.get(name), _Members)

    def as_record(self, name: str, value: object) -> Record | None:
        """Check that a value that was already taken is an object."""
        if isinstance(value, _Members):
            return Record(value, self.at(name), self._problems)
        self._wrong(name, _("An object"), value)
        return None

    def entries(self, name: str, at_most: int = 2000) -> Sequence[Any] | None:
        """Return a list with its entries as they are."""
        value = self.value(name)
        if value is None:
            return None
        if not isinstance(value, list):
            self._wrong(name, _("A list"), value)
            return None
        if len(value) > at_most:
            self.note(
                name,
                ngettext("has more than %(limit)d entry.", "has more than %(limit)d entries.", at_most)
                % {"limit": at_most},
            )
            return None
        return value

    def names(self) -> list[str]:
        """Return the names of all members, without counting them as asked for."""
        return [*self._members]
