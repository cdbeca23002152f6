"""How often somebody may do something."""

import pytest
import time_machine
from django.core.cache import caches
from django.test import RequestFactory

from core.web.rate_limits import allow, client_address


def test_it_allows_as_many_as_the_limit_and_then_no_more():
    assert [allow("ask", "a@example.org", limit=3, seconds=60) for _ in range(5)] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_each_key_and_each_action_counts_for_itself():
    assert allow("ask", "a@example.org", limit=1, seconds=60)
    assert allow("ask", "b@example.org", limit=1, seconds=60)
    assert allow("tell", "a@example.org", limit=1, seconds=60)
    assert not allow("ask", "a@example.org", limit=1, seconds=60)


def test_a_new_window_starts_anew():
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False) as clock:
        assert allow("ask", "a@example.org", limit=1, seconds=60)
        assert not allow("ask", "a@example.org", limit=1, seconds=60)
        clock.shift(60)
        assert allow("ask", "a@example.org", limit=1, seconds=60)


def test_the_cache_holds_no_address():
    allow("ask", "secret@example.org", limit=1, seconds=60)

    assert "secret" not in repr(vars(caches["default"]))


def test_a_limit_of_nothing_allows_nothing():
    assert not allow("ask", "a@example.org", limit=0, seconds=60)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.7, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, "not an address", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_only_our_own_proxies_are_believed(settings, proxies, forwarded, expected):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=forwarded)

    assert client_address(request) == expected
