"""S32 (pretalx a916ed731; Indico 3.0.3): addresses that took a POST from another site's page, the sign-in among them.

Every route of the service is found by itself. None takes a POST without the token or the form key that its own page
gave, and none takes one that a browser says comes from elsewhere, even with both.
"""

from typing import Any

import pytest
from django.test import Client

from core.web.idempotency import new_form_key
from tests.pages import form_of
from tests.walks import world as w
from tests.walks.exploring import digest
from tests.walks.routes import Route, routes

pytestmark = pytest.mark.django_db

# Programs call these: they show a secret of their own and no browser is signed in to them.
BY_PROGRAMS = ("api/v1/", "mail/reports/")
ORIGIN = {"Origin": "http://testserver"}
ELSEWHERE: tuple[dict[str, str], ...] = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://testserver.evil.example"},
    {"Origin": "http://testserver@evil.example"},
    {"Referer": "https://evil.example/http://testserver/"},
    {"Sec-Fetch-Site": "cross-site", **ORIGIN},
    {"Sec-Fetch-Site": "same-site", **ORIGIN},
    {},
)


@pytest.fixture
def world() -> w.World:
    return w.build()


def forms_of_the_service() -> list[Route]:
    return [route for route in routes() if not route.path.startswith(BY_PROGRAMS)]


def addresses_of(world: w.World) -> list[str]:
    values = {
        **world.main,
        **{name: each[0] for name, each in world.values.items() if name not in world.main},
        "object_id": 1,
        "app_label": "labs",
        "content_type_id": 1,
        "url": "x",
    }
    return sorted({route.address(values) for route in forms_of_the_service()})


def signed_in(world: w.World) -> Client:
    return world.kinds["superuser"].client(enforce_csrf_checks=True)


def token_of(client: Client) -> str:
    return str(form_of(client.get("/accounts/password/change/")).values["csrfmiddlewaretoken"][0])


def accepted(
    client: Client, addresses: list[str], data: dict[str, str], headers: dict[str, str]
) -> list[Any]:
    """Return the addresses that did not refuse. What takes no POST from anybody may answer that instead (405)."""
    found = []
    for address in addresses:
        answer = client.post(address, data, headers=headers)
        takes_none = answer.status_code == 405 and "POST" not in answer.headers["Allow"]
        if answer.status_code != 403 and not takes_none:
            found.append((address, answer.status_code))
    return found


def test_without_a_key_nothing_is_taken_from_a_visitor(world: w.World) -> None:
    addresses = addresses_of(world)
    before = digest()
    client = Client(enforce_csrf_checks=True)
    for key in ({}, {"form_key": ""}, {"form_key": "x" * 43}, {"form_key": new_form_key()[:-2] + "xx"}):
        assert accepted(client, addresses, key, ORIGIN) == []
    assert digest() == before


@pytest.mark.parametrize("headers", ELSEWHERE)
def test_from_elsewhere_nothing_is_taken_from_a_visitor(world: w.World, headers: dict[str, str]) -> None:
    """With a key that the other site fetched for itself."""
    addresses = addresses_of(world)
    before = digest()
    client = Client(enforce_csrf_checks=True)
    assert accepted(client, addresses, {"form_key": new_form_key()}, headers) == []
    assert digest() == before


def test_without_the_token_nothing_is_taken_from_somebody_signed_in(world: w.World) -> None:
    addresses, client = addresses_of(world), signed_in(world)
    before = digest()
    for token in ("", "x" * 64, new_form_key()):
        data = {"csrfmiddlewaretoken": token, "form_key": new_form_key()}
        assert accepted(client, addresses, data, ORIGIN) == []
    assert digest() == before


@pytest.mark.parametrize("headers", [each for each in ELSEWHERE if "evil" in each.get("Origin", "")])
def test_from_elsewhere_nothing_is_taken_from_somebody_signed_in(
    world: w.World, headers: dict[str, str]
) -> None:
    """Even with the right token."""
    addresses, client = addresses_of(world), signed_in(world)
    data = {"csrfmiddlewaretoken": token_of(client), "form_key": new_form_key()}
    before = digest()
    assert accepted(client, addresses, data, headers) == []
    assert digest() == before


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_no_other_method_gets_round(world: w.World, method: str) -> None:
    addresses = addresses_of(world)
    for client in (Client(enforce_csrf_checks=True), signed_in(world)):
        before = digest()
        answers = [getattr(client, method)(address, headers=ELSEWHERE[0]) for address in addresses]
        assert {answer.status_code for answer in answers} == {403, 405}
        allowed = {each for answer in answers for each in answer.headers.get("Allow", "").split(", ")}
        assert method.upper() not in allowed
        assert digest() == before


def test_the_right_token_and_key_from_here_get_through(world: w.World) -> None:
    """The positive control: the refusals above are for what they say."""
    data = {"form_key": new_form_key(), "email": "nobody@example.org"}
    assert (
        Client(enforce_csrf_checks=True).post("/registrations/link/", data, headers=ORIGIN).status_code == 302
    )
    client = signed_in(world)
    data["csrfmiddlewaretoken"] = token_of(client)
    assert client.post("/accounts/password/change/", data, headers=ORIGIN).status_code == 200
