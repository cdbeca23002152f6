"""Django's administration: who gets in, by which page, and what it holds."""

import re
from datetime import UTC, datetime

import pytest
from django.contrib import admin
from django.test import Client

from certificates.models import Certificate
from core.accounts.models import User
from core.jobs.models import Task, WorkerBeat
from tests import factories as f
from tests.pages import client_of

pytestmark = pytest.mark.django_db

AT = datetime(2027, 4, 6, 14, 5, tzinfo=UTC)


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


def test_a_list_that_is_filtered_by_what_it_does_not_know_says_so() -> None:
    client = client_of(User.objects.create_superuser("operator@example.org", f.PASSWORD))
    answer = client.get("/admin/accounts/user/?nothing__such=1", follow=True)
    assert answer.redirect_chain == [("/admin/accounts/user/?e=1", 302)]
    again = client.get("/admin/accounts/user/?e=1&nothing__such=1")
    assert "<h1>Bad request</h1>" in again.content.decode()


# Letters of the language that a label needs; a few are the same in every language.
LETTERS = {"bg": "[а-я]", "el": "[α-ωά-ώ]"}
SAME_EVERYWHERE = {"Message-ID", "Email", "English", "Български", "Ελληνικά"}


def labels_of(html: str) -> set[str]:
    """Return what names columns, filters and fields of a page."""
    heads = "".join(re.findall("<thead>.*?</thead>", html, re.DOTALL))
    found = re.findall(r"<(label|summary|dt)\b[^>]*>(.*?)</\1>", html, re.DOTALL)
    found += re.findall(r"<(th)\b[^>]*>(.*?)</th>", heads, re.DOTALL)
    return {" ".join(re.sub("<[^>]*>", " ", inside).split()).rstrip(":") for _tag, inside in found}


@pytest.mark.parametrize("language", ["bg", "el"])
def test_columns_filters_and_fields_are_named_in_the_readers_language(language: str) -> None:
    person = f.RegistrationFactory()
    f.MessageFactory(lab=person.lab)
    Certificate.objects.create(
        lab=person.lab, registration=person, code="7K3M-Q9TX-2W8H", content={}, minutes=60, issued_at=AT
    )
    Task.objects.create(name="mail.prune")
    WorkerBeat.objects.create(worker="w", started_at=AT, beat_at=AT)
    f.DelegateFactory()
    f.StaffFactory(role="door")
    client = client_of(User.objects.create_superuser("operator@example.org", f.PASSWORD))
    labels = set()
    for model in admin.site._registry:
        place = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        for page in (place, *(f"{place}{row.pk}/change/" for row in model._default_manager.all()[:1])):
            answer = client.get(page, headers={"accept-language": language})
            assert answer.status_code == 200
            labels |= labels_of(answer.content.decode())
    assert len(labels) > 60
    foreign = {label for label in labels if label and not re.search(LETTERS[language], label.lower())}
    assert foreign - SAME_EVERYWHERE == set()


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "6 April 2027, 14:05"), ("bg", "06.04.2027 г., 14:05"), ("el", "06/04/2027, 14:05")],
)
def test_dates_are_written_as_the_reader_writes_them(language: str, words: str) -> None:
    beat = WorkerBeat.objects.create(worker="w", started_at=AT, beat_at=AT)
    client = client_of(User.objects.create_superuser("operator@example.org", f.PASSWORD))
    page = client.get(f"/admin/jobs/workerbeat/{beat.pk}/change/", headers={"accept-language": language})
    assert page.content.decode().count(words) == 2
