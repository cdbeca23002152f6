"""Two-step sign-in: apps, recovery codes, what is refused, who is held back without it."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from core.accounts import second_factors
from core.accounts.models import User
from core.accounts.second_factors import MFAAdapter
from core.mail.models import Message
from core.web.errors import RuleViolation
from tests import factories as f
from tests.pages import client_of, form_of, forms_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_earlier_attempts() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def code_at(secret: str, ahead: int = 0) -> str:
    """The code that an app shows, `ahead` periods from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead))


def with_app(user: User) -> str:
    secret = second_factors.new_secret()
    second_factors.add_app(user, secret, code_at(secret, -1))
    return secret


def sign_in(client: Client, user: User, password: str = f.PASSWORD, to: str = "") -> Any:
    page = client.get(f"/accounts/login/?next={to}" if to else "/accounts/login/")
    form = next(one for one in forms_of(page) if "password" in dict(one.filled()))
    return client.post("/accounts/login/", form.filled(login=user.email, password=password))


def confirm(client: Client, **answers: str) -> Any:
    page = client.get("/accounts/confirm/?next=/accounts/security/")
    form = forms_of(page)[-1]
    return client.post("/accounts/confirm/", form.filled(**answers))


def test_an_app_is_set_up_after_confirming_and_then_asked_for_at_sign_in() -> None:
    user: User = f.UserFactory()
    client = Client()
    sign_in(client, user)
    to_confirm = client.get("/accounts/security/app/")
    assert to_confirm["Location"] == "/accounts/confirm/?next=%2Faccounts%2Fsecurity%2Fapp%2F"
    assert confirm(client, password="wrong").status_code == 422
    assert confirm(client, password=f.PASSWORD)["Location"] == "/accounts/security/"
    page = client.get("/accounts/security/app/")
    secret = page.context["secret"]
    form = forms_of(page)[-1]
    assert client.post("/accounts/security/app/", form.filled(code="000000")).status_code == 422
    done = client.post("/accounts/security/app/", form.filled(code=code_at(secret, -1)))
    codes = done.context["codes"]
    assert (done.status_code, len(codes), len(set(codes))) == (200, 10, 10)
    assert Message.objects.get().occasion == "account_security"

    theirs = Client()
    asked = sign_in(theirs, user, to="/organise/tokens/")
    assert asked["Location"] == "/accounts/two-step/"
    assert theirs.get("/organise/tokens/").status_code == 302
    step = form_of(theirs.get("/accounts/two-step/"))
    assert theirs.post("/accounts/two-step/", step.filled(code="123456")).status_code == 422
    signed_in = theirs.post("/accounts/two-step/", step.filled(code=code_at(secret)))
    assert signed_in["Location"] == "/organise/tokens/"
    assert theirs.get("/organise/tokens/").status_code == 200


def test_a_code_of_the_app_works_once_whatever_the_cache_knows() -> None:
    user: User = f.UserFactory()
    secret = with_app(user)
    now, before = code_at(secret), code_at(secret, -1)
    assert second_factors.use_code(user, f" {now[:3]} {now[3:]} ").type == "totp"
    cache.clear()
    for used in (now, before):
        with pytest.raises(RuleViolation) as refused:
            second_factors.use_code(user, used)
        assert refused.value.code == "wrong_code"
    with time_machine.travel(time.time() + 31):
        assert second_factors.use_code(user, code_at(secret)).type == "totp"


def test_a_recovery_code_works_once() -> None:
    user: User = f.UserFactory()
    secret = second_factors.new_secret()
    codes = second_factors.add_app(user, secret, code_at(secret))
    assert second_factors.use_code(user, codes[3]).type == "recovery_codes"
    assert second_factors.recovery_codes_left(user) == 9
    with pytest.raises(RuleViolation):
        second_factors.use_code(user, codes[3])
    assert set(second_factors.new_recovery_codes(user)).isdisjoint(codes)
    with pytest.raises(RuleViolation):
        second_factors.use_code(user, codes[4])


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "١٢٣٤٥٦", "１２３４５６", "abcdef", "0" * 4000, "-1", "1e5"]
)
def test_what_is_no_code_is_refused(code: str) -> None:
    user: User = f.UserFactory()
    with_app(user)
    with pytest.raises(RuleViolation) as refused:
        second_factors.use_code(user, code)
    assert refused.value.code == "wrong_code"


