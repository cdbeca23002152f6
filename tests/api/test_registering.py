"""Registering and attendance through the API."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core.mail.models import Message
from registrations.models import Attendance, Registration
from tests import factories as f
from tests.api.asking import bearer, form_for, post

pytestmark = pytest.mark.django_db


def test_registering_through_the_api_asks_the_address_to_confirm() -> None:
    session = f.SessionFactory()
    answer = post(session.lab, form_for(session))
    assert answer.status_code == 202, answer.json()
    registration = Registration.objects.get()
    assert (registration.state, registration.language) == ("unconfirmed", "bg")
    assert [message.occasion for message in Message.objects.all()] == ["confirm_address"]


@pytest.mark.parametrize(
    ("told", "kept"),
    [("Asia/Calcutta", "Asia/Kolkata"), ("Etc/UTC", "UTC"), ("Etc/GMT-3", "Etc/GMT-3"), ("GMT", "UTC")],
)
def test_a_zone_is_taken_by_every_name_that_devices_have_for_it(told: str, kept: str) -> None:
    session = f.SessionFactory()
    assert post(session.lab, form_for(session, time_zone=told)).status_code == 202
    assert Registration.objects.get().time_zone == kept


def test_registering_twice_with_one_key_registers_once_and_with_other_contents_is_refused() -> None:
    session = f.SessionFactory()
    answers = [post(session.lab, form_for(session)) for _number in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert Registration.objects.count() == 1
    assert post(session.lab, form_for(session, name="Somebody else")).status_code == 422


def test_the_answer_is_the_same_for_an_address_that_is_registered() -> None:
    session = f.SessionFactory()
    f.RegistrationFactory(lab=session.lab, email="demo1@example.org")
    known = post(session.lab, form_for(session), "key-number-1")
    unknown = post(session.lab, form_for(session, email="demo2@example.org"), "key-number-2")
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 5000}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"email": "no address"}, "email"),
        ({"email": "a@example.org\nBcc: b@example.org"}, "email"),
        ({"sessions": []}, "sessions"),
        ({"sessions": ["no-such"]}, "sessions.0"),
        ({"sessions": "text"}, "sessions"),
        ({"language": "xx"}, "language"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"city": "nowhere"}, "city"),
        ({"stakeholder_group": "nobody"}, "stakeholder_group"),
        ({"consent": "perhaps"}, "consent"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_kept(changes: dict[str, Any], field: str) -> None:
    session = f.SessionFactory()
    answer = post(session.lab, form_for(session, **changes))
    assert answer.status_code == 422, answer.content
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert (Registration.objects.count(), Message.objects.count()) == (0, 0)


def test_a_city_of_the_programme_and_another_one_cannot_both_be_the_persons() -> None:
    session = f.SessionFactory()
    city = f.CityFactory()
    session.lab.programme.cities.add(city)
    answer = post(session.lab, form_for(session, city=city.slug, city_text="Elsewhere"))
    assert [error["field"] for error in answer.json()["errors"]] == ["city_text"]
    assert post(session.lab, form_for(session, city=city.slug)).status_code == 202


def test_an_internal_session_is_as_unknown_to_a_visitor_as_one_that_does_not_exist() -> None:
    session = f.SessionFactory(visibility="internal")
    hidden = post(session.lab, form_for(session))
    missing = post(session.lab, form_for(session, sessions=["missing"]))
    assert hidden.status_code == missing.status_code == 422
    assert hidden.content.replace(session.slug.encode(), b"missing") == missing.content


def test_registering_needs_a_key() -> None:
    session = f.SessionFactory()
    assert post(session.lab, form_for(session), key="").status_code == 400


def test_the_document_names_the_key_as_it_has_to_be_sent() -> None:
    """Servers drop headers with underscores: a client made from the document could not register."""
    document = Client().get("/api/v1/openapi.json").json()
    operation = document["paths"]["/api/v1/labs/{lab}/registrations"]["post"]
    headers = [each["name"] for each in operation["parameters"] if each["in"] == "header"]
    assert headers == ["Idempotency-Key"]


def test_registering_is_refused_when_the_window_is_closed() -> None:
    lab = f.LabFactory(registration_closes_at=timezone.now() - timedelta(minutes=1))
    assert post(lab, form_for(f.SessionFactory(lab=lab))).status_code == 422
    assert Registration.objects.count() == 0


def test_attendance_is_taken_once_and_taken_back() -> None:
    registration = f.RegistrationFactory()
    session = f.SessionFactory(lab=registration.lab)
    door = f.StaffFactory(lab=registration.lab, role="door").user
    headers = bearer(door, ["attendance"])
    address = (
        f"/api/v1/labs/{registration.lab.slug}/sessions/{session.slug}/attendance/{registration.public_id}"
    )
    assert [Client().put(address, headers=headers).status_code for _number in range(2)] == [200, 200]
    assert Attendance.objects.count() == 1
    only_if = headers | {"If-Match": '"another state"'}
    assert Client().delete(address, headers=only_if).status_code == 412
    assert Client().put(address, headers=only_if).json()["type"] == "about:blank"
    assert Attendance.objects.count() == 1
    assert Client().delete(address, headers=headers | {"If-Match": "*"}).status_code == 204
    assert Attendance.objects.count() == 0


@pytest.mark.parametrize("changes", [{"name": "   "}, {"name": "😀"}, {"city": "a\0b"}, {"sessions": ["\0"]}])
def test_a_name_without_letters_and_addresses_that_cannot_be_are_refused(changes: dict[str, Any]) -> None:
    session = f.SessionFactory()
    assert post(session.lab, form_for(session, **changes)).status_code == 422
    assert Registration.objects.count() == 0


def test_the_form_says_all_that_a_program_has_to_ask() -> None:
    group = f.StakeholderGroupFactory()
    city = f.CityFactory()
    group.programme.cities.add(city)
    session = f.SessionFactory(
        lab=f.LabFactory(programme=group.programme, consent={"en": "Keep my answers."})
    )
    form = Client().get(f"/api/v1/labs/{session.lab.slug}/registration-form").json()
    assert form == {
        "is_open": True,
        "asks_photos": False,
        "documents": [],
        "consent_shown": form["consent_shown"],
        "consent": {"en": "Keep my answers.", "bg": "Keep my answers.", "el": "Keep my answers."},
        "kept_until": (session.lab.ends_on + timedelta(days=session.lab.retention_days)).isoformat(),
        "stakeholder_groups": [{"slug": group.slug, "name": group.name}],
        "cities": [{"slug": city.slug, "name": city.name}],
    }
    answer = post(session.lab, form_for(session, stakeholder_group=group.slug, city=city.slug))
    assert answer.status_code == 202, answer.json()


def test_consent_is_given_by_true_and_by_nothing_like_it() -> None:
    session = f.SessionFactory()
    for consent in ("yes", 1, "true"):
        assert post(session.lab, form_for(session, consent=consent)).status_code == 422
    assert Registration.objects.count() == 0


def test_where_the_programme_has_groups_one_has_to_be_named() -> None:
    """As in the form: nobody comes past the question through the API."""
    group = f.StakeholderGroupFactory()
    session = f.SessionFactory(lab=f.LabFactory(programme=group.programme))
    answer = post(session.lab, form_for(session))
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["stakeholder_group"]
    assert Registration.objects.count() == 0
