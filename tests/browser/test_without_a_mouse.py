"""The service by keyboard alone, and in a browser that runs no scripts."""

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from registrations.models import Registration
from sessions.models import Session
from tests.browser import addresses as a
from tests.browser.reading import reading
from tests.browser.world import build

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

# What the keyboard is on, and whether it can be seen there: an outline, and the place inside the window.
FOCUSED = """() => {
    const on = document.activeElement
    if (!on || on === document.body) return null
    const line = getComputedStyle(on), box = on.getBoundingClientRect()
    const drawn = line.outlineStyle !== "none" && parseFloat(line.outlineWidth) >= 2
    const inside = box.bottom > 0 && box.top < innerHeight && box.width > 0 && box.height > 0
    const within = on === window.lastFocused // a date is several stops in one field, drawn by the browser
    const again = Boolean(on.dataset.visited) && !within
    on.dataset.visited = "yes"
    window.lastFocused = on
    return {what: on.outerHTML.slice(0, 160), seen: within || (drawn && inside), again}
}"""
# What a keyboard must reach; of a group of radio buttons, one.
# Without what is hidden from everybody, as the field that only programs fill in.
REACHABLE = """() => [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary"
)].filter((one) => !one.disabled && one.checkVisibility({checkVisibilityCSS: true}) && !one.dataset.visited
    && one.type !== "radio" && !one.closest("[aria-hidden=true]")).map((one) => one.outerHTML.slice(0, 160))"""
