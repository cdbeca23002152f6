"""The pages of an opening with a draw, in a browser: the number is taken, counted down to, and let in."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from labs.models import Lab
from registrations.models import QueueNumber, RegistrationRules
from tests.browser.reading import reading
from tests.browser.world import build

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_somebody_takes_a_number_and_is_let_in(
    browser: Browser, live_server: LiveServer, script: bool
) -> None:
    world = build()
    QueueNumber.objects.all().delete()
    Lab.objects.filter(pk=world.lab.pk).update(registration_opens_at=timezone.now() + timedelta(minutes=5))
    with reading(browser, live_server.url, world, "visitor", java_script_enabled=script) as reader:
        page = reader.page
        reader.opens("/labs/lab/register/?lang=bg")
        expect(page.locator(".countdown")).to_be_visible()
        page.locator("main form [type=submit]").click()
        expect(page.locator("h1")).to_contain_text("2")
        kept = page.url
        opens_at = timezone.now() - timedelta(seconds=30)
        QueueNumber.objects.update(at=opens_at - timedelta(minutes=1))
        Lab.objects.filter(pk=world.lab.pk).update(registration_opens_at=opens_at)
        page.goto(kept)
        page.locator("main .button").first.click()
        expect(page.locator("[name=consent]")).to_have_count(1)
        expect(page.locator("[name=queue_number]")).to_have_value(kept.rstrip("/").rsplit("/", 1)[1])
        assert RegistrationRules.objects.get().opening_draw
    assert reader.complaints == []
