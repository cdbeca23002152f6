"""Finds every address of the service by itself, so that a later page cannot be forgotten."""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

# Whole libraries that guard themselves; each entry says how, and a test of its own holds it to that.
GUARDED_BY_THEIR_LIBRARY = {
    "admin/": "superuser",
    "api/v1/": "api",
}
# `<slug:lab>` of a path, `(?P<key>[0-9a-z]+)` of a regular expression.
_PARAMETER = re.compile(r"\(\?P<(\w+)>[^()]*\)|<(?:\w+:)?(\w+)>")
ABSENT = "no-such"


@dataclass(frozen=True)
class Route:
    """One address pattern: its path with parameters, their names, and the view behind it."""

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

    def address(self, values: Mapping[str, Any]) -> str:
        """Return the address with these values."""
        plain = self.path.replace("^", "").replace("$", "")
        return "/" + _PARAMETER.sub(lambda found: str(values[found[1] or found[2]]), plain)


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[Route]:
    """Yield every route under the root."""
    for pattern in (resolver or get_resolver()).url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, path)
        elif isinstance(pattern, URLPattern):
            names = tuple(dict.fromkeys(one or other for one, other in _PARAMETER.findall(path)))
            yield Route(path, names, pattern.callback, pattern.name)


def addresses(
    route: Route, values: Mapping[str, list[Any]], homes: Mapping[Any, str] | None = None
) -> Iterator[str]:
    """Yield addresses of a route: combinations of the known values, other labs' parts included.

    `homes` tells the lab that a part belongs to. The first lab is tried with the parts of all others, each other one
    with its own and with those of the first; what does not exist at all is tried once.
    """
    for address, _said in said_addresses(route, values, homes):
        yield address


def said_addresses(
    route: Route, values: Mapping[str, list[Any]], homes: Mapping[Any, str] | None = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the same addresses, each with the values that it was made of."""
    missing = [name for name in route.parameters if name not in values]
    if missing:
        raise LookupError(f"teach the walk a value for {missing} of {route.path}")
    homes = homes or {}
    absent_tried = False
    for chosen in itertools.product(*(values[name] for name in route.parameters)):
        said = dict(zip(route.parameters, chosen, strict=True))
        if len(said) > 1 and any(str(value).startswith(ABSENT) for value in chosen):
            if absent_tried:
                continue
            absent_tried = True
        lab = said.get("lab", values["lab"][0])
        if lab != values["lab"][0] and any(homes.get(value, lab) != lab for value in chosen):
            continue
        yield route.address(said), said
