"""Unsubscribing: the header that mail programs read, their one click, the page, and what still comes."""

from typing import Any

import pytest
from django.test import Client

from core.jobs.worker import Worker
from core.mail.models import Message
from registrations import emails, seats, session_emails
from registrations.managing import seats_of
from registrations.models import Registration
from tests import factories as f
from tests.pages import form_of
from tests.registrations.form_posts import link

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Registration:
    session = f.SessionFactory(lab=f.LabFactory())
    person = f.RegistrationFactory(lab=session.lab, language="en")
    seats.take(person, {session.pk: session.modes[0]})
    return person


def unsubscribe(person: Registration) -> str:
    return link(person, "unsubscribe", "registration_unsubscribe")


def is_unsubscribed(person: Registration) -> bool:
    person.refresh_from_db()
    return person.unsubscribed_at is not None


def test_what_is_not_transactional_carries_the_headers_of_rfc_8058(person: Registration, smtp: Any) -> None:
    [seat] = seats_of(person)
    seat.registration = person
    session_emails.session_reminder(seat, 24)
    emails.confirmation(person, [seat])
    Worker().drain()
    by_subject = {mail["Subject"].split(":")[0]: mail for mail in smtp.received}
    reminder = by_subject.pop("Reminder")
    assert reminder["List-Unsubscribe"] == f"<http://testserver{unsubscribe(person)}>"
    assert reminder["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    [confirmation] = by_subject.values()
    assert confirmation["List-Unsubscribe"] is None
    assert confirmation["List-Unsubscribe-Post"] is None


def test_the_header_is_one_line_of_one_address(person: Registration, smtp: Any) -> None:
    [seat] = seats_of(person)
    seat.registration = person
    session_emails.session_reminder(seat, 24)
    Worker().drain()
    [octets] = smtp.octets
    [line] = [line for line in octets.split(b"\r\n") if line.startswith(b"List-Unsubscribe:")]
    assert line == f"List-Unsubscribe: <http://testserver{unsubscribe(person)}>".encode()
    assert len(line) < 998


def test_one_click_needs_neither_cookie_nor_origin_nor_key(person: Registration) -> None:
    answer = Client(enforce_csrf_checks=True).post(
        unsubscribe(person),
        "List-Unsubscribe=One-Click",
        content_type="application/x-www-form-urlencoded",
        headers={"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 200  # no redirect: RFC 8058 §3.1
    assert "set-cookie" not in {name.lower() for name in answer.headers}
    assert is_unsubscribed(person)


def test_any_other_post_from_elsewhere_is_refused(person: Registration) -> None:
    for body in ({"action": "stop"}, {"List-Unsubscribe": "one-click"}, {"List-Unsubscribe": ""}):
        client = Client(enforce_csrf_checks=True)
        answer = client.post(unsubscribe(person), body, headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403
    assert not is_unsubscribed(person)


def test_one_click_is_taken_by_no_other_page(person: Registration) -> None:
    for purpose, route in (("manage", "registration_cancel"), ("leave", "registration_leave")):
        answer = Client(enforce_csrf_checks=True).post(
            link(person, purpose, route), {"List-Unsubscribe": "One-Click"}
        )
        assert answer.status_code == 403


def test_opening_the_link_changes_nothing(person: Registration) -> None:
    for method in ("get", "head"):
        assert getattr(Client(), method)(unsubscribe(person)).status_code == 200
    assert not is_unsubscribed(person)


def test_the_page_unsubscribes_and_subscribes_again(person: Registration) -> None:
    client, page = Client(), unsubscribe(person)
    for action, said in (("stop", True), ("again", False), ("again", False), ("stop", True), ("stop", True)):
        answer = client.post(page, {"action": action}, follow=True)
        assert answer.redirect_chain[-1][0] == page
        assert is_unsubscribed(person) == said
    assert "You are unsubscribed" in client.get(page).content.decode()
    assert "You get no reminders" in client.get(link(person, "manage")).content.decode()


def test_the_page_is_reached_from_the_registration(person: Registration) -> None:
    client = Client()
    assert unsubscribe(person) in client.get(link(person, "manage")).content.decode()
    assert form_of(client.get(unsubscribe(person))).buttons == [("action", "stop")]


def test_another_link_of_the_person_does_not_unsubscribe_and_the_other_way_round(
    person: Registration,
) -> None:
    for purpose in ("manage", "confirm", "leave", "feed"):
        assert Client().post(link(person, purpose, "registration_unsubscribe")).status_code == 404
    assert not is_unsubscribed(person)
    assert Client().get(link(person, "unsubscribe")).status_code == 404


def test_colleagues_with_one_address_unsubscribe_each_for_himself(person: Registration) -> None:
    other = f.RegistrationFactory(lab=person.lab, email=person.email, email_key=person.email_key)
    Client().post(unsubscribe(person), {"List-Unsubscribe": "One-Click"})
    assert (is_unsubscribed(person), is_unsubscribed(other)) == (True, False)


def test_what_concerns_the_own_registration_still_comes(person: Registration) -> None:
    Client().post(unsubscribe(person), {"List-Unsubscribe": "One-Click"})
    [seat] = seats_of(person)
    seat.registration = person
    session_emails.session_cancelled(seat)
    assert Message.objects.get().occasion == "session_cancelled"
