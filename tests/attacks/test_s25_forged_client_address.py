"""S25 (pretix CVE-2023-44463, pretalx 2026.2): X-Forwarded-For was believed, so that rate limits meant nothing."""

import pytest
from django.test import RequestFactory

from core.web.idempotency import FIELD, new_form_key
from core.web.rate_limits import allow, client_address
from tests.factories import UserFactory

FORGED = ("X-Forwarded-For", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "Forwarded")


def address(number: int) -> str:
    return f"10.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"


@pytest.mark.parametrize("header", FORGED)
def test_a_header_varied_a_thousand_times_is_still_one_client(header):
    requests = [
        RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", headers={header: address(number)})
        for number in range(1000)
    ]

    allowed = [allow("ask", client_address(request), limit=5, seconds=3600) for request in requests]

    assert allowed == [True] * 5 + [False] * 995


def test_behind_our_proxy_what_a_client_adds_changes_nothing(settings):
    settings.TRUSTED_PROXIES = 1
    requests = [
        RequestFactory().get(
            "/", REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": f"{address(number)}, 198.51.100.7"}
        )
        for number in range(1000)
    ]

    assert {client_address(request) for request in requests} == {"198.51.100.7"}


def test_a_client_with_a_whole_ipv6_network_is_one_client():
    addresses = {
        client_address(RequestFactory().get("/", REMOTE_ADDR=f"2001:db8:0:1:{number:x}::{number:x}"))
        for number in range(1000)
    }

    assert addresses == {"2001:db8:0:1::/64"}


@pytest.mark.django_db
def test_passwords_cannot_be_guessed_by_changing_the_header(client):
    UserFactory(email="organiser@example.org")

    answers = [
        client.post(
            "/accounts/login/",
            {"login": f"organiser{number % 7}@example.org", "password": "wrong", FIELD: new_form_key()},
            headers={"Sec-Fetch-Site": "same-origin", "X-Forwarded-For": address(number)},
        )
        for number in range(30)
    ]

    refused = [answer.status_code == 429 or b"Too many" in answer.content for answer in answers]
    assert refused[:5] == [False] * 5
    assert refused[-15:] == [True] * 15
