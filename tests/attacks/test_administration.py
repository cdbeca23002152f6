"""The administration, which no walk opens: hostile texts, strange filters, and who may only look."""

import re

import pytest
from django.contrib import admin
from django.test import Client

from core.accounts.models import User
from core.jobs.models import Task
from core.mail.models import Message
from tests import factories as f
from tests.pages import client_of

pytestmark = pytest.mark.django_db

TEXT = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{1234*1001}}"
# What our content policy would refuse, and what a text brought in.
FOUND = re.compile(
    r'<style|\sstyle="|\son[a-z]+="|<script(?![^>]*\ssrc=)|<img src=x|1235234|href="(?!/|#|\?|https?://)[^"]+"'
)


@pytest.fixture
def superuser() -> Client:
    person = User.objects.create_superuser("operator@example.org", f.PASSWORD, name=TEXT[:100])
    programme = f.ProgrammeFactory(name={"en": TEXT}, description={"en": TEXT}, imprint={"en": TEXT})
    programme.cities.add(f.CityFactory(name={"en": TEXT}))
    lab = f.LabFactory(programme=programme, title={"en": TEXT})
    f.StaffFactory(lab=lab)
    f.DelegateFactory(programme=programme)
    f.RegistrationFactory(lab=lab, name=TEXT)
    f.MessageFactory(lab=lab)
    Message.objects.update(to_name=TEXT, subject=TEXT, text=TEXT, last_error=TEXT)
    Task.objects.create(name="mail.prune", arguments={"text": TEXT}, last_error=TEXT)
    return client_of(person)


def places() -> list[str]:
    return [f"/admin/{each._meta.app_label}/{each._meta.model_name}/" for each in admin.site._registry]


def pages() -> list[str]:
    """Every list, and every page of a row of each."""
    found = ["/admin/", *places()]
    for place, model in zip(places(), admin.site._registry, strict=True):
        for row in model._default_manager.all()[:1]:
            found += [f"{place}{row.pk}/{page}/" for page in ("change", "history", "delete")]
    return [*found, *(f"{place}?q=%3Cscript%3E&o=1.-2&p=9" for place in places())]


def test_no_text_acts_and_nothing_is_framed_or_kept(superuser: Client) -> None:
    shown = 0
    for address in pages():
        answer = superuser.get(address)
        assert answer.status_code in (200, 302, 403), address
        shown += "&lt;script&gt;alert(1)" in answer.content.decode()
        assert FOUND.findall(answer.content.decode()) == [], address
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
        assert answer["X-Frame-Options"] == "DENY"
        assert "private" in answer["Cache-Control"]
    assert shown > 20  # the texts did reach the pages


@pytest.mark.parametrize("query", ["user__password__startswith=p", "_connector=OR", "pk__in=x", "e=1&x__y=1"])
def test_no_filter_reads_what_is_not_offered_or_breaks_the_page(superuser: Client, query: str) -> None:
    for place in places():
        assert superuser.get(f"{place}?{query}").status_code in (200, 302, 400), place


def test_what_is_only_looked_at_is_not_changed_by_a_form_either(superuser: Client) -> None:
    looked_at = [
        each for each in admin.site._registry if each._meta.model_name not in ("user", "city", "programme")
    ]
    for model in looked_at:
        place = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        before = list(model._default_manager.order_by("pk").values())
        for row in model._default_manager.all()[:1]:
            assert superuser.post(f"{place}{row.pk}/change/", {"state": "sent"}).status_code == 403
            assert superuser.post(f"{place}{row.pk}/delete/", {"post": "yes"}).status_code == 403
            action = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
            superuser.post(place, action)
        assert superuser.post(f"{place}add/", {}).status_code == 403
        assert list(model._default_manager.order_by("pk").values()) == before


def test_another_site_changes_nothing_in_a_superusers_name(superuser: Client) -> None:
    guarded = Client(enforce_csrf_checks=True)
    guarded.cookies = superuser.cookies
    city = f.CityFactory()
    for address in (f"/admin/labs/city/{city.pk}/delete/", "/admin/labs/city/", "/admin/accounts/user/add/"):
        answer = guarded.post(address, {"post": "yes"}, headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403


def test_a_colleague_without_the_right_sees_no_row(superuser: Client) -> None:
    person = f.UserFactory(is_staff=True)
    client = client_of(person)
    assert {client.get(place).status_code for place in places()} == {403}
    assert "/admin/labs/" not in client.get("/admin/").content.decode()
