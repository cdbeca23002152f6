"""The first pages of the console: all of a person's labs, and one lab at a glance."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from labs.models import Lab
from registrations.erasure import erase
from sessions import calendar_links
from tests import factories as f
from tests.pages import client_of

pytestmark = pytest.mark.django_db

HOME = "/organise/"


def text(response: Any) -> str:
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def fill(lab: Lab, count: int) -> None:
    for _ in range(count):
        session = f.SessionFactory(
            lab=lab, room=f.RoomFactory(lab=lab), capacity=5, seats_taken=2, seats_waiting=1
        )
        f.AppearanceFactory(session=session)
        f.SeatFactory(registration=f.RegistrationFactory(lab=lab, city=f.CityFactory()), session=session)


def test_whoever_is_not_signed_in_is_asked_to() -> None:
    assert Client().get(HOME)["Location"] == "/accounts/login/?next=/organise/"


def test_an_organiser_sees_own_labs_with_figures_and_no_others() -> None:
    lab: Lab = f.LabFactory(slug="mine", title={"en": "My lab"})
    fill(lab, 3)
    f.LabFactory(title={"en": "Their lab"})
    f.MessageFactory(lab=lab, state="bounced")
    page = text(client_of(f.StaffFactory(lab=lab).user).get(HOME))
    assert "My lab" in page
    assert "Their lab" not in page
    assert "<dd>3</dd>" in page
    assert "<dd>6</dd>" in page
    assert "1 email needs attention" in page
    assert "New lab" not in page


def test_an_owner_sees_all_labs_of_the_programme_and_may_make_one() -> None:
    programme = f.ProgrammeFactory(slug="programme")
    f.LabFactory(programme=programme, title={"en": "Draft lab"}, visibility="draft")
    page = text(client_of(f.OwnerFactory(programme=programme).user).get(HOME))
    assert "Draft lab" in page
    assert "/organise/programmes/programme/new-lab/" in page


def test_coming_labs_stand_before_past_ones() -> None:
    programme = f.ProgrammeFactory()
    today = timezone.now().date()
    for name, days in (("Past", -40), ("Later", 60), ("Soon", 5)):
        f.LabFactory(
            programme=programme,
            title={"en": f"{name} lab"},
            starts_on=today + timedelta(days=days),
            registration_opens_at=None,
        )
    page = text(client_of(f.OwnerFactory(programme=programme).user).get(HOME))
    places = [page.index(f"{name} lab") for name in ("Soon", "Later", "Past")]
    assert places == sorted(places)


def test_a_past_lab_tells_how_many_came_instead_of_the_days_to_go() -> None:
    today = timezone.now().date()
    lab: Lab = f.LabFactory(
        starts_on=today - timedelta(days=9), ends_on=today - timedelta(days=8), registration_opens_at=None
    )
    sessions = f.SessionFactory.create_batch(2, lab=lab, status="cancelled", cancelled_at=timezone.now())
    came = f.RegistrationFactory(lab=lab)
    for session in sessions:
        f.AttendanceFactory(registration=came, session=session)
    page = text(client_of(f.StaffFactory(lab=lab).user).get(HOME))
    assert "<dt>People who attended</dt><dd>1</dd>" in page
    assert "Days to the next session" not in page


def test_door_staff_go_to_attendance_and_see_no_figures() -> None:
    lab = f.LabFactory(slug="lab")
    fill(lab, 1)
    client = client_of(f.StaffFactory(lab=lab, role="door").user)
    page = text(client.get(HOME))
    assert "/organise/labs/lab/attendance/" in page
    assert "<dd>" not in page
    assert client.get("/organise/labs/lab/").status_code == 404


def test_a_delegate_sees_what_is_open_to_the_city_and_the_calendar() -> None:
    delegate = f.DelegateFactory(city=f.CityFactory(name={"en": "Sofia"}))
    lab = f.LabFactory(programme=delegate.programme, slug="lab", title={"en": "Open lab"})
    other = f.LabFactory(programme=delegate.programme, title={"en": "Closed lab"})
    f.SessionFactory(lab=lab, visibility="internal").audience.add(delegate.city)
    f.SessionFactory(lab=lab, visibility="internal")
    f.SessionFactory(lab=other, visibility="internal").audience.add(f.CityFactory())
    page = text(client_of(delegate.user).get(HOME))
    assert "Your access" in page
    assert ">Sofia</span>" in page
    assert "2 internal, open to you" in page
    assert "Open lab" in page
    assert "Closed lab" not in page
    assert calendar_links.delegate_calendar_url(delegate.user) in page


def test_a_person_without_role_reads_how_to_get_one() -> None:
    assert "You have an account but no role yet." in text(client_of(f.UserFactory()).get(HOME))


def test_a_late_worker_is_said_when_mail_waits() -> None:
    lab: Lab = f.LabFactory()
    client = client_of(f.StaffFactory(lab=lab).user)
    assert "Email is not being sent" not in text(client.get(HOME))
    f.MessageFactory(lab=lab)
    assert "Email is not being sent" in text(client.get(HOME))


def test_the_overview_tells_how_the_lab_stands() -> None:
    lab = f.LabFactory(slug="lab")
    fill(lab, 2)
    page = text(client_of(f.StaffFactory(lab=lab).user).get("/organise/labs/lab/"))
    assert "Registered</dt><dd>2 <small>+2 today</small>" in page
    assert "Registration is open until" in page
    assert "2 registrations were confirmed between" in page
    assert "No activity yet." in page
    assert page.count("meter-l") == 2
    assert "style=" not in page


def test_an_empty_lab_says_what_will_be_here() -> None:
    lab = f.LabFactory(
        slug="lab", visibility="draft", registration_opens_at=None, registration_closes_at=None
    )
    page = text(client_of(f.StaffFactory(lab=lab).user).get("/organise/labs/lab/"))
    for words in (
        "No sessions yet.",
        "No registrations yet.",
        "There are no sessions yet",
        "No registration",
    ):
        assert words in page


@pytest.mark.parametrize("address", [HOME, "/organise/labs/lab/"])
def test_the_pages_cost_the_same_queries_at_two_sizes(address: str) -> None:
    programme = f.ProgrammeFactory()
    lab = f.LabFactory(slug="lab", programme=programme)
    client = client_of(f.OwnerFactory(programme=programme).user)
    client.get(address)
    counts = []
    for more in (2, 8):
        fill(lab, more)
        for _ in range(more):
            fill(f.LabFactory(programme=programme), 1)
        with CaptureQueriesContext(connection) as queries:
            text(client.get(address))
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 24


def test_pages_count_people_alike_and_say_where_numbers_differ() -> None:
    """Registered are those who confirmed and have not cancelled; the list says what else is in it, and adds up."""
    today = timezone.now().date()
    lab: Lab = f.LabFactory(
        slug="lab",
        starts_on=today - timedelta(days=9),
        ends_on=today - timedelta(days=8),
        registration_opens_at=None,
    )
    session = f.SessionFactory(lab=lab)
    called_off = f.SessionFactory(lab=lab, status="cancelled", cancelled_at=timezone.now())
    earlier = timezone.now() - timedelta(days=20)
    people = f.RegistrationFactory.create_batch(4, lab=lab, confirmed_at=earlier)
    for person in people[:3]:
        f.AttendanceFactory(registration=person, session=session)
    f.AttendanceFactory(registration=people[3], session=called_off)
    f.RegistrationFactory.create_batch(2, lab=lab, state="cancelled", cancelled_at=timezone.now())
    f.RegistrationFactory(lab=lab, state="unconfirmed", confirmed_at=None)
    erase(people[0])
    client = client_of(f.StaffFactory(lab=lab).user)
    for address in (HOME, "/organise/labs/lab/"):
        page = text(client.get(address))
        assert "<dt>Registered</dt><dd>4</dd>" in page
        assert "<dt>People who attended</dt><dd>4</dd>" in page
    assert "4 registrations were confirmed between" in page
    listed = text(client.get("/organise/labs/lab/registrations/"))
    assert "4 registered, 1 to confirm, 2 cancelled; 1 of them deleted and no longer listed." in listed
    assert "<strong>6 entries</strong>" in listed
    assert "Export 6 entries" in listed
    certificates = text(client.get("/organise/labs/lab/certificates/"))
    assert 'All <span class="count">2</span>' in certificates
    assert "2 more people are marked as present" in certificates
