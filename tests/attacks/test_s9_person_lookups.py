"""S9 (Indico CVE-2025-53640, CVE-2025-59034): everybody's names, by counting ids or by empty searches."""

import pytest
from django.test import Client

from registrations.door import MAX_FOUND
from sessions.models import Session
from tests import factories as f
from tests.pages import client_of
from tests.walks.routes import routes

pytestmark = pytest.mark.django_db

DOOR = "/organise/labs/lab/attendance/opening/"


@pytest.fixture
def session() -> Session:
    return f.SessionFactory(lab=f.LabFactory(slug="lab"), slug="opening")


@pytest.fixture
def client(session: Session) -> Client:
    return client_of(f.StaffFactory(lab=session.lab, role="door").user)


def found(client: Client, text: str) -> list[str]:
    return [guest.name for guest in client.get(DOOR, {"q": text}).context["guests"]]


@pytest.mark.parametrize(
    "text", ["", " ", "a", "%", "%%", "__", ".*", "..", "(?i)", "\\w\\w", "example.org", "%@%"]
)
def test_the_door_cannot_list_people_who_have_no_seat_here(
    client: Client, session: Session, text: str
) -> None:
    f.RegistrationFactory(lab=session.lab, name="Abel Example")
    assert found(client, "abel") == ["Abel Example"]
    assert found(client, text) == []


def test_people_of_other_labs_are_never_found(client: Client, session: Session) -> None:
    f.RegistrationFactory(name="Abel Example")
    assert found(client, "abel") == []


def test_one_search_gives_at_most_a_page_of_people(client: Client, session: Session) -> None:
    for number in range(MAX_FOUND + 5):
        f.RegistrationFactory(lab=session.lab, name=f"Demo participant {number}")
    assert len(found(client, "demo")) == MAX_FOUND
    assert client.get(DOOR, {"q": "demo", "page": "2"}).context["page_obj"].number == 1


def test_a_search_of_any_length_is_answered(client: Client, session: Session) -> None:
    assert found(client, "x" * 5000) == []


def test_no_address_of_a_person_or_a_mail_holds_a_number_that_can_be_counted() -> None:
    personal = [
        route.path
        for route in routes()
        if route.path.startswith("organise/")
        and ("registration" in route.parameters or "message" in route.parameters)
    ]
    assert personal
    # A note's number leads nowhere without the person's own address before it.
    assert [path for path in personal if "<int:" in path and "<uuid:registration>" not in path] == []
