"""From the bytes of a programme file to its JSON document, in which every object knows its path."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from django.utils.translation import gettext as _

from sessions.programme_import.problems import Problems, kind_of, member_path

MAX_BYTES = 8 * 1024 * 1024

_UNSTORABLE = re.compile("[\ud800-\udfff\0]")  # halves of surrogate pairs, and U+0000


class JsonObject(dict[str, Any]):
    """A JSON object, its path in the document, and which of its names came twice."""

    path: str = ""
    doubled: tuple[str, ...] = ()


def parse(content: bytes, problems: Problems) -> JsonObject | None:
    """Return the document's outermost object; None, with the reason noted, where there is none to be had.

    What would be lost later is noted on the way: names that stand twice in an object, characters that no text holds.
    """
    if len(content) > MAX_BYTES:
        problems.note(
            "", _("The file has more than %(limit)d MB. Split it.") % {"limit": MAX_BYTES // 1024 // 1024}
        )
        return None
    try:
        text = content.decode("utf-8-sig")
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
        value = _placed(value, "", problems)
    except UnicodeDecodeError as error:
        message = _("The file is not UTF-8 text (byte %(place)d). Save it as UTF-8 and load it again.")
        problems.note("", message % {"place": error.start + 1})
        return None
    except json.JSONDecodeError as error:
        message = _("The file is not JSON: line %(line)d, column %(column)d: %(reason)s.")
        problems.note("", message % {"line": error.lineno, "column": error.colno, "reason": error.msg})
        return None
    except RecursionError:
        problems.note("", _("The file’s values are nested too deeply."))
        return None
    except ValueError as error:  # a number with thousands of digits, NaN, Infinity
        problems.note("", _("The file is not JSON: %(reason)s.") % {"reason": str(error)[:200]})
        return None
    if not isinstance(value, JsonObject):
        problems.note(
            "", _("The file contains %(found)s where an object is expected.") % {"found": kind_of(value)}
        )
        return None
    return value


def _object(pairs: list[tuple[str, Any]]) -> JsonObject:
    members = JsonObject(pairs)
    if len(members) < len(pairs):
        names = Counter(name for name, _value in pairs)
        members.doubled = tuple(sorted(name for name, count in names.items() if count > 1))
    return members


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _placed(value: Any, path: str, problems: Problems) -> Any:
    """Return the value with its objects knowing their paths, and without characters that no text may hold."""
    if isinstance(value, str):
        if not _UNSTORABLE.search(value):
            return value
        problems.note(
            path,
            _("has a character that is not allowed in a text (an unpaired surrogate or a null character)."),
        )
        return _UNSTORABLE.sub("?", value)
    if isinstance(value, list):
        return [_placed(item, f"{path}[{index}]", problems) for index, item in enumerate(value)]
    if isinstance(value, JsonObject):
        placed = JsonObject()
        placed.path = path
        for name in value.doubled:
            problems.note(member_path(path, name), _("appears twice. Keep one."))
        for name, member in value.items():
            place = member_path(path, name)
            placed[_placed(name, place, problems)] = _placed(member, place, problems)
        return placed
    return value
