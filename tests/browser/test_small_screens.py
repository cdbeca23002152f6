"""The console on the narrowest phone (WCAG 1.4.10), with long words everywhere, and its controls (WCAG 2.5.8)."""

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.browser import addresses as a
from tests.browser.reading import reading
from tests.browser.world import Texts, build

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 320, "height": 800}
LARGER_PHONE = {"width": 390, "height": 844}
NAME, TITLE = 60, 200  # letters without a space
# How far the page is wider than the screen, and what makes it so.
BEYOND = """() => {
    const room = document.documentElement.clientWidth
    if (document.scrollingElement.scrollWidth <= room) return []
    const scrolls = (one) => one && (getComputedStyle(one).overflowX !== "visible" || scrolls(one.parentElement))
    return [...document.querySelectorAll("body *")]
        .filter((one) => !scrolls(one.parentElement))
        .filter((one) => one.getBoundingClientRect().right > room + 1 && ![...one.children].some(
            (inner) => inner.getBoundingClientRect().right > room + 1))
        .map((one) => `reaches ${Math.round(one.getBoundingClientRect().right)}: ${one.outerHTML.slice(0, 120)}`)
}"""
# Controls under 24 px, but for links in a sentence. One that wraps over lines counts by its largest line.
SMALL = """() => [...document.querySelectorAll("a[href], button, summary, input:not([type=hidden]), select, textarea")]
    .filter((one) => one.checkVisibility({checkVisibilityCSS: true}) && !one.closest(".skip, .vh"))
    .filter((one) => getComputedStyle(one).display !== "inline"
        || ![...one.parentElement.childNodes].some((node) => node.nodeType === 3 && node.data.trim().length > 2))
    .filter((one) => ![...one.getClientRects()].some((box) => box.width >= 24 && box.height >= 24))
    .map((one) => {
        const box = one.getBoundingClientRect()
        return `${Math.round(box.width)} x ${Math.round(box.height)}: ${one.outerHTML.slice(0, 120)}`
    })"""


def long_words() -> Texts:
    letters = "Donaudampfschifffahrtsgesellschaft" * 6
    return Texts(
        said=lambda what: dict.fromkeys(("en", "bg", "el"), letters[:TITLE]),
        line=lambda what, limit: letters[: min(NAME, limit)],
        address=lambda: f"https://example.org/{letters}",
    )


@pytest.mark.parametrize("who", ["organiser", "owner", "operator", "door"])
def test_no_page_is_wider_than_a_phone_and_every_control_is_as_large_as_a_finger_needs(
    browser: Browser, live_server: LiveServer, who: str
) -> None:
    world = build(long_words())
    with reading(browser, live_server.url, world, who, viewport=PHONE) as reader:
        for page in a.OPENED_BY[who]:
            if not page.name.startswith(("organise", "console_")):
                continue
            reader.opens(a.address(page, world), page.status)
            findings = reader.page.evaluate(BEYOND) + reader.page.evaluate(SMALL)
            reader.page.set_viewport_size(LARGER_PHONE)
            for finding in findings + reader.page.evaluate(BEYOND):
                reader.note(finding)
            reader.page.set_viewport_size(PHONE)
    assert "\n".join(reader.complaints) == ""


@pytest.mark.parametrize("language", ["bg", "el"])
def test_registers_fit_a_phone_where_words_are_longer_than_english_ones(
    browser: Browser, live_server: LiveServer, language: str
) -> None:
    world = build()
    with reading(
        browser, live_server.url, world, "organiser", viewport=LARGER_PHONE, locale=language
    ) as reader:
        for name in ("console_mail", "console_registrations", "console_certificates", "console_sessions"):
            reader.opens(a.address(a.page(name), world))
            for finding in reader.page.evaluate(BEYOND):
                reader.note(finding)
    assert reader.complaints == []


@pytest.mark.parametrize("language", ["en", "bg", "el"])
def test_names_at_the_door_have_two_fifths_of_the_narrowest_phone(
    browser: Browser, live_server: LiveServer, language: str
) -> None:
    world = build()
    with reading(browser, live_server.url, world, "door", viewport=PHONE, locale=language) as reader:
        reader.opens(a.address(a.page("console_attendance_session"), world))
        names = reader.page.locator(".guest-who")
        widths = [names.nth(place).bounding_box() for place in range(names.count())]
        assert widths
        assert [box for box in widths if box is None or box["width"] < PHONE["width"] * 0.4] == []
    assert reader.complaints == []


def test_the_account_menu_opens_by_key_and_closes_by_escape(
    browser: Browser, live_server: LiveServer
) -> None:
    world = build()
    with reading(browser, live_server.url, world, "organiser", viewport=PHONE) as reader:
        reader.opens(f"/organise/labs/{world.lab.slug}/")
        menu = reader.page.locator(".account")
        menu.locator("summary").focus()
        reader.page.keyboard.press("Enter")
        assert menu.get_by_role("button", name="Sign out").is_visible()
        reader.page.keyboard.press("Tab")
        reader.page.keyboard.press("Escape")
        assert not menu.get_by_role("button", name="Sign out").is_visible()
        assert menu.locator("summary").evaluate("one => document.activeElement === one")
        menu.locator("summary").click()
        menu.get_by_role("link", name="Български").click()
        assert reader.page.locator("html").get_attribute("lang") == "bg"


def test_a_colour_is_taken_by_a_button_or_from_all_of_them(browser: Browser, live_server: LiveServer) -> None:
    world = build()
    with reading(browser, live_server.url, world, "organiser", viewport=PHONE) as reader:
        reader.opens(f"/organise/labs/{world.lab.slug}/settings/")
        page = reader.page
        field, chosen = page.locator("[name=colour]"), page.locator("[data-colour][aria-pressed=true]")
        page.get_by_role("button", name="Petrol").click()
        assert (field.input_value(), chosen.inner_text()) == ("#00564e", "Petrol")
        page.get_by_label("Any other colour").fill("#123456")
        assert (field.input_value(), chosen.count()) == ("#123456", 0)
    assert reader.complaints == []
