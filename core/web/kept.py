"""Results that are expensive to make, kept in the cache, each made by one caller at a time."""

import threading
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

Result = TypeVar("Result")

# Locks of this process; keys share them by their hash.
_LOCKS = tuple(threading.Lock() for _number in range(64))


def kept(key: str, seconds: int, make: Callable[[], Result]) -> Result:
    """Return the result that is cached under the key, which names everything it depends on; else make and cache it."""
    found: Result | None = cache.get(key)
    if found is None:
        with _LOCKS[hash(key) % len(_LOCKS)]:
            found = cache.get(key)
            if found is None:
                found = make()
                cache.set(key, found, seconds)
    return found
