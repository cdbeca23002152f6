"""One's own account: name, language, address, and where one is signed in."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from core.accounts import sign_ins
from core.accounts.models import EmailChange, SignIn, User
from core.mail.models import Message
from core.mail.rendering import rendered
from tests import factories as f
from tests.core.accounts.test_two_step import confirm, sign_in
from tests.pages import client_of, form_of, forms_of

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604.1"
)
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 (KHTML, like Gecko) Chrome/140 Safari/537 Edg/140"


@pytest.fixture(autouse=True)
def _no_earlier_attempts() -> None:
    cache.clear()


def ask(client: Client, email: str) -> Any:
    if client.get("/accounts/email/").status_code == 302:
        confirm(client, password=f.PASSWORD)
    page = client.get("/accounts/email/")
    return client.post("/accounts/email/", forms_of(page)[-1].filled(email=email))


def link_in(message: Message) -> str:
    lines = rendered(message, reveal=True).text.splitlines()
    return next(line for line in lines if line.startswith("http")).removeprefix("http://testserver")


def test_name_and_language_are_changed_by_their_holder() -> None:
    user: User = f.UserFactory()
    client = client_of(user)
    form = next(one for one in forms_of(client.get("/accounts/")) if "language" in dict(one.filled()))
    client.post("/accounts/", form.filled(name="Νέο όνομα", language="el"))
    user.refresh_from_db()
    assert (user.name, user.language) == ("Νέο όνομα", "el")
    for wrong in ({"name": ""}, {"name": "x" * 201}, {"name": "a\u202eb"}, {"language": "de"}):
        assert client.post("/accounts/", form.filled(**wrong)).status_code == 422


def test_a_new_address_is_confirmed_by_its_link_and_told_to_the_old_one() -> None:
    user: User = f.UserFactory(email="old@example.org")
    EmailAddress.objects.create(user=user, email="old@example.org", verified=True, primary=True)
    client = client_of(user)
    ask(client, "New@Example.org")
    message = Message.objects.get()
    assert (message.occasion, message.to_email) == ("email_change", "new@example.org")
    link = link_in(message)
    user.refresh_from_db()
    assert user.email == "old@example.org"
    for _thrice in range(3):
        assert Client().get(link).status_code == 200
    assert Client().post(link, form_of(Client().get(link)).filled()).status_code == 200
    user.refresh_from_db()
    assert user.email == "new@example.org"
    assert not EmailAddress.objects.filter(email="old@example.org").exists()
    told = Message.objects.latest("pk")
    assert (told.occasion, told.to_email) == ("email_changed", "old@example.org")
    assert Client().get(link).status_code == 404
    assert sign_in(Client(), user)["Location"] == "/organise/"


def test_an_address_of_another_account_gets_no_email_and_nobody_is_told() -> None:
    f.UserFactory(email="taken@example.org")
    client = client_of(f.UserFactory())
    assert ask(client, "taken@example.org").status_code == ask(client, "free@example.org").status_code == 302
    assert [message.to_email for message in Message.objects.all()] == ["free@example.org"]


def test_an_address_that_was_taken_meanwhile_is_not_given_twice() -> None:
    user: User = f.UserFactory(email="old@example.org")
    ask(client_of(user), "new@example.org")
    f.UserFactory(email="new@example.org")
    link = link_in(Message.objects.get())
    assert Client().post(link, form_of(Client().get(link)).filled()).status_code == 409
    user.refresh_from_db()
    assert user.email == "old@example.org"


def test_a_link_to_confirm_ends_after_two_days_and_with_the_next_one() -> None:
    client = client_of(f.UserFactory())
    ask(client, "first@example.org")
    ask(client, "second@example.org")
    first, second = (link_in(message) for message in Message.objects.order_by("pk"))
    assert (Client().get(first).status_code, Client().get(second).status_code) == (404, 200)
    with time_machine.travel(timezone.now() + timedelta(days=2, minutes=1)):
        assert Client().get(second).status_code == 404


def test_the_address_is_not_changed_without_confirming_who_it_is() -> None:
    client = client_of(f.UserFactory())
    client.post("/accounts/email/", {"email": "new@example.org"})
    assert not EmailChange.objects.exists()


@pytest.mark.parametrize(
    ("said", "known"),
    [
        (FIREFOX, ("Firefox", "Linux")),
        (SAFARI, ("Safari", "iOS")),
        (EDGE, ("Edge", "Windows")),
        ("", ("", "")),
        ("curl/8 <script>", ("", "")),
    ],
)
def test_a_browser_is_known_by_its_name_and_system(said: str, known: tuple[str, str]) -> None:
    assert sign_ins.browser_of(said) == known


def test_sign_ins_are_listed_and_ended_one_by_one_or_all_others() -> None:
    user: User = f.UserFactory()
    browsers = [Client(headers={"user-agent": said}) for said in (FIREFOX, SAFARI, EDGE)]
    for browser in browsers:
        sign_in(browser, user)
    here, phone, work = browsers
    page = here.get("/accounts/")
    assert [row.browser for row, _is_here in page.context["sign_ins"]] == ["Edge", "Safari", "Firefox"]
    assert [row.browser for row, is_here in page.context["sign_ins"] if is_here] == ["Firefox"]
    on_phone = SignIn.objects.get(browser="Safari")
    here.post("/accounts/", {"action": f"end-{on_phone.public_id}"})
    assert (phone.get("/accounts/").status_code, work.get("/accounts/").status_code) == (302, 200)
    sign_in(phone, user)
    here.post("/accounts/", {"action": "end-others"})
    assert [browser.get("/accounts/").status_code for browser in browsers] == [200, 302, 302]
    assert SignIn.objects.count() == 1


def test_nobody_ends_sign_ins_of_others() -> None:
    theirs = client_of(f.UserFactory())
    row = SignIn.objects.get()
    client = client_of(f.UserFactory())
    for which in (str(row.public_id), "others", "x", ""):
        client.post("/accounts/", {"action": f"end-{which}"})
    assert theirs.get("/accounts/").status_code == 200


def test_a_new_password_ends_all_other_sign_ins_and_is_told() -> None:
    user: User = f.UserFactory()
    here, elsewhere = client_of(user), client_of(user)
    page = here.get("/accounts/password/change/")
    answers = {"oldpassword": f.PASSWORD, "password1": "a staple of correct horses"}
    here.post(
        "/accounts/password/change/", forms_of(page)[-1].filled(**answers, password2=answers["password1"])
    )
    assert (here.get("/accounts/").status_code, elsewhere.get("/accounts/").status_code) == (200, 302)
    assert Message.objects.get().occasion == "account_security"
    assert len(sign_ins.sign_ins_of(user)) == 1


def test_signing_out_forgets_the_sign_in_and_what_ended_is_deleted() -> None:
    user: User = f.UserFactory()
    client = client_of(user)
    # The page that asks, the message that follows and the pages after it make no sign-in of it.
    client.get("/accounts/logout/")
    client.post("/accounts/logout/", follow=True)
    client.get("/")
    assert not SignIn.objects.exists()
    client_of(user)
    with time_machine.travel(timezone.now() + timedelta(hours=13)):
        assert sign_ins.sign_ins_of(user) == []
        sign_ins.delete_ended(timezone.now())
    assert not SignIn.objects.exists()


def test_the_last_use_is_kept_to_the_hour() -> None:
    client = client_of(f.UserFactory())
    first = SignIn.objects.get().last_used_at
    client.get("/accounts/")
    assert SignIn.objects.get().last_used_at == first
    cache.clear()
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        client.get("/accounts/")
    assert SignIn.objects.get().last_used_at > first
