"""Everything that a private link is for, done in a browser by each kind of person who may have opened it.

Somebody who is signed in is guarded by Django's own token, somebody who is not by what the browser says of itself, so
the same button takes two ways through the service: each step is played on both.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from registrations import links
from registrations.models import Registration, Seat
from tests import factories as f
from tests.browser.reading import Reader, reading
from tests.browser.world import World, build

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

KINDS = [
    ("visitor", "en", True),
    ("delegate", "bg", False),
    ("organiser", "el", True),
    ("door", "en", False),
    ("delegate", "en", True),
]


@contextmanager
def somebody(
    browser: Browser, base: str, who: str, language: str, script: bool
) -> Iterator[tuple[Reader, World]]:
    world = build()
    with reading(browser, base, world, who, locale=language, java_script_enabled=script) as reader:
        yield reader, world
    assert reader.complaints == []


def press(page: Page, button: str = "main form [type=submit]") -> None:
    """Press a button of the page, and see that what it sent was taken."""
    with page.expect_navigation() as waited:
        page.locator(button).last.click()
    assert waited.value.status == 200, page.url


def held(person: Registration) -> dict[str, str]:
    return dict(Seat.objects.filter(registration=person).values_list("session__slug", "state"))


@pytest.mark.parametrize(("who", "language", "script"), KINDS)
def test_a_registration_is_made_changed_and_ended(
    browser: Browser, live_server: LiveServer, who: str, language: str, script: bool
) -> None:
    chosen = ["last", *(["for-cities"] if who in ("delegate", "organiser") else [])]
    with somebody(browser, live_server.url, who, language, script) as (reader, _world):
        page = reader.page
        reader.opens(reverse("register", args=["lab"]))
        for slug in chosen:
            page.locator(f"[name=session][value={slug}]").check()
        page.locator("[name=name]").fill("Demo participant 41")
        page.locator("[name=email]").fill("participant41@example.org")
        page.locator("[name=group]").select_option(index=1)
        page.locator("[name=consent]").check()
        press(page)
        person = Registration.objects.get(email="participant41@example.org")
        assert (held(person), person.state) == (dict.fromkeys(chosen, "requested"), "unconfirmed")

        reader.opens(links.path_of(person, links.CONFIRM))
        press(page)
        assert page.url.endswith("?done=confirmed")
        assert held(person) == dict.fromkeys(chosen, "confirmed")

        manage = links.path_of(person, links.MANAGE)
        reader.opens(f"{manage}edit/")
        page.locator("[name=name]").fill("Demo participant 42")
        press(page)
        assert page.url.endswith("?done=details")

        reader.opens(f"{manage}sessions/")
        page.locator("[name=session][value=open-to-all]").check()
        press(page)
        assert page.url.endswith("?done=sessions")
        assert held(person)["open-to-all"] == "confirmed"

        reader.opens(f"{manage}sessions/open-to-all/give-up/")
        press(page)
        assert held(person)["open-to-all"] == "cancelled"

        reader.opens(manage)
        press(page, "form[action$='/feed/'] [type=submit]")
        assert page.url.endswith("?done=feed")

        reader.opens(f"{manage}cancel/")
        press(page)
        person.refresh_from_db()
        assert (person.name, person.feed_version, person.state) == ("Demo participant 42", 2, "cancelled")

        reader.opens(f"{manage}erase/")
        press(page)
        person.refresh_from_db()
        assert (person.name, person.email) == ("", "")


@pytest.mark.parametrize(("who", "language", "script"), KINDS)
def test_links_that_say_not_me_and_send_it_again(
    browser: Browser, live_server: LiveServer, who: str, language: str, script: bool
) -> None:
    with somebody(browser, live_server.url, who, language, script) as (reader, world):
        page = reader.page
        person = f.RegistrationFactory(lab=world.lab, email="participant43@example.org")
        reader.opens(reverse("registration_link"))
        page.locator("[name=email]").fill(person.email)
        press(page)
        assert page.url.endswith("?sent=")

        reader.opens(links.path_of(person, links.LEAVE))
        press(page)
        person.refresh_from_db()
        assert (person.email, person.state) == ("", "cancelled")


@pytest.mark.parametrize("who", ["visitor", "door"])
def test_a_new_password_is_chosen_by_the_link_of_an_email(
    browser: Browser, live_server: LiveServer, who: str
) -> None:
    with somebody(browser, live_server.url, who, "en", True) as (reader, world):
        reader.opens(
            reverse("account_reset_password_from_key", args=[world.values["uidb36"], world.values["key"]])
        )
        for name in ("password1", "password2"):
            reader.page.locator(f"[name={name}]").fill("Three boats cross the Iskar")
        press(reader.page)
        world.users["delegate"].refresh_from_db()
        assert world.users["delegate"].check_password("Three boats cross the Iskar")


def test_other_sites_and_the_log_learn_no_private_address(browser: Browser, live_server: LiveServer) -> None:
    """What the browser says about where it comes from: our own origin and no more, and to others nothing either."""
    with somebody(browser, live_server.url, "visitor", "en", True) as (reader, world):
        person = f.RegistrationFactory(lab=world.lab)
        asked: list[tuple[str, str]] = []
        reader.context.route("https://elsewhere.example/**", lambda route: route.fulfill(body="there"))
        reader.page.on(
            "request", lambda request: asked.append((request.url, request.all_headers().get("referer", "")))
        )
        reader.opens(links.path_of(person, links.MANAGE))
        token = links.token_of(person, links.MANAGE)
        reader.page.locator(f"a[href='{reverse('privacy')}']").first.click()
        expect(reader.page.locator("h1")).to_be_visible()
        reader.opens(links.path_of(person, links.MANAGE))
        reader.page.evaluate("""() => {
            const link = document.body.appendChild(document.createElement('a'))
            link.href = 'https://elsewhere.example/'
            link.click()
        }""")
        reader.page.wait_for_url("https://elsewhere.example/")
        told = {url: referer for url, referer in asked if not url.endswith((".js", ".css", ".woff2", ".svg"))}
        assert told["https://elsewhere.example/"] in ("", f"{live_server.url}/")
        assert [referer for referer in told.values() if token in referer] == []
        reader.complaints.clear()  # the page elsewhere
