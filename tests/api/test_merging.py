"""Possible duplicates and merging through the API."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.mail.models import Message
from core.web.models import IdempotentRequest
from labs.models import Lab
from registrations import seats
from registrations.models import Registration, Seat
from registrations.recounting import recount
from sessions.models import Session
from tests import factories as f
from tests.api.asking import bearer, organiser_of
from tests.api.test_bulk import fields
from tests.walks.exploring import digest

pytestmark = pytest.mark.django_db

BASE = "/api/v1/labs/lab/registrations"


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab")


@pytest.fixture
def headers(lab: Lab) -> dict[str, str]:
    return bearer(organiser_of(lab), ["registrations"])


@pytest.fixture
def people(lab: Lab) -> tuple[Registration, Registration, Registration]:
    """Two registrations of one person with the seats of a session, and somebody who waits."""
    return (
        f.RegistrationFactory(lab=lab, name="Maria Petrova", email="kept@example.org"),
        f.RegistrationFactory(lab=lab, name="Petrova Maria", email="other@example.org"),
        f.RegistrationFactory(lab=lab, name="Ivan Ivanov"),
    )


@pytest.fixture
def sessions(lab: Lab, people: tuple[Registration, ...]) -> tuple[Session, Session]:
    both, only = f.SessionFactory(lab=lab, capacity=2, slug="both"), f.SessionFactory(lab=lab, slug="only")
    mode = both.modes[0]
    seats.take(people[0], {both.pk: mode})
    seats.take(people[1], {both.pk: mode, only.pk: mode})
    seats.take(people[2], {both.pk: mode})
    return both, only


def merge(
    headers: dict[str, str], kept: Registration, other: object, key: str = "key-of-this-call", **more: Any
) -> Any:
    return Client().post(
        f"{BASE}/{kept.public_id}/merge",
        {"other": str(other), **more},
        content_type="application/json",
        headers=headers | {"Idempotency-Key": key},
    )


def test_duplicates_are_listed_in_pages_with_what_they_have_in_common(
    headers: dict[str, str], lab: Lab, people: tuple[Registration, ...], sessions: object
) -> None:
    f.RegistrationFactory(lab=lab, name="M. Petrova", email="kept@example.org")
    answer = Client().get(f"{BASE}/duplicates", headers=headers).json()
    assert [
        ([person["name"] for person in each["registrations"]], each["in_common"]) for each in answer["items"]
    ] == [(["Maria Petrova", "M. Petrova"], "email"), (["Maria Petrova", "Petrova Maria"], "name")]
    one = Client().get(f"{BASE}/{people[0].public_id}", headers=headers).json()
    assert (answer["count"], answer["items"][0]["registrations"][0]) == (2, one)
    page = Client().get(f"{BASE}/duplicates?limit=1&offset=1", headers=headers)
    assert (page.json()["count"], page.json()["items"]) == (2, answer["items"][1:])
    assert 'rel="prev"' in page["Link"]


def test_duplicates_cost_the_same_queries_at_any_size(headers: dict[str, str], lab: Lab) -> None:
    costs = []
    for size in (2, 20):
        for number in range(size):
            person = f.RegistrationFactory(
                lab=lab, name="Maria Petrova", email=f"m{size}-{number}@example.org"
            )
            f.SeatFactory(registration=person, session=f.SessionFactory(lab=lab))
            f.AttendanceFactory(registration=person, session=f.SessionFactory(lab=lab))
        with CaptureQueriesContext(connection) as captured:
            answer = Client().get(f"{BASE}/duplicates", headers=headers)
        costs.append((len(captured), len(answer.json()["items"])))
    assert costs == [(10, 1), (10, 21)]


def test_a_preview_tells_what_the_merge_then_does_and_changes_nothing(
    headers: dict[str, str], people: tuple[Registration, ...], sessions: tuple[Session, Session]
) -> None:
    kept, other, waiting = people
    assert Seat.objects.get(registration=waiting).state == "waiting"
    before = digest()
    seen = merge(headers, kept, other.public_id, is_preview=True)
    assert (seen.status_code, digest()) == (200, before)
    done = merge(headers, kept, other.public_id)
    said = seen.json()
    assert said == done.json()
    assert said["registration"] == Client().get(f"{BASE}/{kept.public_id}", headers=headers).json()
    assert [seat["session"] for seat in said["registration"]["seats"]] == ["both", "only"]
    assert (said["moved"], said["promoted"], said["is_emailed"]) == (
        ["only"],
        [str(waiting.public_id)],
        True,
    )
    assert Client().get(f"{BASE}/{other.public_id}", headers=headers).status_code == 404
    assert recount() == []


def test_a_repeated_call_merges_nothing_more_and_has_the_same_answer(
    headers: dict[str, str], people: tuple[Registration, ...], sessions: object
) -> None:
    kept, other, waiting = people
    first, again = (merge(headers, kept, other.public_id) for _each in range(2))
    assert (first.status_code, first.json()) == (200, again.json())
    assert Message.objects.filter(registration=kept).count() == 1
    assert Registration.objects.filter(erased_at__isnull=False).count() == 1
    assert merge(headers, kept, waiting.public_id).status_code == 422
    [record] = IdempotentRequest.objects.filter(purpose="api:merge_registrations")
    assert "Maria" not in str(record.result)


def test_refusals_are_problems_and_nothing_is_done(
    headers: dict[str, str], lab: Lab, people: tuple[Registration, ...]
) -> None:
    kept, other, _waiting = people
    form = f.RegistrationFactory(lab=lab, state="unconfirmed", confirmed_at=None)
    elsewhere = f.RegistrationFactory()
    before = digest()
    for preview in (True, False):
        for unknown in (elsewhere.public_id, uuid.uuid4()):
            answer = merge(headers, kept, unknown, is_preview=preview)
            assert (answer.status_code, fields(answer)) == (422, ["other"])
        answer = merge(headers, kept, kept.public_id, is_preview=preview)
        assert (answer.status_code, fields(answer)) == (422, ["other"])
        answer = merge(headers | {"Accept-Language": "bg"}, form, other.public_id, is_preview=preview)
        assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
        assert answer.json()["detail"] == "Тази регистрация не е потвърдена или е отменена."
        assert merge(headers, elsewhere, other.public_id, is_preview=preview).status_code == 404
    assert fields(merge(headers, kept, "x")) == ["other"]
    assert digest() == before
