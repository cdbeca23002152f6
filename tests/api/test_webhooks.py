"""Webhooks through the API."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from core.jobs.worker import Worker
from core.webhooks.models import Delivery, Endpoint
from core.webhooks.signing import secret_of
from labs.models import Lab
from tests import factories as f
from tests.api.asking import bearer, organiser_of
from tests.receiver import HOST, Receiver, names, receiving

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    with receiving() as found:
        settings.WEBHOOK_TRUSTED_HOSTS = [found.place]
        yield found


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab")


@pytest.fixture
def headers(lab: Lab) -> dict[str, str]:
    return bearer(organiser_of(lab), ["webhooks"])


@pytest.fixture
def webhook(lab: Lab, receiver: Receiver) -> Endpoint:
    return f.EndpointFactory(lab=lab, url=receiver.url)


PATH = "/api/v1/labs/lab/webhooks"


def call(
    method: str, path: str, headers: dict[str, str], body: Any = None, key: str = "key-of-this-call"
) -> Any:
    said = headers | ({"Idempotency-Key": key} if key else {})
    return getattr(Client(), method)(PATH + path, body or {}, content_type="application/json", headers=said)


def test_a_webhook_is_created_read_changed_and_deleted(headers: dict[str, str], receiver: Receiver) -> None:
    body = {"url": receiver.url, "events": ["seat.waiting"]}
    made = call("post", "", headers, body)
    row = Endpoint.objects.get()
    assert (made.status_code, made.json()["secret"]) == (201, secret_of(row))
    read = call("get", f"/{row.public_id}", headers).json()
    assert read == {name: value for name, value in made.json().items() if name != "secret"}
    assert (read["url"], read["events"], read["is_active"]) == (receiver.url, ["seat.waiting"], True)
    changed = call("patch", f"/{row.public_id}", headers, {"is_active": False, "description": "Off"}).json()
    assert (changed["is_active"], changed["disabled_because"], changed["description"]) == (
        False,
        "organiser",
        "Off",
    )
    assert call("patch", f"/{row.public_id}", headers, {"is_active": True}).json()["disabled_because"] == ""
    assert call("delete", f"/{row.public_id}", headers).status_code == 204
    assert call("get", "", headers).json() == {"items": [], "count": 0}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "x" * 501}, "url"),
        ({"events": []}, "events"),
        ({"events": ["webhook.test"]}, "events.0"),
        ({"description": "a\0b"}, "description"),
        ({"secret": "mine"}, "secret"),
    ],
)
def test_what_does_not_fit_is_named(
    headers: dict[str, str], receiver: Receiver, changes: dict[str, Any], field: str
) -> None:
    answer = call("post", "", headers, {"url": receiver.url, "events": ["seat.waiting"], **changes})
    assert ([each["field"] for each in answer.json()["errors"]], answer.status_code) == ([field], 422)
    assert not Endpoint.objects.exists()


def test_a_name_of_the_inside_is_refused(headers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, ["192.168.1.1"])
    answer = call("post", "", headers, {"url": f"https://{HOST}/", "events": ["seat.waiting"]})
    assert [each["field"] for each in answer.json()["errors"]] == ["url"]


def test_a_test_event_is_sent_read_and_replayed(
    headers: dict[str, str], webhook: Endpoint, receiver: Receiver
) -> None:
    sent = call("post", f"/{webhook.public_id}/test", headers)
    assert (sent.status_code, sent.json()["event"], sent.json()["state"]) == (202, "webhook.test", "queued")
    Worker().drain()
    one = f"/{webhook.public_id}/deliveries/{sent.json()['id']}"
    read = call("get", one, headers).json()
    assert (read["state"], [each["status"] for each in read["attempts_made"]]) == ("delivered", [204])
    assert read["body"].encode() == receiver.received[0].body
    assert call("post", one + "/replay", headers).json()["state"] == "queued"
    Worker().drain()
    assert {each.headers["webhook-id"] for each in receiver.received} == {read["message_id"]}
    found = call("get", f"/{webhook.public_id}/deliveries?state=delivered", headers).json()
    assert (found["count"], "body" in found["items"][0]) == (1, False)
    call("patch", f"/{webhook.public_id}", headers, {"is_active": False})
    assert call("post", one + "/replay", headers).status_code == 409
    assert call("post", f"/{webhook.public_id}/test", headers, key="another-key").status_code == 409


def test_what_is_of_another_lab_does_not_exist(headers: dict[str, str], webhook: Endpoint) -> None:
    other = f.DeliveryFactory()
    for path in (
        f"/{other.endpoint.public_id}",
        f"/{other.endpoint.public_id}/deliveries",
        f"/{webhook.public_id}/deliveries/{other.public_id}",
    ):
        assert call("get", path, headers).status_code == 404
    assert (
        call("post", f"/{webhook.public_id}/deliveries/{other.public_id}/replay", headers).status_code == 404
    )
    assert Delivery.objects.get().attempts == 0
