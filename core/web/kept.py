"""Results that are dear to make, kept in a cache of their own, each made by one caller at a time."""

import functools
import hashlib
import pickle
import threading
import zlib
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from django.conf import settings
from django.core.cache import caches

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")

# Locks of this process by the name of what is being made. No two names share one: what is kept may be made of what is
# kept, so one thread may hold several.
_LOCKS: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
_LOCKS_LOCK = threading.Lock()
# What answers are made of besides the database.
_SOURCES = (
    "certificates", "config", "core", "labs", "locale", "registrations", "requirements", "sessions", "static",
    "templates",
)  # fmt: skip
_SUFFIXES = frozenset({".py", ".html", ".txt", ".css", ".js", ".mo", ".svg"})


def kept(made_of: object, seconds: int, make: Callable[[], Result]) -> Result:
    """Return the result that is kept; else make and keep it.

    `made_of` names everything that it depends on, besides the release. Results are kept pickled and compressed.
    """
    return kept_each({0: made_of}, seconds, lambda _missing: {0: make()})[0]


def kept_each(
    made_of: Mapping[Key, object], seconds: int, make: Callable[[Collection[Key]], Mapping[Key, Result]]
) -> dict[Key, Result]:
    """Return several results by their keys; `make` makes those that are not kept, at once.

    `made_of` differs for each key. Callers that lack the same first result wait for each other.
    """
    cache = caches["kept"]
    names = {_name(on): key for key, on in made_of.items()}
    found = {names[name]: _read(value) for name, value in cache.get_many(names).items()}
    if missing := [name for name, key in names.items() if key not in found]:
        with _lock(missing[0]):
            found |= {names[name]: _read(value) for name, value in cache.get_many(missing).items()}
            missing = [name for name in missing if names[name] not in found]
            made = make([names[name] for name in missing]) if missing else {}
            values = {name: zlib.compress(pickle.dumps(made[names[name]]), 1) for name in missing}
            cache.set_many(values, seconds)
            found |= made
    return found


def _lock(name: str) -> threading.Lock:
    with _LOCKS_LOCK:
        return _LOCKS.setdefault(name, threading.Lock())


def _name(made_of: object) -> str:
    return hashlib.sha256(repr((release(), made_of)).encode()).hexdigest()[:32]


def _read(value: bytes) -> Any:
    return pickle.loads(zlib.decompress(value))  # noqa: S301  (the service alone writes this cache)


@functools.cache
def release() -> str:
    """Return a hash of the service's code, templates, texts and libraries, and of the settings that answers show."""
    found = hashlib.sha256(repr((settings.BASE_URL, settings.LANGUAGES)).encode())
    for root in _SOURCES:
        for path in sorted((settings.BASE_DIR / root).rglob("*")):
            if path.suffix in _SUFFIXES and path.is_file():
                found.update(path.read_bytes())
    return found.hexdigest()[:16]
