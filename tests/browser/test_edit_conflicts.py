"""The page that tells that somebody else saved meanwhile: found faultless, narrow enough, without scripts."""

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from labs.models import LabDay, Room
from registrations.models import Registration
from tests.browser.axe import AXE
from tests.browser.reading import Reader, reading
from tests.browser.test_accessibility import NARROW, examine_page
from tests.browser.world import World, build

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def save(page: Page, answers: dict[str, str]) -> None:
    for name, text in answers.items():
        page.locator(f'[name="{name}"]').fill(text)
    page.locator("#edit-form [type=submit]:not([name])").last.click()


def meets_somebody(reader: Reader, path: str, theirs: dict[str, str], mine: dict[str, str]) -> None:
    """Type into a form that somebody else saves in another window meanwhile."""
    # What is left unsaved by the form before is not asked about.
    reader.page.evaluate(
        "document.querySelectorAll('[data-unsaved]').forEach((one) => delete one.dataset.unsaved)"
    )
    reader.opens(path)
    other = reader.context.new_page()
    other.goto(f"{reader.base}{path}")
    save(other, theirs)
    expect(other.locator(".error-summary, .conflict")).to_have_count(0)
    other.close()
    save(reader.page, mine)
    expect(reader.page.locator(".conflict")).to_be_focused()


def forms_of(world: World) -> dict[str, tuple[str, dict[str, str], dict[str, str]]]:
    room = Room.objects.filter(lab__slug="lab", online=True).get()
    person = Registration.objects.filter(lab__slug="lab", state="confirmed")[0]
    LabDay.objects.all().delete()
    lab = "/organise/labs/lab/"
    return {
        "settings": (
            f"{lab}settings/",
            {"title_0": "Theirs", "closes_time": "10:00", "description_0": "One.\n\nTwo. " * 9},
            {"title_0": "Mine", "retention_days": "90"},
        ),
        "room": (
            f"{lab}rooms/{room.pk}/",
            {"name_0": "Great hall"},
            {"name_0": "Small hall", "capacity": "9"},
        ),
        "tracks": (
            f"{lab}tracks/",
            {"rows-0-name_0": "Energy", "rows-1-ORDER": "1", "rows-0-ORDER": "2"},
            {"rows-0-name_0": "Skills"},
        ),
        "days": (f"{lab}days/", {"days-0-title_0": "Energy"}, {"days-0-title_0": "Skills"}),
        "person": (
            f"{lab}registrations/{person.public_id}/edit/",
            {"name": "Demo participant 17", "organisation": "Theirs"},
            {"name": "Demo participant 18"},
        ),
        "answers": (
            f"{lab}registrations/{person.public_id}/answers/own/change/",
            {"q-of-short": "Theirs"},
            {"q-of-short": "Mine"},
        ),
    }


@pytest.mark.parametrize("language", ["en", "bg", "el"])
def test_what_differs_is_told_in_a_page_that_bars_nobody(
    browser: Browser, live_server: LiveServer, language: str
) -> None:
    world = build()
    with reading(browser, live_server.url, world, "organiser", locale=language, viewport=NARROW) as reader:
        reader.context.add_init_script(AXE)
        for path, theirs, mine in forms_of(world).values():
            meets_somebody(reader, path, theirs, mine)
            examine_page(reader, language)
    assert "\n".join(reader.complaints) == ""


@pytest.mark.parametrize(
    ("way", "name"),
    [
        ("Discard my changes and open the saved version", "Great hall"),
        ("Replace with my version", "Small hall"),
    ],
)
def test_without_scripts_both_ways_out_lead_on(
    browser: Browser, live_server: LiveServer, way: str, name: str
) -> None:
    world = build()
    path, theirs, mine = forms_of(world)["room"]
    with reading(browser, live_server.url, world, "organiser", java_script_enabled=False) as reader:
        page = reader.page
        reader.opens(path)
        Room.objects.filter(online=True, lab__slug="lab").update(name={"en": theirs["name_0"]}, version=2)
        save(page, mine)
        expect(page.locator(".conflict td").first).to_contain_text("Great hall")
        expect(page.locator('[name="name_0"]')).to_have_value("Small hall")
        page.get_by_text(way).click()
        page.wait_for_load_state()
        if way.startswith("Discard"):
            expect(page.locator(".conflict")).to_have_count(0)
            expect(page.locator('[name="name_0"]')).to_have_value("Great hall")
        else:
            expect(page).to_have_url(f"{live_server.url}/organise/labs/lab/rooms/")
    assert str(Room.objects.get(online=True, lab__slug="lab").name) == name
    assert reader.complaints == []
