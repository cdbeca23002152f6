"""Sign-in, passwords and error pages as a browser meets them."""

import re

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.test import Client, RequestFactory
from django.urls import reverse

from core.api import error_views
from core.mail.models import Message
from tests.factories import PASSWORD, LabFactory, UserFactory
from tests.registrations.form_posts import send_links

pytestmark = pytest.mark.django_db

HERE = {"headers": {"origin": "http://testserver"}}


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def key_in(html: bytes) -> str:
    found = re.search(r'name="form_key" value="([^"]+)"', html.decode())
    assert found
    return found[1]


def sign_in(browser: Client, email: str, password: str):
    page = browser.get("/accounts/login/")
    return browser.post(
        "/accounts/login/", {"form_key": key_in(page.content), "login": email, "password": password}, **HERE
    )


def sentences(html: bytes) -> str:
    """A page without what differs each time it is made."""
    return re.sub(r'value="[^"]*"', "", html.decode())


def test_the_sign_in_page_gives_no_cookie_and_lets_one_in(browser):
    user = UserFactory()
    assert not browser.get("/accounts/login/").cookies
    answer = sign_in(browser, user.email, PASSWORD)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/organise/"
    assert "csrftoken" not in answer.cookies


def test_signing_in_tells_in_which_language_mails_about_the_account_are_to_come(browser):
    user = UserFactory(language="en")
    browser.cookies["language"] = "bg"
    assert sign_in(browser, user.email, PASSWORD).status_code == 302
    user.refresh_from_db()
    assert user.language == "bg"


def test_sign_in_from_another_site_is_refused(browser):
    user = UserFactory()
    page = browser.get("/accounts/login/")
    form = {"form_key": key_in(page.content), "login": user.email, "password": PASSWORD}
    answer = browser.post("/accounts/login/", form, headers={"origin": "https://example.org"})
    assert answer.status_code == 403
    assert "The form was not accepted" in answer.content.decode()


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(browser):
    user = UserFactory(email="known@example.org")
    wrong = sign_in(browser, user.email, "not the password")
    unknown = sign_in(Client(enforce_csrf_checks=True), "other@example.org", "not the password")
    assert wrong.status_code == unknown.status_code == 200
    assert "Email or password is wrong." in wrong.content.decode()
    assert sentences(wrong.content) == sentences(unknown.content)
    assert "<title>Error: Sign in · City Labs</title>" in wrong.content.decode()
    assert 'value="known@example.org"' in wrong.content.decode()
    assert "not the password" not in wrong.content.decode()


def test_an_address_to_go_back_to_is_kept_only_within_this_service(browser):
    user = UserFactory()
    for target, goes in (
        ("/privacy/", "/privacy/"),
        ("https://example.org/", "/organise/"),
        ("//x", "/organise/"),
    ):
        fresh = Client(enforce_csrf_checks=True)
        page = fresh.get("/accounts/login/", {"next": target})
        form = {"form_key": key_in(page.content), "login": user.email, "password": PASSWORD, "next": target}
        assert fresh.post("/accounts/login/", form, **HERE).headers["Location"] == goes


def test_empty_and_hostile_fields_are_answered_in_words(browser):
    for login, words in (
        ("", "Enter your email address"),
        ("a", "Enter an email address like name@example.org"),
        ("a@example.org\r\nBcc: b@example.org", "Enter an email address like name@example.org"),
        ("<script>", "Enter an email address like name@example.org"),
    ):
        html = sign_in(Client(enforce_csrf_checks=True), login, "").content.decode()
        assert words in html
        assert "Enter your password" in html
        assert "<script>" not in html.replace('<script src="', "")


def test_forgetting_ones_password_tells_nobody_who_has_an_account(browser):
    user = UserFactory()
    answers = []
    for email in (user.email, "other@example.org"):
        page = browser.get("/accounts/password/reset/")
        answer = browser.post(
            "/accounts/password/reset/", {"form_key": key_in(page.content), "email": email}, **HERE
        )
        answers.append((answer.status_code, answer.headers["Location"], len(answer.cookies)))
    send_links()
    assert answers == [(302, "/accounts/password/reset/done/", 0)] * 2
    assert [message.to_email for message in Message.objects.all()] == [user.email]


def link_for(user) -> str:
    key = default_token_generator.make_token(user)
    return reverse("account_reset_password_from_key", args=[user_pk_to_url_str(user), key])


def test_the_link_of_a_mail_opens_a_form_changes_nothing_and_works_once(browser):
    user = UserFactory()
    link = link_for(user)
    for _ in range(2):  # a mail scanner first, then the person
        page = browser.get(link)
        assert page.status_code == 200
        assert not page.cookies
        assert page.headers["Referrer-Policy"] == "strict-origin"
        assert "no-store" in page.headers["Cache-Control"]
    new = "a sentence that only I would write"
    form = {"form_key": key_in(page.content), "password1": new, "password2": new}
    assert browser.post(link, form, **HERE).headers["Location"] == "/accounts/password/reset/key/done/"
    user.refresh_from_db()
    assert user.check_password(new)
    assert "This link no longer works" in browser.get(link).content.decode()


