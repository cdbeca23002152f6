"""Pages on paper: what is read there keeps the width of the sheet."""

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.browser.reading import reading
from tests.browser.world import build

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

A4 = {"width": 688, "height": 991}  # between its margins, in px
# Headings and lists of the home page that have less than half of the sheet, and what is of no use there.
FINDINGS = """() => [
    ...[...document.querySelectorAll(".home-body .split > :is(h2, ol, ul, .row, .pair), .pair > div")]
        .filter((one) => one.checkVisibility() && one.getBoundingClientRect().width < innerWidth * 0.4)
        .map((one) => `narrow: ${one.outerHTML.slice(0, 80)}`),
    ...[...document.querySelectorAll(".home-body :is(input, button, .button, .board-seats)")]
        .filter((one) => one.checkVisibility())
        .map((one) => `of no use: ${one.outerHTML.slice(0, 80)}`),
]"""


def test_the_home_page_has_the_width_of_the_sheet(browser: Browser, live_server: LiveServer) -> None:
    with reading(browser, live_server.url, build(), "visitor", viewport=A4) as reader:
        reader.opens("/")
        reader.page.emulate_media(media="print")
        assert reader.page.locator("#soon-h").is_visible()
        assert reader.page.evaluate(FINDINGS) == []
    assert reader.complaints == []
