"""Every page, in every language, as its reader sees it: found faultless by axe, narrow enough for a phone, and quiet.

Automatic rules find part of what bars people; what they cannot see is in `test_without_a_mouse.py`. Every page in every
language, colour scheme and width is what `make accessibility` examines.
"""

from typing import Any

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests import factories as f
from tests.browser import addresses as a
from tests.browser.axe import ALL_RULES, AXE, TOO_WIDE, findings
from tests.browser.reading import Reader, reading
from tests.browser.world import build

DESKTOP = {"width": 1280, "height": 900}
NARROW = {"width": 320, "height": 800}


def examine(reader: Reader, only: dict[str, Any], how: str) -> None:
    for finding in findings(reader.page, only):
        reader.note(f"{how}: {finding}")


def examine_page(reader: Reader, language: str) -> None:
    """English is examined as on a desk, light and dark; the others as on a phone."""
    page = reader.page
    if language == "en":
        page.set_viewport_size(DESKTOP)
        examine(reader, ALL_RULES, "light")
        page.emulate_media(color_scheme="dark")
        examine(reader, {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}, "dark")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(NARROW)
    else:
        examine(reader, ALL_RULES, f"{language}, narrow")
    if (beyond := page.evaluate(TOO_WIDE)) > 0:
        reader.note(f"{language}: {beyond} pixels too wide for {NARROW['width']}")


@pytest.mark.e2e
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", ["en", "bg", "el"])
@pytest.mark.parametrize("who", a.OPENED_BY)
def test_no_page_bars_anybody(browser: Browser, live_server: LiveServer, who: str, language: str) -> None:
    world = build()
    if who == "operator":
        f.UserFactory.create_batch(101)  # more than a page of the administration
    with reading(browser, live_server.url, world, who, locale=language, viewport=NARROW) as reader:
        reader.context.add_init_script(AXE)
        for path, status in a.addresses(who, world):
            reader.opens(path, status)
            assert reader.page.locator("html").get_attribute("lang") == language
            examine_page(reader, language)
    assert "\n".join(reader.complaints) == ""


@pytest.mark.e2e
@pytest.mark.django_db(transaction=True)
def test_a_visitor_who_reads_all_public_pages_is_given_no_cookie(
    browser: Browser, live_server: LiveServer
) -> None:
    world = build()
    with reading(browser, live_server.url, world, "visitor") as reader:
        for path, status in a.addresses("visitor", world):
            if "tz=" in path:  # a choice that the reader made is kept
                continue
            reader.opens(path, status)
            assert reader.context.cookies() == [], path
    assert reader.complaints == []


def test_every_page_is_either_examined_or_known_to_be_none() -> None:
    examined = {page.name for pages in a.OPENED_BY.values() for page in pages if ":" not in page.name}
    assert a.names_of_all_pages() - examined == set(a.NOT_PAGES)
