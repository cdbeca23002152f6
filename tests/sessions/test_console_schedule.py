"""The schedule in the console: what it shows, moves with and without script, and who is told of what others did."""

import json
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from labs.models import Lab
from sessions.models import Session
from sessions.placing import move_session, placement_of
from sessions.schedule_grid import grid_of, rulers_of
from sessions.scheduling import create_session
from tests import factories as f
from tests.pages import client_of, form_of, forms_of, text_of
from tests.sessions.session_plans import plan

pytestmark = pytest.mark.django_db

SCHEDULE = "/organise/labs/lab/schedule/"
MOVE = "/organise/labs/lab/sessions/opening/move/"


@pytest.fixture
def lab() -> Lab:
    programme = f.ProgrammeFactory(languages=["en", "bg"])
    return f.LabFactory(
        programme=programme,
        slug="lab",
        starts_on=date(2027, 10, 29),
        ends_on=date(2027, 11, 2),
        languages=["en"],
    )


@pytest.fixture
def session(lab: Lab) -> Session:
    return f.SessionFactory(
        lab=lab, slug="opening", title={"en": "Opening"}, start_date=date(2027, 10, 29), start_time=time(11)
    )


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


def send(client: Client, *, as_json: bool = True, address: str = MOVE, **answers: Any) -> Any:
    """Open the form, change these answers and send it, as the page's script does or as a browser."""
    form = form_of(client.get(address))
    more = {"headers": {"Accept": "application/json"}} if as_json else {}
    return client.post(address, form.filled(**answers), **more)


def data_of(client: Client, query: str = "") -> dict[str, Any]:
    page = client.get(SCHEDULE + query).content.decode()
    return dict(
        json.loads(page.split('id="schedule-data" type="application/json">')[1].split("</script>")[0])
    )


def test_the_page_shows_days_columns_conflicts_and_what_is_to_be_placed(
    client: Client, lab: Lab, session: Session
) -> None:
    room = f.RoomFactory(lab=lab, name={"en": "Plenary"})
    f.SessionFactory(lab=lab, slug="other", room=room, start_date=date(2027, 10, 29), start_time=time(11))
    Session.objects.filter(pk=session.pk).update(room=room)
    create_session(lab, plan(slug="later", title={"en": "To be placed"}, is_placed=False))
    page = text_of(client.get(SCHEDULE))
    for words in ("Friday 29 October 2027", "Opening", "To be placed"):
        assert words in page
    data = data_of(client)
    assert [column["title"] for column in data["columns"]] == ["Plenary", "No room"]
    assert {one["slug"]: one["errors"] for one in data["sessions"]} == {"opening": 1, "other": 1}
    assert [one["slug"] for one in data["unplaced"]] == ["later"]
    assert data["day"] == "2027-10-29"
    assert [one["id"] for one in data_of(client, "?by=track")["columns"]] == [""]


@pytest.mark.parametrize(
    "query", ["?day=all", "?day=2027-11-01", "?day=0000", "?by=x&city=no&city=", "?day=9999-12-31"]
)
def test_whatever_the_address_asks_for_there_is_a_page(client: Client, session: Session, query: str) -> None:
    assert client.get(SCHEDULE + query).status_code == 200


def test_the_second_ruler_follows_both_clock_changes(lab: Lab) -> None:
    rome = f.CityFactory(name={"en": "Rome"}, time_zone="Europe/Rome")
    delhi = f.CityFactory(name={"en": "Delhi"}, time_zone="Asia/Kolkata")
    phoenix = f.CityFactory(name={"en": "Phoenix"}, time_zone="America/Phoenix")
    days = [date(2027, 10, 29), date(2027, 10, 31), date(2027, 11, 1), date(2027, 3, 28)]
    in_rome, in_delhi, in_phoenix = (one.hours for one in rulers_of(lab, [rome, delhi, phoenix], days, "en"))
    assert [in_rome[on][11] for on in days] == ["10:00", "10:00", "10:00", "10:00"]
    # Clocks in Sofia show 3 o'clock twice on 31 October, and not at all on 28 March.
    assert in_rome[days[1]][3] == "02:00"
    assert in_delhi[days[1]][3] == "05:30/06:30"
    assert in_rome[days[3]][3] == "–"
    assert [in_phoenix[on][12] for on in days[:3]] == ["02:00", "03:00", "03:00"]


