"""A lab is postponed or brought forward with everything in it, after its page has shown what that means."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.mail.models import Message
from labs.models import Lab
from sessions.models import Session, UnannouncedChange
from tests import factories as f
from tests.emails import with_bodies
from tests.pages import client_of, forms_of, text_of
from tests.registrations.test_notifications import work

pytestmark = pytest.mark.django_db

ADDRESS = "/organise/labs/lab/move/"
NOW = datetime(2027, 3, 10, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def march() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(
        slug="lab",
        starts_on=date(2027, 4, 6),
        ends_on=date(2027, 4, 8),
        registration_opens_at=datetime(2027, 3, 1, 7, tzinfo=UTC),
        registration_closes_at=datetime(2027, 4, 5, 15, tzinfo=UTC),
    )


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


def ask(client: Client, day: str) -> Any:
    return client.get(ADDRESS, {"first_day": day})


def move(client: Client, day: str, **answers: Any) -> Any:
    return client.post(ADDRESS, forms_of(ask(client, day))[-1].filled(**answers))


def when(session: Session) -> tuple[Any, ...]:
    session.refresh_from_db()
    return session.start_date, session.start_time, session.end_date, session.end_time, session.starts_at


def test_the_page_shows_all_that_changes_and_asking_changes_nothing(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, title={"en": "Opening"}, start_time=time(10))
    before = when(session)
    page = text_of(ask(client, "2027-11-02"))
    assert "210 days later" in page
    for now, then in (
        ("6–8 April 2027", "2–4 November 2027"),
        ("5 April 2027, 18:00", "1 November 2027, 18:00"),
        ("7 April 2028", "3 November 2028"),
        ("Tue 6 Apr, 10:00–11:00", "Tue 2 Nov, 10:00–11:00"),
    ):
        assert f"<td>{now}</td><td>{then}</td>" in page.replace("</td> <td>", "</td><td>")
    assert "Nobody has a seat yet" in page
    assert when(session) == before


def test_a_long_programme_takes_no_more_queries_to_show(client: Client, lab: Lab) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert ask(client, "2027-11-02").status_code == 200
        return len(captured)

    f.AgendaItemFactory(session=f.SessionFactory(lab=lab))
    ask(client, "2027-11-02")
    few = queries()
    for _time in range(5):
        f.AgendaItemFactory(session=f.SessionFactory(lab=lab))
    assert queries() == few


def test_everything_moves_and_keeps_its_hour_on_the_wall(client: Client, lab: Lab) -> None:
    day = f.LabDayFactory(lab=lab, on=date(2027, 4, 6))
    next_day = f.LabDayFactory(lab=lab, on=date(2027, 4, 7))
    here = f.SessionFactory(lab=lab, start_time=time(10), sequence=3)
    item = f.AgendaItemFactory(
        session=here,
        start_time=time(10, 15),
        end_time=time(10, 30),
        starts_at=datetime(2027, 4, 6, 7, 15, tzinfo=UTC),
        ends_at=datetime(2027, 4, 6, 7, 30, tzinfo=UTC),
    )
    there = f.SessionFactory(
        lab=lab,
        start_date=date(2027, 4, 7),
        start_time=time(9),
        time_zone="Europe/Lisbon",
        visibility="draft",
    )
    called_off = f.SessionFactory(lab=lab, status="cancelled", cancelled_at=NOW)
    assert move(client, "2027-11-02")["Location"] == "/organise/labs/lab/sessions/"
    lab.refresh_from_db()
    assert (lab.starts_on, lab.ends_on) == (date(2027, 11, 2), date(2027, 11, 4))
    # Open already: it stays open; what closes it moves along, at its hour (winter time by then).
    assert lab.registration_opens_at == datetime(2027, 3, 1, 7, tzinfo=UTC)
    assert lab.registration_closes_at == datetime(2027, 11, 1, 16, tzinfo=UTC)
    assert when(here)[:2] == (date(2027, 11, 2), time(10))
    assert here.starts_at == datetime(2027, 11, 2, 8, tzinfo=UTC)
    assert here.sequence == 4
    item.refresh_from_db()
    assert (item.start_time, item.starts_at) == (time(10, 15), datetime(2027, 11, 2, 8, 15, tzinfo=UTC))
    assert when(there)[0] == date(2027, 11, 3)
    assert when(called_off)[0] == date(2027, 11, 2)
    day.refresh_from_db()
    next_day.refresh_from_db()
    assert (day.on, next_day.on) == (date(2027, 11, 2), date(2027, 11, 3))
    assert lab.history.first().history_user == here.history.first().history_user == lab.staff.get().user


@pytest.mark.parametrize("tell", [True, False])
def test_each_person_counts_once_and_is_told_if_the_organiser_says_so_afterwards(
    client: Client, lab: Lab, tell: bool
) -> None:
    sessions = [
        f.SessionFactory(lab=lab, start_time=time(hour), seats_taken=2, last_queue_position=2)
        for hour in (9, 11)
    ]
    for place in (1, 2):
        person = f.RegistrationFactory(lab=lab)
        for session in sessions:
            f.SeatFactory(registration=person, session=session, queue_position=place)
    assert "2 people have a seat or are on a waiting list." in text_of(ask(client, "2027-05-04"))
    question = move(client, "2027-05-04")["Location"]
    assert question == "/organise/labs/lab/announce/"
    assert "Send 2 emails" in text_of(client.get(question))
    answer = forms_of(client.get(question))[-1]
    said = client.post(question, answer.filled(answer="tell" if tell else "no"), follow=True)
    assert ("Sending 2 emails." in text_of(said)) is tell
    work("registrations.tell_moves")
    lab.refresh_from_db()
    told = Message.objects.filter(occasion="session_moved")
    assert [message.subject for message in told] == [f"New date (2 sessions): {lab.title}"] * (
        2 if tell else 0
    )
    for message in map(with_bodies, told):
        assert message.text.count("Now: Tuesday 4 May 2027") == 2
        assert message.text.index("09:00–10:00") < message.text.index("11:00–12:00")


def test_what_is_undone_before_anybody_was_told_is_not_asked_about(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, start_time=time(9), seats_taken=1, last_queue_position=1)
    f.SeatFactory(registration=f.RegistrationFactory(lab=lab), session=session, queue_position=1)
    question = move(client, "2027-05-04")["Location"]
    [undo] = [form for form in forms_of(client.get(question)) if "/undo/" in form.action]
    assert client.post(undo.action, undo.filled())["Location"] == "/organise/labs/lab/sessions/"
    assert not UnannouncedChange.objects.exists()
    assert "There are no changes to announce." in text_of(client.get(question))


def test_the_move_is_undone_with_one_press(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, start_time=time(10))
    before = when(session)
    move(client, "2027-11-02")
    page = client.get("/organise/labs/lab/sessions/")
    [undo] = [form for form in forms_of(page) if "/undo/" in form.action]
    client.post(undo.action, undo.filled())
    lab.refresh_from_db()
    assert (lab.starts_on, lab.ends_on) == (date(2027, 4, 6), date(2027, 4, 8))
    assert lab.registration_closes_at == datetime(2027, 4, 5, 15, tzinfo=UTC)
    assert when(session) == before
    assert "too late to undo" in text_of(client.post(undo.action, undo.filled(), follow=True))


def test_hours_that_do_not_exist_stand_in_the_way(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, title={"en": "Night"}, start_time=time(3, 30))
    before = when(session)
    sent = forms_of(ask(client, "2027-05-04"))[-1]
    page = ask(client, "2028-03-26")  # clocks in Sofia go from 03:00 to 04:00
    assert "03:30 does not exist in Sofia" in text_of(page)
    assert forms_of(page) == []
    assert client.post(ADDRESS, sent.filled(first_day="2028-03-26")).status_code == 409
    assert when(session) == before


def test_hours_that_come_twice_are_asked_about(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, title={"en": "Night"}, start_time=time(3, 30), end_time=time(6))
    day = "2027-10-31"
    assert "Night: on 31 October 2027 the clock shows 03:30 twice." in text_of(ask(client, day))
    response = move(client, day)
    assert response.status_code == 422
    assert "Night: on 31 October 2027 the clock shows 03:30 twice" in text_of(response)
    move(client, day, **{f"fold__{session.pk}__start": "1"})
    assert when(session)[-1] == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2027-04-06", "already begins on this day"),
        ("1999-01-01", "between 2000 and 2100"),
        ("9999-12-30", "between 2000 and 2100"),
        ("soon", "Enter a date like 2027-04-06"),
        ("", "Choose a date"),
        ("2027-03-01", "Registration would close before it opens"),
    ],
)
def test_a_day_that_cannot_be_is_refused(client: Client, day: str, said: str) -> None:
    response = ask(client, day)
    assert response.status_code == 422
    assert said in text_of(response)


def test_what_has_begun_or_was_attended_does_not_move(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, start_time=time(10))
    sent = forms_of(ask(client, "2027-05-04"))[-1]
    f.AttendanceFactory(session=session, registration=f.RegistrationFactory(lab=lab))
    assert "Attendance has been recorded" in text_of(client.post(ADDRESS, sent.filled()))
    with time_machine.travel(datetime(2027, 4, 6, 7, 1, tzinfo=UTC)):
        client.force_login(lab.staff.get().user)
        assert "It has already begun." in text_of(ask(client, "2027-05-04"))
    lab.refresh_from_db()
    assert lab.starts_on == date(2027, 4, 6)


def test_what_changed_since_the_page_was_opened_is_shown_first(client: Client, lab: Lab) -> None:
    f.SessionFactory(lab=lab)
    sent = forms_of(ask(client, "2027-05-04"))[-1]
    added = f.SessionFactory(lab=lab, title={"en": "Added"})
    response = client.post(ADDRESS, sent.filled())
    assert response.status_code == 409
    assert "Added" in text_of(response)
    assert client.post(ADDRESS, forms_of(response)[-1].filled()).status_code == 302
    assert when(added)[0] == date(2027, 5, 4)


def test_only_its_organisers_move_a_lab(lab: Lab) -> None:
    door = client_of(f.StaffFactory(lab=lab, role="door").user)
    for client in (door, Client()):
        assert client.get(ADDRESS).status_code in (302, 404)
        assert client.post(ADDRESS, {"first_day": "2027-05-04"}).status_code in (302, 404)
    lab.refresh_from_db()
    assert lab.starts_on == date(2027, 4, 6)
