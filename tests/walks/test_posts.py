"""POSTs to every address of people who lack the right, and with parts of another lab. Other sites': see S32."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from core.web.idempotency import FIELD, new_form_key
from tests.walks import world as w
from tests.walks.exploring import digest
from tests.walks.routes import Route, routes
from tests.walks.test_walks import CLOSED_TO

pytestmark = pytest.mark.django_db

FROM_HERE = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}


def own_routes() -> Iterator[Route]:
    """Yield the routes of our own pages. The API answers to tokens alone, providers to their secret."""
    return (each for each in routes() if each.policy not in ("api", "provider") and "admin/" not in each.path)


def listed(findings: list[Any]) -> str:
    return "\n".join(str(finding) for finding in findings)


@pytest.fixture
def world() -> w.World:
    return w.build()


def test_a_browsers_session_counts_for_nothing_in_the_api(world: w.World) -> None:
    client = world.kinds["superuser"].client()
    before = digest()
    let_in = []
    for route in routes():
        if route.policy == "api" and not (route.name or "").startswith("openapi"):
            for method in (client.post, client.put, client.delete, client.patch):
                response = method(route.address(world.main), content_type="application/json")
                if response.status_code not in (400, 401, 403, 404, 405, 422):
                    let_in.append((route.path, response.status_code))
    assert listed(let_in) == ""
    assert digest() == before


@pytest.mark.parametrize(
    "name", ["nobody", "delegatesofia", "door", "organiser", "organiserelsewhere", "owner"]
)
def test_who_lacks_the_right_is_told_that_there_is_nothing(world: w.World, name: str) -> None:
    client = world.kinds[name].client()
    before = digest()
    let_in = []
    tried = 0
    for route in own_routes():
        if name in CLOSED_TO.get(route.policy or "", ()):
            tried += 1
            response = client.post(route.address(world.main), {FIELD: new_form_key()})
            if response.status_code != 404:
                let_in.append((route.path, response.status_code))
    assert listed(let_in) == ""
    assert digest() == before
    assert tried > 3


def test_organisers_of_another_lab_post_nothing_here(world: w.World) -> None:
    client = world.kinds["organiserelsewhere"].client()
    before = digest()
    let_in = []
    for route in own_routes():
        if route.policy in ("organiser", "door"):
            response = client.post(route.address(world.main), {FIELD: new_form_key()})
            if response.status_code != 404:
                let_in.append((route.path, response.status_code))
    assert listed(let_in) == ""
    assert digest() == before


def test_without_an_account_the_console_leads_to_sign_in(world: w.World) -> None:
    client = Client()
    before = digest()
    for route in own_routes():
        if route.policy in ("signed-in", "organiser", "door", "owner", "superuser"):
            response = client.post(route.address(world.main), {FIELD: new_form_key()}, headers=FROM_HERE)
            assert (route.path, response.status_code) == (route.path, 302)
            assert response.headers["Location"].startswith("/accounts/login/?next=")
    assert digest() == before


@pytest.mark.parametrize("name", ["organiser", "owner"])
def test_parts_of_another_lab_do_not_exist_under_ones_own(world: w.World, name: str) -> None:
    """Every part of an address is looked for in the lab that the address names."""
    client = world.kinds[name].client()
    before = digest()
    found = []
    tried = 0
    for route in own_routes():
        if route.policy not in ("organiser", "door"):
            continue
        for parameter in route.parameters:
            for value in world.foreign.get(parameter, []):
                address = route.address({**world.main, parameter: value})
                tried += 1
                for response in (client.get(address), client.post(address, {FIELD: new_form_key()})):
                    if response.status_code not in (404, 405):
                        found.append((address, response.status_code))
    assert listed(found) == ""
    assert digest() == before
    assert tried > 20
