"""When registration is open: from its first instant to just before its last, and what closing leaves possible."""

from contextlib import nullcontext
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from core.web.errors import RuleViolation
from labs.viewer import VISITOR
from registrations import managing, registering, seats
from registrations.availability import available_sessions
from registrations.models import Registration
from tests import factories as f
from tests.registrations.form_posts import answers, link, post
from tests.registrations.form_posts import send as post_form
from tests.registrations.test_registering import plan, registered

pytestmark = pytest.mark.django_db

A_MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("since_opening", "until_closing", "is_open"),
    [
        (-A_MOMENT, None, False),
        (timedelta(), None, True),
        (None, A_MOMENT, True),
        (None, timedelta(), False),
        (None, -A_MOMENT, False),
    ],
)
def test_registration_is_open_from_its_first_instant_to_just_before_its_last(
    client: Client, since_opening: timedelta | None, until_closing: timedelta | None, is_open: bool
) -> None:
    """The page, the form that is sent, the link that confirms, and what is added later all keep to the instant."""
    lab = f.LabFactory()
    first, second = f.SessionFactory(lab=lab), f.SessionFactory(lab=lab)
    mine = registered(first)
    asked = registering.submit(lab, VISITOR, plan(first, email="asked@example.org"))
    assert asked is not None
    opens, closes = lab.registration_opens_at, lab.registration_closes_at
    at = closes - until_closing if until_closing is not None else opens + (since_opening or timedelta())

    with time_machine.travel(at, tick=False):
        page = client.get(f"/labs/{lab.slug}/register/").content.decode()
        assert ('name="consent"' in page) is is_open
        post_form(client, lab, answers(first, email="late@example.org"))
        assert Registration.objects.filter(email="late@example.org").exists() is is_open
        post(client, link(asked, "confirm", "registration_confirm"))
        asked.refresh_from_db()
        assert (asked.state == "confirmed") is is_open
        with nullcontext() if is_open else pytest.raises(RuleViolation):
            managing.change_sessions(mine, VISITOR, {first.pk: "", second.pk: ""})
        assert len(managing.seats_of(mine)) == (2 if is_open else 1)


def test_without_a_closing_date_registration_stays_open():
    lab = f.LabFactory(registration_closes_at=None)
    assert lab.takes_registrations(lab.registration_opens_at + timedelta(days=3000))
    lab.visibility = "draft"
    assert not lab.takes_registrations(timezone.now())


def test_a_session_can_be_chosen_until_it_ends():
    session = f.SessionFactory(lab=f.LabFactory(registration_closes_at=None))
    for at, can_be in ((session.ends_at - A_MOMENT, True), (session.ends_at, False)):
        with time_machine.travel(at, tick=False):
            person = f.RegistrationFactory(lab=session.lab)
            assert [found.pk for found in available_sessions(session.lab, VISITOR, at).sessions] == [
                session.pk
            ] * can_be
            [seat] = seats.take(person, {session.pk: "online"})
            assert (seat.state == "confirmed") is can_be


def test_after_closing_seats_can_be_given_up_but_not_taken():
    lab = f.LabFactory()
    mine, other = f.SessionFactory(lab=lab), f.SessionFactory(lab=lab)
    found = registered(mine)
    lab.registration_closes_at = timezone.now()
    lab.save()

    with pytest.raises(RuleViolation) as violation:
        managing.change_sessions(found, VISITOR, {mine.pk: "", other.pk: ""})
    assert violation.value.code == "not_open"
    managing.change_sessions(found, VISITOR, {})

    assert managing.seats_of(found) == []