def test_the_grid_takes_as_many_queries_for_many_sessions(client: Client, lab: Lab) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            grid_of(lab, "room", "en")
        return len(found)

    for _one in range(2):
        f.AppearanceFactory(session=f.SessionFactory(lab=lab))
    create_session(lab, plan(is_placed=False))
    client.get(SCHEDULE)  # what a process asks but once
    with CaptureQueriesContext(connection) as page:
        client.get(SCHEDULE)
    few = queries()
    for n in range(6):
        one = f.SessionFactory(lab=lab, room=f.RoomFactory(lab=lab), track=f.TrackFactory(lab=lab))
        f.AppearanceFactory(session=one)
        create_session(lab, plan(slug=f"later-{n}", is_placed=False))
    assert queries() == few <= 13
    with CaptureQueriesContext(connection) as fuller:
        client.get(SCHEDULE)
    assert len(fuller) == len(page) <= 21


def test_a_move_by_the_plain_form_goes_back_to_the_day_and_can_be_undone(
    client: Client, lab: Lab, session: Session
) -> None:
    room = f.RoomFactory(lab=lab, name={"en": "Plenary"})
    answer = send(
        client, as_json=False, start_date="2027-11-01", start_time="9.05", minutes="45", room=str(room.pk)
    )
    assert answer.status_code == 302
    assert answer.url == f"{SCHEDULE}?by=room&day=2027-11-01"
    session.refresh_from_db()
    assert (session.start_date, session.start_time, session.end_time, session.room) == (
        date(2027, 11, 1),
        time(9, 5),
        time(9, 50),
        room,
    )
    page = client.get(answer.url)
    assert "“Opening” is now at Mon 1 Nov, 09:05–09:50, Plenary." in text_of(page)
    undo = next(form for form in forms_of(page) if "undo" in form.action)
    undone = client.post(undo.action, undo.filled())
    assert undone.url == f"{SCHEDULE}?by=room&day=2027-10-29#session-opening"
    session.refresh_from_db()
    assert (session.start_date, session.start_time, session.room) == (date(2027, 10, 29), time(11), None)


