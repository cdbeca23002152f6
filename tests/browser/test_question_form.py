"""Questions that depend on sessions and on other answers: shown and hidden by script, all there without it."""

from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from registrations import answer_files, seats
from registrations.models import Answer, Registration
from sessions.models import Session
from tests import factories as f
from tests.browser.test_half_filled import switch
from tests.registrations.form_posts import link

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def asked() -> Session:
    """A session with a question of its own, a question that depends on another, and one with choices."""
    session = f.SessionFactory(slug="dinner")
    f.SessionFactory(lab=session.lab, slug="talk")
    own = f.QuestionSetFactory(lab=session.lab, slug="own")
    comes = f.QuestionFactory(question_set=own, slug="comes", kind="yes_no")
    f.QuestionFactory(question_set=own, slug="why", shown_if=comes, shown_if_value="yes", required=True)
    f.QuestionFactory(question_set=own, slug="menu", session=session)
    return session


def test_the_script_shows_what_is_asked_and_the_form_goes_out(
    browser: Browser, live_server: LiveServer, asked: Session
) -> None:
    page = browser.new_page()
    page.goto(f"{live_server.url}/labs/{asked.lab.slug}/register/")
    why, menu = page.locator("[name=q-why]"), page.locator("[name=q-menu]")
    expect(why).to_be_hidden()
    expect(menu).to_be_hidden()
    page.locator("[name=session][value=dinner]").check()
    expect(menu).to_be_visible()
    page.locator("[name=q-comes][value=yes]").check()
    expect(why).to_be_visible()
    why.fill("To learn")
    menu.fill("Soup")
    switch(page, "bg")
    expect(page.locator("[name=q-why]")).to_have_value("To learn")
    expect(page.locator("[name=q-why]")).to_be_visible()
    page.locator("[name=session][value=dinner]").uncheck()
    page.locator("[name=session][value=talk]").check()
    expect(page.locator("[name=q-menu]")).to_be_hidden()
    page.locator("[name=name]").fill("Demo participant")
    page.locator("[name=email]").fill("demo@example.org")
    page.locator("[name=consent]").check()
    page.locator(".form-last [type=submit]").click()
    expect(page.locator("h1")).to_have_text("Проверете имейла си")
    said = dict(Answer.objects.values_list("question__slug", "value"))
    assert said == {"comes": "yes", "why": "To learn"}
    page.close()


def test_without_script_everything_is_there_with_its_condition_in_words(
    browser: Browser, live_server: LiveServer, asked: Session
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/labs/{asked.lab.slug}/register/")
    expect(page.locator("[name=q-why]")).to_be_visible()
    expect(page.locator(".only-if")).to_have_count(2)
    expect(page.locator(".only-if").first).to_contain_text("Answer only if you answered “Yes”")
    page.locator("[name=session][value=talk]").check()
    page.locator("[name=q-comes][value=no]").check()
    page.locator("[name=q-menu]").fill("Soup")
    page.locator("[name=name]").fill("Demo participant")
    page.locator("[name=email]").fill("demo@example.org")
    page.locator("[name=consent]").check()
    page.locator(".form-last [type=submit]").click()
    expect(page.locator("h1")).to_have_text("Check your email")
    assert Registration.objects.count() == 1
    assert dict(Answer.objects.values_list("question__slug", "value")) == {"comes": "no"}
    context.close()


def test_another_zone_keeps_what_is_filled_in(
    browser: Browser, live_server: LiveServer, asked: Session
) -> None:
    context = browser.new_context(timezone_id="Europe/Rome")
    page = context.new_page()
    page.goto(f"{live_server.url}/labs/{asked.lab.slug}/register/")
    page.locator("[name=session][value=talk]").check()
    page.locator("[name=name]").fill("Demo participant")
    page.locator("[name=q-comes][value=yes]").check()
    page.locator("[name=q-why]").fill("To learn")
    page.locator("[data-suggest-zone] a").click()
    expect(page.locator(".zone strong").first).to_contain_text("Rome")
    expect(page.locator("[name=name]")).to_have_value("Demo participant")
    expect(page.locator("[name=q-why]")).to_have_value("To learn")
    expect(page.locator("[name=session][value=talk]")).to_be_checked()
    context.close()


def test_a_file_that_is_too_large_is_named_beside_its_field_and_nothing_typed_is_lost(
    browser: Browser, live_server: LiveServer, tmp_path: Path
) -> None:
    session = f.SessionFactory()
    asked = f.QuestionSetFactory(lab=session.lab, slug="papers", stage="accepted", opened_at=timezone.now())
    f.QuestionFactory(question_set=asked, slug="why")
    f.QuestionFactory(question_set=asked, slug="paper", kind="file")
    person = f.RegistrationFactory(lab=session.lab, language="bg")
    seats.take(person, {session.pk: session.modes[0]})
    large, small = tmp_path / "large.pdf", tmp_path / "small.pdf"
    large.write_bytes(b"%PDF-" + b"0" * answer_files.MAX_BYTES)
    small.write_bytes(b"%PDF-1.4 1 0 obj")
    page = browser.new_page()
    page.goto(f"{live_server.url}{link(person, 'manage', 'registration_answers', 'papers')}?lang=bg")
    page.locator("[name=q-why]").fill("To learn")
    chooser, said = page.locator("[name=q-paper]"), page.locator("[role=alert].error")
    chooser.set_input_files(large)
    expect(said).to_have_text("Файлът е по-голям от 5 MB. Намалете го и го изберете отново.")
    expect(chooser).to_have_attribute("aria-invalid", "true")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.locator("main form [type=submit]").last.click()
    expect(chooser).to_be_focused()
    expect(page.locator("[name=q-why]")).to_have_value("To learn")
    assert "POST" not in sent
    chooser.set_input_files(small)
    expect(said).to_be_hidden()
    page.close()
