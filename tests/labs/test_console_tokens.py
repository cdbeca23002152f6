"""API keys: shown once, narrowed, revoked at once."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core.accounts.models import User
from core.web.signed_links import api_token_hash
from labs.models import ApiToken, Lab
from tests import factories as f
from tests.pages import client_of, forms_of

pytestmark = pytest.mark.django_db

PAGE = "/organise/tokens/"


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory()


@pytest.fixture
def user(lab: Lab) -> User:
    return f.StaffFactory(lab=lab).user


@pytest.fixture
def client(user: User) -> Client:
    return client_of(user)


def make(client: Client, **answers: Any) -> Any:
    form = next(one for one in forms_of(client.get(PAGE)) if ("action", "create") in one.buttons)
    usual = {"name": "Import", "scopes": ["read", "registrations"], "days": "30"}
    return client.post(PAGE, form.filled(action="create", **(usual | answers)))


def secret_in(response: Any) -> str:
    found = re.search(r"clab_[\w-]+", response.content.decode())
    return found[0] if found else ""


def test_a_key_is_shown_once_and_only_its_hash_is_kept(client: Client, user: User, lab: Lab) -> None:
    response = make(client, lab=str(lab.pk))
    secret = secret_in(response)
    key = ApiToken.objects.get()
    assert response.headers["Cache-Control"].count("no-store") == 1
    assert key.token_hash == api_token_hash(secret)
    assert (key.user, key.lab, key.scopes) == (user, lab, ["read", "registrations"])
    assert key.expires_at is not None
    assert timedelta(days=29) < key.expires_at - timezone.now() < timedelta(days=31)
    assert secret_in(client.get(PAGE)) == ""
    answer = client.get("/api/v1/programmes", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200


def test_sending_the_form_twice_makes_one_key_and_shows_it_once(client: Client) -> None:
    form = next(one for one in forms_of(client.get(PAGE)) if ("action", "create") in one.buttons)
    data = form.filled(action="create", name="Import", scopes=["read"])
    assert secret_in(client.post(PAGE, data)) != ""
    again = client.post(PAGE, data, follow=True)
    assert secret_in(again) == ""
    assert "was already created" in again.content.decode()
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"name": ""}, "Enter a name for the key"),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"name": "\u202e"}, "U+202E"),
        ({"scopes": None}, "Choose at least one"),
        ({"scopes": ["everything"]}, "Choose an option from the list"),
        ({"days": "10000"}, "Choose an option from the list"),
        ({"days": "x"}, "Choose an option from the list"),
        ({"lab": "999999"}, "Choose one of your labs"),
        ({"form_key": "made-up"}, "This form is incomplete"),
    ],
)
def test_a_wrong_key_is_not_made(client: Client, answers: dict[str, Any], said: str) -> None:
    response = make(client, **answers)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not ApiToken.objects.exists()


def test_a_key_reaches_no_lab_of_others(client: Client) -> None:
    assert make(client, lab=str(f.LabFactory().pk)).status_code == 422


def test_a_delegate_gets_reading_keys_only() -> None:
    client = client_of(f.DelegateFactory().user)
    assert make(client, scopes=["attendance"]).status_code == 422
    assert secret_in(make(client, scopes=["read"])) != ""


def test_a_revoked_key_opens_nothing_and_only_its_owner_revokes_it(client: Client, user: User) -> None:
    secret = secret_in(make(client))
    key = ApiToken.objects.get()
    stranger = client_of(f.UserFactory())
    assert stranger.post(PAGE, {"action": f"revoke-{key.pk}"}).status_code == 404
    client.post(PAGE, {"action": f"revoke-{key.pk}"})
    key.refresh_from_db()
    assert key.revoked_at is not None
    answer = client.get("/api/v1/programmes", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 401
    assert "Revoked" in client.get(PAGE).content.decode()


@pytest.mark.parametrize("number", ["", "x", "9" * 60, "-1"])
def test_what_is_no_key_cannot_be_revoked(client: Client, number: str) -> None:
    assert client.post(PAGE, {"action": f"revoke-{number}"}).status_code == 404
