"""Templates that are rendered again and again for things that differ in nothing but their words.

Going through a template costs far more than putting texts into it. A stencil is what a template makes of one shape of
things: which of their texts there are at all, how many items their lists have, what their numbers and truths are. It
is rendered once, with marks where the words go, and then filled.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from html import escape
from itertools import count
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.template import Context, engines
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

KEPT_AT_MOST = 500
# What has more gaps than this, such as a mail about forty sessions, hardly has its shape twice, and is large to keep.
GAPS_AT_MOST = 300
_kept: dict[Hashable, _Stencil] = {}


def filled(template: str, context: Mapping[str, Any], *, autoescape: bool = True) -> str:
    """Return what the template makes of the context in the active language, as it would be rendered.

    The context holds texts, numbers, truths, dates, None, and lists, dictionaries and dataclasses of these, without
    the fields that a class names in `APART`. Of a text the template may ask whether there is any, and show it:
    comparing or filtering it would work on the mark in its place. Everything else it may use as it likes.
    Raises TypeError for other values, ValueError for a template that is seen to change a text.
    """
    return _filled(template, get_language(), context, autoescape)


def filled_for_each(template: str, name: str, things: Iterable[Any], context: Mapping[str, Any]) -> str:
    """Return the template filled for one thing after the other, which it knows by this name."""
    language = get_language()
    return "".join(_filled(template, language, {name: thing, **context}, True) for thing in things)


def _filled(template: str, language: str | None, context: Mapping[str, Any], autoescape: bool) -> str:
    words: list[str] = []
    shape = _flat(context, words)
    key = (template, autoescape, language, shape)
    stencil = _kept.get(key)
    if stencil is None:
        stencil = _cut(template, shape, autoescape)
        # While developing, a template may just have been written anew.
        if len(stencil.gaps) <= GAPS_AT_MOST and not settings.DEBUG:
            if len(_kept) >= KEPT_AT_MOST:
                _kept.clear()
            _kept[key] = stencil
    if autoescape:
        # As `django.utils.html.escape` does, which looks for lazy texts each time: there are none among these.
        words = [text if type(text) is SafeString else escape(text) for text in words]
    return stencil.fill(words)


@dataclasses.dataclass(frozen=True)
class _Stencil:
    """Fixed text, with a gap at each of these places: (place among `parts`, number of the word)."""

    parts: list[str]
    gaps: list[tuple[int, int]]

    def fill(self, words: list[str]) -> str:
        parts = self.parts.copy()
        for place, word in self.gaps:
            parts[place] = words[word]
        return "".join(parts)


# A mark is written in signs that mean nothing (the private use plane 15), with letters of both cases among them: what
# a template does to a text leaves some of them behind.
_OPEN, _CLOSE, _NOUGHT = "\U000f0000xX", "\U000f0001", 0xF0010
_MARK = re.compile(f"{_OPEN}([{chr(_NOUGHT)}-{chr(_NOUGHT + 9)}]+){_CLOSE}")
_LEFT_BEHIND = re.compile("[\U000f0000-\U000f00ff]")


def _mark(number: int) -> str:
    return _OPEN + "".join(chr(_NOUGHT + int(digit)) for digit in str(number)) + _CLOSE


def _number(digits: str) -> int:
    return int("".join(str(ord(digit) - _NOUGHT) for digit in digits))


def _cut(template: str, shape: Hashable, autoescape: bool) -> _Stencil:
    apart = _Apart()
    context = _stand_in(shape, map(_mark, count()), apart)
    engine = engines["django"].engine  # type: ignore[attr-defined]
    text = engine.get_template(template).render(Context(context, autoescape=autoescape))
    if apart.looked_at:
        raise ValueError(f"{template} looks at a field that is kept apart from stencils.")
    parts = _MARK.split(text)
    if any(_LEFT_BEHIND.search(part) for part in parts[::2]):
        raise ValueError(f"{template} changes a text, which a stencil cannot.")
    gaps = [(place, _number(parts[place])) for place in range(1, len(parts), 2)]
    return _Stencil(parts, gaps)


def _flat(thing: Any, words: list[str]) -> Hashable:
    """Return the shape of a thing, and add its words to the list."""
    kind = type(thing)
    if kind is SafeString or kind is str:
        if not thing:
            return ""
        words.append(thing)
        return kind
    if thing is None or kind is bool:
        return thing
    fields = _getter_of(kind)  # type: ignore[arg-type]
    if fields is not None:
        return (kind, *_flat_each(fields(thing), words))
    if kind is tuple or kind is list:
        return (kind, *_flat_each(thing, words))
    if kind is dict:
        return (kind, tuple(thing), tuple(map(type, thing)), *_flat_each(thing.values(), words))
    if isinstance(thing, Promise):
        return _flat(str(thing), words)
    if isinstance(thing, _STEERING):
        return (kind, thing, repr(thing))  # 1.0 and 1.00 are equal, and so is an instant in two zones
    raise TypeError(f"A stencil cannot show {kind.__name__}: give it texts.")


def _flat_each(things: Iterable[Any], words: list[str]) -> list[Hashable]:
    """The same for each: texts and truths, which are most, without asking again."""
    shapes: list[Hashable] = []
    for thing in things:
        kind = type(thing)
        if kind is SafeString or kind is str:
            if thing:
                words.append(thing)
                shapes.append(kind)
            else:
                shapes.append("")
        elif kind is bool or thing is None:
            shapes.append(thing)
        else:
            shapes.append(_flat(thing, words))
    return shapes


# What a template may look at: part of the shape. A choice of an enumeration is no text here.
_STEERING = (int, float, Decimal, date, time, timedelta, Enum)


class _Apart:
    """Stands for a field that stencils leave out: a template that looks at it is wrong.

    It is asked afterwards whether one did, since a condition swallows what is raised in it.
    """

    looked_at = False

    def _refuse(self, *_arguments: Any) -> Any:
        self.looked_at = True
        raise ValueError("A stencil looks at a field that is kept apart from it.")

    __bool__ = __str__ = __len__ = __getitem__ = __getattr__ = __eq__ = _refuse


@cache
def _fields_of(kind: type) -> tuple[str, ...] | None:
    if not dataclasses.is_dataclass(kind):
        return None
    apart = getattr(kind, "APART", ())
    return tuple(field.name for field in dataclasses.fields(kind) if field.name not in apart)


@cache
def _getter_of(kind: type) -> Callable[[Any], Sequence[Any]] | None:
    """Return what reads all of them at once."""
    names = _fields_of(kind)
    if names is None:
        return None
    return attrgetter(*names) if len(names) > 1 else lambda thing: [getattr(thing, name) for name in names]


def _stand_in(shape: Any, marks: Iterator[str], apart: _Apart) -> Any:
    """Return a thing of this shape, with marks for its words, in the order in which `_flat` found them."""
    if shape is str:
        return next(marks)
    if shape is SafeString:
        return format_html("{}", next(marks))
    if not isinstance(shape, tuple):
        return shape
    kind, *parts = shape
    if kind is tuple or kind is list:
        return kind(_stand_in(part, marks, apart) for part in parts)
    if kind is dict:
        keys, _types, *values = parts
        return {key: _stand_in(value, marks, apart) for key, value in zip(keys, values, strict=True)}
    names = _fields_of(kind)
    if names is None:
        return parts[0]
    left_out = dict.fromkeys(getattr(kind, "APART", ()), apart)
    shown = {name: _stand_in(part, marks, apart) for name, part in zip(names, parts, strict=True)}
    return kind(**left_out, **shown)
