"""The preview of the texts of an email: what is wrong is said beside its field while one types, and announced."""

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.axe import ALL_RULES, AXE, findings
from tests.browser.reading import reading
from tests.browser.world import build

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

WRONG = "{nam} is not a placeholder of this email. Choose from the list."


def test_a_wrong_placeholder_is_announced_beside_its_field(browser: Browser, live_server: LiveServer) -> None:
    world = build()
    with reading(browser, live_server.url, world, "organiser") as reader:
        page = reader.page
        reader.opens("/organise/labs/lab/mail/texts/confirmation/en/")
        field = page.get_by_label("Introduction")
        status = page.locator("#id_introduction_status[role=status]")
        expect(status).to_have_text("")
        frame = page.frame_locator("iframe[name=preview]")
        field.fill("Dear {nam}")
        expect(status).to_have_text(WRONG)
        expect(status).to_be_visible()
        expect(frame.locator("body")).to_contain_text(WRONG)
        expect(field).to_have_accessible_description(
            f"{WRONG} Takes the place of the first paragraph. Markdown: **bold**, lists and links."
        )
        expect(field).to_have_attribute("aria-invalid", "true")

        page.evaluate(AXE)
        assert [str(one) for one in findings(page, ALL_RULES)] == []

        # Saved all the same: the page says it, and no longer once it is mended.
        page.get_by_role("button", name="Save texts").click()
        said = page.locator("#id_introduction_error")
        expect(said).to_contain_text(WRONG)
        expect(field).to_have_value("Dear {nam}")
        field.fill("Dear {name}")
        expect(said).to_be_hidden()
        expect(status).to_have_text("")
        expect(field).not_to_have_attribute("aria-invalid", "true")
        expect(frame.locator("body")).to_contain_text("Dear ")
        assert [one for one in reader.complaints if "422" not in one] == []
