"""What somebody ticked or typed stays through a change of language, zone or track: with script and without."""

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from registrations.models import Registration
from tests.browser import addresses as a
from tests.browser.reading import Reader, reading
from tests.browser.world import build

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("script", [True, False], ids=["script", "no script"]),
]


def expect_ticked(page: Page, *slugs: str) -> None:
    """Wait until these sessions are chosen on the page that is coming, and no others."""
    boxes = "[name=session]:checked, [type=hidden][name=session]"
    for slug in slugs:
        expect(page.locator(f":is({boxes})[value={slug}]")).to_have_count(1)
    expect(page.locator(boxes)).to_have_count(len(slugs))


def switch(page: Page, language: str) -> None:
    page.locator(f".langs [lang={language}]").click()
    expect(page.locator("html")).to_have_attribute("lang", language)


def choose(reader: Reader, script: bool, name: str, value: str) -> None:
    """Choose zone or track on the programme; without script a button sends it."""
    with reader.page.expect_navigation():
        reader.page.locator(f"select[name={name}]").select_option(value)
        if not script:
            reader.page.locator(".tools [type=submit]").click()


def test_ticked_sessions_stay_on_every_way_to_the_form(
    browser: Browser, live_server: LiveServer, script: bool
) -> None:
    world = build()
    with reading(browser, live_server.url, world, "visitor", java_script_enabled=script) as reader:
        page = reader.page
        reader.opens("/labs/lab/")
        page.locator("[value=plenary]").check()
        choose(reader, script, "tz", "Europe/Athens")
        expect_ticked(page, "plenary")
        page.locator("[value=last]").check()
        switch(page, "bg")
        expect_ticked(page, "last", "plenary")
        choose(reader, script, "track", "track-2")
        expect_ticked(page, "last", "plenary")
        assert "tz=Europe" in page.url
        choose(reader, script, "track", "")

        # By the page of a session and back, by its own button, and by the bar.
        page.locator("h4 a[href*='/sessions/open-to-all/']").click()
        expect(page.locator("a#way-in")).to_have_attribute(
            "href", "/labs/lab/register/?session=plenary&session=last&session=open-to-all"
        )
        switch(page, "en")
        page.locator(".crumb a").click()
        expect_ticked(page, "last", "plenary")
        page.locator("[value=open-to-all]").check()
        page.locator(".choicebar [type=submit]").click()
        expect(page.locator("[name=consent]")).to_have_count(1)
        expect_ticked(page, "last", "open-to-all", "plenary")
        page.go_back()
        page.locator(".choicebar :is(a, [type=reset])").click()
        expect_ticked(page)
    assert reader.complaints == []


def test_a_half_filled_form_comes_back_in_the_other_language(
    browser: Browser, live_server: LiveServer, script: bool
) -> None:
    world = build()
    with reading(browser, live_server.url, world, "visitor", java_script_enabled=script) as reader:
        page = reader.page
        reader.opens("/labs/lab/register/?session=plenary")
        page.locator("[name=name]").fill("Demo participant 44")
        page.locator("[name=email]").fill("not yet an")
        page.locator("[name=group]").select_option(index=1)
        page.locator("[name=time_zone]").select_option("Europe/Lisbon")
        page.locator("[value=last]").check()
        page.locator("[name=q-of-short]").fill("An answer")
        page.locator("[name=consent]").check()
        for language in ("el", "bg"):
            switch(page, language)
            expect_ticked(page, "last", "plenary")
            expect(page.locator("[name=name]")).to_have_value("Demo participant 44")
            expect(page.locator("[name=email]")).to_have_value("not yet an")
            expect(page.locator("[name=time_zone]")).to_have_value("Europe/Lisbon")
            expect(page.locator("[name=group]")).not_to_have_value("")
            expect(page.locator("[name=q-of-short]")).to_have_value("An answer")
            expect(page.locator("[name=consent]")).to_be_checked()
            expect(page.locator(".error-summary, .field-error")).to_have_count(0)
        page.locator("[name=email]").fill("participant44@exmaple.example.org")
        page.locator("main form [type=submit]").click()
        expect(page.locator("main")).to_contain_text("participant44@exmaple.example.org")

        # The address was wrong: the other answers go along with the right one, whose domain no browser rewrites.
        page.locator("details summary").click()
        page.locator("[name=email]").fill("participant44@faß.example.org")
        page.locator("details [type=submit]").click()
        expect(page.locator("main")).to_contain_text("participant44@faß.example.org")
        found = Registration.objects.get(email="participant44@faß.example.org")
        assert (found.name, found.time_zone) == ("Demo participant 44", "Europe/Lisbon")
        assert sorted(found.seats.values_list("session__slug", flat=True)) == ["last", "plenary"]
    assert reader.complaints == []


@pytest.mark.parametrize("page_name", ["registration_edit", "registration_sessions"])
def test_the_forms_behind_a_private_link_too(
    browser: Browser, live_server: LiveServer, script: bool, page_name: str
) -> None:
    world = build()
    with reading(browser, live_server.url, world, "participant", java_script_enabled=script) as reader:
        page = reader.page
        reader.opens(a.address(a.page(page_name), world))
        if page_name == "registration_edit":
            page.locator("[name=name]").fill("Demo participant 45")
            switch(page, "el")
            expect(page.locator("[name=name]")).to_have_value("Demo participant 45")
        else:
            page.locator("[value=last]").check()
            switch(page, "el")
            expect(page.locator("[value=last]")).to_be_checked()
        page.locator("main form [type=submit]").click()
        expect(page.locator("main [role=status]")).to_have_count(1)
        assert page.url.startswith(
            f"{live_server.url}{reverse('registration', args=[world.values['token']])}?done="
        )
    assert reader.complaints == []
