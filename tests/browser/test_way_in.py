"""On a phone one press leads from a lab to its form, wherever one has scrolled to."""

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests import factories as f

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def build() -> None:
    lab = f.LabFactory(
        slug="lab",
        title={"en": "5th ICC City Lab", "bg": "Пето издание на ICC City Lab", "el": "5ο ICC City Lab"},
        theme={
            "en": "Upskilling and reskilling",
            "bg": "Повишаване на квалификацията и преквалификация",
            "el": "Αναβάθμιση δεξιοτήτων και επανακατάρτιση",
        },
    )
    for number in range(8):
        f.AgendaItemFactory.create_batch(
            4, session=f.SessionFactory(lab=lab, slug=f"session-{number}", capacity=5)
        )


def phone(browser: Browser, base: str, language: str = "en") -> Page:
    return browser.new_context(
        viewport={"width": 390, "height": 844}, base_url=base, locale=language
    ).new_page()


@pytest.mark.parametrize("language", ["en", "bg", "el"])
def test_the_button_stands_on_the_first_screen(
    browser: Browser, live_server: LiveServer, language: str
) -> None:
    build()
    page = phone(browser, live_server.url, language)
    page.goto("/labs/lab/")
    button = page.locator("#way-in")
    expect(button).to_be_in_viewport(ratio=1)
    expect(page.locator(".footbar")).to_be_hidden()
    button.click()
    assert page.url.startswith(f"{live_server.url}/labs/lab/register/")
    page.context.close()


LONG = {
    "en": "Public session, part I: Upskilling and reskilling in cities, preparing the local workforce for the jobs of "
    "the future: what mayors, businesses, universities and social partners do together",
    "bg": "Публична сесия, част I: Повишаване на квалификацията и преквалификация в градовете, подготовка на местната "
    "работна сила за работните места на бъдещето заедно с предприятията",
    "el": "Δημόσια συνεδρία, μέρος Ι: Αναβάθμιση δεξιοτήτων και επανακατάρτιση στις πόλεις, προετοιμασία του τοπικού "
    "εργατικού δυναμικού για τις θέσεις εργασίας του μέλλοντος",
}


@pytest.mark.parametrize("taken", [0, 5], ids=["free", "full"])
@pytest.mark.parametrize("language", ["en", "bg", "el"])
def test_under_the_longest_title_of_a_session_the_button_stands_on_the_first_screen(
    browser: Browser, live_server: LiveServer, language: str, taken: int
) -> None:
    lab = f.LabFactory(slug="lab", title=dict.fromkeys(LONG, "5th ICC City Lab"), format="online")
    f.SessionFactory(lab=lab, slug="long", title=LONG, capacity=5, seats_taken=taken)
    page = phone(browser, live_server.url, language)
    page.goto("/labs/lab/sessions/long/")
    expect(page.locator("h1")).to_have_text(LONG[language])
    expect(page.locator("#way-in")).to_be_in_viewport(ratio=1)
    page.context.close()


@pytest.mark.parametrize("address", ["/labs/lab/", "/labs/lab/sessions/session-0/"])
def test_the_button_at_the_foot_stands_in_for_it_and_hides_nothing_that_has_the_focus(
    browser: Browser, live_server: LiveServer, address: str
) -> None:
    build()
    page = phone(browser, live_server.url)
    page.goto(address)
    page.locator("#way-in").focus()
    bar = page.locator(".footbar")
    hidden = []
    shown = 0
    while True:
        page.keyboard.press("Tab")
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        focused = page.evaluate(
            """() => {
                const on = document.activeElement, bar = document.querySelector(".footbar")
                const box = on.getBoundingClientRect(), foot = bar.getBoundingClientRect()
                return {
                    end: on.matches(".footer a"), shown: !bar.hidden, what: on.outerHTML.slice(0, 80),
                    under: !bar.hidden && !bar.contains(on) && box.bottom > foot.top && box.top < foot.bottom,
                }
            }"""
        )
        if focused["end"]:
            break
        shown += focused["shown"]
        if focused["under"]:
            hidden.append(focused["what"])
    assert (hidden, shown > 0) == ([], True)
    page.evaluate("scrollTo(0, 900)")
    bar.get_by_text("Register").click()
    assert page.url.startswith(f"{live_server.url}/labs/lab/register/")
    page.context.close()
