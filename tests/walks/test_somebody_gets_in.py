"""Every page opens for somebody: a walk that met nothing but closed doors would find nothing, and be content."""

from collections.abc import Iterable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from tests.walks import world as w
from tests.walks.exploring import walked
from tests.walks.routes import ABSENT, said_addresses

pytestmark = pytest.mark.django_db

# Whoever gets nearly everywhere; private links open for whoever has them.
IN_PERSON = ("superuser", "visitor")
BY_PROGRAM = ("api_superuser",)
# What nobody opens here, and why.
CLOSED = {
    "accounts/sso/callback/": "there is no sign-in service in the settings",
    "accounts/two-step/": "for whoever has just typed the password of an account with a second factor",
    "metrics": "shown to whoever has the operator’s token, and none is set",
    "api/v1/": "the root of the API has nothing to say",
    "health/ready": "no worker runs in tests",
    "api/v1/labs/<lab>/registrations/<registration>/tags/<tag>": "no tag is in the world by this name",
    "organise/undo/<str:undo>/": "its name is kept in the session of the person who just did something",
}
# A track has no page of its own, only a public feed: that of a track with hidden sessions alone is not there.
# Only registrations of one lab are merged, and the other lab has a single one.
SEEN_BY_NOBODY = {"track", "other"}


def opens(client: Client, kind: w.Kind, address: str) -> bool:
    """Tell whether there is something at this address for this viewer. Where only POST is taken, there is."""
    cache.clear()  # whoever asks this often is asked to wait
    response = client.get(address, headers=kind.headers)
    to_sign_in = response.status_code == 302 and response.headers["Location"].startswith("/accounts/login/")
    return (response.status_code < 400 and not to_sign_in) or response.status_code == 405


def listed(findings: Iterable[object]) -> str:
    return "\n".join(sorted(map(str, findings)))


@pytest.mark.parametrize("in_api", [False, True], ids=["pages", "API"])
def test_every_address_opens_for_somebody_and_every_part_that_exists_at_some_address(in_api: bool) -> None:
    world = w.build()
    names = BY_PROGRAM if in_api else IN_PERSON
    viewers = [(world.kinds[name].client(), world.kinds[name]) for name in names]
    exists: dict[str, list[Any]] = {
        name: [one for one in some if one not in world.absent and not str(one).startswith(ABSENT)]
        for name, some in world.values.items()
    }
    exists["token"] = [token for kind in world.kinds.values() for token in kind.tokens]
    exists["esp"] = world.values["esp"]
    closed, parts, met = [], set(), set()
    for route in walked():
        if (route.policy == "api") != in_api or route.path in CLOSED:
            continue
        is_open = False
        for address, said in said_addresses(route, exists):
            parts |= said.items()
            if (is_open and said.items() <= met) or not any(opens(*viewer, address) for viewer in viewers):
                continue
            is_open = True
            met |= said.items()
        if not is_open:
            closed.append(route.path)
    assert listed(closed) == ""
    unseen = {(name, value) for name, value in parts - met if name not in SEEN_BY_NOBODY}
    assert listed(unseen) == ""
    assert {name for name, _value in met} >= SEEN_BY_NOBODY or in_api
    assert len(parts) > 20


def test_what_is_said_to_be_closed_is_there() -> None:
    assert set(CLOSED) <= {route.path for route in walked()}
