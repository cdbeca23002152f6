"""Going everywhere as one kind of viewer: every route, then every link that the pages offer."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from django.apps import apps
from django.core import serializers
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client

from tests.walks import world as w
from tests.walks.canaries import Canary, canaries_in
from tests.walks.routes import Route, addresses, routes
from tests.walks.validity import invalid_in

# Addresses whose GET is not ours to walk: the library's own pages of the administration.
NOT_WALKED = ("admin/",)
LANGUAGES = ("en", "bg")
VALIDATED = ("visitor", "organiser", "participant", "superuser")
# Parameters that choose how a page is shown, not what it shows.
_HANDLER = re.compile(r"\s(style|on\w+|(?:data-)?hx-on[^=]*|(?:data-)?hx-vals)=")
OF_TASTE = frozenset({"lang", "tz", "theme"})


@dataclass(frozen=True)
class Exchange:
    """One request and what came back."""

    address: str
    policy: str
    status: int
    headers: dict[str, str]
    canaries: frozenset[Canary]
    content_type: str
    cookies: tuple[str, ...]
    inline: tuple[str, ...]  # tags with script or style of their own
    links: tuple[str, ...]
    invalid: tuple[str, ...] = ()
    offered_by: str = ""


@dataclass
class Walk:
    """Everything that one kind of viewer met."""

    kind: w.Kind
    exchanges: list[Exchange] = field(default_factory=list)
    heads: list[tuple[Exchange, int, dict[str, str], bytes]] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        for name in ("href", "src", "data-hx-get"):
            if said.get(name):
                self.found.append(said[name])
        if tag == "form" and said.get("method", "get").lower() == "get" and said.get("action"):
            self.found.append(said["action"])


def links_in(body: str, address: str) -> Iterator[str]:
    """Yield the addresses on our own site that a page offers."""
    reader = _Links()
    reader.feed(body)
    for link in reader.found:
        parts = urlsplit(urljoin(f"http://testserver{address}", link))
        if parts.netloc == "testserver" and not parts.path.startswith(("/static/", "/admin/")):
            yield parts.path + (f"?{parts.query}" if parts.query else "")


def inline_in(body: str) -> Iterator[str]:
    """Yield the tags that carry script or style within the page."""
    for tag in body.casefold().split("<"):
        head = tag.partition(">")[0]
        is_data = 'type="application/ld+json"' in head or 'type="application/json"' in head
        is_script = head.startswith("script") and "src=" not in head and not is_data
        if is_script or head.startswith("style") or _HANDLER.search(head):
            yield head[:200]


def digest() -> dict[str, str]:
    """Return a hash of the content of every table."""
    found = {}
    for model in apps.get_models():
        rows = serializers.serialize("json", model._base_manager.order_by("pk"))
        found[model._meta.label] = hashlib.sha256(rows.encode()).hexdigest()
    return found


def body_of(response: Any) -> bytes:
    if isinstance(response, StreamingHttpResponse):
        return b"".join(response.streaming_content)  # type: ignore[arg-type]
    return bytes(response.content)


def ask(
    client: Client, kind: w.Kind, address: str, policy: str, language: str, offered_by: str = ""
) -> Exchange:
    """GET an address. The address itself may stand in the answer: what was asked for is no news."""
    client.cookies.pop("language", None)
    response: HttpResponse = client.get(address, headers={"Accept-Language": language, **kind.headers})
    body = body_of(response).decode(errors="replace")
    headers = {name.lower(): value for name, value in response.headers.items()}
    is_page = headers.get("content-type", "").startswith("text/html")
    shown = body + " ".join(f"{name}: {value}" for name, value in headers.items())
    return Exchange(
        address=address,
        policy=policy,
        status=response.status_code,
        headers=headers,
        canaries=frozenset(canaries_in(shown) - canaries_in(unquote(address))),
        content_type=headers.get("content-type", "").partition(";")[0],
        cookies=tuple(name for name in response.cookies),
        inline=tuple(inline_in(body)) if is_page else (),
        links=tuple(links_in(body, address)) if is_page and response.status_code == 200 else (),
        # Parsing by the standard takes long: one of those who meet a page is enough, in one language.
        invalid=tuple(invalid_in(body))
        if body and is_page and language == LANGUAGES[0] and is_validated(kind.name, policy)
        else (),
        offered_by=offered_by,
    )


def is_validated(name: str, policy: str) -> bool:
    """Tell whether a page is validated as this viewer meets it; a superuser's where nobody else gets in."""
    return name in VALIDATED and (name != "superuser" or policy in ("owner", "superuser", "signed-in"))


def walked() -> list[Route]:
    return [route for route in routes() if not route.path.startswith(NOT_WALKED)]


def explore(world: w.World, name: str) -> Walk:
    """GET and HEAD every address, then whatever the pages link to, as this kind of viewer."""
    kind = world.kinds[name]
    client = kind.client()
    values = {**world.values, "token": [*world.values["token"], *kind.tokens]}
    walk = Walk(kind)
    before = digest()
    seen: set[str] = set()
    shapes: set[tuple[str, frozenset[str]]] = set()
    offered: dict[str, str] = {}

    def visit(address: str, policy: str, offered_by: str = "") -> None:
        seen.add(address)
        for language in LANGUAGES if not address.startswith("/organise/") else LANGUAGES[:1]:
            met = ask(client, kind, address, policy, language, offered_by)
            walk.exchanges.append(met)
            for link in met.links:
                offered.setdefault(link, address)
            if met.status != 200:
                return  # a refusal says the same in every language
        if address.startswith("/organise/") and name != "organiser":
            return  # one of those who work there is enough
        head = client.head(address, headers={"Accept-Language": language, **kind.headers})
        headers = {key.lower(): value for key, value in head.headers.items()}
        walk.heads.append((met, head.status_code, headers, body_of(head)))

    # Whoever has no place in the console finds every door of it closed: a few of each kind show that.
    few = {name: some[:2] for name, some in values.items()}
    for route in walked():
        in_console = route.path.startswith("organise/")
        if kind.api_token and not route.path.startswith("api/"):
            continue
        if kind.tokens and in_console:
            continue  # as for any visitor
        for address in addresses(route, values if kind.works or not in_console else few, world.homes):
            if address not in seen:
                visit(address, route.policy or "")
    while offered:
        link, page = offered.popitem()
        path, _mark, query = link.partition("?")
        shape = (path, frozenset(key for key, _value in parse_qsl(query, keep_blank_values=True)) - OF_TASTE)
        # Each page once with each set of parameters: filters, tabs and pages of lists.
        if link in seen or (shape in shapes) or (path in seen and not shape[1]):
            continue
        shapes.add(shape)
        visit(link, "offered", page)
    after = digest()
    walk.changed = [label for label in before if before[label] != after[label]]
    return walk
