"""S27 (Django CVE-2026-35192, -6907, -8404, -35193, -48587, -48588, -113593): caches that handed private pages on.

Each two viewers in turn ask for everything through a shared cache that keeps as much as RFC 9111 lets it: what may be
stored is stored, and answers the second who asks with the same `Vary` headers.
"""

import itertools
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction

from tests.walks import world as w
from tests.walks.canaries import canaries_in
from tests.walks.exploring import body_of, walked
from tests.walks.routes import addresses

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("caches")]

CACHEABLE = {200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501}
Stored = tuple[int, dict[str, str], bytes]


def directives(headers: dict[str, str]) -> dict[str, str]:
    found = {}
    for one in headers.get("cache-control", "").split(","):
        name, _equals, value = one.strip().partition("=")
        found[name.lower()] = value
    return found


Asked = dict[str, str]


def may_keep(status: int, headers: dict[str, str], asked: Asked) -> bool:
    """RFC 9111 §3, as greedy as it allows; heuristic freshness (§4.2.2) where nothing is said."""
    said = directives(headers)
    if {"no-store", "private", "no-cache"} & set(said) or headers.get("vary", "").strip() == "*":
        return False
    if said.get("max-age") == "0" or said.get("s-maxage") == "0":
        return False
    if "authorization" in asked and not {"public", "must-revalidate", "s-maxage"} & set(said):
        return False
    return status in CACHEABLE or "public" in said or "max-age" in said


def is_public(status: int, headers: dict[str, str], asked: Asked) -> bool:
    """Caches that do not look at `Vary`, of which there are many, are to lose nothing but what is meant for all."""
    return "public" in directives(headers)


def fits(headers: dict[str, str], first: Asked, second: Asked) -> bool:
    """RFC 9111 §4.1: the second asked with the same headers, as far as the answer depends on them."""
    names = [name.strip().lower() for name in headers.get("vary", "").split(",") if name.strip()]
    return all(first.get(name, "") == second.get(name, "") for name in names)


@dataclass
class Visit:
    """Everything that one viewer asked for and got."""

    kind: w.Kind
    asked: Asked
    answers: dict[str, Stored]


def handed_on(first: Visit, second: Visit, *, heeds_vary: bool = True) -> tuple[list[str], list[Any]]:
    """Return what the second would get from the store, and what of it the second may not read."""
    served, lost = [], []
    for address, (status, headers, body) in first.answers.items():
        keep = may_keep if heeds_vary else is_public
        if not keep(status, headers, first.asked) or (
            heeds_vary and not fits(headers, first.asked, second.asked)
        ):
            continue
        served.append(address)
        text = body.decode(errors="replace") + str(headers)
        strange = canaries_in(text) - canaries_in(address) - second.kind.may_read
        if strange or "set-cookie" in headers:
            lost.append((first.kind.name, second.kind.name, address, status, strange))
    return served, lost


KINDS = ("owner", "delegatesofia", "organiserelsewhere", "insider", "visitor", "api_superuser")


def everywhere(world: w.World, kind: w.Kind) -> list[str]:
    """Return an address of each route, and one with something hidden in each place."""
    hidden = {
        "lab": world.values["lab"][1],
        "programme": world.values["programme"][1],
        **{
            name: world.values[name][1] for name in ("session", "track", "speaker", "registration", "message")
        },
    }
    values = {name: [value] for name, value in world.main.items()}
    values |= {name: [*values.get(name, []), value] for name, value in hidden.items()}
    values |= {name: each[:1] for name, each in world.values.items() if name not in values}
    values["token"] = list(kind.tokens) or ["short"]
    found: dict[str, None] = {}
    for route in walked():
        found.update(dict.fromkeys(addresses(route, values, world.homes)))
    return list(found)


def visit(world: w.World, kind: w.Kind) -> Visit:
    client = kind.client()
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    asked = {name.lower(): value for name, value in {**kind.headers, "Cookie": cookie}.items() if value}
    answers = {}
    for address in everywhere(world, kind):
        cache.clear()
        response = client.get(address, headers=kind.headers)
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.cookies:
            headers["set-cookie"] = str(response.cookies)
        answers[address] = (response.status_code, headers, body_of(response))
    return Visit(kind, asked, answers)


@pytest.fixture(scope="module")
def visits(django_db_setup: None, django_db_blocker: Any) -> dict[str, Visit]:
    """What each kind of viewer got, asked once for all tests below; the world is gone when they look."""
    with django_db_blocker.unblock(), transaction.atomic():
        world = w.build()
        found = {name: visit(world, world.kinds[name]) for name in KINDS}
        transaction.set_rollback(True)
    cache.clear()
    return found


def test_nobody_gets_from_a_cache_what_another_may_read(visits: dict[str, Visit]) -> None:
    lost = []
    for first, second in itertools.permutations(visits.values(), 2):
        for heeds_vary in (True, False):
            lost += handed_on(first, second, heeds_vary=heeds_vary)[1]
    assert lost == []
    # Nothing of the console and of private links is kept even for the same reader.
    kept = [
        address
        for each in visits.values()
        if each.kind.user
        for address in handed_on(each, each)[0]
        if address.startswith(("/organise/", "/registrations/")) and each.answers[address][0] == 200
    ]
    assert kept == []


def test_the_cache_keeps_what_is_for_all_and_would_show_a_leak(visits: dict[str, Visit]) -> None:
    """The positive control."""
    visitor = visits["visitor"]
    owner = replace(visits["owner"], answers=dict(visits["owner"].answers))
    assert "/labs/main-lab/calendar.ics" in handed_on(visitor, owner, heeds_vary=False)[0]
    secret = "/organise/labs/main-lab/registrations/"
    status, headers, body = owner.answers[secret]
    owner.answers[secret] = (status, headers | {"cache-control": "public, max-age=60", "vary": ""}, body)
    for heeds_vary in (True, False):
        assert [each[2] for each in handed_on(owner, visitor, heeds_vary=heeds_vary)[1]] == [secret]