def test_the_script_is_told_what_is_stored_and_all_conflicts(
    client: Client, lab: Lab, session: Session
) -> None:
    room = f.RoomFactory(lab=lab, name={"en": "Plenary"})
    f.SessionFactory(lab=lab, slug="other", room=room, start_date=date(2027, 10, 29), start_time=time(15))
    answer = send(client, start_time="15:30", room=str(room.pk))
    assert answer.status_code == 200
    said = answer.json()
    assert said["session"]["start"] == "2027-10-29T15:30"
    # In the same room at once; and neither has a speaker.
    assert said["conflicts"] == {"opening": [1, 1], "other": [1, 1]}
    assert "Plenary" in said["beside"]
    assert said["said"] == "“Opening” is now at Fri 29 Oct, 15:30–16:30, Plenary."


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"start_time": "25:00"}, "Enter a time like 15:30."),
        ({"minutes": "0"}, "1"),
        ({"start_date": "2027-12-24"}, "The lab lasts 29 October – 2 November 2027"),
        ({"room": "999999"}, "Choose a room of this lab."),
        ({"start_date": "2027-10-31", "start_time": "03:30"}, "Which start? (clocks go back)"),
        ({"version": "x"}, "This form is incomplete."),
        ({"time_zone": "Mars/Phobos"}, "is not in the list of time zones"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_kept(
    client: Client, session: Session, answers: dict[str, str], words: str
) -> None:
    before = session.version
    plain = send(client, as_json=False, **answers)
    assert plain.status_code == 422
    assert words in text_of(plain)
    scripted = send(client, **answers)
    assert scripted.status_code == 422
    assert scripted.json()["session"]["start"] == "2027-10-29T11:00"
    session.refresh_from_db()
    assert session.version == before


def test_an_hour_that_comes_twice_is_chosen(client: Client, session: Session) -> None:
    asked = send(client, as_json=False, start_date="2027-10-31", start_time="03:30")
    answer = client.post(MOVE, form_of(asked).filled(start_fold="1"))
    assert answer.status_code == 302
    session.refresh_from_db()
    assert (session.start_fold, session.starts_at.hour) == (1, 1)


@pytest.mark.parametrize("as_json", [False, True])
def test_of_two_organisers_the_second_sees_both_and_chooses(
    client: Client, session: Session, lab: Lab, *, as_json: bool
) -> None:
    colleague = f.UserFactory(name="Colleague")
    form = form_of(client.get(MOVE))
    moved = Session.objects.select_related("room", "track").get(pk=session.pk)
    move_session(moved, replace(placement_of(moved), start_time=time(9)), colleague)
    more = {"headers": {"Accept": "application/json"}} if as_json else {}
    answer = client.post(MOVE, form.filled(start_time="14:00"), **more)
    assert answer.status_code == 409
    page = answer.json()["form"] if as_json else answer.content.decode()
    for words in ("Colleague saved this session", "09:00", "14:00", "Replace with my version"):
        assert words in page
    session.refresh_from_db()
    assert session.start_time == time(9)
    if not as_json:
        assert client.post(MOVE, form_of(answer).filled()).status_code == 302
        session.refresh_from_db()
        assert session.start_time == time(14)


def test_a_draft_is_taken_out_and_placed_again(client: Client, lab: Lab) -> None:
    made = create_session(lab, plan(slug="opening", start_date=lab.starts_on, end_date=lab.starts_on))
    page = client.get(MOVE)
    answer = client.post(MOVE, form_of(page).filled(take_out="1"))
    made.refresh_from_db()
    assert (answer.status_code, made.is_placed) == (302, False)
    assert "start_date" not in form_of(client.get(MOVE)).values
    assert send(client, start_date="2027-11-01", start_time="10:00").json()["session"]["placed"] is True
    made.refresh_from_db()
    assert (made.is_placed, made.start_date) == (True, date(2027, 11, 1))


def test_a_move_of_a_session_with_people_leads_to_the_question_whether_to_tell_them(
    client: Client, lab: Lab
) -> None:
    f.SessionFactory(lab=lab, slug="opening", start_date=lab.starts_on, seats_taken=2)
    said = send(client, start_time="09:00").json()
    assert "Announce changes" in said["beside"]


def test_nobody_else_gets_in(lab: Lab, session: Session) -> None:
    for staff in (f.StaffFactory(role="door", lab=lab), f.StaffFactory()):
        for address in (SCHEDULE, MOVE):
            assert client_of(staff.user).get(address).status_code == 404


@pytest.mark.parametrize(
    ("query", "answers", "is_placed"),
    [
        ("", {"title_0": "Another title"}, False),
        ("", {"start_time": "15:00", "end_time": "16:00"}, True),
        ("", {"start_date": "2027-10-30"}, True),
        # The slot finder leads here; what it found may be the very hours that the session had before it was taken out.
        ("?start_date=2027-10-29&start_time=11:00&end_time=12:00", {}, True),
        ("?time_zone=Nowhere", {}, False),
    ],
)
def test_a_session_without_a_day_gets_it_by_its_own_form(
    client: Client, lab: Lab, query: str, answers: dict[str, str], is_placed: bool
) -> None:
    hours = {"start_date": date(2027, 10, 29), "start_time": time(11), "end_time": time(12)}
    f.SessionFactory(lab=lab, slug="later", visibility="draft", is_placed=False, **hours)
    address = "/organise/labs/lab/sessions/later/"
    [form] = [one for one in forms_of(client.get(address + query)) if "start_date" in one.filled()]
    assert client.post(address, form.filled(**answers)).status_code == 302
    assert Session.objects.get(slug="later").is_placed == is_placed
