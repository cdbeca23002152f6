"""Sign-in by an OpenID Connect provider: whom it lets in, and every way to get in by its name that is refused."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache
from django.test import Client

from core.accounts.models import ExternalIdentity, User
from core.mail.models import Message
from labs.models import Lab, RoleInvitation, Staff
from tests import factories as f
from tests.core.accounts.test_two_step import code_at, confirm, with_app
from tests.pages import client_of, form_of
from tests.provider import CLIENT, SECRET, Provider, back, running_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    """A provider like EU Login: it says no `email_verified`, and the operator vouches for its addresses."""
    cache.clear()
    with running_provider() as one:
        settings.OIDC_ISSUER = one.issuer
        settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = CLIENT, SECRET
        settings.OIDC_NAME = "EU Login"
        settings.OIDC_EMAIL_VERIFIED = True
        yield one
    cache.clear()


def leave(client: Client, to: str = "") -> str:
    """Press the button; return where the browser is sent."""
    client.get("/accounts/login/")
    page = client.post("/accounts/sso/", {"next": to, "form_key": "x"})
    assert page.status_code == 200, page.content
    return str(page.context["address"])


def come_back(client: Client, provider: Provider, to: str = "", **changed: str) -> Any:
    return client.get(back(provider.authorize(leave(client, to)) | changed))


def is_in(client: Client) -> bool:
    return bool(client.get("/accounts/").status_code == 200)


def test_whoever_has_an_account_signs_in_and_is_known_by_name_from_then_on(provider: Provider) -> None:
    user: User = f.UserFactory(email="maria@example.org")
    client = Client()
    answer = come_back(client, provider, "/organise/tokens/")
    assert (answer.status_code, answer["Location"]) == (302, "/organise/tokens/")
    assert is_in(client)
    assert list(ExternalIdentity.objects.values_list("user", "issuer", "subject")) == [
        (user.pk, provider.issuer, "nmariade")
    ]
    assert Message.objects.get().occasion == "account_security"
    # The address may go to somebody else there; the name of the person does not.
    provider.person["email"] = "renamed@example.org"
    other = Client()
    come_back(other, provider)
    assert is_in(other)
    assert Message.objects.count() == 1


@pytest.mark.parametrize("way", ["client_secret_basic", "client_secret_post", "client_secret_jwt"])
def test_the_client_proves_who_it_is_in_three_ways(provider: Provider, settings: Any, way: str) -> None:
    settings.OIDC_TOKEN_AUTH = way
    f.UserFactory(email="maria@example.org")
    client = Client()
    come_back(client, provider)
    assert is_in(client)
    settings.OIDC_CLIENT_SECRET = "another secret of nobody, long enough to sign"
    other = Client()
    assert come_back(other, provider).status_code == 400


def test_whoever_is_invited_gets_account_and_roles_without_a_password(provider: Provider) -> None:
    lab: Lab = f.LabFactory(slug="lab")
    f.RoleInvitationFactory(lab=lab, email="maria@example.org", language="bg")
    client = Client()
    come_back(client, provider)
    user = User.objects.get(email="maria@example.org")
    assert (user.name, user.language, user.has_usable_password()) == ("Maria Demo", "bg", False)
    assert Staff.objects.get(user=user).lab == lab
    assert RoleInvitation.objects.get().accepted_at is not None
    assert client.get("/organise/labs/lab/attendance/").status_code == 200


def test_a_stranger_gets_no_account(provider: Provider) -> None:
    client = Client()
    answer = come_back(client, provider)
    assert answer.status_code == 400
    assert "no invitation" in answer.content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize("said", [False, "true", 1, None])
def test_an_address_that_is_not_verified_links_nothing(provider: Provider, settings: Any, said: Any) -> None:
    settings.OIDC_EMAIL_VERIFIED = False
    f.UserFactory(email="maria@example.org")
    f.RoleInvitationFactory(email="maria@example.org")
    provider.person["email_verified"] = said
    if said is None:
        del provider.person["email_verified"]
    client = Client()
    assert come_back(client, provider).status_code == 400
    assert not is_in(client)
    assert not ExternalIdentity.objects.exists()


def test_a_superuser_is_not_linked_by_the_address_alone(provider: Provider) -> None:
    user: User = f.UserFactory(email="maria@example.org", is_superuser=True)
    client = Client()
    assert come_back(client, provider).status_code == 400
    assert not is_in(client)
    theirs = client_of(user)
    confirm(theirs, password=f.PASSWORD)
    page = theirs.post("/accounts/sso/connect/")
    theirs.get(back(provider.authorize(page.context["address"])))
    assert come_back(client, provider).status_code == 302
    assert is_in(client)


def test_an_identity_of_one_account_is_not_connected_with_another(provider: Provider) -> None:
    f.UserFactory(email="maria@example.org")
    come_back(Client(), provider)
    other: User = f.UserFactory()
    theirs = client_of(other)
    confirm(theirs, password=f.PASSWORD)
    page = theirs.post("/accounts/sso/connect/")
    assert theirs.get(back(provider.authorize(page.context["address"]))).status_code == 400
    assert not ExternalIdentity.objects.filter(user=other).exists()


def test_the_second_step_is_asked_for_after_it_too(provider: Provider) -> None:
    user: User = f.UserFactory(email="maria@example.org")
    secret = with_app(user)
    client = Client()
    assert come_back(client, provider, "/organise/tokens/")["Location"] == "/accounts/two-step/"
    assert not is_in(client)
    page = client.get("/accounts/two-step/")
    done = client.post("/accounts/two-step/", form_of(page).filled(code=code_at(secret)))
    assert done["Location"] == "/organise/tokens/"


def test_a_deactivated_account_stays_out(provider: Provider) -> None:
    f.UserFactory(email="maria@example.org", is_active=False)
    client = Client()
    come_back(client, provider)
    assert not is_in(client)


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://other.example"},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another-client"]},
        {"azp": "another-client"},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
    ],
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(provider: Provider, wrong: dict[str, Any]) -> None:
    f.UserFactory(email="maria@example.org")
    provider.wrong = wrong
    client = Client()
    assert come_back(client, provider).status_code == 400
    assert not is_in(client)


def test_a_token_that_somebody_else_signed_is_refused(provider: Provider) -> None:
    f.UserFactory(email="maria@example.org")
    others = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for algorithm, key in (("RS256", others), ("HS256", SECRET), ("none", "")):
        provider.algorithm, provider.signs_with = algorithm, key or None
        if algorithm == "none":
            provider.signs_with = ""
        client = Client()
        try:
            answer = come_back(client, provider)
        except TypeError:  # the library signs nothing with a key for "none"
            continue
        assert answer.status_code == 400
        assert not is_in(client)


def test_the_way_back_works_once_and_for_the_browser_that_asked(provider: Provider) -> None:
    f.UserFactory(email="maria@example.org")
    client, other = Client(), Client()
    answer = provider.authorize(leave(client))
    # Somebody else's browser is led there: nobody is signed in, and no session begins.
    stolen = other.get(back(answer))
    assert (stolen.status_code, dict(other.cookies)) == (400, {})
    leave(other)
    assert other.get(back(answer)).status_code == 400
    assert client.get(back(answer)).status_code == 302
    client.post("/accounts/logout/")
    assert client.get(back(answer)).status_code == 400
    for changed in (
        {"state": "x"},
        {"iss": "https://other.example"},
        {"code": "x"},
        {"error": "access_denied"},
    ):
        assert come_back(Client(), provider, **changed).status_code == 400


def test_nothing_is_asked_of_another_host(provider: Provider) -> None:
    for name in ("token_endpoint", "jwks_uri", "authorization_endpoint"):
        for host in (
            "http://127.0.0.1:9/x",
            "file:///etc/passwd",
            f"http://u@{urlsplit(provider.issuer).netloc}/x",
        ):
            cache.clear()
            provider.description = {name: host}
            client = Client()
            page = client.post("/accounts/sso/", {"form_key": "x"})
            if page.status_code == 200:
                answer = client.get(back(provider.authorize(page.context["address"])))
                assert answer.status_code == 400
            assert not is_in(client)
    cache.clear()
    provider.description = {"issuer": "https://other.example"}
    assert Client().post("/accounts/sso/", {"form_key": "x"}).status_code == 302


def test_a_provider_that_fails_or_redirects_is_said_to(provider: Provider) -> None:
    for status in (302, 404, 500, 503):
        cache.clear()
        provider.status = status
        page = Client().post("/accounts/sso/", {"form_key": "x"}, follow=True)
        assert page.redirect_chain == [("/accounts/login/", 302)]
        assert "sign-in service" in page.content.decode()


def test_the_address_may_come_from_the_user_info_of_the_same_person(provider: Provider) -> None:
    f.UserFactory(email="maria@example.org")
    provider.wrong = {"email": None}
    provider.user_info = {"sub": "somebody-else", "email": "maria@example.org", "email_verified": True}
    assert come_back(Client(), provider).status_code == 400
    provider.user_info["sub"] = "nmariade"
    client = Client()
    assert come_back(client, provider).status_code == 302
    assert is_in(client)


def test_without_settings_nothing_of_it_is_there() -> None:
    page = Client().get("/accounts/login/")
    assert "/accounts/sso/" not in page.content.decode()
    assert Client().get(back({"code": "x", "state": "x"})).status_code == 404
    assert Client().post("/accounts/sso/", {"form_key": "x"}).status_code == 404


def test_who_has_no_password_is_not_disconnected(provider: Provider) -> None:
    f.RoleInvitationFactory(email="maria@example.org")
    client = Client()
    come_back(client, provider)
    client.post("/accounts/sso/disconnect/")
    assert ExternalIdentity.objects.exists()
    user = User.objects.get(email="maria@example.org")
    user.set_password(f.PASSWORD)
    user.save()
    theirs = client_of(user)
    confirm(theirs, password=f.PASSWORD)
    theirs.post("/accounts/sso/disconnect/")
    assert not ExternalIdentity.objects.exists()
