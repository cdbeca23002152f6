"""Redis as a cache that may go away: what it did is then done by the memory of each process.

The cache is an optimisation. Limits count in the process, feeds are made anew, and nobody waits for a server that
does not answer: after one failure it is left alone for a while, and then one request tries again.
"""

import logging
import threading
import time
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache as DjangosRedisCache
from django.core.cache.backends.redis import RedisCacheClient
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

ANSWERS_WITHIN = 0.25  # seconds, for connecting and for each answer
LEFT_ALONE_FOR = 10.0  # seconds


class Breaker:
    """Whether a server is asked at all; one for all threads of the process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.is_away = False
        self.away_until = 0.0  # time.monotonic()

    def may_ask(self) -> bool:
        """Tell whether to ask; where it was away for long enough, one caller may try."""
        with self.lock:
            now = time.monotonic()
            if now < self.away_until:
                return False
            if self.is_away:
                self.away_until = now + LEFT_ALONE_FOR
            return True

    def failed(self, error: Exception) -> None:
        with self.lock:
            if not self.is_away:
                logger.warning("the cache is away, each process keeps its own: %s", type(error).__name__)
            self.is_away = True
            self.away_until = time.monotonic() + LEFT_ALONE_FOR

    def answered(self) -> None:
        if self.is_away:
            logger.warning("the cache is back")
            with self.lock:
                self.is_away, self.away_until = False, 0.0


_breakers: dict[str, Breaker] = {}


class Client:
    """Does each operation on the server, or in the process's memory while the server is away."""

    def __init__(self, servers: list[str], **options: Any) -> None:
        self.name = " ".join(servers)
        self.breaker = _breakers.setdefault(self.name, Breaker())
        self.server = RedisCacheClient(
            servers,
            socket_connect_timeout=ANSWERS_WITHIN,
            socket_timeout=ANSWERS_WITHIN,
            retry=Retry(NoBackoff(), 0),
            **options,
        )
        self.memory = LocMemCache(self.name, {"OPTIONS": {"MAX_ENTRIES": 5000}})

    def answers(self) -> bool:
        """Tell whether the server is there."""
        return bool(self._on_server("ping", False))

    def _on_server(self, operation: str, otherwise: Any, *arguments: Any) -> Any:
        """Return what the server says, or `otherwise` (called, where it is a function) where it is away."""
        if self.breaker.may_ask():
            try:
                if operation == "ping":
                    result = self.server.get_client(write=True).ping()
                else:
                    result = getattr(self.server, operation)(*arguments)
            except (RedisError, OSError) as error:
                self.breaker.failed(error)
            else:
                self.breaker.answered()
                return result
        return otherwise(*arguments) if callable(otherwise) else otherwise

    def add(self, key: str, value: Any, timeout: float | None) -> bool:
        return bool(self._on_server("add", self.memory.add, key, value, timeout))

    def get(self, key: str, default: Any) -> Any:
        return self._on_server("get", self.memory.get, key, default)

    def set(self, key: str, value: Any, timeout: float | None) -> None:
        self._on_server("set", self.memory.set, key, value, timeout)

    def touch(self, key: str, timeout: float | None) -> bool:
        return bool(self._on_server("touch", self.memory.touch, key, timeout))

    def delete(self, key: str) -> bool:
        return bool(self._on_server("delete", self.memory.delete, key))

    def get_many(self, keys: Any) -> dict[str, Any]:
        found: dict[str, Any] = self._on_server("get_many", self.memory.get_many, list(keys))
        return found

    def has_key(self, key: str) -> bool:
        return bool(self._on_server("has_key", self.memory.has_key, key))

    def incr(self, key: str, delta: int) -> int:
        return int(self._on_server("incr", self.memory.incr, key, delta))

    def set_many(self, data: dict[str, Any], timeout: float | None) -> None:
        self._on_server("set_many", self.memory.set_many, data, timeout)

    def delete_many(self, keys: list[str]) -> None:
        self._on_server("delete_many", self.memory.delete_many, keys)

    def clear(self) -> bool:
        self.memory.clear()
        return bool(self._on_server("clear", True))


class RedisCache(DjangosRedisCache):
    """Django's cache in Redis, which goes on without it."""

    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = Client

    def answers(self) -> bool:
        """Tell whether the server is there; does not wait for one that was found away a moment ago."""
        client: Any = self._cache
        return bool(client.answers())
