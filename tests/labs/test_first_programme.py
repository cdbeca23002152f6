"""From an empty database to a lab that takes registrations, by the pages alone; cities of owners."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from core.accounts.models import User
from core.web.localized_fields import languages_of
from labs.models import City, Lab, Programme
from sessions.models import Session
from tests import factories as f
from tests.pages import client_of, form_of, send, text_of

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"
CITIES = "/organise/programmes/programme/cities/"


@pytest.fixture
def superuser() -> Client:
    return client_of(f.UserFactory(is_superuser=True, is_staff=True))


@pytest.fixture
def programme() -> Programme:
    return f.ProgrammeFactory(slug="programme", languages=["en", "bg"])


@pytest.fixture
def owner(programme: Programme) -> Client:
    return client_of(f.OwnerFactory(programme=programme).user)


def test_an_empty_installation_leads_from_createsuperuser_to_open_registration(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", interactive=False, email="admin@example.org", verbosity=0)
    home = text_of(client.get("/"))
    assert "There are no labs yet." in home
    assert 'href="/organise/"' in home
    sign_in = client.get("/organise/")["Location"]
    first = send(client, sign_in, login="admin@example.org", password=PASSWORD)["Location"]
    assert first == "/organise/"
    for page in ("/", first):
        assert 'href="/organise/new-programme/"' in text_of(client.get(page))

    cities = send(
        client,
        "/organise/new-programme/",
        name_0="Smart Cities",
        name_1="Умни градове",
        organiser_0="European Commission",
        languages=["en", "bg"],
        default_language="bg",
        visibility="public",
    )["Location"]
    made = Programme.objects.get()
    assert (made.slug, made.languages, made.visibility) == ("smart-cities", ["bg", "en"], "public")
    assert made.history.get().history_user == User.objects.get()
    assert cities == "/organise/programmes/smart-cities/cities/"

    page = text_of(client.get(cities))
    assert f'href="{cities}new/"' in page
    send(client, f"{cities}new/", name_0="Ruse", name_1="Русе", country="BG", time_zone="Europe/Sofia")
    city = made.cities.get()
    assert (city.slug, city.country, city.time_zone) == ("ruse", "BG", "Europe/Sofia")
    listed = client.get(cities).content.decode()
    assert "Sofia time" in listed
    assert "Europe/Sofia" not in listed
    assert languages_of(city.name) == {"en": "Ruse", "bg": "Русе"}

    assert 'href="/organise/programmes/smart-cities/new-lab/"' in text_of(client.get(cities))
    today = timezone.now().date()
    lab_page = send(
        client,
        "/organise/programmes/smart-cities/new-lab/",
        title_0="First Lab",
        starts_on=str(today + timedelta(days=30)),
        ends_on=str(today + timedelta(days=31)),
        time_zone="Europe/Sofia",
        opens_date=str(today - timedelta(days=1)),
        opens_time="09:00",
    )["Location"]
    assert lab_page == "/organise/labs/first-lab/"
    ask = send(
        client,
        f"{lab_page}new-session/",
        title_0="Opening",
        start_date=str(today + timedelta(days=30)),
        start_time="10:00",
        end_time="11:00",
        visibility="public",
    )["Location"]
    assert ask == f"{lab_page}sessions/opening/publish/"
    send(client, ask)
    send(client, f"{lab_page}publish/")
    assert Session.objects.get().visibility == "public"
    assert Lab.objects.get().takes_registrations(timezone.now())
    register = Client().get("/labs/first-lab/register/")
    assert register.status_code == 200
    assert "Opening" in text_of(register)


def test_a_new_programme_says_all_that_is_wrong_and_keeps_what_was_typed(superuser: Client) -> None:
    response = send(
        superuser, "/organise/new-programme/", name_1="Умни градове", languages=["en"], default_language="el"
    )
    page = text_of(response)
    assert response.status_code == 422
    assert "Enter this in at least one language" in page  # the organiser
    assert "You entered texts in this language: Български" in page
    assert "Choose one of the selected languages" in page
    assert 'value="Умни градове"' in page
    assert not Programme.objects.exists()


def test_a_programme_is_created_once_and_namesakes_get_addresses_of_their_own(superuser: Client) -> None:
    address = "/organise/new-programme/"
    answers = {"name_0": "Smart Cities", "organiser_0": "Commission"}
    data = form_of(superuser.get(address)).filled(**answers)
    assert superuser.post(address, data)["Location"] == superuser.post(address, data)["Location"]
    send(superuser, address, **answers)
    assert [one.slug for one in Programme.objects.order_by("slug")] == ["smart-cities", "smart-cities-2"]


def test_programmes_are_created_by_superusers_alone(owner: Client) -> None:
    assert owner.get("/organise/new-programme/").status_code == 404
    assert "/organise/new-programme/" not in text_of(owner.get("/organise/"))


def test_an_owner_creates_a_city_and_changes_it_and_the_labs_follow(
    owner: Client, programme: Programme
) -> None:
    lab = f.LabFactory(programme=programme)
    before = lab.revised_at
    send(owner, f"{CITIES}new/", name_0="Espoo", name_2="Έσπο", country="FI", time_zone="Europe/Helsinki")
    city = City.objects.get()
    assert list(city.programmes.all()) == [programme]
    lab.refresh_from_db()
    created_at = lab.revised_at
    assert created_at > before
    response = send(owner, f"{CITIES}espoo/edit/", name_0="Espoo (Esbo)", time_zone="Europe/Mariehamn")
    city.refresh_from_db()
    lab.refresh_from_db()
    assert response["Location"] == CITIES
    assert languages_of(city.name) == {"en": "Espoo (Esbo)", "el": "Έσπο"}
    assert city.slug == "espoo"
    assert lab.revised_at > created_at


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"name_0": ""}, "Enter the city’s name in at least one language."),
        ({"name_0": "x" * 101}, "Use at most 100 characters"),
        ({"country": ""}, "Choose a country."),
        ({"country": "EU"}, "Choose a country from the list."),
        ({"time_zone": "Mars/Olympus"}, "not in the list of time zones"),
        ({"name_0": "SOFIA", "country": "BG"}, "Sofia already exists."),
    ],
)
def test_a_city_that_cannot_be_is_not_created(owner: Client, answers: dict[str, Any], said: str) -> None:
    f.CityFactory(slug="sofia", name={"en": "Sofia"}, country="BG")
    usual = {"name_0": "Espoo", "country": "FI", "time_zone": "Europe/Helsinki"}
    response = send(owner, f"{CITIES}new/", **(usual | answers))
    assert response.status_code == 422
    assert said in text_of(response)
    assert City.objects.count() == 1


def test_a_city_of_other_programmes_too_is_changed_by_superusers_alone(
    owner: Client, superuser: Client, programme: Programme
) -> None:
    city = f.CityFactory(slug="sofia")
    programme.cities.add(city)
    address = f"{CITIES}sofia/edit/"
    assert owner.get(address).status_code == 200
    opened = form_of(owner.get(address)).filled(name_0="Mine")
    f.ProgrammeFactory().cities.add(city)
    assert owner.get(address).status_code == 404
    assert owner.post(address, opened).status_code == 404
    assert f'href="{address}"' not in text_of(owner.get(CITIES))
    send(superuser, address, name_0="Sofia")
    city.refresh_from_db()
    assert languages_of(city.name)["en"] == "Sofia"


def test_a_city_of_another_programme_is_not_there(owner: Client) -> None:
    f.ProgrammeFactory().cities.add(f.CityFactory(slug="sofia"))
    assert owner.get(f"{CITIES}sofia/edit/").status_code == 404


def test_two_who_change_a_city_are_told_of_each_other(owner: Client, programme: Programme) -> None:
    city = f.CityFactory(slug="sofia")
    programme.cities.add(city)
    address = f"{CITIES}sofia/edit/"
    mine = form_of(owner.get(address)).filled(name_0="Mine")
    send(owner, address, name_0="Theirs")
    response = owner.post(address, mine)
    assert response.status_code == 409
    assert "Theirs" in text_of(response)
    assert owner.post(address, form_of(response).filled())["Location"] == CITIES
    city.refresh_from_db()
    assert languages_of(city.name)["en"] == "Mine"


def test_the_administration_shows_languages_as_boxes(superuser: Client, programme: Programme) -> None:
    address = f"/admin/labs/programme/{programme.pk}/change/"
    page = form_of(superuser.get(address))
    assert page.values["languages"] == ["en", "bg"]
    response = superuser.post(address, page.filled(languages=["bg", "el"], default_language="el"))
    assert response.status_code == 302
    programme.refresh_from_db()
    assert programme.languages == ["el", "bg"]
    response = send(superuser, address, languages=["bg"], default_language="en")
    assert "Choose one of the selected languages" in text_of(response)
