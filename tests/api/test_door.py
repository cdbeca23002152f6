"""The list at the door, as programs read it: what the page shows, and nothing more."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from labs.models import ApiToken, Lab
from registrations import seats
from registrations.models import Registration
from sessions.models import Session
from tests import factories as f
from tests.api.asking import bearer, organiser_of
from tests.api.problems import told
from tests.pages import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def session() -> Session:
    return f.SessionFactory(lab=f.LabFactory(slug="lab"), slug="opening", capacity=2)


def address(session: Session) -> str:
    return f"/api/v1/labs/{session.lab.slug}/sessions/{session.slug}/expected"


def door_of(lab: Lab, scopes: list[str] | None = None) -> dict[str, str]:
    return bearer(f.StaffFactory(lab=lab, role="door").user, ["attendance"] if scopes is None else scopes)


def registered(session: Session, name: str, seat: bool = True, **more: Any) -> Registration:
    person: Registration = f.RegistrationFactory(lab=session.lab, name=name, **more)
    if seat:
        seats.take(person, {session.pk: "online"})
    return person


def names(answer: Any) -> list[str]:
    return [item["name"] for item in answer.json()["items"]]


def test_the_door_reads_what_its_page_shows(session: Session) -> None:
    city = f.CityFactory()
    seated = registered(
        session, "demo participant 2", city=city, email="secret@example.org", organisation="Secret"
    )
    there = registered(session, "Demo participant 1", city_text="Elsewhere")
    waiting = registered(session, "Demo participant 0")
    without = registered(session, "Demo participant 3", seat=False)
    registered(session, "Demo participant 4", seat=False)
    registered(session, "Demo participant 5", seat=False, state="unconfirmed", confirmed_at=None)
    taken = [f.AttendanceFactory(registration=each, session=session).taken_at for each in (there, without)]
    answer = Client().get(address(session), headers=door_of(session.lab))
    moments = [each.isoformat(timespec="milliseconds").replace("+00:00", "Z") for each in taken]

    def guest(person: Registration, **more: Any) -> dict[str, Any]:
        said = {
            "city": {},
            "city_text": "",
            "seat": None,
            "mode": None,
            "taken_at": None,
            "elsewhere": None,
            "no_photos": False,
        }
        return {"registration": str(person.public_id), "name": person.name, **said, **more}

    assert answer.json() == {
        "items": [
            guest(there, city_text="Elsewhere", seat="confirmed", mode="online", taken_at=moments[0]),
            guest(seated, city=city.name, seat="confirmed", mode="online"),
            guest(waiting, seat="waiting", mode="online"),
            guest(without, taken_at=moments[1]),
        ],
        "count": 4,
    }
    page = client_of(organiser_of(session.lab))
    shown = page.get(f"/organise/labs/lab/attendance/{session.slug}/").content.decode()
    for item in answer.json()["items"]:
        assert item["name"] in shown


def test_a_session_in_both_modes_is_read_by_mode(session: Session) -> None:
    both = f.SessionFactory(lab=session.lab, slug="both", format="hybrid", room_capacity=1, online_capacity=9)
    for name, mode in (("Alpha", "room"), ("Beta", "room"), ("Gamma", "online")):
        seats.take(registered(session, name, seat=False), {both.pk: mode})
    headers = door_of(session.lab)
    listed = {
        mode: names(Client().get(address(both), {"mode": mode}, headers=headers))
        for mode in ("room", "online")
    }
    assert listed == {"room": ["Alpha", "Beta"], "online": ["Gamma"]}
    everyone = Client().get(address(both), headers=headers).json()["items"]
    assert [(one["name"], one["seat"], one["mode"]) for one in everyone] == [
        ("Alpha", "confirmed", "room"),
        ("Gamma", "confirmed", "online"),
        ("Beta", "waiting", "room"),
    ]


def test_whoever_came_without_a_seat_is_found_by_name(session: Session) -> None:
    registered(session, "Άννα Demo")
    registered(session, "Demo participant 2", seat=False, email="anna@example.org")
    other = f.SessionFactory()
    registered(other, "Demo participant of another lab")
    headers = door_of(session.lab)
    found = {
        text: names(Client().get(address(session), {"search": text}, headers=headers))
        for text in ("demo", " DEMO ", "άνν", "anna", "%%", "participant")
    }
    assert found == {
        "demo": ["Άννα Demo", "Demo participant 2"],
        " DEMO ": ["Άννα Demo", "Demo participant 2"],
        "άνν": ["Άννα Demo"],
        "anna": [],
        "%%": [],
        "participant": ["Demo participant 2"],
    }


@pytest.mark.parametrize("text", ["", "d", " d ", "  "])
def test_a_letter_finds_nobody(session: Session, text: str) -> None:
    answer = Client().get(address(session), {"search": text}, headers=door_of(session.lab))
    assert told(answer, 422)["errors"] == [{"field": "search", "message": "Enter at least 2 characters."}]


@pytest.mark.parametrize("text", ["李", "김", "か", " 李 "])
def test_one_sign_that_is_no_letter_of_an_alphabet_finds_a_name(session: Session, text: str) -> None:
    f.RegistrationFactory(lab=session.lab, name=f"{text.strip()}明")
    f.RegistrationFactory(lab=session.lab, name="Demo participant")
    answer = Client().get(address(session), {"search": text}, headers=door_of(session.lab))
    assert names(answer) == [f"{text.strip()}明"]


def test_a_search_lists_a_hundred_people_at_most(session: Session) -> None:
    for number in range(101):
        f.RegistrationFactory(lab=session.lab, name=f"Demo participant {number:03}")
    headers, query = door_of(session.lab), {"search": "demo", "limit": 80}
    pages = [Client().get(address(session), query | {"offset": at}, headers=headers) for at in (0, 80)]
    assert [len(names(page)) for page in pages] == [80, 20]
    assert [page.json()["count"] for page in pages] == [100, 100]
    assert names(pages[1])[-1] == "Demo participant 099"


def test_the_list_is_cut_by_limit_and_offset(session: Session) -> None:
    for number in range(3):
        registered(session, f"Demo participant {number}")
    answer = Client().get(address(session), {"limit": 1, "offset": 1}, headers=door_of(session.lab))
    assert (names(answer), answer.json()["count"]) == (["Demo participant 1"], 3)


def test_it_is_private_and_a_repeated_question_is_answered_304(session: Session) -> None:
    person, headers = registered(session, "Demo participant 1"), door_of(session.lab)
    first = Client().get(address(session), headers=headers)
    assert first["Cache-Control"] == "private, no-cache"
    again = Client().get(address(session), headers=headers | {"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    f.AttendanceFactory(registration=person, session=session)
    after = Client().get(address(session), headers=headers | {"If-None-Match": first["ETag"]})
    assert after.status_code == 200
    assert after["ETag"] != first["ETag"]


def test_it_costs_the_same_queries_for_two_people_and_for_twenty(
    session: Session, django_assert_max_num_queries: Any
) -> None:
    headers, counts = door_of(session.lab), []
    for people in (2, 20):
        for number in range(people):
            city = f.CityFactory() if number % 2 else None
            person = registered(session, f"Demo participant {number}", city=city)
            f.AttendanceFactory(registration=person, session=session)
        with django_assert_max_num_queries(7) as captured:
            Client().get(address(session), headers=headers)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_strangers_find_nothing_and_a_token_without_the_scope_is_told(session: Session) -> None:
    registered(session, "Demo participant 1")
    elsewhere = f.StaffFactory(role="door").user
    delegate = f.DelegateFactory(programme=session.lab.programme, city=f.CityFactory()).user
    for headers in ({}, bearer(elsewhere), bearer(delegate), bearer(f.UserFactory())):
        told(Client().get(address(session), headers=headers), 404)
    others = [scope.value for scope in ApiToken.Scope if scope != ApiToken.Scope.ATTENDANCE]
    problem = told(Client().get(address(session), headers=door_of(session.lab, others)), 403)
    assert problem["detail"] == "This API key does not have the permission “attendance”."
    closed = f.StaffFactory(lab=session.lab, role="door")
    headers = bearer(closed.user, ["attendance"])
    assert Client().get(address(session), headers=headers).status_code == 200
    closed.delete()
    told(Client().get(address(session), headers=headers), 404)


def test_nobody_is_expected_where_nothing_takes_place(session: Session) -> None:
    lab, headers = session.lab, door_of(session.lab)
    for other in (
        f.SessionFactory(lab=lab, visibility="draft"),
        f.SessionFactory(lab=lab, status="cancelled", cancelled_at=timezone.now()),
        f.SessionFactory(),
    ):
        told(Client().get(f"/api/v1/labs/lab/sessions/{other.slug}/expected", headers=headers), 404)


def test_who_was_erased_is_expected_nowhere(session: Session) -> None:
    person = registered(session, "Demo participant 1")
    Registration.objects.filter(pk=person.pk).update(erased_at=timezone.now() - timedelta(minutes=1))
    assert names(Client().get(address(session), headers=door_of(session.lab))) == []


def test_attendance_is_taken_with_what_the_list_says(session: Session) -> None:
    registered(session, "Demo participant 1")
    headers = door_of(session.lab)
    [item] = Client().get(address(session), headers=headers).json()["items"]
    taken = (
        Client()
        .put(f"/api/v1/labs/lab/sessions/opening/attendance/{item['registration']}", headers=headers)
        .json()
    )
    [after] = Client().get(address(session), headers=headers).json()["items"]
    assert after == item | {"taken_at": taken["taken_at"]}


def test_the_door_reads_who_is_marked_elsewhere_at_the_same_time() -> None:
    session = f.SessionFactory()
    parallel = f.SessionFactory(lab=session.lab)
    person = f.AttendanceFactory(session=parallel, registration__lab=session.lab).registration
    f.SeatFactory(registration=person, session=session)
    headers = bearer(f.StaffFactory(lab=session.lab, role="door").user)
    address = f"/api/v1/labs/{session.lab.slug}/sessions/{session.slug}/expected"
    [guest] = Client().get(address, headers=headers).json()["items"]
    assert guest["elsewhere"] == parallel.slug
