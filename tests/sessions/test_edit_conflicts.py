"""Two organisers who edit the same thing at once: neither overwrites the other unseen, on any form of the console."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.web.localized_fields import languages_of
from labs.lab_editing import set_logo, unpublish_lab
from labs.models import Lab, Room
from registrations.models import Registration
from sessions import publishing
from sessions.models import Speaker
from tests import factories as f
from tests.pages import client_of, form_of, send, text_of
from tests.sessions.test_console_lab import png

pytestmark = pytest.mark.django_db


@dataclass
class Page:
    """A form of one row: what one person saves with it, what another types, and where that is stored."""

    address: str
    row: Model
    column: str
    theirs: dict[str, Any]
    mine: dict[str, Any]
    elsewhere: dict[str, Any]  # a column that the form does not show
    told: tuple[str, str] = ("en: Theirs", "en: Mine")

    def value(self) -> Any:
        stored = getattr(type(self.row)._base_manager.get(pk=self.row.pk), self.column)
        return stored if isinstance(stored, str) else languages_of(stored)["en"]


@pytest.fixture
def lab() -> Lab:
    programme = f.ProgrammeFactory(slug="programme", languages=["en", "bg"])
    return f.LabFactory(
        programme=programme,
        slug="lab",
        starts_on=date(2027, 4, 6),
        ends_on=date(2027, 4, 9),
        colour="#00564e",
    )


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.OwnerFactory(programme=lab.programme).user)


def of_lab(lab: Lab) -> Page:
    return Page(
        "/organise/labs/lab/settings/", lab, "title",
        {"title_0": "Theirs"}, {"title_0": "Mine"}, {"visibility": "draft"},
    )  # fmt: skip


def of_programme(lab: Lab) -> Page:
    return Page(
        "/organise/programmes/programme/", lab.programme, "name",
        {"name_0": "Theirs"}, {"name_0": "Mine"}, {"slug": "programme"},
    )  # fmt: skip


def of_room(lab: Lab) -> Page:
    room = f.RoomFactory(lab=lab)
    return Page(
        f"/organise/labs/lab/rooms/{room.pk}/", room, "name",
        {"name_0": "Theirs"}, {"name_0": "Mine"}, {"lab": lab.pk},
    )  # fmt: skip


def of_speaker(lab: Lab) -> Page:
    speaker = f.SpeakerFactory(programme=lab.programme, slug="speaker")
    return Page(
        "/organise/labs/lab/speakers/speaker/", speaker, "name",
        # The lab is in English and Bulgarian: its form does not show the Greek text.
        {"name_0": "Theirs"}, {"name_0": "Mine"}, {"name": {**languages_of(speaker.name), "el": "Αλλού"}},
    )  # fmt: skip


def of_details(lab: Lab) -> Page:
    person = f.RegistrationFactory(lab=lab)
    return Page(
        f"/organise/labs/lab/registrations/{person.public_id}/edit/", person, "name",
        {"name": "Theirs"}, {"name": "Mine"}, {"email": "elsewhere@example.org"}, ("Theirs", "Mine"),
    )  # fmt: skip


def of_address(lab: Lab) -> Page:
    person = f.RegistrationFactory(lab=lab)
    return Page(
        f"/organise/labs/lab/registrations/{person.public_id}/address/", person, "email",
        {"email": "theirs@example.org"}, {"email": "mine@example.org"}, {"name": "Somebody"},
        ("theirs@example.org", "mine@example.org"),
    )  # fmt: skip


PAGES = [of_lab, of_programme, of_room, of_speaker, of_details, of_address]
pages = pytest.mark.parametrize("of", PAGES, ids=[one.__name__ for one in PAGES])
Of = Callable[[Lab], Page]


@pages
def test_what_was_saved_meanwhile_is_shown_and_overwritten_only_knowingly(
    client: Client, lab: Lab, of: Of
) -> None:
    page = of(lab)
    opened = form_of(client.get(page.address))
    assert client.post(page.address, opened.filled(**page.theirs)).status_code == 302
    theirs = page.value()

    response = client.post(page.address, opened.filled(**page.mine))

    assert response.status_code == 409
    assert page.value() == theirs
    said = text_of(response)
    assert "Someone saved this while you were editing" in said
    [difference] = response.context["conflict"]
    assert (difference.before, difference.after) == page.told
    assert f"<td>{page.told[0]}</td><td>{page.told[1]}</td>" in said
    # What was typed is kept, and the same button saves it now.
    again = form_of(response)
    [(name, typed)] = page.mine.items()
    assert again.values[name] == [typed]
    assert client.post(page.address, again.filled()).status_code == 302
    assert page.value() == typed


@pages
def test_the_same_answers_of_both_are_no_conflict(client: Client, lab: Lab, of: Of) -> None:
    page = of(lab)
    opened = form_of(client.get(page.address))
    for _ in range(2):
        assert client.post(page.address, opened.filled(**page.mine)).status_code == 302
    assert page.value() == next(iter(page.mine.values()))


@pages
def test_a_change_of_what_the_form_does_not_show_is_no_conflict(client: Client, lab: Lab, of: Of) -> None:
    page = of(lab)
    opened = form_of(client.get(page.address))
    type(page.row)._base_manager.filter(pk=page.row.pk).update(**page.elsewhere)
    assert client.post(page.address, opened.filled(**page.mine)).status_code == 302
    assert page.value() == next(iter(page.mine.values()))
    for name, value in page.elsewhere.items():
        stored = getattr(type(page.row)._base_manager.get(pk=page.row.pk), name)
        if name == "name" and isinstance(value, dict):
            assert languages_of(stored)["el"] == "Αλλού"
        else:
            assert getattr(stored, "pk", stored) == value


@pages
@pytest.mark.parametrize("forged", [None, "", "nonsense", "0" * 64, "x:y\u0000", "é" * 5000])
def test_a_version_that_is_none_saves_nothing_unseen(
    client: Client, lab: Lab, of: Of, forged: str | None
) -> None:
    page = of(lab)
    before = page.value()
    response = client.post(
        page.address, form_of(client.get(page.address)).filled(**page.mine, version=forged)
    )
    assert response.status_code == 409
    assert page.value() == before
    assert client.post(page.address, form_of(response).filled()).status_code == 302
    assert page.value() == next(iter(page.mine.values()))


@pages
def test_a_form_with_something_wrong_keeps_what_it_saw(client: Client, lab: Lab, of: Of) -> None:
    page = of(lab)
    opened = form_of(client.get(page.address))
    client.post(page.address, opened.filled(**page.theirs))
    wrong = client.post(page.address, opened.filled(**dict.fromkeys(page.mine, "\u202e")))
    assert wrong.status_code == 422
    assert client.post(page.address, form_of(wrong).filled(**page.mine)).status_code == 409


@pages
def test_saving_costs_the_same_queries_with_and_without_much_around(client: Client, lab: Lab, of: Of) -> None:
    page = of(lab)
    costs = []
    for number in range(2):
        opened = form_of(client.get(page.address))
        client.post(page.address, opened.filled(**dict.fromkeys(page.theirs, f"theirs{number}@example.org")))
        with CaptureQueriesContext(connection) as queries:
            answer = client.post(
                page.address, opened.filled(**dict.fromkeys(page.mine, f"mine{number}@example.org"))
            )
        assert answer.status_code == 409
        costs.append(len(queries))
        f.RoomFactory.create_batch(3, lab=lab)
        f.SpeakerFactory.create_batch(3, programme=lab.programme)
        lab.programme.cities.add(*f.CityFactory.create_batch(3))
        f.RegistrationFactory.create_batch(3, lab=lab)
    # Cities that were not there before are one question.
    assert costs[1] - costs[0] <= 1


def test_all_that_differs_is_listed_in_words(client: Client, lab: Lab) -> None:
    sofia, plovdiv = (f.CityFactory(name={"en": name}) for name in ("Sofia", "Plovdiv"))
    address = "/organise/programmes/programme/"
    opened = form_of(client.get(address))
    client.post(address, opened.filled(cities=[sofia.pk], cities_total="9", name_1="Тяхно"))
    answer = client.post(
        address, opened.filled(cities=[plovdiv.pk, sofia.pk], visibility="draft", languages=["en"])
    )
    assert answer.status_code == 409
    assert [(one.label, one.before, one.after) for one in answer.context["conflict"]] == [
        ("Languages", "English, Български", "English"),
        ("Name", "bg: Тяхно", f"bg: {opened.values['name_1'][0]}"),
        ("Participating cities", "Sofia", "Plovdiv, Sofia"),
        ("Total number of cities", "9", "–"),
        ("Who can see it", "Public: everyone", "Draft: owners only, until one of its labs is public"),
    ]  # fmt: skip


def test_hours_of_registration_and_a_colour_are_compared_as_they_are_meant(client: Client, lab: Lab) -> None:
    address = "/organise/labs/lab/settings/"
    opened = form_of(client.get(address))
    times = {"opens_date": "2027-03-01", "opens_time": "09:00"}
    client.post(address, opened.filled(**times, colour="#0A7", starts_on="2027-04-05"))
    answer = client.post(address, opened.filled(opens_date="2027-03-01", opens_time="9.30", colour="#0a7"))
    assert [(one.label, one.before, one.after) for one in answer.context["conflict"]] == [
        ("First day", "5 April 2027", "6 April 2027"),
        ("Opening time", "09:00", "09:30"),
    ]


def test_a_logo_that_somebody_else_chose_meanwhile_is_not_replaced_unseen(client: Client, lab: Lab) -> None:
    address = "/organise/labs/lab/settings/"
    opened = form_of(client.get(address))
    words = {"logo_alt_0": "A red field"}
    client.post(address, opened.filled(**words, logo=png()))
    lab.refresh_from_db()
    theirs = lab.logo.name
    answer = client.post(address, opened.filled(**words, logo=png()))
    assert answer.status_code == 409
    assert "Choose it again" in text_of(answer)
    lab.refresh_from_db()
    assert lab.logo.name == theirs
    client.post(address, form_of(answer).filled(logo=png()))
    lab.refresh_from_db()
    assert lab.logo.name != theirs
    set_logo(lab, None)


@pytest.mark.parametrize(
    ("of", "model", "said"),
    [
        (of_room, Room, "Someone deleted this room while you were editing"),
        (of_speaker, Speaker, "Someone deleted this speaker while you were editing"),
    ],
    ids=["room", "speaker"],
)
def test_what_was_deleted_meanwhile_is_told_and_made_anew_only_knowingly(
    client: Client, lab: Lab, of: Of, model: Any, said: str
) -> None:
    page = of(lab)
    opened = form_of(client.get(page.address))
    page.row.delete()
    response = client.post(page.address, opened.filled(**page.mine))
    assert response.status_code == 409
    assert said in text_of(response)
    assert not model.objects.exists()
    again = form_of(response)
    assert again.values["name_0"] == ["Mine"]
    assert client.post(again.action, again.filled()).status_code == 302
    assert [languages_of(row.name)["en"] for row in model.objects.all()] == ["Mine"]
    # Whoever never saw it is told nothing.
    assert client.post(page.address, opened.filled(version="nonsense")).status_code == 404
    assert client.get(page.address).status_code == 404


@pytest.mark.parametrize("part", ["edit", "address"])
def test_a_person_who_was_cancelled_or_erased_meanwhile_is_told_of(
    client: Client, lab: Lab, part: str
) -> None:
    person: Registration = f.RegistrationFactory(lab=lab)
    home = f"/organise/labs/lab/registrations/{person.public_id}/"
    opened = form_of(client.get(f"{home}{part}/")).filled(name="Back", email="back@example.org")
    send(client, f"{home}cancel/")
    answer = client.post(f"{home}{part}/", opened, follow=True)
    assert answer.redirect_chain[0][0] == home
    assert "This registration is not confirmed or is cancelled." in text_of(answer)
    send(client, f"{home}erase/")
    answer = client.post(f"{home}{part}/", opened, follow=True)
    assert "This registration no longer exists." in text_of(answer)
    assert client.post(f"{home}{part}/", {**opened, "version": "nonsense"}).status_code == 404
    assert not Registration.objects.filter(name="Back").exists()


def test_who_sees_it_and_whether_it_takes_place_disturb_no_form_that_is_open(
    client: Client, lab: Lab
) -> None:
    session = f.SessionFactory(lab=lab, start_date=date(2027, 4, 6))
    pages = ["/organise/labs/lab/settings/", f"/organise/labs/lab/sessions/{session.slug}/"]
    opened = [form_of(client.get(page)) for page in pages]
    unpublish_lab(lab)
    publishing.cancel(session, tell=False)
    for page, form in zip(pages, opened, strict=True):
        assert client.post(page, form.filled(title_0="Mine")).status_code == 302
    session.refresh_from_db()
    assert (languages_of(session.title)["en"], session.is_cancelled) == ("Mine", True)


def test_saving_raises_the_version_and_saving_the_same_does_not(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, start_date=date(2027, 4, 6))
    rows = {page.address: page.row for page in (of(lab) for of in PAGES[:-1])}
    rows[f"/organise/labs/lab/sessions/{session.slug}/"] = session
    for address, row in rows.items():
        versions = []
        for change in ({}, {}, {"name": "New", "name_0": "New", "title_0": "New"}):
            assert send(client, address, **change).status_code == 302
            versions.append(type(row)._base_manager.values_list("version", flat=True).get(pk=row.pk))
        assert versions[0] == versions[1] == versions[2] - 1, address
