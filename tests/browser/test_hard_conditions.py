"""Pages where the reader's colours replace all of ours, and where what people typed is one long word."""

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests import factories as f

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

BARS = """() => [...document.querySelectorAll(".session, .pick-row")].map((row) => {
    const line = getComputedStyle(row, "::before")
    return `${line.borderInlineStartWidth} ${line.borderInlineStartStyle}`
})"""


@pytest.mark.parametrize("path", ["/labs/lab/", "/labs/lab/register/"])
def test_in_forced_colours_only_what_is_chosen_is_marked(
    browser: Browser, live_server: LiveServer, path: str
) -> None:
    lab = f.LabFactory(slug="lab")
    f.SessionFactory(lab=lab, slug="chosen")
    f.SessionFactory(lab=lab)
    page = browser.new_context(forced_colors="active").new_page()
    page.goto(f"{live_server.url}{path}?session=chosen")
    assert [bar.split()[0] for bar in page.evaluate(BARS)] == ["6px", "0px"]
    assert page.evaluate("getComputedStyle(document.querySelector('select')).appearance") == "auto"
    for current in page.locator(".langs [aria-current], .themes [aria-current]").all():
        assert current.evaluate("one => getComputedStyle(one).borderBlockEndWidth") == "3px"
    page.context.close()


def test_long_words_make_no_page_wider_than_a_small_phone(browser: Browser, live_server: LiveServer) -> None:
    lab = f.LabFactory(
        slug="lab",
        title={"en": "T" * 200},
        theme={"en": "W" * 120},
        format="in-person",
        venue={"en": "V" * 100},
    )
    city = f.CityFactory(slug="city", name={"en": "C" * 60})
    lab.programme.cities.add(city)
    session = f.SessionFactory(
        lab=lab,
        slug="session",
        title={"en": "S" * 200},
        capacity=5,
        room=f.RoomFactory(lab=lab, online=False, name={"en": "R" * 100}, address="A" * 180),
        track=f.TrackFactory(lab=lab, name={"en": "K" * 120}),
    )
    f.AgendaItemFactory(session=session, title={"en": "G" * 200})
    f.AppearanceFactory(
        session=session,
        speaker=f.SpeakerFactory(programme=lab.programme, slug="person", name={"en": "N" * 60}, city=city),
    )
    page = browser.new_page(viewport={"width": 320, "height": 640})
    wider = {}
    for path in (
        "/",
        "/labs/lab/",
        "/labs/lab/sessions/session/",
        "/labs/lab/register/?session=session",
        "/labs/lab/speakers/",
        "/labs/lab/speakers/person/",
        "/labs/lab/subscribe/",
        f"/programmes/{lab.programme.slug}/",
        f"/programmes/{lab.programme.slug}/cities/city/",
    ):
        page.goto(live_server.url + path)
        if by := page.evaluate("document.scrollingElement.scrollWidth - innerWidth"):
            wider[path] = by
    page.close()
    assert wider == {}
