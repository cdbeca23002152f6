"""The form begins with the zone of the device that it is filled in on, unless somebody has said another one."""

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.reading import reading
from tests.browser.world import World, build

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

SAYS_SO = "This is your device’s time zone."


def form(world: World) -> str:
    assert world.lab.time_zone == "Europe/Sofia"
    return f"/labs/{world.lab.slug}/register/"


def zone_field(page: Page) -> Locator:
    return page.get_by_label("Your time zone")


@pytest.mark.parametrize(
    ("device", "begins_with"),
    [
        ("Europe/Rome", "Europe/Rome"),
        ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("Asia/Kolkata", "Asia/Kolkata"),  # Chromium calls it Asia/Calcutta
        ("Europe/Kiev", "Europe/Kyiv"),
        ("Europe/Sofia", "Europe/Sofia"),
        ("Etc/GMT-3", "Etc/GMT-3"),
        ("UTC", "Europe/Sofia"),
    ],
)
def test_it_begins_with_the_zone_of_the_device_and_says_so(
    browser: Browser, live_server: LiveServer, device: str, begins_with: str
) -> None:
    world = build()
    with reading(browser, live_server.url, world, "visitor", timezone_id=device) as reader:
        reader.opens(form(world))
        expect(zone_field(reader.page)).to_have_value(begins_with)
        note = reader.page.get_by_text(SAYS_SO)
        expect(note).to_have_count(1 if begins_with != "Europe/Sofia" else 0)
        described = zone_field(reader.page)
        if begins_with != "Europe/Sofia":
            expect(described).to_have_accessible_description(
                f"Emails and your registration page show times in this zone and in the lab’s zone · {SAYS_SO} "
                "You can choose another one."
            )
            described.select_option("Europe/Athens")
            expect(note).to_have_count(0)
            expect(zone_field(reader.page)).to_have_value("Europe/Athens")
    assert reader.complaints == []


def test_what_was_chosen_stays_when_the_form_comes_back_or_is_loaded_anew(
    browser: Browser, live_server: LiveServer
) -> None:
    world = build()
    for chosen in ("Europe/Athens", "Europe/Sofia"):
        with reading(browser, live_server.url, world, "visitor", timezone_id="Europe/Rome") as reader:
            reader.opens(form(world))
            zone_field(reader.page).select_option(chosen)
            reader.page.reload()
            expect(zone_field(reader.page)).to_have_value(chosen)
            reader.page.goto(f"{live_server.url}/privacy/")
            reader.page.go_back()
            expect(zone_field(reader.page)).to_have_value(chosen)
            reader.page.locator("form.regform button[type=submit]").click()
            expect(reader.page.locator(".error-summary")).to_be_visible()
            expect(zone_field(reader.page)).to_have_value(chosen)


def test_a_zone_that_was_chosen_for_the_pages_counts_more(browser: Browser, live_server: LiveServer) -> None:
    world = build()
    with reading(browser, live_server.url, world, "visitor", timezone_id="Europe/Rome") as reader:
        reader.opens(f"{form(world)}?tz=Europe/Lisbon")
        expect(zone_field(reader.page)).to_have_value("Europe/Lisbon")
        reader.opens(form(world))  # from the cookie
        expect(zone_field(reader.page)).to_have_value("Europe/Lisbon")
        expect(reader.page.get_by_text(SAYS_SO)).to_have_count(0)
    assert reader.complaints == []


def test_without_script_it_begins_with_the_labs_zone(browser: Browser, live_server: LiveServer) -> None:
    world = build()
    options = {"timezone_id": "Europe/Rome", "java_script_enabled": False}
    with reading(browser, live_server.url, world, "visitor", **options) as reader:
        reader.opens(form(world))
        expect(zone_field(reader.page)).to_have_value("Europe/Sofia")
        expect(reader.page.get_by_text(SAYS_SO)).to_have_count(0)
