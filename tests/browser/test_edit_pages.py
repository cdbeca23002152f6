"""Pages where something long is edited: languages, rows and the bar that saves, with script and without."""

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from sessions.models import Session
from tests.browser import addresses as a
from tests.browser.reading import Reader, reading
from tests.browser.world import World, build

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

both_ways = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])


def opens_session(reader: Reader, world: World) -> Page:
    reader.opens(a.address(a.page("console_session_edit", session="=plenary"), world))
    return reader.page


@both_ways
def test_one_language_is_shown_and_all_are_saved(
    browser: Browser, live_server: LiveServer, script: bool
) -> None:
    world = build()
    with reading(browser, live_server.url, world, "organiser", java_script_enabled=script) as reader:
        page = opens_session(reader, world)
        page.locator("[name=title_0]").fill("In English")
        expect(page.locator("[name=title_1]")).to_be_hidden()
        page.locator("#edit-bg").check()
        expect(page.locator("[name=title_0]")).to_be_hidden()
        page.locator("[name=title_1]").fill("На български")
        page.locator(".save-bar button").click()
        expect(page.locator(".messages")).to_contain_text("saved")
        # The texts are shown in the same language as before.
        expect(page.locator("[name=title_1]")).to_have_value("На български")
        expect(page.locator("[name=title_1]")).to_be_visible()
    title = Session.objects.get(slug="plenary").title.data
    assert (title["en"], title["bg"]) == ("In English", "На български")
    assert reader.complaints == []


@both_ways
def test_a_row_is_added_with_all_that_was_typed(
    browser: Browser, live_server: LiveServer, script: bool
) -> None:
    world = build()
    with reading(browser, live_server.url, world, "organiser", java_script_enabled=script) as reader:
        page = opens_session(reader, world)
        rows = page.locator("#agenda [data-row]")
        there = rows.count()
        page.locator("[name=title_0]").fill("Typed")
        page.get_by_role("button", name="Add an item").click()
        expect(rows).to_have_count(there + 1)
        new = page.locator(f"[name=agenda-{there}-title_0]")
        expect(new).to_be_focused()
        expect(page.locator("[name=title_0]")).to_have_value("Typed")
        new.fill("Added")
        # The new item can be chosen as the place of somebody who appears.
        page.get_by_role("button", name="Add a person").click()
        expect(page.locator("#people select[name$=-speaker]").last).to_be_focused()
        expect(page.locator("#people select[name$=-item]").last.locator("option").last).to_contain_text(
            "Added"
        )
        page.locator(".save-bar button").click()
        expect(page.locator(".messages")).to_contain_text("saved")
    assert "Added" in [str(item.title) for item in Session.objects.get(slug="plenary").agenda.all()]
    assert reader.complaints == []


def test_the_keyboard_moves_rows_and_hears_where_they_are(browser: Browser, live_server: LiveServer) -> None:
    world = build()
    session = Session.objects.get(slug="plenary")
    before = list(session.agenda.order_by("position", "pk").values_list("pk", flat=True))
    with reading(browser, live_server.url, world, "organiser") as reader:
        page = opens_session(reader, world)
        rows = page.locator("#agenda [data-row]")
        for more in (1, 2):
            page.get_by_role("button", name="Add an item").click()
            expect(rows).to_have_count(len(before) + more)
        for place, words in enumerate(("One", "Two"), len(before)):
            page.locator(f"[name=agenda-{place}-title_0]").fill(words)
        rows.last.get_by_role("button", name="Move up").focus()
        page.keyboard.press("Enter")
        # The focus moved along, so that the next press moves the same row on.
        expect(rows.nth(len(before)).get_by_role("button", name="Move up")).to_be_focused()
        expect(page.locator("#agenda [data-said]")).to_have_text(f"Item moved to position {len(before) + 1}.")
        for place in range(rows.count()):
            row, name = rows.nth(place), f"Item {place + 1}"
            expect(row).to_have_attribute("aria-label", name)
            for word in ("Move up:", "Move down:"):
                expect(row.get_by_role("button", name=f"{word} {name}", exact=True)).to_have_count(1)
            expect(row.get_by_role("checkbox")).to_have_accessible_name(
                f"Remove item {place + 1} and its speakers"
            )
        page.locator(".save-bar button").click()
        expect(page.locator(".messages")).to_contain_text("saved")
    titles = [str(item.title) for item in session.agenda.order_by("position", "pk")]
    assert titles[-2:] == ["Two", "One"]
    assert reader.complaints == []


def test_leaving_with_unsaved_changes_is_asked_about(browser: Browser, live_server: LiveServer) -> None:
    world = build()
    with reading(browser, live_server.url, world, "organiser") as reader:
        page = opens_session(reader, world)
        page.locator("#edit-bg").check()
        page.locator("#edit-en").check()
        expect(page.locator("[data-save-state]")).to_have_text("")  # which language is shown is no change
        page.goto(f"{live_server.url}/organise/")
        assert reader.complaints == []
        page = opens_session(reader, world)
        page.locator("[name=title_0]").fill("Half a thought")
        expect(page.locator("[data-save-state]")).to_have_text("Unsaved changes")
        page.get_by_role("link", name="All sessions").click()
        expect(page.locator("[name=title_0]")).to_have_value("Half a thought")
        assert [words for words in reader.complaints if "dialog" in words] == reader.complaints != []
        reader.complaints.clear()
        page.locator(".save-bar button").click()  # saving is no leaving
        expect(page.locator(".messages")).to_contain_text("saved")
    assert reader.complaints == []


@both_ways
def test_the_list_of_errors_leads_to_the_text_in_its_language(
    browser: Browser, live_server: LiveServer, script: bool
) -> None:
    world = build()
    with reading(browser, live_server.url, world, "organiser", java_script_enabled=script) as reader:
        page = opens_session(reader, world)
        page.locator("#edit-bg").check()
        page.locator("[name=title_1]").fill("б" * 301)
        page.locator("#edit-en").check()
        page.locator(".save-bar button").click()
        expect(page.locator(".error-summary")).to_be_visible()
        expect(page.locator("[name=title_1]")).to_be_visible()
        page.locator("#edit-en").check()
        expect(page.locator("[name=title_1]")).to_be_hidden()
        page.locator(".error-summary a").first.click()
        expect(page.locator("[name=title_1]")).to_be_visible()
        expect(page.locator("[name=title_1]")).to_be_focused()
    assert [words for words in reader.complaints if "422" not in words] == []


def test_the_form_of_a_session_fits_two_screens(browser: Browser, live_server: LiveServer) -> None:
    world = build()
    size = {"width": 1440, "height": 900}
    with reading(browser, live_server.url, world, "organiser", viewport=size) as reader:
        page = opens_session(reader, world)
        # Without what is wrong in this world: its conflicts, and changes that are not announced.
        page.evaluate(
            "document.querySelectorAll('.section-notes, .notice-warn').forEach(one => one.remove())"
        )
        height = page.locator("#session-form").evaluate(
            "form => form.getBoundingClientRect().bottom + scrollY"
        )
        assert height <= 2 * size["height"]
    assert reader.complaints == []
