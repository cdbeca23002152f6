"""Two people who make the same thing at the same moment, or name it in another spelling: nobody meets an error 500."""

from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from core.accounts.models import User
from core.web.errors import RuleViolation
from labs import cities, lab_editing, programmes, role_invitations, roles
from labs.models import City, Lab, Programme, RoleInvitation, Staff
from tests import factories as f
from tests.labs.test_console_people import add
from tests.pages import client_of, form_of
from tests.registrations.concurrency import while_open
from tests.sessions.test_console_lab import usual

at_once = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("crowds"),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's transactions all take one turn"),
]


def marked(*marks: Any) -> Any:
    def mark(test: Any) -> Any:
        for one in marks:
            test = one(test)
        return test

    return mark


@marked(*at_once)
def test_two_clicks_that_accept_one_invitation_at_once_make_one_account() -> None:
    lab = f.LabFactory(slug="lab")
    invited = roles.add_to_lab(lab, "new@example.org", "door", by=f.StaffFactory(lab=lab).user)
    assert isinstance(invited, RoleInvitation)
    again = RoleInvitation.objects.select_related("programme", "lab").get(pk=invited.pk)
    answers: list[str] = []

    def accept_once_more() -> None:
        try:
            role_invitations.accept(again, name="New", password="a staple of correct horses")
        except RuleViolation as error:
            answers.append(error.code)

    first = lambda: role_invitations.accept(invited, name="New", password="a staple of correct horses")  # noqa: E731
    assert while_open(first, accept_once_more) == []

    assert answers == ["not_open"]
    assert list(Staff.objects.filter(user__email="new@example.org").values_list("role", flat=True)) == [
        "door"
    ]


@marked(*at_once)
def test_two_organisers_who_add_one_person_to_one_lab_at_once_leave_one_role() -> None:
    lab = f.LabFactory(slug="lab")
    organiser: User = f.StaffFactory(lab=lab).user
    user: User = f.UserFactory(email="door@example.org")

    def add_on_the_page() -> None:
        assert add(client_of(organiser), email="door@example.org", role="organiser").status_code == 302

    assert while_open(lambda: roles.add_to_lab(lab, user.email, "door", by=organiser), add_on_the_page) == []

    assert Staff.objects.get(user=user).role == "organiser"


@marked(*at_once)
def test_labs_of_one_title_in_two_programmes_at_once_have_two_addresses() -> None:
    one, two = f.ProgrammeFactory(slug="one"), f.ProgrammeFactory(slug="two", languages=["en", "bg"])
    owner = f.OwnerFactory(programme=two).user
    client = client_of(owner)
    address = reverse("console_lab_new", args=["two"])
    form = form_of(client.get(address))
    other = f.LabFactory(programme=one)
    values: dict[str, Any] = {name: getattr(other, name) for name in lab_editing.LAB_COLUMNS}
    values |= {
        name: {}
        for name in ("title", "theme", "description", "venue", "consent", "logo_alt", "signatory_function")
    } | {
        "title": {"en": "Sixth Lab"},
        "languages": ("en",),
    }

    def create_on_the_page() -> None:
        assert client.post(address, form.filled(**usual())).status_code == 302

    assert (
        while_open(lambda: lab_editing.create_lab(one, lab_editing.LabPlan(**values)), create_on_the_page)
        == []
    )

    assert sorted(Lab.objects.exclude(pk=other.pk).values_list("programme__slug", "slug")) == [
        ("one", "sixth-lab"),
        ("two", "sixth-lab-2"),
    ]


@marked(*at_once)
def test_programmes_and_cities_of_one_name_at_once_have_two_addresses() -> None:
    programme = f.ProgrammeFactory()
    by = f.UserFactory(is_superuser=True)
    plan = programmes.ProgrammePlan({"en": "Same"}, {"en": "Organiser"}, ("en",), "draft")

    def create(country: str) -> None:
        programmes.create_programme(plan, by)
        cities.create_city(programme, cities.CityPlan({"en": "Same"}, country, "Europe/Sofia"), by)

    assert while_open(lambda: create("BG"), lambda: create("GR")) == []

    assert set(Programme.objects.exclude(pk=programme.pk).values_list("slug", flat=True)) == {
        "same",
        "same-2",
    }
    assert set(City.objects.values_list("slug", flat=True)) == {"same", "same-2"}


@pytest.mark.django_db
def test_a_superuser_who_adds_an_address_in_another_case_is_told_beside_the_field() -> None:
    f.UserFactory(email="door@example.org")
    client = client_of(f.UserFactory(is_superuser=True, is_staff=True))
    address = reverse("admin:accounts_user_add")
    page = client.post(address, form_of(client.get(address), -1).filled(email="Door@Example.ORG"))
    assert page.status_code == 200
    assert list(page.context["adminform"].form.errors) == ["email"]
    assert User.objects.filter(email__iexact="door@example.org").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Someone else made a change at the same time"),
        ("bg", "Някой друг направи промяна по същото време"),
        ("el", "Έγινε και άλλη αλλαγή την ίδια στιγμή"),
    ],
)
def test_what_only_the_database_sees_is_a_conflict_and_no_error(
    monkeypatch: pytest.MonkeyPatch, language: str, said: str
) -> None:
    """The net below all the rest: whatever two people make at once and no verb foresees."""
    user: User = f.UserFactory()

    def twice(*args: Any, **kwargs: Any) -> None:
        User.objects.bulk_create([User(email=user.email)])

    monkeypatch.setattr("labs.roles.viewer_for", twice)
    lab = f.LabFactory(slug="lab")
    organiser: User = f.UserFactory(language=language)
    f.StaffFactory(lab=lab, user=organiser)
    client = client_of(organiser)
    client.raise_request_exception = False
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    page = add(client, email="new@example.org", role="door")
    assert page.status_code == 409
    assert said in page.content.decode()
