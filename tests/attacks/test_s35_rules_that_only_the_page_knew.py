"""S35: sale windows and maxima that only the page enforced. Every rule of registering holds in the verb itself."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from core.web.errors import RuleViolation
from labs.viewer import VISITOR
from registrations import attendance, managing, registering
from registrations.availability import Choice
from registrations.models import Attendance, Registration
from sessions.models import Session
from tests import factories as f
from tests.api.asking import bearer
from tests.registrations.test_registering import plan, registered

pytestmark = pytest.mark.django_db


def refusal(session: Session, **changes) -> str:
    with pytest.raises(RuleViolation) as refused:
        registering.submit(session.lab, VISITOR, plan(session, **changes))
    assert not Registration.objects.exists()
    return refused.value.code


def test_the_window_of_registration_holds_at_its_very_edges():
    opens = timezone.now() + timedelta(days=1)
    closes = opens + timedelta(days=1)
    lab = f.LabFactory(registration_opens_at=opens, registration_closes_at=closes)
    session = f.SessionFactory(lab=lab)

    for moment in (opens - timedelta(seconds=1), closes, closes + timedelta(days=1)):
        with time_machine.travel(moment, tick=False):
            assert refusal(session) == "not_open"
    for moment in (opens, closes - timedelta(seconds=1)):
        with time_machine.travel(moment, tick=False):
            assert registering.submit(lab, VISITOR, plan(session, email=f"{moment:%H%M%S}@example.org"))


def test_a_form_that_was_opened_in_time_and_sent_late_is_refused():
    lab = f.LabFactory()
    session = f.SessionFactory(lab=lab)

    with time_machine.travel(lab.registration_closes_at + timedelta(seconds=1)):
        assert refusal(session) == "not_open"


@pytest.mark.parametrize("visibility", ["draft", "internal"])
def test_hidden_sessions_cannot_be_chosen(visibility):
    assert refusal(f.SessionFactory(visibility=visibility)) == "unknown_session"


def test_neither_can_cancelled_and_past_ones_nor_those_of_another_lab():
    lab = f.LabFactory()
    cancelled = f.SessionFactory(lab=lab, status="cancelled", cancelled_at=timezone.now())
    assert refusal(cancelled) == "unknown_session"
    past = f.SessionFactory(
        lab=lab, starts_at=timezone.now() - timedelta(2), ends_at=timezone.now() - timedelta(1)
    )
    assert refusal(past) == "unknown_session"
    with pytest.raises(RuleViolation):
        registering.submit(lab, VISITOR, plan(f.SessionFactory()))
    empty = replace(plan(f.SessionFactory(lab=lab)), choice=Choice(lab.pk, VISITOR, ()))
    with pytest.raises(RuleViolation):
        registering.submit(lab, VISITOR, empty)
    assert not Registration.objects.exists()


def test_without_consent_there_is_no_registration():
    session = f.SessionFactory()
    with pytest.raises(RuleViolation) as refused:
        registering.submit(session.lab, VISITOR, replace(plan(session), consent=False))
    assert refused.value.code == "no_consent"


def test_a_session_that_was_withdrawn_before_the_press_gives_no_seat():
    session = f.SessionFactory(capacity=5)
    found = registering.submit(session.lab, VISITOR, plan(session))
    Session.objects.filter(pk=session.pk).update(visibility="draft")

    registering.confirm(found)

    assert [seat.state for seat in found.seats.all()] == ["cancelled"]
    session.refresh_from_db()
    assert session.seats_taken == 0


def test_adding_sessions_later_follows_the_same_rules():
    lab = f.LabFactory()
    found = registered(f.SessionFactory(lab=lab))
    hidden = f.SessionFactory(lab=lab, visibility="internal")
    foreign = f.SessionFactory()

    for session in (hidden, foreign):
        with pytest.raises(RuleViolation) as refused:
            managing.change_sessions(found, VISITOR, {session.pk: ""})
        assert refused.value.code == "unknown_session"
    assert len(managing.seats_of(found)) == 1


@pytest.mark.parametrize(
    "state", [{"visibility": "draft"}, {"status": "cancelled", "cancelled_at": timezone.now()}]
)
def test_nobody_was_present_in_a_session_that_did_not_take_place(state):
    """The door's pages offer no such session; the API let a program take attendance there, for a certificate."""
    session = f.SessionFactory()
    person = registered(session)
    Session.objects.filter(pk=session.pk).update(**state)
    session.refresh_from_db()
    with pytest.raises(attendance.SessionNotHeld):
        attendance.record(person, session)

    headers = bearer(f.StaffFactory(lab=session.lab).user, ["attendance"])
    address = f"/api/v1/labs/{session.lab.slug}/sessions/{session.slug}/attendance/{person.public_id}"
    assert Client().put(address, headers=headers).status_code == 409
    assert not Attendance.objects.exists()
