"""Taking attendance: who is on the list, one press marks, one press takes it back, with and without script."""

import html
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.accounts.models import User
from labs.models import Lab
from registrations import seats
from registrations.models import Attendance, Registration
from sessions.models import Session
from tests import factories as f
from tests.pages import client_of, form_of

pytestmark = pytest.mark.django_db

SOFIA = ZoneInfo("Europe/Sofia")


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab")


@pytest.fixture
def session(lab: Lab) -> Session:
    return f.SessionFactory(lab=lab, slug="opening", capacity=2)


@pytest.fixture
def door(lab: Lab) -> User:
    return f.StaffFactory(lab=lab, role="door").user


@pytest.fixture
def client(door: User) -> Client:
    return client_of(door)


LIST = "/organise/labs/lab/attendance/"
OPENING = f"{LIST}opening/"


def seated(session: Session, name: str) -> Registration:
    person = f.RegistrationFactory(lab=session.lab, name=name)
    seats.take(person, {session.pk: "online"})
    return person


def guests(client: Client, **query: str) -> list[tuple[str, str, bool]]:
    found = client.get(OPENING, query).context["guests"]
    return [(guest.name, guest.seat, guest.since is not None) for guest in found]


def test_todays_sessions_stand_first_and_the_past_ends_with_the_oldest(client: Client, lab: Lab) -> None:
    today = datetime.now(SOFIA).date()
    for slug, days in (("tomorrow", 1), ("today", 0), ("yesterday", -1), ("long-ago", -9)):
        f.SessionFactory(lab=lab, slug=slug, start_date=today + timedelta(days=days))
    doors = client.get(LIST).context["doors"]
    assert [[one.session.slug for one in group] for group in (doors.today, doors.coming, doors.past)] == [
        ["today"],
        ["tomorrow"],
        ["yesterday", "long-ago"],
    ]


def test_drafts_cancelled_sessions_and_those_of_other_labs_have_no_door(client: Client, lab: Lab) -> None:
    sessions = [
        f.SessionFactory(lab=lab, visibility="draft"),
        f.SessionFactory(lab=lab, status="cancelled", cancelled_at=timezone.now()),
        f.SessionFactory(),
    ]
    assert client.get(LIST).context["doors"].are_none
    assert "No sessions to take attendance of." in client.get(LIST).content.decode()
    for session in sessions:
        for rest in ("", "all/"):
            assert client.get(f"{LIST}{session.slug}/{rest}").status_code == 404
            assert client.post(f"{LIST}{session.slug}/{rest}").status_code == 404
        assert client.post(f"{LIST}{session.slug}/undo/").status_code == 404


def test_those_with_a_seat_come_first_then_those_who_wait_then_who_walked_in(
    client: Client, session: Session
) -> None:
    for name in ("Gamma", "Alpha", "Delta"):
        seated(session, name)
    walk_in = f.RegistrationFactory(lab=session.lab, name="Beta")
    f.RegistrationFactory(lab=session.lab, name="Not here")
    assert guests(client) == [
        ("Alpha", "confirmed", False),
        ("Gamma", "confirmed", False),
        ("Delta", "waiting", False),
    ]
    assert guests(client, q="bet") == [("Beta", "", False)]
    f.AttendanceFactory(registration=walk_in, session=session)
    assert guests(client)[-1] == ("Beta", "", True)


def test_a_session_in_both_modes_says_who_is_in_the_room(client: Client, lab: Lab) -> None:
    both = f.SessionFactory(lab=lab, slug="opening", format="hybrid", room_capacity=1, online_capacity=9)
    people = {}
    for name, mode in (("Alpha", "room"), ("Beta", "room"), ("Gamma", "online"), ("Delta", "online")):
        people[name] = f.RegistrationFactory(lab=lab, name=name)
        seats.take(people[name], {both.pk: mode})
    f.AttendanceFactory(registration=people["Gamma"], session=both)
    page = client.get(OPENING)
    said = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page.content.decode()))
    assert "In person: 0 present, of 1 with a seat · 1 waiting" in said
    assert "Online: 1 present, of 2 with a seat" in said
    assert "Alpha Seat · In person" in said
    assert "Beta Waiting list · In person" in said
    assert [name for name, *_rest in guests(client)] == ["Alpha", "Delta", "Gamma", "Beta"]
    assert [name for name, *_rest in guests(client, mode="room")] == ["Alpha", "Beta"]
    assert [name for name, *_rest in guests(client, mode="online")] == ["Delta", "Gamma"]
    # Marking all of those shown marks nobody of the others, and a press comes back to the same list.
    marking = client.get(f"{OPENING}all/", {"mode": "room"})
    assert [guest.name for guest in marking.context["guests"]] == ["Alpha", "Beta"]
    form = form_of(client.get(OPENING, {"mode": "room"}))
    pressed = client.post(form.action, form.filled(present=str(people["Alpha"].public_id)))
    assert "mode=room" in pressed.headers["Location"]


