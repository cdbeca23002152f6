"""One action on many registrations through the API: started once, carried out, watched, taken back."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.jobs.worker import Worker
from core.mail.models import Message
from labs.models import Lab
from registrations import bulk
from registrations.models import BulkAction, Registration, Seat, Tag, Tagging
from tests import factories as f
from tests.api.asking import bearer, organiser_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab")


@pytest.fixture
def headers(lab: Lab) -> dict[str, str]:
    return bearer(organiser_of(lab), ["registrations"])


def call(
    method: str, path: str, headers: dict[str, str], body: Any = None, key: str = "key-of-this-call"
) -> Any:
    said = headers | {"Idempotency-Key": key}
    address = f"/api/v1/labs/lab/registrations/bulk{path}"
    return getattr(Client(), method)(address, body or {}, content_type="application/json", headers=said)


def ids(people: Any) -> list[str]:
    return [str(each.public_id) for each in people]


def fields(answer: Any) -> list[str]:
    return [each["field"] for each in answer.json()["errors"]]


def test_named_people_are_tagged_once_and_the_tag_is_taken_back(headers: dict[str, str], lab: Lab) -> None:
    people = f.RegistrationFactory.create_batch(3, lab=lab)
    f.RegistrationFactory(lab=lab)
    form = {"action": "tag", "tag": "Speaker", "registrations": ids(people[:2]) + ids(people[:1])}

    first, again = (call("post", "", headers, form) for _each in range(2))

    assert (first.status_code, first.json()) == (202, again.json())
    said = first.json()
    assert (said["total"], said["processed"], said["done"], said["can_undo"]) == (2, 2, 2, True)
    assert (BulkAction.objects.count(), Tagging.objects.count()) == (1, 2)
    assert call("get", f"/{said['id']}", headers).json() == said
    undone = call("post", f"/{said['id']}/undo", headers)
    assert (undone.status_code, undone.json()["can_undo"], undone.json()["undone_at"] is None) == (
        200,
        False,
        False,
    )
    assert Tag.objects.count() == 0
    assert call("post", f"/{said['id']}/undo", headers).status_code == 409


def test_many_are_left_to_the_worker(headers: dict[str, str], lab: Lab) -> None:
    total = bulk.DONE_AT_ONCE + 1
    f.RegistrationFactory.create_batch(total, lab=lab)
    f.RegistrationFactory(lab=lab, state="unconfirmed", confirmed_at=None)
    form = {"action": "cancel", "filter": {"state": "confirmed"}, "expected": total}
    said = call("post", "", headers, form).json()
    assert (said["total"], said["processed"], said["finished_at"]) == (total, 0, None)
    Worker().drain()
    said = call("get", f"/{said['id']}", headers).json()
    assert (said["done"], said["can_undo"], said["finished_at"] is None) == (total, False, False)
    assert Registration.objects.filter(state="cancelled").count() == total
    assert Message.objects.count() == total
    assert call("post", f"/{said['id']}/undo", headers).status_code == 409


def test_people_are_added_to_a_session_and_failures_are_said(headers: dict[str, str], lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, slug="open")
    person = f.RegistrationFactory(lab=lab)
    gone = f.RegistrationFactory(lab=lab, state="cancelled", cancelled_at=timezone.now())
    form = {"action": "give-seat", "session": "open", "registrations": ids([person, gone])}
    said = call("post", "", headers | {"Accept-Language": "bg"}, form).json()
    assert (said["session"], said["done"], [each["count"] for each in said["failures"]]) == ("open", 1, [1])
    assert said["failures"][0]["detail"] == "Регистрацията не е потвърдена или е отменена."
    assert list(Seat.objects.values_list("registration", "session")) == [(person.pk, session.pk)]


def test_another_number_than_expected_does_nothing(headers: dict[str, str], lab: Lab) -> None:
    f.RegistrationFactory.create_batch(2, lab=lab)
    answer = call("post", "", headers, {"action": "cancel", "filter": {}, "expected": 3})
    assert (answer.status_code, BulkAction.objects.count()) == (409, 0)


def test_nobody_is_an_error(headers: dict[str, str]) -> None:
    answer = call("post", "", headers, {"action": "cancel", "filter": {"tag": "no-such"}})
    assert (answer.status_code, BulkAction.objects.count()) == (409, 0)


@pytest.mark.parametrize(
    ("form", "named"),
    [
        ({"action": "cancel"}, ["registrations"]),
        ({"action": "cancel", "filter": {}, "registrations": [str(uuid.uuid4())]}, ["registrations"]),
        ({"action": "cancel", "registrations": []}, ["registrations"]),
        ({"action": "cancel", "registrations": ["x"]}, ["registrations.0"]),
        ({"action": "erase", "filter": {}}, ["action"]),
        ({"action": "tag", "filter": {}}, ["tag"]),
        ({"action": "tag", "tag": "two\nlines", "filter": {}}, ["tag"]),
        ({"action": "give-seat", "filter": {}}, ["session"]),
        ({"action": "give-seat", "session": "of-another-lab", "filter": {}}, ["session"]),
        ({"action": "cancel", "filter": {"colour": "red"}}, ["filter.colour"]),
    ],
)
def test_what_is_wrong_is_named(
    headers: dict[str, str], lab: Lab, form: dict[str, Any], named: list[str]
) -> None:
    f.RegistrationFactory(lab=lab)
    f.SessionFactory(slug="of-another-lab")
    answer = call("post", "", headers, form)
    assert (answer.status_code, fields(answer), BulkAction.objects.count()) == (422, named, 0)


def test_people_of_another_lab_are_unknown_and_nothing_is_done(headers: dict[str, str], lab: Lab) -> None:
    own, other = f.RegistrationFactory(lab=lab), f.RegistrationFactory()
    answers = [
        call(
            "post",
            "",
            headers,
            {"action": "cancel", "registrations": [str(own.public_id), each]},
            key=f"key-{each}",
        )
        for each in (str(other.public_id), str(uuid.uuid4()))
    ]
    assert [(each.status_code, fields(each)) for each in answers] == [(422, ["registrations.1"])] * 2
    assert answers[0].json()["errors"] == answers[1].json()["errors"]
    assert Registration.objects.filter(state="confirmed").count() == 2


def test_actions_of_another_lab_are_not_there(headers: dict[str, str], lab: Lab) -> None:
    action = BulkAction.objects.create(lab=f.LabFactory(), kind="tag", tag="x", people=[1])
    assert call("get", f"/{action.public_id}", headers).status_code == 404
    assert call("post", f"/{action.public_id}/undo", headers).status_code == 404


def test_starting_takes_as_many_queries_for_few_as_for_many(headers: dict[str, str], lab: Lab) -> None:
    counts = []
    for more in (bulk.DONE_AT_ONCE + 1, bulk.DONE_AT_ONCE + 2, 60):
        people = f.RegistrationFactory.create_batch(more, lab=lab)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = call(
                "post",
                "",
                headers,
                {"action": "tag", "tag": "x", "registrations": ids(people)},
                key=f"key-{more:05}",
            )
        assert answer.status_code == 202
        counts.append(len(queries))
    assert counts[1] == counts[2]  # the first one makes the tag