WALKED = {
    "visitor": (
        "home",
        "lab",
        "session",
        "speaker",
        "register",
        "subscribe",
        "certificate_check",
        "account_login",
    ),
    "participant": ("registration", "registration_edit", "registration_sessions"),
    "organiser": ("console_lab", "console_session_edit", "console_registrations", "console_rooms"),
    "door": ("console_attendance_session",),
}


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the keyboard is on this element."""
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("one => document.activeElement.matches(one)", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def test_the_first_key_offers_to_skip_to_the_content(browser: Browser, live_server: LiveServer) -> None:
    world = build()
    with reading(browser, live_server.url, world, "visitor") as reader:
        for name in ("home", "lab", "register"):
            reader.opens(a.address(a.page(name), world))
            reader.page.keyboard.press("Tab")
            expect(reader.page.locator(".skip")).to_be_focused()
            expect(reader.page.locator(".skip")).to_be_in_viewport()
            reader.page.keyboard.press("Enter")
            reader.page.keyboard.press("Tab")
            target = str(reader.page.locator(".skip").get_attribute("href"))
            assert reader.page.evaluate(
                """target => {
                    const place = document.querySelector(target), on = document.activeElement
                    return place.contains(on) || place.compareDocumentPosition(on) === Node.DOCUMENT_POSITION_FOLLOWING
                }""",
                target,
            ), name
    assert reader.complaints == []


@pytest.mark.parametrize("who", WALKED)
def test_tab_reaches_everything_and_shows_where_it_is(
    browser: Browser, live_server: LiveServer, who: str
) -> None:
    world = build()
    with reading(browser, live_server.url, world, who) as reader:
        for name in WALKED[who]:
            reader.opens(a.address(a.page(name), world))
            for _ in range(300):
                reader.page.keyboard.press("Tab")
                focused = reader.page.evaluate(FOCUSED)
                if focused is None or focused["again"]:
                    break
                if not focused["seen"]:
                    reader.note(f"{name}: no focus to be seen on {focused['what']}")
            for unreached in reader.page.evaluate(REACHABLE):
                reader.note(f"{name}: not reached: {unreached}")
    assert "\n".join(reader.complaints) == ""


def test_somebody_registers_by_keyboard(browser: Browser, live_server: LiveServer) -> None:
    world = build()
    with reading(browser, live_server.url, world, "visitor") as reader:
        page = reader.page
        reader.opens(a.address(a.page("register"), world))
        tab_to(page, "input[name=session][value=plenary]")
        page.keyboard.press("Space")
        tab_to(page, "[name=name]")
        page.keyboard.type("Demo participant 17")
        tab_to(page, "[name=email]")
        page.keyboard.type("keyboard@example.org")
        tab_to(page, "[name=city]")
        page.keyboard.type("Sofia")
        tab_to(page, "[name=group]")
        page.keyboard.press("ArrowDown")
        tab_to(page, "[name=q-of-short]")
        page.keyboard.type("An answer")
        tab_to(page, "[name=consent]")
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text("Check your")
    made = Registration.objects.get(email="keyboard@example.org")
    assert [seat.session.slug for seat in made.seats.all()] == ["plenary"]
    assert reader.complaints == []


def test_the_form_shows_what_is_ticked_and_proposes_the_devices_zone(
    browser: Browser, live_server: LiveServer
) -> None:
    world = build()
    with reading(browser, live_server.url, world, "visitor", timezone_id="Europe/Rome") as reader:
        page = reader.page
        reader.opens(a.address(a.page("register"), world))
        row = page.locator("[data-follows] [data-value=plenary]")
        expect(row).to_be_hidden()
        page.locator("input[name=session][value=plenary]").press("Space")
        expect(row).to_be_visible()
        expect(page.locator("[data-follows-none]")).to_be_hidden()
        page.locator("input[name=session][value=plenary]").press("Space")
        expect(row).to_be_hidden()
        expect(page.locator("select[name=time_zone]")).to_have_value("Europe/Rome")
    assert reader.complaints == []


def test_a_visitor_without_scripts_changes_the_zone_and_registers(
    browser: Browser, live_server: LiveServer
) -> None:
    world = build()
    with reading(browser, live_server.url, world, "visitor", java_script_enabled=False) as reader:
        page = reader.page
        reader.opens(a.address(a.page("lab"), world))
        plenary = page.locator("article, li").filter(has_text="plenary").first
        expect(plenary).to_contain_text("09:00")
        zone = page.locator(".tools:has(select[name=tz])")
        zone.locator("select[name=tz]").select_option("Europe/Rome")
        zone.get_by_role("button").first.click()
        expect(plenary).to_contain_text("08:00")

        page.locator("input[name=session][value=plenary]").check()
        page.locator(".choicebar").get_by_role("button", name="Register").click()
        expect(page.locator("input[name=session][value=plenary]")).to_be_checked()
        page.locator("[name=name]").fill("Demo participant 17")
        page.locator("[name=email]").fill("plain@example.org")
        page.locator("[name=city]").select_option(label="Sofia")
        page.locator("[name=group]").select_option(index=1)
        page.locator("[name=q-of-short]").fill("An answer")
        page.get_by_role("main").get_by_role("button", name="Register").click()
        expect(
            page.locator(".error-summary")
        ).to_be_visible()  # the consent is still missing; the rest is kept
        expect(page.locator("[name=name]")).to_have_value("Demo participant 17")
        page.locator("[name=consent]").check()
        page.get_by_role("main").get_by_role("button", name="Register").click()
        expect(page.locator("h1")).to_contain_text("Check your")
    made = Registration.objects.get(email="plain@example.org")
    assert [seat.session.slug for seat in made.seats.all()] == ["plenary"]


def test_an_organiser_without_scripts_publishes_a_session(browser: Browser, live_server: LiveServer) -> None:
    world = build()
    draft = Session.objects.get(slug="still-a-draft")
    with reading(browser, live_server.url, world, "organiser", java_script_enabled=False) as reader:
        page = reader.page
        reader.opens(a.address(a.page("console_session_edit", session="=still-a-draft"), world))
        page.get_by_role("main").get_by_role("link", name="Publish").first.click()
        draft.refresh_from_db()
        assert draft.visibility == "draft"
        page.get_by_role("main").get_by_role("button", name="Publish").click()
        expect(page.get_by_text("Session published.", exact=True)).to_be_visible()
    draft.refresh_from_db()
    assert draft.visibility == "public"