def test_one_press_marks_and_another_takes_it_back(client: Client, session: Session, door: User) -> None:
    person = seated(session, "Demo participant")
    form = form_of(client.get(OPENING))
    assert form.buttons == [("present", str(person.public_id))]
    for _twice in range(2):
        answer = client.post(form.action, form.filled(present=str(person.public_id)))
        assert answer.status_code == 302
        assert answer.headers["Location"].endswith(f"#p-{person.public_id}")
    [attendance] = Attendance.objects.all()
    assert (attendance.session, attendance.taken_by) == (session, door)
    form = form_of(client.get(OPENING))
    assert form.buttons == [("absent", str(person.public_id))]
    for _twice in range(2):
        client.post(OPENING, form.filled(absent=str(person.public_id)))
    assert not Attendance.objects.exists()
    trail = Attendance.history.order_by("history_id").values_list("history_type", "history_user")
    assert list(trail) == [("+", door.pk), ("-", door.pk)]


def test_with_script_only_the_row_and_the_count_come_back(client: Client, session: Session) -> None:
    person = seated(session, "Demo participant")
    answer = client.post(OPENING, {"present": str(person.public_id)}, headers={"HX-Request": "true"})
    body = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in body
    assert body.lstrip().startswith('<li class="guest guest-there"')
    assert 'id="headcount" role="status" data-hx-swap-oob="true"' in body
    assert '<strong class="headcount-number">1</strong>' in body
    assert Attendance.objects.count() == 1


def test_the_way_to_mark_all_follows_each_press_and_names_how_many_it_marks(
    client: Client, session: Session
) -> None:
    first, *_others = [seated(session, f"Demo participant {number}") for number in range(3)]
    seated(session, "Somebody else")
    asked = f"{OPENING}?q=demo"
    shown = client.get(asked).content.decode()
    assert "Mark 3 people as present…" in shown
    press = html.unescape(re.search(r'data-hx-post="([^"]*)"', shown)[1])  # type: ignore[index]
    answer = client.post(press, {"present": str(first.public_id)}, headers={"HX-Request": "true"})
    assert 'id="mark-all" data-hx-swap-oob="true"' in answer.content.decode()
    for body in (answer, client.get(asked)):
        assert "Mark 2 people as present…" in body.content.decode()
    assert "Mark 2 people as present?" in client.get(f"{OPENING}all/?q=demo").content.decode()


def test_one_chinese_sign_is_a_name_to_search_for_and_one_letter_is_none(
    client: Client, session: Session
) -> None:
    f.RegistrationFactory(lab=session.lab, name="李明")
    found = client.get(OPENING, {"q": "李"}).content.decode()
    assert "李明" in found
    assert "Enter at least two letters" not in found
    assert "Enter at least two letters" in client.get(OPENING, {"q": "d"}).content.decode()


def test_the_search_and_the_page_stay_after_a_press(client: Client, session: Session) -> None:
    person = seated(session, "Demo participant")
    form = form_of(client.get(OPENING, {"q": "demo"}))
    answer = client.post(form.action, form.filled(present=str(person.public_id)))
    assert answer.headers["Location"] == f"{OPENING}?q=demo&page=1#p-{person.public_id}"


@pytest.mark.parametrize("value", ["", "x", "0" * 32, "x" * 5000, "1", "\0"])
def test_a_press_for_nobody_is_404(client: Client, session: Session, value: str) -> None:
    for name in ("present", "absent"):
        assert client.post(OPENING, {name: value}).status_code == 404
    assert client.post(OPENING, {}).status_code == 404
    assert not Attendance.objects.exists()


def test_only_who_is_registered_in_this_lab_can_be_marked(client: Client, session: Session) -> None:
    strangers = [
        f.RegistrationFactory(),
        f.RegistrationFactory(lab=session.lab, state="unconfirmed", confirmed_at=None),
        f.RegistrationFactory(lab=session.lab, state="cancelled", cancelled_at=timezone.now()),
    ]
    for stranger in strangers:
        assert client.post(OPENING, {"present": str(stranger.public_id)}).status_code == 404
        assert client.post(f"{OPENING}all/", {"person": [str(stranger.public_id)]}).status_code == 404
    assert not Attendance.objects.exists()


