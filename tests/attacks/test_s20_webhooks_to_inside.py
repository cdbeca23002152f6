"""S20 (Indico CVE-2026-25738; Hi.Events #982, #1311; pretix#6402): webhooks reached what only the service can reach.

Names that resolve to the own network, now or later, in every notation of an address; redirects; answers that never end.
No connection to anything but a public address is ever begun.
"""

import socket
from typing import Any

import pytest

from core.jobs.worker import Worker
from core.webhooks.models import Attempt, Delivery, Endpoint
from labs.models import Lab
from tests import factories as f
from tests.core.webhooks.test_egress import test_every_other_address_is_not
from tests.pages import client_of, forms_of
from tests.receiver import HOST, PUBLIC, internet, names

pytestmark = pytest.mark.django_db

# Every address that the table of the unit test refuses: here a name resolves to it.
INSIDE = next(mark for mark in test_every_other_address_is_not.pytestmark if mark.name == "parametrize").args[
    1
]  # type: ignore[attr-defined]
TYPED = (
    "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:7f00:1]/", "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/", "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", "https://2130706433/",
    "https://017700000001/", "https://0x7f.1/", "https://127.1/", "https://localhost/", "https://localhost.:443/",
    "https://169.254.169.254/latest/meta-data/", "http://169.254.169.254/latest/meta-data/",
    "https://user@127.0.0.1/", "https://example.org@127.0.0.1/", "https://127.0.0.1\\@example.org/",
    "https://example.org:5432/", "https://example.org:22/", "gopher://example.org/", "file:///etc/passwd",
    "https://example.org\t.internal/", "https://①②⑦.0.0.1/", "https://127.0.0.1%2f.example.org/", "//example.org/",
)  # fmt: skip


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address that a connection was begun to; none succeeds. The database's own socket was opened before."""
    Lab.objects.exists()
    return internet(monkeypatch, lambda _address: ("127.0.0.1", 1))


def typed(url: str) -> Any:
    lab = f.LabFactory(slug="lab")
    client = client_of(f.StaffFactory(lab=lab).user)
    page = "/organise/labs/lab/webhooks/new/"
    form = next(each for each in forms_of(client.get(page)) if "url" in each.names)
    return client.post(page, form.filled(url=url, events=["registration.confirmed"]))


@pytest.mark.parametrize("url", TYPED)
def test_an_address_of_the_inside_cannot_be_typed(
    url: str, connected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = names(monkeypatch, [PUBLIC])
    assert typed(url).status_code == 422
    assert (Endpoint.objects.count(), asked, connected) == (0, [], [])


@pytest.mark.parametrize("address", INSIDE)
def test_nor_a_name_that_resolves_to_one(
    address: str, connected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch, [address])
    assert typed(f"https://{HOST}/").status_code == 422
    assert (Endpoint.objects.count(), connected) == (0, [])


def test_a_name_of_the_inside_and_one_that_is_nothing_are_refused_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise the form would tell which names the own network has."""
    names(monkeypatch, ["10.0.0.1"], [])
    said = []
    for _each in range(2):
        said.append(typed(f"https://{HOST}/").content.decode().split("error-summary")[1][:900])
        Lab.objects.all().delete()
    assert said[0] == said[1]


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_is_bound_anew_to_one_is_not_contacted(
    address: str, connected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Public when it was saved, inside when it is sent."""
    names(monkeypatch, [PUBLIC], [address])
    assert typed(f"https://{HOST}/").status_code == 200
    f.DeliveryFactory(endpoint=Endpoint.objects.get())
    Worker().drain()
    assert (connected, Attempt.objects.get().error) == ([], "not_public")


def test_a_name_that_is_bound_anew_between_check_and_connection_leads_nowhere_else(
    connected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One look-up for each try: the address that was checked is the one that is contacted."""
    endpoint = f.EndpointFactory(url=f"https://{HOST}/")
    f.DeliveryFactory(endpoint=endpoint)
    asked = names(monkeypatch, [PUBLIC], ["127.0.0.1"])
    Worker().drain()
    assert (asked, connected) == ([HOST], [(PUBLIC, 443)])


def test_an_answer_with_both_kinds_of_addresses_leads_to_the_public_one_alone(
    connected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = f.EndpointFactory(url=f"https://{HOST}/")
    f.DeliveryFactory(endpoint=endpoint)
    names(monkeypatch, ["127.0.0.1", "::1", PUBLIC, "10.0.0.1"])
    Worker().drain()
    assert connected == [(PUBLIC, 443)]


def test_what_stands_in_the_database_is_checked_again(
    connected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that was written past the verbs, or before the rules became stricter."""
    asked = names(monkeypatch, [PUBLIC])
    for url in TYPED:
        f.DeliveryFactory(endpoint=f.EndpointFactory(url=url))
    Worker().drain()
    assert (asked, connected) == ([], [])
    assert set(Attempt.objects.values_list("error", flat=True)) == {"address"}
    assert Delivery.objects.filter(state="queued").count() == len(TYPED)


def test_the_watch_hears_a_connection(connected: list[Any]) -> None:
    """The positive control."""
    with socket.socket() as sock, pytest.raises(OSError, match="refused"):
        sock.connect(("10.0.0.1", 80))
    assert connected == [("10.0.0.1", 80)]
