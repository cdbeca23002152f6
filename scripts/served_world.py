"""Every page of the service for commands that look at all of them: the tests' world, on a database of its own."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright runs an event loop in this thread
django.setup()

from django.test.utils import (  # noqa: E402  (settings first)
    setup_databases,
    setup_test_environment,
    teardown_databases,
    teardown_test_environment,
)
from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from pytest_django.live_server_helper import LiveServer  # noqa: E402

from scripts.screenshots import start_browser  # noqa: E402
from tests.browser.addresses import OPENED_BY, Page  # noqa: E402

LANGUAGES = ("en", "bg", "el")
# What Playwright emulates.
SCHEMES: dict[str, dict[str, Any]] = {
    "light": {"media": "screen", "color_scheme": "light", "forced_colors": "none"},
    "dark": {"media": "screen", "color_scheme": "dark", "forced_colors": "none"},
    "forced-colours": {"media": "screen", "color_scheme": "light", "forced_colors": "active"},
}


@contextmanager
def served() -> Iterator[tuple[str, Browser]]:
    """Serve an empty test database; yields the service's address and a browser."""
    setup_test_environment()
    databases = setup_databases(verbosity=0, interactive=False)
    server = LiveServer("127.0.0.1")
    try:
        with sync_playwright() as playwright:
            browser = start_browser(playwright)
            yield server.url, browser
            browser.close()
    finally:
        server.stop()
        teardown_databases(databases, verbosity=0)
        teardown_test_environment()


def name_of(who: str, page: Page) -> str:
    """Return a name for files: who opens the page, its address's name, and what sets it apart from its like."""
    words = " ".join([who, page.name, page.ask, *(word for _part, word in page.parts)])
    return re.sub(r"[^a-z0-9]+", "-", words.lower().replace("_", "-")).strip("-")


def chosen(name: str, only: Sequence[str]) -> bool:
    """Tell whether a name holds one of these parts; every name does where there are none."""
    return not only or any(part.replace("_", "-") in name for part in only)


def chosen_pages(only: Sequence[str]) -> dict[str, list[tuple[str, Page]]]:
    """Return the chosen pages with their names, by who opens them."""
    named = {who: [(name_of(who, page), page) for page in pages] for who, pages in OPENED_BY.items()}
    return {who: found for who, pages in named.items() if (found := [p for p in pages if chosen(p[0], only)])}
