"""Lines that one can read, and an own page whose parts come in the order in which people look for them."""

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.browser import addresses as a
from tests.browser.reading import reading
from tests.browser.world import build

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
TABLET = {"width": 768, "height": 1024}
MEASURE = 34 * 16  # pixels, as in tokens.css
LONG_LINES = """(measure) => [...document.querySelectorAll("main :is(p, li)")]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().width > measure + 1
        && one.getBoundingClientRect().height > 2 * parseFloat(getComputedStyle(one).lineHeight) - 1)
    .map((one) => `${Math.round(one.getBoundingClientRect().width)}: ${one.textContent.trim().slice(0, 80)}`)"""


@pytest.mark.parametrize(
    "name",
    [
        "registration_cancel",
        "registration_erase",
        "registration_give_up",
        "registration_leave",
        "register_sent",
        "registration_link",
        "registration_erased",
    ],
)
def test_running_text_is_no_wider_than_its_measure(
    browser: Browser, live_server: LiveServer, name: str
) -> None:
    world = build()
    page = next(page for page in (*a.PERSONAL, *a.PUBLIC) if page.name == name)
    with reading(browser, live_server.url, world, "visitor", viewport=DESKTOP, locale="el") as reader:
        reader.opens(a.address(page, world), page.status)
        assert reader.page.evaluate(LONG_LINES, MEASURE) == []
    assert reader.complaints == []


def _top(page: Page, heading: str) -> float:
    box = page.locator(f"#{heading}").bounding_box()
    assert box is not None
    return box["y"]


def test_the_calendar_follows_the_sessions_on_a_phone_and_stands_beside_them_elsewhere(
    browser: Browser, live_server: LiveServer
) -> None:
    world = build()
    with reading(browser, live_server.url, world, "visitor", viewport=PHONE) as reader:
        page = reader.page
        reader.opens(a.address(a.page("registration"), world))
        parts = ["seats-title", "calendar-title", "certificate-title", "history-title", "change-title"]
        assert sorted(parts, key=lambda part: _top(page, part)) == parts
        reader.opens(a.address(a.page("registration", "?done=confirmed"), world))
        done = page.get_by_role("status").first.bounding_box()
        assert done is not None
        assert done["y"] + done["height"] < PHONE["height"] / 2
        page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
        assert abs(_top(page, "calendar-title") - _top(page, "seats-title")) < 40
        assert _top(page, "certificate-title") > _top(page, "seats-title")
    assert reader.complaints == []


@pytest.mark.parametrize("language", ["en", "bg", "el"])
def test_what_narrows_a_programme_stands_in_one_row_on_a_desktop(
    browser: Browser, live_server: LiveServer, language: str
) -> None:
    world = build()
    with reading(browser, live_server.url, world, "visitor", viewport=DESKTOP, locale=language) as reader:
        reader.opens(a.address(a.page("lab"), world))
        boxes = [part.bounding_box() for part in reader.page.locator(".tools > :not(.tools-end)").all()]
        assert len({round(box["y"] + box["height"]) for box in boxes if box}) == 1
    assert reader.complaints == []


def test_names_of_labs_have_the_width_that_they_need_on_a_tablet(
    browser: Browser, live_server: LiveServer
) -> None:
    world = build()
    with reading(browser, live_server.url, world, "organiser", viewport=TABLET, locale="el") as reader:
        reader.opens("/organise/")
        boxes = [name.bounding_box() for name in reader.page.locator(".lablines .stack-s").all()]
        assert boxes
        assert [box for box in boxes if box is None or box["width"] < TABLET["width"] / 3] == []
    assert reader.complaints == []
