"""Walks every address as every kind of viewer: what may be seen, what must not change, who may use it."""

import hashlib
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.core import serializers
from django.http import StreamingHttpResponse

from tests.walks import world as w
from tests.walks.routes import Route, addresses, routes

# Addresses whose GET is not ours to walk: the library's own pages of the administration.
NOT_WALKED = ("admin/",)
KINDS = [
    "visitor", "nobody", "delegate_sofia", "delegate_trikala", "delegate_elsewhere", "door", "organiser",
    "organiser_elsewhere", "owner", "superuser", "participant", "api_delegate_sofia", "api_delegate_trikala",
    "api_delegate_elsewhere", "api_door", "api_organiser", "api_organiser_elsewhere", "api_owner", "api_superuser",
]  # fmt: skip


def walked() -> Iterator[Route]:
    return (route for route in routes() if not route.path.startswith(NOT_WALKED))


def test_every_route_declares_who_may_use_it() -> None:
    assert [route.path for route in routes() if route.policy is None] == []


def test_every_policy_is_one_of_the_known() -> None:
    known = {
        "public",
        "personal-link",
        "signed-in",
        "organiser",
        "door",
        "owner",
        "monitoring",
        "superuser",
        "api",
    }
    assert {route.policy for route in routes()} - known == set()


def digest() -> dict[str, str]:
    """Return a hash of the content of every table."""
    found = {}
    for model in apps.get_models():
        rows = serializers.serialize("json", model._base_manager.order_by("pk"))
        found[model._meta.label] = hashlib.sha256(rows.encode()).hexdigest()
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("name", KINDS)
def test_nobody_meets_a_word_that_is_not_for_them_and_no_get_changes_anything(name: str) -> None:
    world = w.build()
    kind = world.kinds[name]
    values = dict(world.values)
    values["token"] = [*values["token"], *kind.tokens]
    client = kind.client()
    before = digest()
    met: set[str] = set()
    leaks = []
    failures = []
    for route in walked():
        if kind.api_token and not route.path.startswith("api/"):
            continue
        for address in addresses(route, values):
            for language in ("en", "bg"):
                response = client.get(address, {"lang": language}, headers=kind.headers)
                if response.status_code >= 500 and "health" not in address:
                    failures.append((address, response.status_code))
                streamed = isinstance(response, StreamingHttpResponse)
                body = b"".join(response.streaming_content) if streamed else response.content  # type: ignore[attr-defined]
                seen = (body.decode(errors="replace") + str(dict(response.headers))).casefold()
                # The address itself may stand in the page; what was asked for is no news.
                words = {word for word in w.ALL_WORDS if word in seen}
                met |= words
                allowed = kind.may_read
                if route.policy == "public" and "<code>" in route.path.replace("str:", ""):
                    allowed = allowed | {w.PERSON, w.OTHER_PERSON}
                if words - allowed:
                    leaks.append((address, sorted(words - allowed)))
    after = digest()
    assert failures == []
    assert leaks == []
    assert [label for label in before if before[label] != after[label]] == []
    # The positive control: there was something to see, and those who may see it did.
    expected = kind.may_read - ({w.JOIN} if kind.name.startswith("api_") else set())
    assert expected - met == set()
