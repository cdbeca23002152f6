"""What webhooks are told when people register, wait, are seated, leave, come and are erased."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from certificates import issuing
from core.webhooks.models import Delivery, Endpoint
from labs.models import Lab
from registrations import attendance, erasure, managing, organiser_actions, registering
from registrations.models import Registration
from tests import factories as f
from tests.api.asking import bearer, form_for, organiser_of, post
from tests.registrations.form_posts import took_place

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab")


@pytest.fixture
def webhook(lab: Lab) -> Endpoint:
    f.EndpointFactory()  # of another lab
    return f.EndpointFactory(lab=lab)


def told() -> list[dict[str, Any]]:
    """Return what was announced since the last call, in order."""
    found = [json.loads(each.body) for each in Delivery.objects.order_by("pk")]
    Delivery.objects.all().delete()
    return found


def types() -> list[str]:
    return [each["type"] for each in told()]


def register(lab: Lab, number: int, *sessions: Any) -> Registration:
    form = form_for(sessions[0], name=f"Demo {number}x", email=f"demo{number}@example.org")
    answer = post(lab, form | {"sessions": [each.slug for each in sessions]}, key=f"key-number-{number}")
    assert answer.status_code == 202, answer.json()
    return Registration.objects.latest("pk")


def test_registering_confirming_waiting_and_being_seated(lab: Lab, webhook: Endpoint) -> None:
    full = f.SessionFactory(lab=lab, slug="full", capacity=1)
    first = register(lab, 1, full)
    assert types() == ["registration.created"]
    registering.confirm(first)
    [confirmed] = told()
    assert confirmed["data"] == {
        "lab": "lab",
        "registration": {
            "id": str(first.public_id),
            "state": "confirmed",
            "url": f"http://testserver/api/v1/labs/lab/registrations/{first.public_id}",
        },
        "seats": [{"session": "full", "mode": "online", "state": "confirmed"}],
    }
    second = register(lab, 2, full)
    told()
    registering.confirm(second)
    confirmed, waiting = told()
    assert (waiting["type"], waiting["data"]["session"], waiting["data"]["seat"]) == (
        "seat.waiting", "full", {"mode": "online", "state": "waiting", "place": 2},
    )  # fmt: skip
    assert confirmed["data"]["seats"] == [{"session": "full", "mode": "online", "state": "waiting"}]
    managing.cancel(first)
    promoted, cancelled = told()
    assert (promoted["type"], promoted["data"]["registration"]["id"]) == (
        "seat.promoted",
        str(second.public_id),
    )
    assert promoted["data"]["seat"] == {"mode": "online", "state": "confirmed", "place": 2}
    assert (cancelled["type"], cancelled["data"]["registration"]["state"]) == (
        "registration.cancelled",
        "cancelled",
    )
    managing.cancel(first)
    assert told() == []


def test_an_organiser_who_puts_somebody_on_a_waiting_list_is_told_of_too(lab: Lab, webhook: Endpoint) -> None:
    full = f.SessionFactory(lab=lab, capacity=0)
    organiser_actions.give_seat(f.RegistrationFactory(lab=lab), full, organiser_of(lab))
    assert types() == ["seat.waiting"]


def test_who_waits_in_a_lab_that_is_still_a_draft_is_told_of(lab: Lab, webhook: Endpoint) -> None:
    lab.visibility = Lab.Visibility.DRAFT
    lab.save()
    full = f.SessionFactory(lab=lab, slug="full", capacity=0)
    headers = {**bearer(organiser_of(lab)), "Idempotency-Key": "enter-somebody"}
    form = form_for(full) | {"sessions": ["full"], "confirmed": True}
    address = "/api/v1/labs/lab/registrations/entered"
    answer = Client().post(address, form, content_type="application/json", headers=headers)
    assert answer.status_code == 201, answer.json()
    assert sorted(types()) == ["registration.confirmed", "registration.created", "seat.waiting"]


def test_no_event_names_anybody(lab: Lab, webhook: Endpoint) -> None:
    person = f.RegistrationFactory(
        lab=lab, name="Canary Name", email="canary@example.org", organisation="Canary", city_text="Canary"
    )
    session = f.SessionFactory(lab=lab)
    organiser_actions.give_seat(person, session, organiser_of(lab))
    attendance.record(person, session)
    erasure.erase(managing.cancel(person))
    assert "canary" not in "".join(each.body for each in Delivery.objects.all()).lower()
    assert Delivery.objects.count() == 1


def test_attendance_is_told_once_and_when_it_is_taken_back(lab: Lab, webhook: Endpoint) -> None:
    session = f.SessionFactory(lab=lab, slug="session")
    people = f.RegistrationFactory.create_batch(3, lab=lab)
    for _each in range(2):
        attendance.record(people[0], session)
    [recorded] = told()
    assert (recorded["type"], recorded["data"]["session"]) == ("attendance.recorded", "session")
    attendance.record_all(people, session)
    assert sorted(each["data"]["registration"]["id"] for each in told()) == sorted(
        str(each.public_id) for each in people[1:]
    )
    attendance.remove_all(people, session)
    assert types() == ["attendance.removed"] * 3


def test_certificates_are_told_with_code_and_what_they_replace(lab: Lab, webhook: Endpoint) -> None:
    came = f.AttendanceFactory(registration__lab=lab)
    took_place(came.session)
    one = issuing.issue(came.registration)
    [issued] = told()
    assert (issued["type"], issued["data"]["certificate"]["code"]) == ("certificate.issued", one.code)
    assert issued["data"]["certificate"]["url"] == f"http://testserver/certificates/{one.code}/"
    two = issuing.reissue(one)
    [again] = told()
    said = again["data"]["certificate"]
    assert (again["type"], said["code"], said["replaces"]) == ("certificate.issued", two.code, one.code)
    issuing.revoke(two, "A slip of the pen")
    issuing.restore(two)
    assert types() == ["certificate.revoked", "certificate.restored"]


def test_who_is_erased_leaves_nothing_but_the_news_of_it(lab: Lab, webhook: Endpoint) -> None:
    """What waits to be sent about the person goes; receivers are told to delete what they have (GDPR, Article 19)."""
    session = f.SessionFactory(lab=lab)
    person, other = f.RegistrationFactory.create_batch(2, lab=lab)
    for each in (person, other):
        attendance.record(each, session)
    known_as = str(person.public_id)
    erasure.erase(person)
    kept, erased = told()
    assert kept["data"]["registration"]["id"] == str(other.public_id)
    assert (erased["type"], erased["data"]) == (
        "registration.erased", {"lab": "lab", "registration": {"id": known_as}},
    )  # fmt: skip


def test_who_never_confirmed_is_erased_too(lab: Lab, webhook: Endpoint) -> None:
    person = register(lab, 1, f.SessionFactory(lab=lab))
    Registration.objects.update(created_at=timezone.now() - timedelta(days=8))
    registering.expire_unconfirmed(timezone.now())
    [erased] = told()
    assert (erased["type"], erased["data"]["registration"]) == (
        "registration.erased",
        {"id": str(person.public_id)},
    )


def test_nothing_is_put_together_where_nobody_asked(lab: Lab) -> None:
    f.EndpointFactory(lab=lab, events=["certificate.issued"])
    f.EndpointFactory(lab=lab, is_active=False, disabled_because="failing")
    registering.confirm(register(lab, 1, f.SessionFactory(lab=lab, capacity=0)))
    assert told() == []
