"""Fixtures that all tests share."""

import gc
import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.smtp import MailServer

# Playwright's synchronous driver runs an event loop in the test's own thread.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_configure() -> None:
    """Serve static files under their own names: tests run without `collectstatic`. Measure no time in hypothesis."""
    import hypothesis
    from django.conf import settings

    hypothesis.settings.register_profile(
        "suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("suite")
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put browsers first, skip what needs PostgreSQL elsewhere, and keep an `xdist_group` in one process.

    What takes longest must not begin when the other processes are about to end. pytest-xdist 3.8 writes groups where
    pytest 9.2 no longer looks.
    """
    from django.db import connection

    items.sort(key=lambda item: item.get_closest_marker("e2e") is None)
    if connection.vendor != "postgresql":
        for item in items:
            if item.get_closest_marker("postgres"):
                item.add_marker(pytest.mark.skip(reason="needs PostgreSQL"))
    if not config.getoption("loadgroup", False):
        return
    for item in items:
        group = item.get_closest_marker("xdist_group")
        if group is not None and not item.nodeid.endswith(f"@{group.args[0]}"):
            item._id = type(item._id).parse(f"{item.nodeid}@{group.args[0]}")  # type: ignore[attr-defined]


def pytest_collection_finish() -> None:
    """Spare Python to look again and again for garbage among what stays: modules, models and the tests themselves."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_runtest_setup() -> None:
    """Begin every test in the source's language, which Django's test client changes, with nothing kept or counted."""
    from django.core.cache import caches
    from django.utils import translation

    translation.deactivate()
    # Ids and revisions begin again with every test, and who asked often in the one before may ask again.
    caches["kept"].clear()
    caches["default"].clear()


@pytest.fixture(autouse=True)
def clock_that_travels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the database's clock follow a test that travels in time; `clock_of_the_database` leaves it its own."""
    if "clock_of_the_database" in request.fixturenames:
        return
    from django.utils import timezone

    from core.jobs import database_clock

    def as_on_sqlite(now: database_clock.DatabaseNow, compiler: Any, connection: Any, **context: Any) -> Any:
        return now.as_sqlite(compiler, connection)

    monkeypatch.setattr(database_clock.DatabaseNow, "as_postgresql", as_on_sqlite, raising=False)
    monkeypatch.setattr(database_clock, "query_database_clock", timezone.now)


@pytest.fixture
def clock_of_the_database() -> None:
    """Ask for the database's own clock, which does not travel: for tests of nodes whose clocks differ."""


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """One browser for all tests of a process: the one that set-up found, or Playwright's own."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM")
            or shutil.which("chromium-headless-shell")
            or shutil.which("chromium"),
            args=["--no-sandbox"],
        )
        yield browser
        browser.close()


@pytest.fixture
def smtp(settings) -> "Iterator[MailServer]":
    """A mail server on loopback that the settings point to."""
    from tests.smtp import mail_server

    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = server.port
        settings.EMAIL_TIMEOUT = 2
        settings.EMAIL_USE_TLS = False
        yield server