def test_after_ten_guesses_even_the_right_code_has_to_wait() -> None:
    user: User = f.UserFactory()
    secret = with_app(user)
    for _guess in range(second_factors.CODES_PER_TEN_MINUTES - 1):
        with pytest.raises(RuleViolation):
            second_factors.use_code(user, "000000")
    with pytest.raises(RuleViolation) as refused:
        second_factors.use_code(user, code_at(secret))
    assert refused.value.code == "too_many_codes"
    other: User = f.UserFactory()
    assert second_factors.use_code(other, code_at(with_app(other))).type == "totp"


def test_secrets_are_encrypted_where_they_are_stored() -> None:
    user: User = f.UserFactory()
    secret = with_app(user)
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert MFAAdapter().decrypt(Authenticator.objects.get(type="totp").data["secret"]) == secret


def test_whoever_has_a_factor_confirms_with_it_and_not_with_the_password() -> None:
    user: User = f.UserFactory()
    secret = with_app(user)
    client = client_of(user)
    page = client.get("/accounts/confirm/")
    assert "password" not in dict(forms_of(page)[-1].filled())
    client.post("/accounts/confirm/", {"password": f.PASSWORD})
    assert client.get("/accounts/security/codes/").status_code == 302
    assert confirm(client, code=code_at(secret)).status_code == 302
    assert client.get("/accounts/security/codes/").status_code == 200


def test_removing_the_last_factor_removes_the_recovery_codes_and_tells() -> None:
    user: User = f.UserFactory()
    secret = with_app(user)
    client = client_of(user)
    assert client.post("/accounts/security/", {"action": "app"})["Location"].startswith("/accounts/confirm/")
    confirm(client, code=code_at(secret))
    client.post("/accounts/security/", {"action": "app"})
    assert not Authenticator.objects.exists()
    assert Message.objects.filter(occasion="account_security").count() == 2


def test_the_secret_of_another_account_is_not_set_up() -> None:
    client, other = client_of(f.UserFactory()), client_of(f.UserFactory())
    for one in (client, other):
        confirm(one, password=f.PASSWORD)
    page = other.get("/accounts/security/app/")
    secret, form = page.context["secret"], forms_of(page)[-1]
    client.post("/accounts/security/app/", form.filled(code=code_at(secret)))
    assert not Authenticator.objects.exists()


def test_setting_up_the_first_factor_ends_sign_ins_that_had_none() -> None:
    user: User = f.UserFactory()
    here, elsewhere = client_of(user), client_of(user)
    confirm(here, password=f.PASSWORD)
    page = here.get("/accounts/security/app/")
    here.post("/accounts/security/app/", forms_of(page)[-1].filled(code=code_at(page.context["secret"])))
    assert here.get("/accounts/").status_code == 200
    assert elsewhere.get("/accounts/").status_code == 302


def test_the_next_page_is_one_of_ours() -> None:
    client = client_of(f.UserFactory())
    for asked in (
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:x",
    ):
        page = client.get("/accounts/confirm/", {"next": asked})
        assert page.context["next"] == "/accounts/"


def test_the_command_resets_the_factors_of_who_lost_them(capsys: Any) -> None:
    user: User = f.UserFactory(email="lost@example.org")
    with_app(user)
    client = client_of(user)
    call_command("reset_second_factor", "Lost@example.org")
    assert "1 second factors removed" in capsys.readouterr().out
    assert not Authenticator.objects.exists()
    assert client.get("/accounts/").status_code == 302
    assert Message.objects.latest("pk").occasion == "account_security"
