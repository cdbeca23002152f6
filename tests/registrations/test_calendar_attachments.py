"""The calendar entries in emails: each takes the place of the one that the same person was sent before."""

from datetime import datetime
from typing import Any, NamedTuple

import pytest
from django.test import Client
from icalendar import Calendar

from core.mail.models import Message
from labs.models import Lab
from registrations import organiser_actions
from registrations.models import Registration
from sessions.models import Session
from tests import factories as f
from tests.registrations.form_posts import answers, link, mails, post, send

pytestmark = pytest.mark.django_db


class Entry(NamedTuple):
    sequence: int
    stamp: datetime
    status: str

    def takes_the_place_of(self, other: "Entry") -> bool:
        """As calendars decide it (RFC 5546 §2.1.5)."""
        return (self.sequence, self.stamp) > (other.sequence, other.stamp)


def entries_in(content: bytes) -> dict[str, Entry]:
    return {
        str(event["UID"]): Entry(int(event["SEQUENCE"]), event["DTSTAMP"].dt, str(event["STATUS"]))
        for event in Calendar.from_ical(content).walk("VEVENT")
    }


def entries_of(message: Message) -> dict[str, Entry]:
    return entries_in(message.calendar.encode())


def confirmed(client: Client, *sessions: Session, **changes: Any) -> Registration:
    seen = " ".join(
        f"{one.pk}-{other.pk}" for place, one in enumerate(sessions) for other in sessions[place + 1 :]
    )
    send(client, sessions[0].lab, answers(*sessions, overlaps_seen=seen, **changes))
    person = Registration.objects.latest("pk")
    post(client, link(person, "confirm", "registration_confirm"))
    return person


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory()


def test_cancelling_the_registration_takes_all_entries_out(client: Client, lab: Lab) -> None:
    one, other = f.SessionFactory.create_batch(2, lab=lab)
    person = confirmed(client, one, other)
    post(client, link(person, "manage", "registration_cancel"))

    before, after = entries_of(mails("confirmation")[0]), entries_of(mails("registration_cancelled")[0])
    assert {one.uid, other.uid} == set(before) == set(after)
    for uid, entry in after.items():
        assert entry.status == "CANCELLED"
        assert entry.takes_the_place_of(before[uid])
    [mail] = mails("registration_cancelled")
    for body in (mail.text, mail.html):
        assert "The attached file removes the sessions from your calendar." in body


def test_a_seat_after_waiting_takes_the_place_of_the_tentative_entry(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, capacity=1)
    first = confirmed(client, session, email="first@example.org")
    confirmed(client, session, email="second@example.org")
    post(client, link(first, "manage", "registration_give_up", session.slug))

    [waiting] = entries_of(
        Message.objects.get(occasion="confirmation", to_email="second@example.org")
    ).values()
    [seated] = entries_of(mails("seat_is_yours")[0]).values()
    assert (waiting.status, seated.status) == ("TENTATIVE", "CONFIRMED")
    assert seated.takes_the_place_of(waiting)


@pytest.mark.parametrize("who", ["participant", "organiser"])
def test_one_seat_that_is_given_up_leaves_the_calendar_and_may_come_back(
    client: Client, lab: Lab, who: str
) -> None:
    kept, dropped = f.SessionFactory.create_batch(2, lab=lab)
    person = confirmed(client, kept, dropped)
    if who == "organiser":
        organiser_actions.take_back(person, dropped, f.StaffFactory(lab=lab, role="organiser").user)
    else:
        post(client, link(person, "manage", "registration_give_up", dropped.slug))
    both = {"session": [kept.slug, dropped.slug], "overlaps_seen": f"{kept.pk}-{dropped.pk}"}
    post(client, link(person, "manage", "registration_sessions"), both)

    at_first = entries_of(mails("confirmation")[0])
    without, again = (entries_of(mail) for mail in mails("registration_changed"))
    assert without[kept.uid] == at_first[kept.uid] == again[kept.uid]
    assert without[dropped.uid].status == "CANCELLED"
    assert without[dropped.uid].takes_the_place_of(at_first[dropped.uid])
    assert again[dropped.uid].status == "CONFIRMED"
    assert again[dropped.uid].takes_the_place_of(without[dropped.uid])
    feed = client.get(link(person, "feed", "personal_feed")).content
    assert entries_in(feed) == again


def test_who_cancels_and_registers_again_gets_entries_that_replace_the_cancelled_ones(
    client: Client, lab: Lab
) -> None:
    one, other = f.SessionFactory.create_batch(2, lab=lab)
    person = confirmed(client, one, other)
    post(client, link(person, "manage", "registration_cancel"))
    person = confirmed(client, one)
    both = {"session": [one.slug, other.slug], "overlaps_seen": f"{one.pk}-{other.pk}"}
    post(client, link(person, "manage", "registration_sessions"), both)

    cancelled = entries_of(mails("registration_cancelled")[0])
    again, added = entries_of(mails("confirmation")[1]), entries_of(mails("registration_changed")[0])
    assert again[one.uid].takes_the_place_of(cancelled[one.uid])
    assert added[one.uid] == again[one.uid]
    assert added[other.uid].takes_the_place_of(cancelled[other.uid])


def test_a_session_without_a_seat_left_is_in_no_file(client: Client, lab: Lab) -> None:
    full = f.SessionFactory(lab=lab, capacity=1, waiting_list=False)
    free = f.SessionFactory(lab=lab)
    send(client, lab, answers(full, free, overlaps_seen=f"{full.pk}-{free.pk}"))
    confirmed(client, full, email="first@example.org")
    person = Registration.objects.get(email="participant17@example.org")
    post(client, link(person, "confirm", "registration_confirm"))

    message = Message.objects.get(occasion="confirmation", to_email="participant17@example.org")
    assert set(entries_of(message)) == {free.uid}


def test_a_file_that_asks_for_nothing_has_no_method(client: Client, lab: Lab) -> None:
    one, other = f.SessionFactory.create_batch(2, lab=lab)
    person = confirmed(client, one, other)
    post(client, link(person, "manage", "registration_give_up", one.slug))
    post(client, link(person, "manage", "registration_cancel"))

    files = [mail.calendar for mail in mails() if mail.calendar]
    assert len(files) == 3
    for file in files:
        assert "METHOD" not in Calendar.from_ical(file)
