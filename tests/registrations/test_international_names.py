"""People are found however their names are typed, and listed as the reader's alphabet has them: page, door and API."""

import unicodedata
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from labs.models import Lab
from registrations.managing import change_details
from registrations.models import Registration
from registrations.registering import Details
from tests import factories as f
from tests.api.asking import bearer
from tests.emails import reset_email
from tests.pages import client_of, text_of
from tests.registrations.form_posts import answers, send

pytestmark = pytest.mark.django_db

# name, and ways in which somebody may type it
TYPED = [
    (
        "Jean‑François d’Ormesson-L’Hôpital",
        ["jean-francois", "D'ORMESSON", "lhopital jean", "francois dormesson"],
    ),
    ("Nguyễn Thị Ánh Tuyết", ["nguyen thi anh tuyet", "TUYẾT ÁNH", unicodedata.normalize("NFD", "Nguyễn")]),
    ("ΓΙΩΡΓΟΣ ΠΑΠΑΔΌΠΟΥΛΟΣ", ["Γιώργος", "παπαδοπουλος γιωργος", "ΠΑΠΑΔΌΠΟΥΛΟΣ"]),
    ("Дем’яненко Їжакевич", ["дем'яненко", "демяненко", "ЇЖАКЕВИЧ  Дем`яненко"]),
    ("Андрей Тодоров", ["андрей", unicodedata.normalize("NFD", "Андрей"), "тодоров  андрей"]),
    ("Weiß-Großmann", ["weiss grossmann", "GROSSMANN", "weiß‐großmann"]),
    ("İlknur Işık", ["ilknur isik", "IŞIK"]),
    ("Þórunn Ðórðardóttir", ["thorunn", "dordardottir"]),
    ("Žofie Řeřichová", ["rerichova zofie"]),
    ("ﬁona Mc Donald", ["fiona", "mcdonald", "mc donald"]),
    ("ʻalohilani Kaʻiulani", ["kaiulani", "ka'iulani", "Ka‘iulani"]),
    ("J. R. R. Tolkien", ["jrr tolkien", "J.R.R."]),
    ("김 철수", ["철수 김", "김철수"]),
]
OTHERS = ("Demo participant", "Anna Maria", "Божидар", "Ελένη")


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab")


@pytest.fixture
def organiser(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab, role="organiser").user)


def listed(client: Client, **query: str) -> list[str]:
    rows = client.get("/organise/labs/lab/registrations/", query).context["rows"]
    return [row.registration.name for row in rows]


@pytest.mark.parametrize(("name", "typed"), TYPED)
def test_a_person_is_found_however_the_name_is_typed(
    lab: Lab, organiser: Client, name: str, typed: list[str]
) -> None:
    session = f.SessionFactory(lab=lab, slug="opening")
    for other in (name, *OTHERS):
        f.RegistrationFactory(lab=lab, name=other, organisation="Demo")
    api = Client()
    headers = bearer(f.StaffFactory(lab=lab, role="organiser").user, ["registrations", "attendance"])

    def door(text: str) -> list[str]:
        return [
            one.name
            for one in organiser.get(f"/organise/labs/lab/attendance/{session.slug}/", {"q": text}).context[
                "guests"
            ]
        ]

    def of_api(where: str, text: str) -> list[str]:
        answer = api.get(f"/api/v1/labs/lab/{where}", {"search": text}, headers=headers)
        return [item["name"] for item in answer.json()["items"]]

    for text in typed:
        assert listed(organiser, q=text) == [name], text
        assert door(text) == [name], text
        assert of_api("registrations", text) == [name], text
        assert of_api("sessions/opening/expected", text) == [name], text


def test_emails_are_found_by_the_name_of_whom_they_are_for(lab: Lab, organiser: Client) -> None:
    for name in ("Δήμητρα Φώτη", *OTHERS):
        reset_email(key=name, to_email="one@example.org", language="el", to_name=name, lab=lab)

    page = organiser.get("/organise/labs/lab/mail/", {"q": "ΦΩΤΗ δημητρα"})

    assert [message.to_name for message in page.context["page_obj"]] == ["Δήμητρα Φώτη"]


def test_what_was_typed_finds_the_name_that_a_person_has_now(lab: Lab, organiser: Client) -> None:
    person: Registration = f.RegistrationFactory(lab=lab, name="Before Marriage", email="first@example.org")

    change_details(
        person, Details(name="Çağla Yıldız", language="en", time_zone="Europe/Sofia", organisation="Büro")
    )

    assert [listed(organiser, q=text) for text in ("before", "cagla yildiz", "buro", "first@")] == [
        [], ["Çağla Yıldız"], ["Çağla Yıldız"], ["Çağla Yıldız"],
    ]  # fmt: skip


def test_the_door_is_told_nobody_by_an_address_or_an_organisation(lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, slug="opening")
    f.RegistrationFactory(lab=lab, name="Anna", email="hidden@example.org", organisation="Hidden office")
    client = client_of(f.StaffFactory(lab=lab, role="door").user)

    for text in ("hidden", "example.org", "office"):
        assert (
            client.get(f"/organise/labs/lab/attendance/{session.slug}/", {"q": text}).context["guests"] == []
        )


ORDER: dict[str, list[str]] = {
    "en": ["Ábel", "anna", "Łukasz", "Ørsted", "Zoe", "Άννα", "Ζωή", "Борис", "Илия", "Йоана", "Яна"],
    "bg": ["Борис", "Илия", "Йоана", "Яна", "Ábel", "anna", "Łukasz", "Ørsted", "Zoe", "Άννα", "Ζωή"],
    "el": ["Άννα", "Ζωή", "Ábel", "anna", "Łukasz", "Ørsted", "Zoe", "Борис", "Илия", "Йоана", "Яна"],
}  # fmt: skip


@pytest.mark.parametrize("language", ORDER)
def test_lists_by_name_follow_the_readers_alphabet(lab: Lab, organiser: Client, language: str) -> None:
    session = f.SessionFactory(lab=lab, slug="opening")
    programme = lab.programme
    for name in sorted(ORDER["en"], reverse=True):
        person = f.RegistrationFactory(lab=lab, name=name)
        f.AttendanceFactory(registration=person, session=session)
        programme.cities.add(f.CityFactory(name={"en": name}))
        speaker = f.SpeakerFactory(programme=programme, name={"en": name})
        f.AppearanceFactory(session=session, speaker=speaker)

    def names(rows: Any) -> list[str]:
        return [row.name for row in rows]

    guests = organiser.get("/organise/labs/lab/attendance/opening/", {"lang": language}).context["guests"]
    form = Client().get("/labs/lab/register/", {"lang": language}).context["form"]
    speakers = Client().get("/labs/lab/speakers/", {"lang": language}).context["speakers"]

    assert listed(organiser, sort="name", lang=language) == ORDER[language]
    assert listed(organiser, sort="-name", lang=language) == ORDER[language][::-1]
    assert names(guests) == ORDER[language]
    assert [label for _value, label in form.fields["city"].choices][1:-1] == ORDER[language]
    assert [strip_tags(person.name) for person, _rows in speakers] == ORDER[language]


def test_who_registers_is_told_at_once_what_no_certificate_can_print_of_the_name(client: Client) -> None:
    session = f.SessionFactory()

    told = text_of(send(client, session.lab, answers(session, name="李明")))
    fine = text_of(send(client, session.lab, answers(session, email="participant18@example.org")))

    assert "Certificates cannot show: 李 (U+674E), 明 (U+660E)." in told
    assert "Certificates cannot show" not in fine
