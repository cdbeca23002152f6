"""Django's administration: who gets in, by which page, and what it holds."""

import pytest
from django.contrib import admin
from django.test import Client

from core.accounts.models import User
from tests import factories as f

pytestmark = pytest.mark.django_db


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_signing_in_is_the_services_own_page(client: Client) -> None:
    answer = client.get("/admin/labs/city/", follow=True)
    assert answer.redirect_chain[-1] == ("/accounts/login/?next=%2Fadmin%2Flabs%2Fcity%2F", 302)


def test_who_is_no_superuser_is_refused() -> None:
    user: User = f.StaffFactory(role="organiser").user
    answer = client_of(user).get("/admin/", follow=True)
    assert answer.status_code == 403


def test_it_holds_what_the_console_does_not_do() -> None:
    site = admin.site
    assert {model.__name__ for model in site._registry} == {
        "User",
        "City",
        "Programme",
        "Staff",
        "Delegate",
        "ApiToken",
        "Registration",
        "Certificate",
        "Message",
        "Task",
        "WorkerBeat",
    }


def test_a_theme_that_the_reader_chose_holds_there_too() -> None:
    client = client_of(User.objects.create_superuser("operator@example.org", f.PASSWORD))
    client.get("/?theme=dark")
    page = client.get("/admin/", headers={"Accept-Language": "el"}).content.decode()
    assert '<html lang="el" data-theme="dark">' in page
