"""S24 (Indico 2.3.4, 3.3.5, 3.3.9, 3.3.10): a forged Host header poisoned reset links; redirects led elsewhere."""

import pytest

from core.mail.models import Message
from core.mail.rendering import rendered
from core.web.idempotency import FIELD, new_form_key
from tests.emails import with_bodies
from tests.factories import PASSWORD, UserFactory
from tests.registrations.form_posts import send_links

pytestmark = pytest.mark.django_db
OURS = "https://citylabs.example.org"


@pytest.fixture(autouse=True)
def own_address(settings):
    settings.BASE_URL = OURS


def ask_for_a_password(client, email: str, **headers):
    answer = client.post(
        "/accounts/password/reset/",
        {"email": email, FIELD: new_form_key()},
        headers={"Sec-Fetch-Site": "same-origin", **headers},
    )
    send_links()
    return answer


@pytest.mark.parametrize(
    "forged",
    [
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example"},
        {"Forwarded": "host=evil.example"},
        {"X-Original-Host": "evil.example", "X-Host": "evil.example"},
    ],
)
def test_links_in_mails_never_come_from_the_request(client, settings, forged):
    settings.ALLOWED_HOSTS = ["*"]  # the careless operator
    UserFactory(email="organiser@example.org")

    response = ask_for_a_password(client, "organiser@example.org", **forged)

    assert response.status_code == 302
    message = Message.objects.get()
    mail = rendered(message, reveal=True)
    assert "evil" not in mail.text + mail.html + str(response.headers)
    assert f"{OURS}/accounts/password/reset/key/" in mail.text
    assert message.to_email == "organiser@example.org"


def test_a_foreign_host_is_refused_to_begin_with(client, settings):
    settings.ALLOWED_HOSTS = ["citylabs.example.org"]

    assert ask_for_a_password(client, UserFactory().email, Host="evil.example").status_code == 400
    assert not Message.objects.exists()


def test_the_reset_key_is_in_the_mail_alone_and_works_once(client, settings):
    user = UserFactory()
    assert ask_for_a_password(client, user.email).status_code == 302
    message = Message.objects.get()
    link = next(word for word in rendered(message, reveal=True).text.split() if "/reset/key/" in word)
    key = link.rstrip("/").rsplit("/", 1)[1]
    assert key not in str(message.context) + str(message.links)
    with_bodies(message)
    assert key not in message.text + message.html

    new = {"password1": "another battery staple", "password2": "another battery staple"}
    page = link.removeprefix(OURS)
    for changed in (True, False):
        client.post(page, {**new, FIELD: new_form_key()}, headers={"Sec-Fetch-Site": "same-origin"})
        user.refresh_from_db()
        assert user.check_password("another battery staple")
        if changed:
            new = {"password1": "third battery staple", "password2": "third battery staple"}


def test_nobody_gets_a_mail_for_an_unknown_account_and_the_answer_is_the_same(client):
    user = UserFactory()

    known = ask_for_a_password(client, user.email)
    unknown = ask_for_a_password(client, "nobody@example.org")

    assert (known.status_code, known.headers["Location"]) == (
        unknown.status_code,
        unknown.headers["Location"],
    )
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "%2F%2Fevil.example",
        "javascript:x",
    ],
)
def test_sign_in_leads_only_to_own_pages(client, target):
    user = UserFactory()

    response = client.post(
        "/accounts/login/",
        {"login": user.email, "password": PASSWORD, "next": target, FIELD: new_form_key()},
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    assert response.status_code == 302
    location = response.headers["Location"]
    assert "//" not in location
    assert "\\" not in location
    assert location.startswith("/") or not location.partition(":")[1]