def test_who_chose_a_first_password_signs_in_from_any_link_of_the_page_and_is_in_the_console(browser):
    user = UserFactory()
    user.set_unusable_password()
    user.save()
    link = (
        f"/accounts/password/reset/key/{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}/"
    )
    form = {"form_key": key_in(browser.get(link).content), "password1": PASSWORD, "password2": PASSWORD}
    done = browser.get(browser.post(link, form, **HERE)["Location"])
    links = set(re.findall(r'href="(/accounts/login/[^"]*)"', done.content.decode()))
    assert links
    for address in links:
        page = browser.get(address)
        following = re.search(r'name="next" value="([^"]*)"', page.content.decode())
        data = {"form_key": key_in(page.content), "login": user.email, "password": PASSWORD}
        data |= {"next": following[1]} if following else {}
        assert Client().post("/accounts/login/", data)["Location"] == "/organise/"
    # From other pages one comes back.
    assert 'href="/accounts/login/?next=/privacy/"' in browser.get("/privacy/").content.decode()


def test_a_weak_or_mistyped_new_password_is_refused_in_words(browser):
    user = UserFactory()
    link = link_for(user)
    form = {"form_key": key_in(browser.get(link).content), "password1": "short", "password2": "other"}
    html = browser.post(link, form, **HERE).content.decode()
    assert "12 characters" in html
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


@pytest.mark.parametrize("key", ["1-abc", "zzzz-abc-def", "0-" + "a" * 100])
def test_altered_links_all_get_the_same_answer(browser, key):
    answer = browser.get(f"/accounts/password/reset/key/{key}/")
    assert "This link no longer works" in answer.content.decode()


def test_changing_ones_password_asks_for_the_present_one(client):
    user = UserFactory()
    client.force_login(user)
    new = "a sentence that only I would write"
    form = {
        "form_key": key_in(client.get("/accounts/password/change/").content),
        "password1": new,
        "password2": new,
    }
    html = client.post("/accounts/password/change/", form | {"oldpassword": "x"}).content.decode()
    assert "This is not your current password." in html
    answer = client.post("/accounts/password/change/", form | {"oldpassword": PASSWORD}, follow=True)
    assert "Password changed." in answer.content.decode()
    user.refresh_from_db()
    assert user.check_password(new)


def test_signing_out_is_a_button(client):
    client.force_login(UserFactory())
    assert client.get("/accounts/logout/").status_code == 200
    assert client.get("/accounts/password/change/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/accounts/password/change/").status_code == 302


@pytest.mark.parametrize("path", ["signup/", "password/set/", "confirm-email/", "reauthenticate/"])
def test_nothing_else_of_sign_in_is_there(client, path):
    assert client.get(f"/accounts/{path}").status_code == 404


@pytest.mark.parametrize(
    "path", ["/accounts/login/", "/accessibility/", "/privacy/", "/accounts/password/reset/", "/nope/"]
)
@pytest.mark.parametrize("language", ["en", "bg", "el"])
def test_pages_say_their_language_and_hold_nothing_inline_or_from_elsewhere(client, path, language):
    html = client.get(path, headers={"accept-language": language}).content.decode()
    assert f'<html lang="{language}"' in html
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]* src=\"/static/)", html)
    loaded = re.findall(r'<(?:script|img|link rel="(?:stylesheet|icon)")[^>]*(?:src|href)="([^"]+)"', html)
    assert loaded
    assert all(address.startswith("/static/") for address in loaded)


def test_a_theme_can_be_chosen_and_forgotten(client):
    assert 'data-theme="dark"' in client.get("/privacy/?theme=dark").content.decode()
    assert 'data-theme="dark"' in client.get("/privacy/").content.decode()
    assert "data-theme" not in client.get("/privacy/?theme=").content.decode()


def test_forgetting_the_theme_keeps_what_the_address_says(client):
    page = client.get("/accounts/login/?next=/organise/&theme=dark").content.decode()
    assert 'href="?next=%2Forganise%2F&amp;theme="' in page
    assert 'href="?theme="' in client.get("/privacy/").content.decode()


def test_hidden_and_missing_answer_alike(client):
    draft = LabFactory(visibility="draft", title={"en": "CANARY"})
    hidden, missing = client.get(f"/labs/{draft.slug}/"), client.get("/labs/nothing-here/")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.content.decode().replace(draft.slug, "nothing-here") == missing.content.decode()


def test_the_page_for_our_own_mistakes_needs_neither_database_nor_context(django_db_blocker):
    with django_db_blocker.block():
        answer = error_views.server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert "Something went wrong" in answer.content.decode()
