"""Passkeys and codes in a real browser: a virtual authenticator keeps the passkey; codes work without script."""

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from core.accounts.models import User
from tests import factories as f

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def open_context(
    browser: Browser, live_server: LiveServer, settings: Any, **more: Any
) -> tuple[BrowserContext, str]:
    """A context on the host name that passkeys are bound to."""
    cache.clear()
    base = live_server.url.replace("127.0.0.1", "localhost")
    settings.BASE_URL = base
    settings.CSRF_TRUSTED_ORIGINS = [base]
    return browser.new_context(base_url=base, locale="en", **more), base


def with_authenticator(page: Page) -> Any:
    """Give the page a device that keeps passkeys and whose holder unlocks it; return the session of its protocol."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    cdp.authenticator = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    return cdp


def sign_in(page: Page, user: User) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill(f.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_passkey_is_added_signs_in_alone_and_is_the_second_step(
    browser: Browser, live_server: LiveServer, settings: Any
) -> None:
    user: User = f.UserFactory()
    context, base = open_context(browser, live_server, settings)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    cdp = with_authenticator(page)
    sign_in(page, user)
    page.goto("/accounts/security/passkey/")
    page.get_by_label("Password", exact=True).fill(f.PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name of the passkey").fill("Laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Save your recovery codes")).to_be_visible()
    expect(page.locator(".codes code")).to_have_count(10)
    assert Authenticator.objects.filter(type="webauthn").count() == 1

    page.goto("/accounts/")
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    page.goto("/accounts/login/?next=/organise/tokens/")
    assert context.cookies() == [] or all(cookie["name"] != "csrftoken" for cookie in context.cookies())
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(f"{base}/organise/tokens/")

    page.goto("/accounts/")
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    sign_in(page, user)
    expect(page).to_have_url(f"{base}/accounts/two-step/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(f"{base}/organise/")

    # Nobody unlocks the device: it says so, and nothing breaks.
    page.goto("/accounts/")
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    unlocked = {"authenticatorId": cdp.authenticator, "isUserVerified": False}
    cdp.send("WebAuthn.setUserVerified", unlocked)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("The passkey could not be used")).to_be_visible(timeout=90_000)
    assert [line for line in said if "Content Security Policy" in line] == []
    context.close()


def test_an_app_is_set_up_and_asked_for_without_script(
    browser: Browser, live_server: LiveServer, settings: Any
) -> None:
    user: User = f.UserFactory()
    context, base = open_context(browser, live_server, settings, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, user)
    page.goto("/accounts/security/app/")
    page.get_by_label("Password", exact=True).fill(f.PASSWORD)
    page.get_by_role("button", name="Continue").click()
    secret = page.locator("code.whole").inner_text()
    page.get_by_label("Code").fill(format_hotp_value(hotp_value(secret, int(time.time()) // 30 - 1)))
    page.get_by_role("button", name="Set up").click()
    recovery = page.locator(".codes code").first.inner_text()
    page.goto("/accounts/")
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    sign_in(page, user)
    expect(page).to_have_url(f"{base}/accounts/two-step/")
    expect(page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("You have 9 recovery codes left")).to_be_visible()
    context.close()
