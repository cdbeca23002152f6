"""S6 (Hi.Events #312, #1224): a list at the door that gave names, emails and more to everyone who had its link."""

import pytest
from django.test import Client

from registrations import seats
from sessions.models import Session
from tests import factories as f
from tests.pages import client_of

pytestmark = pytest.mark.django_db

DOOR = "/organise/labs/lab/attendance/opening/"


@pytest.fixture
def session() -> Session:
    session = f.SessionFactory(lab=f.LabFactory(slug="lab"), slug="opening")
    person = f.RegistrationFactory(
        lab=session.lab,
        name="Demo participant",
        email="secret-address@example.org",
        organisation="Secret organisation",
        language="el",
        stakeholder_group=f.StakeholderGroupFactory(
            programme=session.lab.programme, name={"en": "Secret group"}
        ),
    )
    seats.take(person, {session.pk: "online"})
    return session


def test_the_door_reads_names_cities_and_seats_and_nothing_else(session: Session) -> None:
    client = client_of(f.StaffFactory(lab=session.lab, role="door").user)
    for address in (DOOR, f"{DOOR}all/", f"{DOOR}?q=demo"):
        body = client.get(address).content.decode()
        assert "Demo participant" in body
        assert "secret" not in body.lower()
        assert "Greek" not in body


def test_without_an_account_there_is_no_list(session: Session) -> None:
    for address in (DOOR, f"{DOOR}all/", "/organise/labs/lab/attendance/"):
        answer = Client().get(address)
        assert (answer.status_code, answer.content) == (302, b"")


def test_the_door_of_another_lab_and_a_door_that_was_closed_see_nothing(session: Session) -> None:
    staff = f.StaffFactory(lab=session.lab, role="door")
    elsewhere, closed = client_of(f.StaffFactory(role="door").user), client_of(staff.user)
    assert closed.get(DOOR).status_code == 200
    staff.delete()
    for client in (elsewhere, closed):
        assert client.get(DOOR).status_code == 404
        assert client.post(DOOR, {"present": "x"}).status_code == 404


def test_the_list_is_kept_by_no_cache(session: Session) -> None:
    client = client_of(f.StaffFactory(lab=session.lab, role="door").user)
    assert "no-store" in client.get(DOOR).headers["Cache-Control"]
