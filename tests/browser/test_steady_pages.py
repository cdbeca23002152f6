"""Nothing moves when the web fonts arrive after the text has been painted in fonts of the device."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route

from tests import factories as f

ROOT = Path(__file__).resolve().parents[2]
OBSERVE = """
window.moved = 0;
new PerformanceObserver(list => { for (const entry of list.getEntries()) window.moved += entry.value; })
    .observe({type: "layout-shift", buffered: true});
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 900)])
@pytest.mark.parametrize("language", ["en", "bg"])
def test_a_labs_page_stays_where_it_was(
    browser: Browser, live_server: object, width: int, height: int, language: str
) -> None:
    lab = f.LabFactory(
        slug="steady-lab", title={"en": "5th ICC City Lab", "bg": "Пето издание на ICC City Lab"}
    )
    f.SessionFactory.create_batch(6, lab=lab)
    waiting: list[Route] = []
    context = browser.new_context(viewport={"width": width, "height": height}, bypass_csp=True)
    page = context.new_page()
    page.add_init_script(OBSERVE)
    page.route("**/*.woff2", lambda route: waiting.append(route))
    page.goto(f"{live_server}/labs/steady-lab/?lang={language}", wait_until="domcontentloaded")
    page.wait_for_function("document.fonts.status === 'loading'")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert waiting
    while waiting:
        waiting.pop().continue_()
        page.evaluate("new Promise(done => requestAnimationFrame(done))")
    page.unroute("**/*.woff2")
    page.wait_for_function("document.fonts.status === 'loaded'")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("document.fonts.check('1rem \"Sofia Sans Variable\"')")
    assert page.evaluate("window.moved") < 0.02
    context.close()


def test_the_faces_that_stand_in_are_made_of_what_the_fonts_measure() -> None:
    check = [sys.executable, str(ROOT / "scripts" / "fallback_faces.py"), "--check"]
    assert subprocess.run(check, check=False).returncode == 0
