"""Cities of a programme by a list and by the API: those that exist are added, the others created, all or none."""

from typing import Any

import pytest
from django.test import Client

from core.accounts.models import User
from core.web.localized_fields import languages_of
from labs.models import City, Programme
from tests import factories as f
from tests.labs.test_people_api import call
from tests.pages import client_of, form_of

pytestmark = pytest.mark.django_db

LIST = "/organise/programmes/programme/cities/list/"
ROWS = (
    "name_en,name_bg,country,time_zone\nRuse,Русе,bg,Europe/Sofia\nrome,,IT,\nLas Rozas,,ES,Europe/Madrid\n"
)


@pytest.fixture
def programme() -> Programme:
    f.CityFactory(slug="rome", name={"en": "Rome", "el": "Ρώμη"}, country="IT", time_zone="Europe/Rome")
    return f.ProgrammeFactory(slug="programme")


@pytest.fixture
def user(programme: Programme) -> User:
    return f.OwnerFactory(programme=programme).user


def send(client: Client, **answers: Any) -> Any:
    return client.post(LIST, form_of(client.get(LIST)).filled(**answers))


def test_a_list_is_shown_first_and_then_added_once(user: User, programme: Programme) -> None:
    client = client_of(user)
    page = send(client, rows=ROWS, action="check")
    assert "Exists: is added" in page.content.decode()
    assert not programme.cities.exists()
    data = form_of(page).filled(action="apply")
    for _twice in range(2):
        assert client.post(LIST, data).status_code == 302
    assert dict(programme.cities.values_list("slug", "time_zone")) == {
        "ruse": "Europe/Sofia",
        "rome": "Europe/Rome",
        "las-rozas": "Europe/Madrid",
    }
    assert languages_of(City.objects.get(slug="ruse").name) == {"en": "Ruse", "bg": "Русе"}
    again = send(client, rows=ROWS, action="check")
    assert again.content.decode().count("Takes part already") == 3


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",,BG,Europe/Sofia", "name"),
        ("Varna,,XX,Europe/Sofia", "country"),
        ("Varna,,Bulgaria,Europe/Sofia", "country"),
        ("Varna,,BG,Sofia", "time_zone"),
        ("Varna,,BG,", "time_zone"),
        ("x" * 101 + ",,BG,Europe/Sofia", "name"),
        ("a\u202eb,,BG,Europe/Sofia", "name"),
        ("LAS ROZAS,,ES,Europe/Madrid", "name"),
    ],
)
def test_a_wrong_row_is_named_and_no_city_is_added(
    user: User, programme: Programme, row: str, column: str
) -> None:
    page = send(client_of(user), rows=f"{ROWS}{row}\n", action="apply")
    assert page.status_code == 422
    assert [list(one.errors) for one in page.context["rows"]][-1] == [column]
    assert not programme.cities.exists()


def test_the_api_adds_all_or_none(user: User, programme: Programme) -> None:
    good = {"name": {"en": "Ruse"}, "country": "BG", "time_zone": "Europe/Sofia"}
    wrong = {"name": {"en": "Varna"}, "country": "BG", "time_zone": "Sofia"}
    refused = call(user, "POST", "programmes/programme/cities", {"cities": [good, wrong]})
    assert [error["field"] for error in refused.json()["errors"]] == ["cities.1.time_zone"]
    assert not programme.cities.exists()
    cities = {"cities": [good, {"name": {"el": "Ρώμη"}, "country": "it"}]}
    for _twice in range(2):
        added = call(user, "POST", "programmes/programme/cities", cities, key="another key")
        assert added.json() == {"created": 1, "added": 1}
    assert set(programme.cities.values_list("slug", flat=True)) == {"ruse", "rome"}


def test_a_new_programme_shows_its_first_steps_until_it_has_a_lab(user: User, programme: Programme) -> None:
    client = client_of(user)
    for page in ("cities", "people"):
        assert "First steps" in client.get(f"/organise/programmes/programme/{page}/").content.decode()
    f.LabFactory(programme=programme)
    for page in ("cities", "people"):
        assert "First steps" not in client.get(f"/organise/programmes/programme/{page}/").content.decode()
