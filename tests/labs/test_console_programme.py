"""The console of a programme: its texts, its types of organisation."""

from typing import Any

import pytest
from django.test import Client

from core.web.localized_fields import languages_of
from labs.models import City, Programme, StakeholderGroup
from labs.revisions import lock_row
from tests import factories as f
from tests.pages import client_of, form_of, send

pytestmark = pytest.mark.django_db

PAGE = "/organise/programmes/programme/"


@pytest.fixture
def programme() -> Programme:
    return f.ProgrammeFactory(slug="programme", languages=["en", "bg"])


@pytest.fixture
def client(programme: Programme) -> Client:
    return client_of(f.OwnerFactory(programme=programme).user)


def test_what_an_owner_writes_is_saved_and_reaches_the_labs(client: Client, programme: Programme) -> None:
    lab = f.LabFactory(programme=programme)
    city: City = f.CityFactory()
    send(
        client,
        PAGE,
        name_0="New name",
        cities=[str(city.pk)],
        cities_total="136",
        visibility="draft",
        default_language="bg",
    )
    programme.refresh_from_db()
    before = lab.revised_at
    lab.refresh_from_db()
    assert languages_of(programme.name)["en"] == "New name"
    assert (programme.languages, programme.visibility, programme.cities_total) == (["bg", "en"], "draft", 136)
    assert list(programme.cities.all()) == [city]
    assert lab.revised_at > before
    assert programme.history.first().history_user == programme.staff.get().user


def test_opening_and_saving_changes_nothing(client: Client, programme: Programme) -> None:
    lab = f.LabFactory(programme=programme)
    before = (programme.history.count(), lab.revised_at)
    send(client, PAGE)
    lab.refresh_from_db()
    assert (programme.history.count(), lab.revised_at) == before


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"name_0": "", "name_1": ""}, "Enter this in at least one language"),
        ({"organiser_0": "x" * 5000}, "Use at most 200 characters"),
        ({"name_0": "\u202eevil"}, "U+202E"),
        ({"languages": ["xx"]}, "Choose an option from the list"),
        ({"cities": ["999999"]}, "Choose cities from the list"),
        ({"cities": ["x"]}, "Choose cities from the list"),
        ({"cities_total": "many"}, "Enter a whole number"),
        ({"visibility": "secret"}, "Choose an option from the list"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(
    client: Client, programme: Programme, answers: dict[str, Any], said: str
) -> None:
    response = send(client, PAGE, **answers)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert programme.history.count() == 1


def test_a_number_longer_than_databases_count_is_no_city(client: Client, programme: Programme) -> None:
    answer = send(client, PAGE, cities=["9" * 19])
    assert answer.status_code == 422
    assert "Choose cities from the list." in answer.content.decode()


def test_a_city_with_delegates_stays(client: Client, programme: Programme) -> None:
    delegate = f.DelegateFactory(programme=programme)
    programme.cities.add(delegate.city)
    response = send(client, PAGE, cities=None)
    assert response.status_code == 422
    assert "has delegates in this programme" in response.content.decode()
    assert [one.pk for one in programme.cities.all()] == [delegate.city.pk]


def test_groups_are_added_and_removed_unless_somebody_chose_them(
    client: Client, programme: Programme
) -> None:
    address = f"{PAGE}groups/"
    send(client, address, **{"rows-0-name_0": "Academia", "rows-0-name_1": "Наука"})
    group = StakeholderGroup.objects.get()
    assert (group.slug, languages_of(group.name)) == ("academia", {"en": "Academia", "bg": "Наука"})
    registration = f.RegistrationFactory(lab=f.LabFactory(programme=programme), stakeholder_group=group)
    response = send(client, address, **{"rows-0-DELETE": "on"})
    assert "Academia was chosen by people who registered" in response.content.decode()
    registration.delete()
    send(client, address, **{"rows-0-DELETE": "on"})
    assert not StakeholderGroup.objects.exists()


def test_sending_new_groups_twice_makes_them_once(client: Client, programme: Programme) -> None:
    address = f"{PAGE}groups/"
    data = form_of(client.get(address)).filled(**{"rows-0-name_0": "Academia"})
    for _ in range(2):
        assert client.post(address, data).status_code == 302
    assert StakeholderGroup.objects.count() == 1


def test_groups_of_other_programmes_cannot_be_named(client: Client) -> None:
    foreign = f.StakeholderGroupFactory()
    address = f"{PAGE}groups/"
    response = send(client, address, **{"rows-0-row": str(foreign.pk), "rows-0-DELETE": "on"})
    assert response.status_code == 422
    assert StakeholderGroup.objects.filter(pk=foreign.pk).exists()


@pytest.mark.parametrize("page", ["", "groups/"])
def test_a_programme_that_is_deleted_while_it_is_saved_is_not_found(
    client: Client, programme: Programme, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    def lock_too_late(row: Programme) -> Programme:
        Programme.objects.filter(pk=row.pk).delete()
        return lock_row(row)

    data = form_of(client.get(PAGE + page)).filled()
    monkeypatch.setattr("labs.views.console_programme.lock_row", lock_too_late)
    assert client.post(PAGE + page, data).status_code == 404


def test_only_owners_find_these_pages(programme: Programme) -> None:
    lab = f.LabFactory(programme=programme)
    for user in (
        f.StaffFactory(lab=lab).user,
        f.OwnerFactory().user,
        f.DelegateFactory(programme=programme).user,
    ):
        client = client_of(user)
        for page in ("", "groups/", "people/", "new-lab/"):
            assert client.get(PAGE + page).status_code == 404
            assert client.post(PAGE + page).status_code == 404
    assert Client().get(PAGE).status_code == 302
