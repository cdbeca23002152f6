"""Reminders of sessions: to whoever has a seat then, each once, at the hours of the session as it is now."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.jobs.worker import Worker
from core.mail.models import Message
from core.mail.rendering import rendered
from labs.models import Lab
from registrations import managing, reminders, seats
from registrations.erasure import erase
from registrations.models import Registration, Reminder, ReminderRule, SeatMovement
from registrations.unsubscribing import set_unsubscribed
from sessions.models import Session
from tests import factories as f
from tests.api.asking import bearer
from tests.pages import client_of, form_of, forms_of

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab")


@pytest.fixture
def session(lab: Lab) -> Session:
    return f.SessionFactory(lab=lab, title={"en": "Opening"}, capacity=2)


@pytest.fixture
def organiser(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


def with_seat(session: Session, **more: Any) -> Registration:
    person = f.RegistrationFactory(lab=session.lab, language="en", **more)
    seats.take(person, {session.pk: session.modes[0]})
    return person


def tick(at: datetime) -> list[str]:
    """Send what is due at this instant; return whom it went to, in order."""
    before = set(Message.objects.values_list("pk", flat=True))
    with time_machine.travel(at, tick=False):
        assert sum(reminders.send_due(timezone.now())) >= 0
    new = Message.objects.filter(occasion="session_reminder").exclude(pk__in=before)
    return list(new.order_by("pk").values_list("to_email", flat=True))


def due(session: Session, hours: int) -> datetime:
    return session.starts_at - timedelta(hours=hours)


def test_whoever_has_a_seat_then_is_reminded_once_by_each_rule(lab: Lab, session: Session) -> None:
    reminders.set_rules(lab, [24, 168])
    anna, ivan, maria = (with_seat(session) for _ in range(3))  # maria waits

    assert tick(due(session, 168) - timedelta(minutes=1)) == []
    assert tick(due(session, 168)) == [anna.email, ivan.email]
    assert tick(due(session, 168) + HOUR) == []
    managing.cancel(anna, None)  # maria gets the seat
    assert tick(due(session, 24) + timedelta(minutes=4)) == [ivan.email, maria.email]
    assert tick(due(session, 24) + 2 * HOUR) == []
    assert Reminder.objects.count() == 4


def test_it_says_when_where_and_how_to_join_and_how_to_unsubscribe(lab: Lab) -> None:
    room = f.RoomFactory(lab=lab)
    session = f.SessionFactory(lab=lab, title={"en": "Opening"}, room=room)
    with_seat(session, name="Maria Demo", time_zone="Europe/Sofia")
    reminders.set_rules(lab, [24])
    tick(due(session, 24))

    [message] = Message.objects.filter(occasion="session_reminder")
    assert message.subject.startswith("Reminder: Opening, ")
    assert re.search(r", 11:30–12:30, Sofia \(EES?T, UTC\+[23]\)$", message.subject)
    content = rendered(message, reveal=True)
    for body in (content.text, content.html):
        assert "Dear Maria Demo" in body
        assert room.join_link in body
        assert "/unsubscribe/" in body
    assert "Join online:" in content.text
    assert not message.is_urgent


def test_who_gets_a_seat_after_it_was_due_is_not_reminded(lab: Lab, session: Session) -> None:
    reminders.set_rules(lab, [24])
    early = with_seat(session)
    with time_machine.travel(due(session, 24) + timedelta(minutes=1)):
        with_seat(session)
    assert tick(due(session, 24) + timedelta(minutes=5)) == [early.email]


def test_a_seat_that_is_given_up_cancelled_or_erased_is_not_reminded(lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, capacity=None)
    reminders.set_rules(lab, [24])
    gone, cancelled, erased, stays = (with_seat(session) for _ in range(4))
    seats.give_up(gone, [session.pk], SeatMovement.Reason.GIVEN_UP)
    managing.cancel(cancelled, None)
    erase(erased)
    assert tick(due(session, 24)) == [stays.email]


@pytest.mark.parametrize(
    "changes", [{"status": "cancelled", "cancelled_at": timezone.now()}, {"visibility": "draft"}]
)
def test_a_session_that_does_not_take_place_is_not_told(lab: Lab, session: Session, changes: Any) -> None:
    with_seat(session)
    reminders.set_rules(lab, [24])
    Session.objects.filter(pk=session.pk).update(**changes)
    assert tick(due(session, 24)) == []


def test_a_withdrawn_lab_reminds_nobody(lab: Lab, session: Session) -> None:
    with_seat(session)
    reminders.set_rules(lab, [24])
    Lab.objects.update(visibility="draft")
    assert tick(due(session, 24)) == []


def moved(session: Session, by: timedelta) -> Session:
    Session.objects.filter(pk=session.pk).update(
        starts_at=session.starts_at + by, ends_at=session.ends_at + by
    )
    session.refresh_from_db()
    return session


def test_a_session_that_moves_is_told_at_its_new_hours(lab: Lab, session: Session) -> None:
    person = with_seat(session)
    reminders.set_rules(lab, [24])
    old = due(session, 24)
    moved(session, 3 * DAY)
    assert tick(old) == []
    assert tick(due(session, 24)) == [person.email]


def test_whoever_was_reminded_is_told_again_only_if_it_is_due_later(lab: Lab, session: Session) -> None:
    person = with_seat(session)
    reminders.set_rules(lab, [24])
    at = due(session, 24) + 2 * HOUR
    assert tick(at) == [person.email]
    moved(session, HOUR)  # was due an hour before the reminder was sent
    assert tick(at + timedelta(minutes=5)) == []
    assert tick(due(session, 24) + 3 * HOUR) == []
    moved(session, 2 * DAY)
    assert tick(due(session, 24)) == [person.email]


def test_a_session_moved_to_within_the_time_is_not_told_late(lab: Lab, session: Session) -> None:
    with_seat(session)
    reminders.set_rules(lab, [168])
    moved(session, -10 * DAY)
    assert tick(session.starts_at - DAY) == []


def test_a_rule_that_is_added_late_tells_nobody_of_what_was_due_before(lab: Lab, session: Session) -> None:
    person = with_seat(session)
    with time_machine.travel(due(session, 168) + HOUR):
        reminders.set_rules(lab, [168, 24])
    assert tick(due(session, 168) + 2 * HOUR) == []
    assert tick(due(session, 24)) == [person.email]


def test_after_an_hour_without_a_worker_what_is_due_is_still_sent_but_not_of_what_has_begun(lab: Lab) -> None:
    session = f.SessionFactory(lab=lab)
    person = with_seat(session)
    reminders.set_rules(lab, [1, 24])
    assert tick(due(session, 24) + HOUR) == [person.email]
    assert tick(session.starts_at) == []
    assert tick(session.starts_at + HOUR) == []


def test_the_worker_asks_by_itself(lab: Lab, session: Session, smtp: Any) -> None:
    person = with_seat(session)
    reminders.set_rules(lab, [24])
    with time_machine.travel(due(session, 24)):
        Worker().drain()
        Worker().drain()
    assert [mail["To"] for mail in smtp.received] == [f"{person.name} <{person.email}>"]


def test_who_unsubscribed_gets_none_and_gets_the_next_after_subscribing_again(
    lab: Lab, session: Session
) -> None:
    person = with_seat(session)
    reminders.set_rules(lab, [168, 24])
    set_unsubscribed(person, True)
    assert tick(due(session, 168)) == []
    set_unsubscribed(person, False)
    assert tick(due(session, 168) + HOUR) == []
    assert tick(due(session, 24)) == [person.email]


def test_two_labs_and_two_sessions_do_not_mix(lab: Lab, session: Session) -> None:
    other = f.SessionFactory(lab=f.LabFactory())
    later = f.SessionFactory(lab=lab, start_date=session.start_date + DAY)
    here, _there, in_both = with_seat(session), with_seat(other), with_seat(later)
    seats.take(in_both, {session.pk: session.modes[0]})
    reminders.set_rules(lab, [24])
    assert tick(due(session, 24)) == [here.email, in_both.email]
    assert tick(due(later, 24)) == [in_both.email]


def test_reminding_takes_the_same_queries_for_more_people_but_for_their_emails(lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, capacity=None)
    reminders.set_rules(lab, [24])
    counts = []
    for number in (2, 8):
        for _ in range(number):
            with_seat(session)
        Reminder.objects.all().delete()
        Message.objects.all().delete()
        with (
            time_machine.travel(due(session, 24), tick=False),
            CaptureQueriesContext(
                connection,
            ) as queries,
        ):
            list(reminders.send_due(timezone.now()))
        told = Message.objects.count()
        counts.append(len([each for each in queries if "mail_message" not in each["sql"]]))
        assert told in (2, 10)
    assert counts[0] == counts[1]


# The console

PAGE = "/organise/labs/lab/mail/reminders/"


def send(client: Client, action: str = PAGE, **changes: str) -> Any:
    """Send the form of the page that goes to this address."""
    [form] = [form for form in forms_of(client.get(PAGE)) if form.action == action]
    return client.post(action, form.filled(**changes))


def test_rules_are_added_and_removed_on_the_page(organiser: Client, lab: Lab) -> None:
    send(organiser, number="2", unit="days")
    send(organiser, number="3", unit="hours")
    assert [rule.hours for rule in lab.reminder_rules.all()] == [48, 3]
    body = organiser.get(PAGE).content.decode()
    assert "2 days before" in body
    assert "3 hours before" in body
    rule = lab.reminder_rules.get(hours=3)
    send(organiser, f"{PAGE}{rule.pk}/remove/")
    assert [rule.hours for rule in lab.reminder_rules.all()] == [48]


@pytest.mark.parametrize(
    ("number", "unit"),
    [("", "hours"), ("0", "hours"), ("-1", "days"), ("61", "days"), ("1441", "hours"), ("x", "hours"),
     ("9" * 400, "days"), ("1.5", "hours"), ("1", "weeks"), ("48", "hours")],
)  # fmt: skip
def test_what_cannot_be_is_said_beside_the_field(organiser: Client, lab: Lab, number: str, unit: str) -> None:
    reminders.set_rules(lab, [48])
    answer = send(organiser, number=number, unit=unit)
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert [rule.hours for rule in lab.reminder_rules.all()] == [48]


def test_there_are_five_at_most(organiser: Client, lab: Lab) -> None:
    reminders.set_rules(lab, [1, 2, 3, 4, 5])
    answer = send(organiser, number="6", unit="hours")
    assert answer.status_code == 422
    assert "at most 5" in answer.content.decode()


def test_a_rule_of_another_lab_cannot_be_removed(organiser: Client, lab: Lab) -> None:
    [rule] = reminders.set_rules(f.LabFactory(), [24])
    reminders.set_rules(lab, [24])
    token = form_of(organiser.get(PAGE)).filled()
    assert organiser.post(f"{PAGE}{rule.pk}/remove/", token).status_code == 404
    assert ReminderRule.objects.count() == 2


# The API


def test_the_api_reads_and_replaces_rules(lab: Lab) -> None:
    caller = Client(headers=bearer(f.StaffFactory(lab=lab).user))
    path = "/api/v1/labs/lab/reminders"
    assert caller.get(path).json() == {"hours": []}
    said = caller.put(path, {"hours": [24, 168, 24]}, content_type="application/json")
    assert (said.status_code, said.json()) == (200, {"hours": [168, 24]})
    first = lab.reminder_rules.get(hours=24).created_at
    caller.put(path, {"hours": [24]}, content_type="application/json")
    assert lab.reminder_rules.get().created_at == first
    for wrong in ([0], [1441], ["a"], list(range(1, 7)), None, [True]):
        answer = caller.put(path, {"hours": wrong}, content_type="application/json")
        assert answer.status_code == 422, wrong
    assert caller.get(path).json() == {"hours": [24]}