def test_everybody_shown_is_marked_after_a_question_and_it_can_be_taken_back(
    client: Client, session: Session
) -> None:
    early, late, waiting = (seated(session, name) for name in ("Alpha", "Beta", "Gamma"))
    client.post(OPENING, {"present": str(early.public_id)})
    question = client.get(f"{OPENING}all/")
    assert [guest.name for guest in question.context["guests"]] == ["Beta", "Gamma"]
    assert Attendance.objects.count() == 1
    answer = client.post(f"{OPENING}all/", form_of(question).filled(), follow=True)
    assert "2 people marked as present." in answer.content.decode()
    assert set(Attendance.objects.values_list("registration", flat=True)) == {early.pk, late.pk, waiting.pk}
    for _twice in range(2):
        client.post(f"{OPENING}undo/")
    # What was marked by hand before stays.
    assert list(Attendance.objects.values_list("registration", flat=True)) == [early.pk]
    assert client.get(OPENING).context["marked"] == []


def test_all_or_nothing_where_one_of_them_is_a_stranger(client: Client, session: Session) -> None:
    person = seated(session, "Alpha")
    stranger = f.RegistrationFactory()
    sent = {"person": [str(person.public_id), str(stranger.public_id)]}
    assert client.post(f"{OPENING}all/", sent).status_code == 404
    assert not Attendance.objects.exists()


def test_marking_a_hundred_costs_the_same_queries_as_marking_two(client: Client, session: Session) -> None:
    client.get(OPENING)  # the first page that a sign-in opens writes down when it was used
    counts = []
    for many in (2, 40):
        people = [f.RegistrationFactory(lab=session.lab) for _number in range(many)]
        with CaptureQueriesContext(connection) as queries:
            client.post(f"{OPENING}all/", {"person": [str(person.public_id) for person in people]})
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert Attendance.objects.count() == Attendance.history.filter(history_type="+").count() == 42


def test_a_session_that_has_not_begun_says_so(client: Client, session: Session) -> None:
    assert "This session has not begun" in client.get(OPENING).content.decode()


def test_nobody_found_leads_to_the_form(client: Client, session: Session) -> None:
    body = client.get(OPENING, {"q": "zzz"}).content.decode()
    assert "/labs/lab/register/" in body
    assert "Search for a name" in client.get(OPENING).content.decode()


def test_the_list_costs_the_same_queries_for_two_people_and_for_forty(
    client: Client, session: Session
) -> None:
    client.get(LIST)  # the first answer of a session writes its token
    costs = []
    for people in (2, 38):
        for number in range(people):
            person = f.RegistrationFactory(lab=session.lab, city=f.CityFactory(), name=f"Demo {number}")
            seats.take(person, {session.pk: "online"})
            f.AttendanceFactory(registration=person, session=session)
        with CaptureQueriesContext(connection) as queries:
            assert len(guests(client)) in (2, 40)
        costs.append(len(queries))
    assert costs[0] == costs[1]
    assert costs[0] <= 11


def test_the_sessions_cost_the_same_queries_for_two_and_for_thirty(client: Client, lab: Lab) -> None:
    client.get(LIST)  # the first answer of a session writes its token
    costs = []
    for sessions in (2, 28):
        f.SessionFactory.create_batch(sessions, lab=lab, room=f.RoomFactory(lab=lab))
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_the_door_warns_of_a_person_who_is_marked_elsewhere_at_the_same_time(
    client: Client, session: Session
) -> None:
    person, other = seated(session, "Alpha"), seated(session, "Beta")
    parallel = f.SessionFactory(lab=session.lab, title={"en": "Parallel workshop"})
    later = f.SessionFactory(
        lab=session.lab, title={"en": "Later workshop"}, start_date=session.start_date + timedelta(days=1)
    )
    f.AttendanceFactory(registration=person, session=parallel)
    f.AttendanceFactory(registration=other, session=later)
    for page in (OPENING, f"{OPENING}all/"):
        body = client.get(page).content.decode()
        assert body.count("which is at the same time") == 1
        assert "Marked as present in “Parallel workshop”" in body
    row = client.post(OPENING, {"present": str(person.public_id)}, headers={"HX-Request": "true"})
    assert "Parallel workshop" in row.content.decode()
