"""Every email as a browser shows it: on the narrowest phone, light and dark, and with images blocked."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route

from core.mail.rendering import rendered
from tests.browser.axe import AXE, RULES, TOO_WIDE, findings
from tests.browser.test_accessibility import NARROW
from tests.every_email import every_email

EMBLEM = Path(__file__).parents[2] / "static/site/eu-emblem.png"
# An email is a document inside a mail program's own landmarks.
TAGS = [rule for rule in RULES if rule != "best-practice"]


@pytest.mark.e2e
@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "bg", "el"])
def test_every_email_can_be_read_on_a_phone(browser: Browser, language: str) -> None:
    emails = {
        occasion: rendered(message, reveal=True).html for occasion, message in every_email(language).items()
    }
    complaints = []
    for images in (True, False):

        def answer(route: Route, images: bool = images) -> None:
            if images and route.request.url.endswith(".png"):
                route.fulfill(path=EMBLEM)
            else:
                route.abort()

        context = browser.new_context(viewport=NARROW, locale=language)
        page = context.new_page()
        page.route("**/*", answer)
        for occasion, html in emails.items():
            page.set_content(html)
            page.evaluate(AXE)
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                found = findings(page, {"type": "tag", "values": TAGS})
                complaints += [f"{occasion}, {scheme}: {finding}" for finding in found]
            if (beyond := page.evaluate(TOO_WIDE)) > 0:
                complaints.append(f"{occasion}: {beyond} pixels too wide")
        context.close()
    assert "\n".join(complaints) == ""
