"""Signatures by Standard Webhooks, checked by code that only knows the specification."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.webhooks.models import Endpoint
from core.webhooks.signing import secret_of, signed_headers
from tests import factories as f

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 4, 6, 9, 30, tzinfo=UTC)


def verifies(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As a receiver does (standard-webhooks/spec, “Verifying signatures”)."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [each.split(",", 1) for each in headers["webhook-signature"].split(" ")]
    return any(version == "v1" and hmac.compare_digest(value, expected) for version, value in given)


@pytest.fixture
def endpoint() -> Endpoint:
    return f.EndpointFactory(secret_changed_at=NOW)


def test_the_example_of_the_specification_is_verified() -> None:
    """The positive control: the vector of the reference libraries' tests."""
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert verifies("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", headers, b'{"test": 2432232314}')


def test_a_body_is_signed_with_its_id_and_time(endpoint: Endpoint) -> None:
    secret = secret_of(endpoint)
    headers = signed_headers(endpoint, "msg_1", b'{"a":1}', NOW)
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert (secret[:6], len(base64.b64decode(secret[6:]))) == ("whsec_", 32)
    assert verifies(secret, headers, b'{"a":1}')
    assert not verifies(secret, headers, b'{"a":2}')
    assert not verifies(secret, headers | {"webhook-id": "msg_2"}, b'{"a":1}')
    assert not verifies(secret, headers | {"webhook-timestamp": "1"}, b'{"a":1}')
    assert not verifies(secret_of(f.EndpointFactory()), headers, b'{"a":1}')


def test_the_secret_before_signs_for_another_day(endpoint: Endpoint) -> None:
    before = secret_of(endpoint)
    endpoint.secret_version += 1
    after = secret_of(endpoint)
    for age, holds in ((timedelta(hours=23), True), (timedelta(hours=24), False)):
        headers = signed_headers(endpoint, "msg_1", b"{}", NOW + age)
        assert (verifies(before, headers, b"{}"), verifies(after, headers, b"{}")) == (holds, True)


def test_a_secret_of_the_installation_before_signs_as_long_as_it_is_a_fallback(
    endpoint: Endpoint, settings: Any
) -> None:
    before = secret_of(endpoint)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another-" * 8
    headers = signed_headers(endpoint, "msg_1", b"{}", NOW)
    assert [verifies(secret, headers, b"{}") for secret in (before, secret_of(endpoint))] == [True, True]
    settings.SECRET_KEY_FALLBACKS = []
    assert not verifies(before, signed_headers(endpoint, "msg_1", b"{}", NOW), b"{}")


def test_nothing_that_the_database_holds_signs(endpoint: Endpoint) -> None:
    [row] = Endpoint.objects.values()
    assert not any(secret_of(endpoint)[6:] in str(value) for value in row.values())
