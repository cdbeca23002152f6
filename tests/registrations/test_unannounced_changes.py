"""What people hear when a session gets another day, hour, zone or place: what was, what is now, and only that."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
import time_machine
from django.test import Client

from core.mail.models import Message
from core.web.localized_fields import languages_of
from labs.lab_parts import RoomPlan, change_room
from labs.models import Lab
from registrations import seats
from sessions import publishing
from sessions.models import Session, UnannouncedChange
from sessions.programme_import import read
from sessions.programme_import.importer import load
from sessions.scheduling import change_session, plan_of
from tests import factories as f
from tests.pages import forms_of
from tests.registrations.form_posts import mails
from tests.registrations.test_hours_over_a_change import words_of
from tests.registrations.test_notifications import work

pytestmark = pytest.mark.django_db

ADDRESS = "/organise/labs/lab/sessions/opening/"
QUESTION = "/organise/labs/lab/announce/"


@pytest.fixture
def lab(client: Client) -> Any:
    with time_machine.travel(datetime(2027, 3, 1, 12, tzinfo=UTC), tick=True):
        lab = f.LabFactory(slug="lab", starts_on=date(2027, 4, 6), format="hybrid", venue={"en": "Town hall"})
        client.force_login(f.StaffFactory(lab=lab, role="organiser").user)
        yield lab


@pytest.fixture
def session(lab: Lab) -> Session:
    room = f.RoomFactory(lab=lab, name={"en": "Hall 1"}, online=False, join_link="")
    return f.SessionFactory(lab=lab, slug="opening", title={"en": "Opening"}, room=room)


def people(session: Session, count: int = 2, **more: Any) -> None:
    for person in f.RegistrationFactory.create_batch(count, lab=session.lab, **more):
        seats.take(person, {session.pk: session.modes[0]})
    Message.objects.all().delete()
    session.refresh_from_db()


def save(client: Client, **changes: Any) -> Any:
    form = next(form for form in forms_of(client.get(ADDRESS)) if "title_0" in form.names)
    return client.post(ADDRESS, form.filled(**changes))


def answer(client: Client, name: str) -> Any:
    form = next(form for form in forms_of(client.get(QUESTION)) if ("answer", "no") in form.buttons)
    return client.post(QUESTION, form.filled(answer=name), follow=True)


def changes_in(message: Message) -> str:
    """What the email says before it lists the session."""
    said = message.text.partition("\nOpening\n")[2].partition("\n\n")[0]
    return " ".join(said.split())


def test_a_change_is_collected_and_announced_with_the_number_and_telling_is_the_first_answer(
    client: Client, session: Session
) -> None:
    people(session, 3)
    saved = save(client, start_time="14:30", end_time="15:30")
    assert saved["Location"] == ADDRESS  # it is weeks away: more may follow
    page = client.get(QUESTION)
    assert "3 people have a seat or are on the waiting list." in words_of(page)
    assert "Time Was: 11:30–12:30 Now: 14:30–15:30" in words_of(page)
    assert "3 emails English: 3" in words_of(page)
    [form] = [form for form in forms_of(page) if form.buttons and "session" in form.values]
    assert form.buttons == [("answer", "tell"), ("answer", "no")]
    work("registrations.tell_moves")
    assert mails() == []

    assert "Sending 3 emails." in words_of(answer(client, "tell"))
    work("registrations.tell_moves")

    assert [mail.subject for mail in mails("session_moved")] == ["New time: Opening"] * 3
    assert changes_in(mails()[0]) == "Time Was: 11:30–12:30 Now: 14:30–15:30"
    assert "Time Was 11:30–12:30 Now 14:30–15:30" in " ".join(re.sub("<[^>]*>", " ", mails()[0].html).split())
    # Nothing is left to be asked.
    assert "There are no changes to announce." in words_of(client.get(QUESTION))
    assert "3 people emailed" in words_of(client.get(QUESTION))
    assert "have not been told" not in words_of(client.get("/organise/labs/lab/sessions/"))


def test_who_says_no_emails_nobody_and_who_says_nothing_is_reminded(client: Client, session: Session) -> None:
    people(session)
    save(client, start_time="14:30", end_time="15:30")
    assert "People have not been told about the change of 1 session." in words_of(client.get(ADDRESS))
    for page in ("sessions/", "rooms/", "registrations/", ""):
        assert "People have not been told" in words_of(client.get(f"/organise/labs/lab/{page}"))

    assert "No email is sent." in words_of(answer(client, "no"))
    work("registrations.tell_moves")
    assert mails() == []
    assert not UnannouncedChange.objects.exists()


def test_several_changes_are_told_as_one_and_one_that_is_taken_back_is_none(
    client: Client, session: Session
) -> None:
    people(session, 1)
    save(client, start_time="14:30", end_time="15:30")
    save(client, start_date="2027-04-07", start_time="16:00", end_time="17:00")
    answer(client, "tell")
    work("registrations.tell_moves")
    [mail] = mails("session_moved")
    assert mail.subject == "New date, new time: Opening"
    assert changes_in(mail) == (
        "Date Was: Tuesday 6 April 2027 Now: Wednesday 7 April 2027 Time Was: 11:30–12:30 Now: 16:00–17:00"
    )

    save(client, start_time="18:00", end_time="19:00")
    assert save(client, start_time="16:00", end_time="17:00")["Location"] == ADDRESS
    assert not UnannouncedChange.objects.exists()


def test_the_facts_are_frozen_when_somebody_decides(client: Client, session: Session) -> None:
    people(session, 1)
    save(client, start_time="14:30", end_time="15:30")
    answer(client, "tell")
    # Before the worker comes, it moves again.
    save(client, start_time="16:00", end_time="17:00")
    work("registrations.tell_moves")
    answer(client, "tell")
    work("registrations.tell_moves")

    assert [changes_in(mail) for mail in mails("session_moved")] == [
        "Time Was: 11:30–12:30 Now: 14:30–15:30",
        "Time Was: 14:30–15:30 Now: 16:00–17:00",
    ]


@pytest.mark.parametrize(
    ("room", "subject", "said"),
    [
        (
            {"name": {"en": "Hall 2"}, "online": False, "join_link": ""},
            "New room: Opening",
            "Room Was: Hall 1, Town hall Now: Hall 2, Town hall",
        ),
        (
            {"name": {"en": "Plenary"}, "join_link": "https://meet.example.org/x"},
            "New place, new join link: Opening",
            "Place Was: Hall 1, Town hall Now: Plenary, online Join link There is a new join link.",
        ),
    ],
)
def test_another_room_is_named(
    client: Client, session: Session, room: dict[str, Any], subject: str, said: str
) -> None:
    people(session, 1)
    other = f.RoomFactory(lab=session.lab, **room)
    save(client, room=str(other.pk), format="online" if other.online else "in-person")
    answer(client, "tell")
    work("registrations.tell_moves")

    [mail] = mails("session_moved")
    assert mail.subject == subject
    assert changes_in(mail) == said


def test_a_room_that_moves_is_asked_about_for_its_sessions(client: Client, session: Session) -> None:
    people(session, 2)
    assert session.room
    change_room(session.room, RoomPlan({"en": "Hall 1"}, address="7 Other street"))
    page = words_of(client.get(QUESTION))
    assert "Place Was: Hall 1, Town hall Now: Hall 1, 7 Other street, Town hall" in page
    answer(client, "tell")
    work("registrations.tell_moves")

    assert [mail.subject for mail in mails("session_moved")] == ["New place: Opening"] * 2


def test_another_venue_is_asked_about_for_the_sessions_that_go_there(
    client: Client, session: Session
) -> None:
    people(session, 1)
    online = f.SessionFactory(lab=session.lab, room=f.RoomFactory(lab=session.lab))
    form = next(
        form for form in forms_of(client.get("/organise/labs/lab/settings/")) if "venue_0" in form.names
    )
    client.post("/organise/labs/lab/settings/", form.filled(venue_0="City library"))
    answer(client, "tell")
    work("registrations.tell_moves")

    [mail] = mails("session_moved")
    assert mail.subject == "New place: Opening"
    assert changes_in(mail) == "Place Was: Hall 1, Town hall Now: Hall 1, City library"
    session.refresh_from_db()
    online.refresh_from_db()
    assert (session.sequence, online.sequence) == (1, 0)


def test_a_new_join_link_is_told_to_people_with_a_seat_alone_and_again_when_it_changes_again(
    client: Client, session: Session
) -> None:
    change_session(session, replace(plan_of(session), room_capacity=1))
    people(session, 2)
    for number in (1, 2):
        save(client, join_link=f"https://meet.example.org/{number}")
        answer(client, "tell")
        work("registrations.tell_moves")

    told = mails("session_moved")
    assert [mail.subject for mail in told] == ["New join link: Opening"] * 2
    assert {mail.to_email for mail in told} == {session.seats.get(state="confirmed").registration.email}
    assert ["https://meet.example.org/2" in mail.text for mail in told] == [False, True]


def test_each_reads_it_in_his_or_her_own_zone_and_language(client: Client, session: Session) -> None:
    people(session, 1, time_zone="America/New_York", language="bg")
    save(client, start_time="02:00", end_time="03:00", start_date="2027-04-07")
    answer(client, "tell")
    work("registrations.tell_moves")

    [mail] = mails("session_moved")
    # In New York it is still the 6th.
    assert mail.subject == "Нов час: Opening"
    assert changes_in(mail) == "Час Преди: 04:30–05:30 Сега: 19:00–20:00"


@pytest.mark.parametrize("case", ["nobody has a seat", "description only", "cancelled", "over"])
def test_it_is_not_asked_where_nobody_needs_to_know(client: Client, session: Session, case: str) -> None:
    if case != "nobody has a seat":
        people(session, 1)
    if case == "description only":
        assert save(client, abstract_0="Other words")["Location"] == ADDRESS
    elif case == "cancelled":
        save(client, start_time="14:30", end_time="15:30")
        publishing.cancel(session)
    elif case == "over":
        with time_machine.travel(datetime(2027, 4, 10, tzinfo=UTC)):
            change_session(session, replace(plan_of(session), end_time=time(15)))
    else:
        assert save(client, start_time="14:30", end_time="15:30")["Location"] == ADDRESS
    assert not UnannouncedChange.objects.exists()


def test_a_file_that_moves_several_sessions_emails_a_person_once(lab: Lab, session: Session) -> None:
    second: Session = f.SessionFactory(lab=lab, slug="second", title={"en": "Second"})
    person: Any = f.RegistrationFactory(lab=lab)
    seats.take(person, {session.pk: "online", second.pk: "online"})
    Message.objects.all().delete()
    sessions = [
        {"slug": one.slug, "starts": f"{one.start_date}T14:30", "ends": f"{one.start_date}T15:30"}
        for one in (session, second)
    ]
    programme = {
        "slug": lab.programme.slug,
        "name": languages_of(lab.programme.name),
        "organiser": languages_of(lab.programme.organiser),
        "labs": [
            {
                "slug": lab.slug,
                "title": languages_of(lab.title),
                "starts_on": str(lab.starts_on),
                "ends_on": str(lab.ends_on),
                "time_zone": lab.time_zone,
                "sessions": [
                    {**one, "title": languages_of(stored.title)}
                    for one, stored in zip(sessions, (session, second), strict=True)
                ],
            }
        ],
    }

    load(read(json.dumps({"programmes": [programme]}).encode(), frozenset()), tell=True)
    work("registrations.tell_moves")

    [message] = mails("session_moved")
    assert message.to_email == person.email
    assert message.text.count("14:30–15:30") >= 2
    assert not UnannouncedChange.objects.exists()
