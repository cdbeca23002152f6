"""Finds every address of the service by itself, so that a later page cannot be forgotten."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

# Whole libraries that guard themselves; each entry says how, and a test of its own holds it to that.
GUARDED_BY_THEIR_LIBRARY = {
    "admin/": "superuser",
    "api/v1/": "api",
}


@dataclass(frozen=True)
class Route:
    """One address pattern: its path with `<…>` parameters, their names, and the view behind it."""

    path: str
    parameters: tuple[str, ...]
    view: Callable[..., Any]
    name: str | None

    @property
    def policy(self) -> str | None:
        for prefix, policy in GUARDED_BY_THEIR_LIBRARY.items():
            if self.path.startswith(prefix):
                return policy
        return getattr(self.view, "access", None)


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[Route]:
    """Yield every route under the root."""
    for pattern in (resolver or get_resolver()).url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, path)
        elif isinstance(pattern, URLPattern):
            converters = pattern.pattern.converters if isinstance(pattern.pattern, RoutePattern) else {}
            inherited = tuple(
                part.split(":")[-1].rstrip(">")
                for part in path.split("<")[1:]
                for part in [part.split(">")[0]]
            )
            yield Route(
                path, tuple(dict.fromkeys(inherited)) or tuple(converters), pattern.callback, pattern.name
            )


def addresses(route: Route, values: dict[str, list[Any]]) -> Iterator[str]:
    """Yield concrete addresses of a route: every combination of the known values, other labs' ids included."""
    missing = [name for name in route.parameters if name not in values]
    if missing:
        raise LookupError(f"teach the walk a value for {missing} of {route.path}")
    for chosen in itertools.product(*(values[name] for name in route.parameters)):
        address = "/" + route.path
        for name, value in zip(route.parameters, chosen, strict=True):
            start = address.index("<")
            end = address.index(">")
            assert address[start + 1 : end].split(":")[-1] == name
            address = address[:start] + str(value) + address[end + 1 :]
        yield address
