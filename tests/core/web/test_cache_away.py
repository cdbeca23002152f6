"""Redis is away, hangs, or is there: nobody gets an error, nobody waits, and probes are told."""

import itertools
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from core.mail import health
from core.web.rate_limits import allow
from registrations.models import Registration
from tests import factories as f
from tests.registrations.form_posts import answers, link, post, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def port() -> Iterator[int]:
    """A port at which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def hung() -> Iterator[int]:
    """A port whose owner takes connections and never says a word."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(100)
        yield silent.getsockname()[1]


@pytest.fixture
def use(settings: Any) -> Callable[[int], None]:
    """Have the service use the Redis at a port."""

    databases = itertools.cycle(range(16))

    def at(port: int) -> None:
        # What was found away under one name is asked under another all the same.
        location = f"redis://127.0.0.1:{port}/{next(databases)}"
        away = {"BACKEND": "core.web.cache.RedisCache", "LOCATION": location}
        settings.CACHES = {"default": away, "kept": away | {"KEY_PREFIX": "kept"}}
        health.recently.forget()
        cache.clear()

    return at


@pytest.mark.parametrize("state", ["port", "hung"])
def test_everything_goes_on_without_it_and_nobody_waits(
    state: str, use: Callable[[int], None], request: pytest.FixtureRequest
) -> None:
    use(request.getfixturevalue(state))
    client = Client()
    lab = f.LabFactory(slug="main-lab")
    session = f.SessionFactory(lab=lab)
    user = f.UserFactory(password="a password of this test")
    began = time.monotonic()

    assert send(client, lab, answers(session)).status_code == 200
    registration = Registration.objects.get()
    assert post(client, link(registration, "confirm", "registration_confirm")).status_code == 302
    assert post(client, reverse("registration_link"), {"email": registration.email}).status_code in (200, 302)
    login = {"login": user.email, "password": "a password of this test"}
    assert post(Client(), reverse("account_login"), login).status_code == 302
    assert client.get("/certificates/", {"code": "0000-0000-0000"}).status_code in (200, 302, 404)
    assert client.get("/labs/main-lab/calendar.ics").status_code == 200
    assert client.get("/labs/main-lab/").status_code == 200
    assert client.get("/api/v1/labs").status_code == 200

    processor = 15  # the eight answers on a machine that is busy; each time-out would add its own share
    assert time.monotonic() - began < processor

    checks = client.get("/health/ready").json()["checks"]
    assert checks["cache"] == {"ok": False}


@pytest.mark.parametrize("state", ["port", "hung"])
def test_limits_fall_back_to_the_process(
    state: str, use: Callable[[int], None], request: pytest.FixtureRequest
) -> None:
    use(request.getfixturevalue(state))
    assert [allow("ask", "a@example.org", 3, 3600) for _time in range(5)] == [True] * 3 + [False] * 2
    cache.set("kept", "by the process", 60)
    assert cache.get_many(["kept", "not-kept"]) == {"kept": "by the process"}


def test_one_that_hangs_is_waited_for_once(use: Callable[[int], None], hung: int) -> None:
    use(hung)
    began = time.monotonic()
    for number in range(200):
        cache.set(f"key-{number}", number, 60)
        assert cache.get(f"key-{number}") == number
    assert time.monotonic() - began < 2


def test_a_cache_that_is_away_does_not_make_the_service_unready(
    use: Callable[[int], None], port: int
) -> None:
    use(port)
    findings = {finding.name: finding for finding in health.readiness()}
    assert (findings["cache"].ok, findings["cache"].needed) == (False, False)


@pytest.mark.skipif(not shutil.which("redis-server"), reason="needs redis-server")
def test_it_is_used_while_it_is_there_and_again_when_it_is_back(
    use: Callable[[int], None], port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.web.cache.RETRY_AFTER_SECONDS", 0.1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    command = ["redis-server", "--port", str(number), "--save", "", "--dir", str(tmp_path)]

    def start() -> subprocess.Popen[bytes]:
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", number)).close()
            except OSError:
                assert time.monotonic() < deadline
            else:
                return server

    server = start()
    try:
        use(number)
        cache.set("kept", "by the server", 60)
        assert cache.is_available()  # type: ignore[attr-defined]
        server.kill()
        server.wait()
        assert cache.get("kept") is None
        server = start()
        deadline = time.monotonic() + 10
        while not cache.is_available():  # type: ignore[attr-defined]
            assert time.monotonic() < deadline
        cache.set("kept", "by the server", 60)
        assert cache.get("kept") == "by the server"
    finally:
        server.kill()
        server.wait()
