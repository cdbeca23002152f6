"""A Redis cache that falls back to each process's memory while the server is unavailable.

A circuit breaker: after one failure the server is not asked for a while, then one request tries again.
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

TIMEOUT_SECONDS = 0.25  # for connecting and for each response
RETRY_AFTER_SECONDS = 10.0


class CircuitBreaker:
    """Decides whether a server is asked; shared by all threads of the process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.is_away = False
        self.away_until = 0.0  # time.monotonic()

    def allows_request(self) -> bool:
        """Tell whether to ask; after the pause, one caller may try."""
        with self.lock:
            now = time.monotonic()
            if now < self.away_until:
                return False
            if self.is_away:
                self.away_until = now + RETRY_AFTER_SECONDS
            return True

    def record_failure(self, error: Exception) -> None:
        with self.lock:
            if not self.is_away:
                logger.warning("the cache is away, each process keeps its own: %s", type(error).__name__)
            self.is_away = True
            self.away_until = time.monotonic() + RETRY_AFTER_SECONDS

    def record_success(self) -> None:
        if self.is_away:
            logger.warning("the cache is back")
            with self.lock:
                self.is_away, self.away_until = False, 0.0


_breakers: dict[str, CircuitBreaker] = {}


class Client:
    """Runs each operation on the server, or in the process's memory while the server is away."""

    def __init__(self, servers: list[str], **options: Any) -> None:
        self.name = " ".join(servers)
        self.breaker = _breakers.setdefault(self.name, CircuitBreaker())
        self.server = RedisCacheClient(
            servers,
            socket_connect_timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            **options,
        )
        self.memory = LocMemCache(self.name, {"OPTIONS": {"MAX_ENTRIES": 5000}})

    def is_available(self) -> bool:
        """Tell whether the server responds."""
        return bool(self._try_server("ping", False))

    def _try_server(self, operation: str, otherwise: Any, *arguments: Any) -> Any:
        """Return the server's result, or `otherwise` (called if it is a function) while it is away."""
        if self.breaker.allows_request():
            try:
                if operation == "ping":
                    result = self.server.get_client(write=True).ping()
                else:
                    result = getattr(self.server, operation)(*arguments)
            except (RedisError, OSError) as error:
                self.breaker.record_failure(error)
            else:
                self.breaker.record_success()
                return result
        return otherwise(*arguments) if callable(otherwise) else otherwise

    def add(self, key: str, value: object, timeout: float | None) -> bool:
        return bool(self._try_server("add", self.memory.add, key, value, timeout))

    def get(self, key: str, default: object) -> object:
        return self._try_server("get", self.memory.get, key, default)

    def set(self, key: str, value: object, timeout: float | None) -> None:
        self._try_server("set", self.memory.set, key, value, timeout)

    def touch(self, key: str, timeout: float | None) -> bool:
        return bool(self._try_server("touch", self.memory.touch, key, timeout))

    def delete(self, key: str) -> bool:
        return bool(self._try_server("delete", self.memory.delete, key))

    def get_many(self, keys: Any) -> dict[str, Any]:
        found: dict[str, object] = self._try_server("get_many", self.memory.get_many, list(keys))
        return found

    def has_key(self, key: str) -> bool:
        return bool(self._try_server("has_key", self.memory.has_key, key))

    def incr(self, key: str, delta: int) -> int:
        return int(self._try_server("incr", self.memory.incr, key, delta))

    def set_many(self, data: dict[str, object], timeout: float | None) -> None:
        self._try_server("set_many", self.memory.set_many, data, timeout)

    def delete_many(self, keys: list[str]) -> None:
        self._try_server("delete_many", self.memory.delete_many, keys)

    def clear(self) -> bool:
        self.memory.clear()
        return bool(self._try_server("clear", True))


class RedisCache(DjangosRedisCache):
    """Django's Redis cache with the fallback."""

    def __init__(self, server: str | list[str], params: dict[str, object]) -> None:
        super().__init__(server, params)
        self._class = Client

    def is_available(self) -> bool:
        """Tell whether the server responds; does not ask one that failed a moment ago."""
        client: Any = self._cache
        return bool(client.is_available())
