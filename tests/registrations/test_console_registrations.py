"""The console's list of people: who is in it, in which order, at what cost."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.mail.models import Message
from labs.models import Lab
from registrations import emails, managing, seats, tags
from registrations.erasure import erase
from registrations.models import Registration
from tests import factories as f
from tests.api.asking import bearer
from tests.emails import became
from tests.pages import client_of, text_of

pytestmark = pytest.mark.django_db

LIST = "/organise/labs/lab/registrations/"


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab")


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


def names(client: Client, **query: str) -> list[str]:
    response = client.get(LIST, query)
    assert response.status_code == 200
    return [row.registration.name for row in response.context["rows"]]


def test_the_newest_come_first_and_the_order_can_be_turned(client: Client, lab: Lab) -> None:
    for name in ("Beta", "alpha", "Gamma"):
        f.RegistrationFactory(lab=lab, name=name)
    assert names(client) == ["Gamma", "alpha", "Beta"]
    assert names(client, sort="registered") == ["Beta", "alpha", "Gamma"]
    assert names(client, sort="name") == ["alpha", "Beta", "Gamma"]
    assert names(client, sort="-name") == ["Gamma", "Beta", "alpha"]


def test_by_confirmation_is_the_order_of_the_line(client: Client, lab: Lab) -> None:
    """Nodes whose clocks differ write instants that are not the order in which seats were taken."""
    now = timezone.now()
    session = f.SessionFactory(lab=lab, slug="opening", capacity=0)
    for name, place, minutes in (("third", 3, 1), ("first", 1, 5), ("second", 2, 9)):
        person = f.RegistrationFactory(lab=lab, name=name, confirmed_at=now - timedelta(minutes=minutes))
        f.SeatFactory(registration=person, session=session, state="waiting", queue_position=place)
    person = f.RegistrationFactory(lab=lab, name="gave up", confirmed_at=now - timedelta(days=1))
    f.SeatFactory(registration=person, session=session, state="cancelled", queue_position=None)
    f.RegistrationFactory(lab=lab, name="unconfirmed", state="unconfirmed", confirmed_at=None)
    assert names(client, session="opening", sort="confirmed") == ["first", "second", "third", "gave up"]
    assert names(client, session="opening", seat="waiting", sort="confirmed") == ["first", "second", "third"]
    assert names(client, sort="confirmed") == ["gave up", "second", "first", "third", "unconfirmed"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("демо участник", ["Демо Участник"]),  # capitals of any alphabet
        ("ΔΟΚΙΜΑΣΤΙΚΌΣ", ["Δοκιμαστικός"]),
        ("ANNEX", ["Demo participant"]),  # organisation
        ("alpha@", ["Δοκιμαστικός"]),  # email
        ("%", []),
        ("_", []),
        (".*", []),
        ("'; DROP TABLE", []),
        ("{{ lab }}", []),
    ],
)
def test_people_are_found_by_name_address_and_organisation(
    client: Client, lab: Lab, text: str, found: list[str]
) -> None:
    f.RegistrationFactory(lab=lab, name="Демо Участник")
    f.RegistrationFactory(lab=lab, name="Δοκιμαστικός", email="alpha@example.org")
    f.RegistrationFactory(lab=lab, name="Demo participant", organisation="The annex")
    assert names(client, q=text) == found


def test_filters_narrow_the_list_and_count_together(client: Client, lab: Lab) -> None:
    session, other = f.SessionFactory.create_batch(2, lab=lab, capacity=1)
    city = f.CityFactory()
    group = f.StakeholderGroupFactory(programme=lab.programme)
    lab.programme.cities.add(city)
    first = f.RegistrationFactory(lab=lab, name="first", city=city, language="bg", stakeholder_group=group)
    second = f.RegistrationFactory(lab=lab, name="second", city_text="Graz")
    f.RegistrationFactory(lab=lab, name="third", state="unconfirmed", confirmed_at=None, city=city)
    seats.take(first, {session.pk: "online"})
    seats.take(second, {session.pk: "online", other.pk: "online"})

    assert names(client, session=session.slug) == ["second", "first"]
    assert names(client, session=session.slug, seat="waiting") == ["second"]
    assert names(client, seat="confirmed") == ["second", "first"]
    assert names(client, city=city.slug) == ["third", "first"]
    assert names(client, city="-") == ["second"]
    assert names(client, group=group.slug) == ["first"]
    assert names(client, language="bg") == ["first"]
    assert names(client, state="unconfirmed") == ["third"]
    assert names(client, city=city.slug, state="confirmed", session=session.slug) == ["first"]


def test_who_is_in_the_room_and_who_is_online_is_seen_filtered_and_saved(client: Client, lab: Lab) -> None:
    talk = f.SessionFactory(
        lab=lab, slug="both", format="hybrid", room_capacity=1, online_capacity=50, title={"en": "Both"}
    )
    alone = f.SessionFactory(lab=lab, slug="web")
    people = {name: f.RegistrationFactory(lab=lab, name=name) for name in ("Alpha", "Beta", "Gamma", "Delta")}
    for name, mode in (("Alpha", "room"), ("Beta", "room"), ("Gamma", "online")):
        seats.take(people[name], {talk.pk: mode})
    seats.take(people["Delta"], {alone.pk: "online"})
    page = client.get(LIST, {"session": "both"})
    words = " ".join(page.content.decode().split())
    assert "In person: waiting list (1 waiting) · Online: 49 seats left" in words
    modes = {row.registration.name: row.seat.get_mode_display() for row in page.context["rows"]}
    assert modes == {"Alpha": "In person", "Beta": "In person", "Gamma": "Online"}
    assert '<span class="sub">In person</span>' in words
    assert names(client, session="both", mode="room", sort="name") == ["Alpha", "Beta"]
    assert names(client, mode="online", sort="name") == ["Delta", "Gamma"]
    assert names(client, mode="room", seat="waiting") == ["Beta"]
    exported = b"".join(
        client.get(reverse("console_registrations_csv", args=["lab"]), {"mode": "online"})
    ).decode()  # type: ignore[call-overload]
    assert ("Gamma" in exported, "Alpha" in exported) == (True, False)
    found = Client().get(
        "/api/v1/labs/lab/registrations",
        {"mode": "room"},
        headers=bearer(f.StaffFactory(lab=lab).user),
    )
    assert sorted(one["name"] for one in found.json()["items"]) == ["Alpha", "Beta"]
    assert tags.filter_query("mode=room&photos=no&page=2") == "mode=room&photos=no"


def test_the_place_in_the_waiting_list_is_told(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, capacity=1)
    for _number in range(3):
        seats.take(f.RegistrationFactory(lab=lab), {session.pk: "online"})
    rows = client.get(LIST, {"session": session.slug}).context["rows"]
    assert [(row.seat.state, row.position) for row in rows] == [
        ("waiting", 2),
        ("waiting", 1),
        ("confirmed", None),
    ]


@pytest.mark.parametrize(
    "query",
    [
        {"session": "no-such-session"},
        {"seat": "x"},
        {"state": "deleted"},
        {"city": "atlantis"},
        {"group": "0"},
        {"language": "xx"},
        {"sort": "email_key"},
        {"q": "a" * 5000},
        {"q": "a\0b"},
    ],
)
def test_a_filter_that_is_not_offered_is_told_and_left_out(
    client: Client, lab: Lab, query: dict[str, str]
) -> None:
    lab.programme.cities.add(f.CityFactory())
    f.StakeholderGroupFactory(programme=lab.programme)
    f.RegistrationFactory(lab=lab, name="first")
    response = client.get(LIST, query)
    assert [row.registration.name for row in response.context["rows"]] == ["first"]
    assert list(response.context["form"].errors) == list(query)
    assert "field-error" in response.content.decode()


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30, ""])
def test_a_page_that_does_not_exist_is_the_nearest_one(client: Client, lab: Lab, page: str) -> None:
    f.RegistrationFactory(lab=lab, name="first")
    assert names(client, page=page) == ["first"]


def test_filters_stay_while_pages_are_turned(client: Client, lab: Lab) -> None:
    f.RegistrationFactory.create_batch(101, lab=lab, language="bg")
    f.RegistrationFactory(lab=lab, language="en")
    body = client.get(LIST, {"language": "bg", "sort": "name"}).content.decode()
    assert "?language=bg&amp;sort=name&amp;page=2" in body
    assert len(names(client, language="bg", page="2")) == 1


def test_each_filter_in_use_is_named_and_can_be_removed_alone(client: Client, lab: Lab) -> None:
    f.RegistrationFactory(lab=lab, name="Alpha", language="bg")
    query = {"q": "alpha", "language": "bg", "state": "", "sort": "name", "page": "1"}
    response = client.get(LIST, query)
    in_use = [(one.name, one.value) for one in response.context["form"].filters_in_use]
    assert in_use == [("q", "alpha"), ("language", "Български")]
    body = response.content.decode()
    for rest in ("language=bg&amp;state=&amp;sort=name", "q=alpha&amp;state=&amp;sort=name"):
        assert body.count(f'<a class="chip" href="?{rest}">') == 1


def test_another_labs_people_and_sessions_are_not_there(client: Client, lab: Lab) -> None:
    stranger = f.RegistrationFactory(name="Stranger")
    f.RegistrationFactory(lab=lab, name="Own")
    foreign = f.SeatFactory(registration=stranger)
    assert names(client) == ["Own"]
    assert names(client, session=foreign.session.slug) == ["Own"]  # left out: not offered here


def test_an_erased_person_is_not_listed(client: Client, lab: Lab) -> None:
    erase(f.RegistrationFactory(lab=lab))
    response = client.get(LIST)
    assert response.context["rows"] == []
    assert "Nobody has registered yet." in response.content.decode()


def test_an_empty_list_says_what_will_be_there(client: Client, lab: Lab) -> None:
    assert "Registration is open." in client.get(LIST).content.decode()
    Lab.objects.update(registration_opens_at=None, registration_closes_at=None)
    assert "Registration is not open." in client.get(LIST).content.decode()
    f.RegistrationFactory(lab=lab)
    assert "No results." in client.get(LIST, {"q": "zzz"}).content.decode()


def test_a_mail_in_trouble_is_shown_before_one_that_went_well(client: Client, lab: Lab) -> None:
    person = f.RegistrationFactory(lab=lab)
    bounced = emails.confirm_address(person, 7, [])
    became(bounced, "bounced")
    emails.confirmation(person, managing.seats_of(person))
    [row] = client.get(LIST).context["rows"]
    assert row.mail == bounced
    for mail in Message.objects.all():
        became(mail, "sent")
    [row] = client.get(LIST).context["rows"]
    assert row.mail.occasion == "confirmation"


def test_a_row_leads_to_its_person_and_to_the_email(client: Client, lab: Lab) -> None:
    person = f.RegistrationFactory(lab=lab)
    email = emails.confirmation(person, [])
    body = client.get(LIST).content.decode()
    for address in (
        reverse("console_registration", args=["lab", person.public_id]),
        reverse("console_message", args=["lab", email.public_id]),
    ):
        assert body.count(f'href="{address}"') == 1


def test_the_list_costs_the_same_queries_for_three_people_and_for_forty(client: Client, lab: Lab) -> None:
    session, other = f.SessionFactory.create_batch(2, lab=lab, capacity=2)
    client.get(LIST)  # the first answer of a session writes its token
    costs = []
    for people in (3, 37):
        for _number in range(people):
            city = f.CityFactory()
            lab.programme.cities.add(city)
            group = f.StakeholderGroupFactory(programme=lab.programme)
            person = f.RegistrationFactory(lab=lab, city=city, stakeholder_group=group)
            seats.take(person, {session.pk: "online", other.pk: "online"})
            f.AttendanceFactory(registration=person, session=session)
            emails.confirmation(person, managing.seats_of(person))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(names(client, session=session.slug)) in (3, 40)
        costs.append(len(queries))
    assert costs[0] == costs[1]
    assert costs[0] <= 19


def test_people_are_the_organisers_business_alone(lab: Lab) -> None:
    person = f.RegistrationFactory(lab=lab)
    addresses = [LIST, "/organise/labs/lab/registrations.csv", f"{LIST}{person.public_id}/"]
    for staff in (
        f.StaffFactory(lab=lab, role="door"),
        f.StaffFactory(role="organiser"),
        f.DelegateFactory(programme=lab.programme),
    ):
        client = client_of(staff.user)
        assert [client.get(address).status_code for address in addresses] == [404] * 3
    visitor = Client()
    assert all(
        visitor.get(address).headers["Location"].startswith("/accounts/login/") for address in addresses
    )


def test_the_export_holds_who_is_shown_in_the_readers_language(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, title={"en": "Opening", "bg": "Откриване"})
    first = f.RegistrationFactory(lab=lab, name="Демо участник 1", language="bg")
    f.RegistrationFactory(lab=lab, name="Demo participant 2", language="en")
    seats.take(first, {session.pk: "online"})
    response: Any = client.get("/organise/labs/lab/registrations.csv", {"language": "bg"})
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="lab-registrations-20')
    assert "no-store" in response.headers["Cache-Control"]
    content = b"".join(response.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    lines = content.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[0].endswith("Opening")
    assert lines[1].startswith("Демо участник 1,")
    assert lines[1].endswith("Seat")
    bulgarian: Any = client.get("/organise/labs/lab/registrations.csv", {"lang": "bg"})
    content = b"".join(bulgarian.streaming_content)
    lines = content.decode("utf-8-sig").splitlines()
    assert lines[0].endswith(";Откриване")
    assert lines[1].startswith("Демо участник 1;")
    assert Registration.objects.count() == 2


def test_large_totals_are_written_as_the_reader_groups_them(client: Client, lab: Lab) -> None:
    f.SessionFactory(lab=lab, capacity=None, seats_taken=1293, seats_waiting=1)
    assert "1,293 seats, 1 place in waiting lists" in " ".join(text_of(client.get(LIST)).split())
    assert "1.293 θέσεις, " in " ".join(text_of(client.get(LIST, {"lang": "el"})).split())


def test_the_number_in_an_email_finds_its_registration_in_its_lab_alone(client: Client, lab: Lab) -> None:
    person, _other = f.RegistrationFactory.create_batch(2, lab=lab)
    elsewhere = f.RegistrationFactory()
    assert names(client, q=person.reference) == [person.name]
    assert names(client, q=f" {person.reference.lower().replace('-', '')}") == [person.name]
    assert names(client, q=elsewhere.reference) == []
