"""S4 (pretalx 2026.2): a token limited to some events could change what belonged to the whole organiser.

Every operation of the API with every scope. The table says what each operation needs; one that is missing here fails.
"""

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from config.api import api
from core.accounts.models import User
from core.web.idempotency import new_form_key
from labs.models import ApiToken, Lab, Staff
from tests.walks import world as w
from tests.walks.exploring import digest
from tests.walks.world import api_token_for

pytestmark = pytest.mark.django_db

NEEDS: dict[str, str | None] = {
    "GET /programmes": None,
    "GET /programmes/{programme}": None,
    "GET /programmes/{programme}/cities/{city}": None,
    "GET /labs": None,
    "GET /labs/{lab}": None,
    "GET /labs/{lab}/sessions": None,
    "GET /labs/{lab}/sessions/{session}": None,
    "GET /labs/{lab}/tracks": None,
    "GET /labs/{lab}/speakers": None,
    "GET /labs/{lab}/speakers/{speaker}": None,
    "GET /certificates/{code}": None,
    "GET /labs/{lab}/registration-form": None,
    "POST /labs/{lab}/registrations": None,  # what everybody may do at the form
    "GET /labs/{lab}/registrations": "registrations",
    "GET /labs/{lab}/registrations/{registration}": "registrations",
    "POST /labs/{lab}/registrations/{registration}/cancel": "registrations",
    "GET /labs/{lab}/sessions/{session}/attendance": "attendance",
    "PUT /labs/{lab}/sessions/{session}/attendance/{registration}": "attendance",
    "DELETE /labs/{lab}/sessions/{session}/attendance/{registration}": "attendance",
    "GET /labs/{lab}/sessions/{session}/expected": "attendance",
    "GET /labs/{lab}/certificates": "certificates",
    "POST /labs/{lab}/certificates": "certificates",
    "POST /labs/{lab}/registrations/{registration}/certificate": "certificates",
    "POST /labs/{lab}/certificates/{code}/revoke": "certificates",
    "POST /labs/{lab}/certificates/{code}/restore": "certificates",
    "POST /labs/{lab}/certificates/{code}/replace": "certificates",
}
GUARDED = {label: scope for label, scope in NEEDS.items() if scope}
BODIES = {
    "POST /labs/{lab}/certificates/{code}/revoke": {"reason": "Wrong person"},
    "POST /labs/{lab}/registrations": {
        "name": "Demo participant 99",
        "email": "participant99@example.org",
        "sessions": ["open"],
        "language": "en",
        "time_zone": "Europe/Sofia",
        "consent": True,
    },
}
SCOPES = [scope.value for scope in ApiToken.Scope]


@pytest.fixture
def world() -> w.World:
    return w.build()


def operations() -> set[str]:
    paths = api.get_openapi_schema(path_prefix="")["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def call(label: str, values: dict[str, Any], token: str | None) -> int:
    cache.clear()
    method, path = label.split(" ")
    headers = {"Idempotency-Key": new_form_key()[:60]}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return (
        Client()
        .generic(
            method,
            "/api/v1" + path.format(**values),
            data="" if label not in BODIES else json.dumps(BODIES[label]),
            content_type="application/json",
            headers=headers,
        )
        .status_code
    )


def test_the_table_names_every_operation() -> None:
    assert operations() == set(NEEDS)


@pytest.mark.parametrize("scope", SCOPES)
def test_each_scope_opens_its_own_operations_and_no_others(world: w.World, scope: str) -> None:
    token = api_token_for(world.kinds["organiser"].user, "narrow", scopes=[scope])
    for label, needed in NEEDS.items():
        status = call(label, world.main, token)
        if needed in (None, scope):
            assert status in (200, 202, 204, 409), label
        else:
            assert status == 403, label


@pytest.mark.parametrize("scopes", [[], ["read"], ["unknown"], ["registrations "], ["*"]])
def test_without_a_known_scope_nothing_guarded_opens_and_nothing_changes(
    world: w.World, scopes: list[str]
) -> None:
    token = api_token_for(world.kinds["superuser"].user, "none", scopes=scopes)
    before = digest()
    found = {label: call(label, world.main, token) for label in GUARDED}
    after = digest()
    assert found == dict.fromkeys(GUARDED, 403)
    assert {name for name in before if before[name] != after[name]} <= {"labs.ApiToken"}


@pytest.mark.parametrize("kind", ["nobody", "delegatesofia", "organiserelsewhere", "delegateelsewhere"])
def test_all_scopes_are_worth_nothing_without_the_right(world: w.World, kind: str) -> None:
    token = api_token_for(world.kinds[kind].user, "all", scopes=SCOPES)
    assert {label: call(label, world.main, token) for label in GUARDED} == dict.fromkeys(GUARDED, 404)


def test_the_door_takes_attendance_and_no_more(world: w.World) -> None:
    token = api_token_for(world.kinds["door"].user, "all", scopes=SCOPES)
    opened = {label for label in GUARDED if call(label, world.main, token) in (200, 202, 204)}
    assert opened == {label for label, scope in GUARDED.items() if scope == "attendance"}


@pytest.mark.parametrize("kind", ["owner", "superuser"])
def test_a_token_of_one_lab_opens_no_other_whoever_has_it(world: w.World, kind: str) -> None:
    """Also not a lab of the same programme, nor through a role that comes later."""
    programme = Lab.objects.get(slug="main-lab").programme
    mine = Lab.objects.create(
        programme=programme, slug="mine", title={"en": "Mine"}, starts_on="2027-01-01", ends_on="2027-01-02",
        time_zone="Europe/Sofia", languages=["en"],
    )  # fmt: skip
    user: User = world.kinds[kind].user
    token = api_token_for(user, "one lab", scopes=SCOPES, lab=mine)
    assert call("GET /labs/{lab}/registrations", {"lab": "mine"}, token) == 200
    assert {label: call(label, world.main, token) for label in GUARDED} == dict.fromkeys(GUARDED, 404)
    # What only the owner sees is not read either.
    for hidden in (world.values["programme"][1], "no-such"):
        assert call("GET /programmes/{programme}", {"programme": hidden}, token) == 404


def test_a_visitor_and_a_dead_token_open_nothing_guarded(world: w.World) -> None:
    assert {label: call(label, world.main, None) for label in GUARDED} == dict.fromkeys(GUARDED, 404)
    token = api_token_for(world.kinds["owner"].user, "dead")
    Staff.objects.all().delete()
    assert {label: call(label, world.main, token) for label in GUARDED} == dict.fromkeys(GUARDED, 404)
    ApiToken.objects.update(revoked_at="2026-01-01T00:00Z")
    assert {label: call(label, world.main, token) for label in NEEDS} == dict.fromkeys(NEEDS, 401)
