"""Pages on paper: what is read there keeps the width of the sheet."""

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.browser import addresses as a
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

OF_A_REGISTRATION = ("#seats-title", "#calendar-title", "#change-title")
# Texts that white paper would swallow, since grounds are not printed: lighter than the secondary ink.
PALE = """() => {
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true})
    const light = (colour) => {
        canvas.fillStyle = colour
        canvas.fillRect(0, 0, 1, 1)
        const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data
        return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255
    }
    return [...document.querySelectorAll("body *")]
        .filter((one) => one.checkVisibility() && !one.closest("svg, .vh")
            && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
        .filter((one) => light(getComputedStyle(one).color) > 0.45)
        .map((one) => `pale: ${one.outerHTML.slice(0, 120)}`)
}"""


def test_the_home_page_has_the_width_of_the_sheet(browser: Browser, live_server: LiveServer) -> None:
    with reading(browser, live_server.url, build(), "visitor", viewport=A4) as reader:
        reader.opens("/")
        reader.page.emulate_media(media="print")
        assert reader.page.locator("#soon-h").is_visible()
        assert reader.page.evaluate(FINDINGS) == []
    assert reader.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_stands_on_a_ground_is_dark_on_paper_in_either_theme(
    browser: Browser, live_server: LiveServer, theme: str
) -> None:
    world = build()
    with reading(browser, live_server.url, world, "organiser", viewport=A4) as reader:
        cookie = {"name": "theme", "value": theme, "url": live_server.url}
        reader.context.add_cookies([cookie])  # type: ignore[list-item]
        reader.page.emulate_media(media="print")
        for page in (a.page("session"), a.page("programme"), a.page("lab"), a.page("console_sessions")):
            reader.opens(a.address(page, world))
            assert reader.page.locator("html").get_attribute("data-theme") == theme
            for finding in reader.page.evaluate(PALE):
                reader.note(finding)
    assert reader.complaints == []


def test_what_is_secret_or_of_no_use_is_not_printed(browser: Browser, live_server: LiveServer) -> None:
    world = build()
    with reading(browser, live_server.url, world, "visitor", viewport=A4) as reader:
        reader.opens(a.address(a.page("registration"), world))
        reader.page.emulate_media(media="print")
        shown = {part: reader.page.locator(part).is_visible() for part in OF_A_REGISTRATION}
        assert shown == {"#seats-title": True, "#calendar-title": False, "#change-title": False}
    assert reader.complaints == []
