"""The header Idempotency-Key: doubled, at the same time, with another body, of others."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from certificates.models import Certificate
from core.web.models import IdempotentRequest
from core.webhooks.models import Endpoint
from labs.models import Lab
from tests import factories as f
from tests.api.asking import bearer, organiser_of
from tests.registrations.form_posts import took_place

PATH = "/api/v1/labs/lab/webhooks"
BODY = {"url": "http://127.0.0.1:9/", "events": ["seat.waiting"]}


@pytest.fixture
def lab(settings: Any) -> Lab:
    settings.WEBHOOK_TRUSTED_HOSTS = ["127.0.0.1:9", "127.0.0.1:10"]
    return f.LabFactory(slug="lab")


def create(headers: dict[str, str], key: str | None = "a-key-of-ours", **changes: Any) -> Any:
    said = headers | ({"Idempotency-Key": key} if key is not None else {})
    return Client().post(PATH, BODY | changes, content_type="application/json", headers=said)


@pytest.mark.django_db
def test_a_repeated_call_creates_nothing_more_and_has_the_same_answer(lab: Lab) -> None:
    headers = bearer(organiser_of(lab))
    first, again = create(headers), create(headers)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert Endpoint.objects.count() == 1
    assert create(headers, "another-key").json() != first.json()


@pytest.mark.django_db
def test_a_key_in_quotes_as_the_draft_writes_it_is_the_same_key(lab: Lab) -> None:
    headers = bearer(organiser_of(lab))
    assert create(headers, '"a-key-of-ours"').json() == create(headers, "a-key-of-ours").json()


@pytest.mark.django_db
def test_another_body_under_the_same_key_is_refused(lab: Lab) -> None:
    headers = bearer(organiser_of(lab))
    create(headers)
    answer = create(headers, url="http://127.0.0.1:10/")
    assert (answer.status_code, [each["field"] for each in answer.json()["errors"]]) == (
        422,
        ["Idempotency-Key"],
    )
    assert Endpoint.objects.count() == 1


@pytest.mark.django_db
def test_another_account_may_use_the_same_key_and_learns_nothing_of_it(lab: Lab) -> None:
    mine, theirs = (
        create(bearer(organiser_of(lab))),
        create(bearer(organiser_of(lab)), url="http://127.0.0.1:10/"),
    )
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json()["id"] != theirs.json()["id"]


@pytest.mark.django_db
def test_two_keys_of_one_account_are_one_caller(lab: Lab) -> None:
    """A program that got a new API key between the call and its repetition."""
    user = organiser_of(lab)
    assert create(bearer(user)).json() == create(bearer(user)).json()


@pytest.mark.django_db
@pytest.mark.parametrize(("key", "status"), [(None, 400), ("", 422), ("short", 422), ("x" * 101, 422)])
def test_what_is_no_key_is_told(lab: Lab, key: str | None, status: int) -> None:
    answer = create(bearer(organiser_of(lab)), key)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert Endpoint.objects.count() == 0


@pytest.mark.django_db
def test_a_call_that_was_refused_can_be_mended_under_the_same_key(lab: Lab) -> None:
    headers = bearer(organiser_of(lab))
    assert create(headers, events=[]).status_code == 422
    assert create(headers).status_code == 201


@pytest.mark.django_db
def test_nothing_that_was_sent_is_kept(lab: Lab) -> None:
    create(bearer(organiser_of(lab)))
    [row] = IdempotentRequest.objects.values()
    assert not any("127.0.0.1" in str(value) or "a-key-of-ours" in str(value) for value in row.values())


@pytest.mark.django_db
def test_a_certificate_is_replaced_once(lab: Lab) -> None:
    attendance = f.AttendanceFactory(registration__lab=lab)
    took_place(attendance.session)
    headers = bearer(organiser_of(lab)) | {"Idempotency-Key": "a-key-of-ours"}
    start = "/api/v1/labs/lab/"
    issued = (
        Client()
        .post(f"{start}registrations/{attendance.registration.public_id}/certificate", headers=headers)
        .json()
    )
    path = f"{start}certificates/{issued['code']}/replace"
    first, again = (Client().post(path, headers=headers) for _each in range(2))
    assert (first.status_code, first.json()) == (200, again.json())
    assert Client().post(path, headers=headers | {"Idempotency-Key": "another-key"}).status_code == 409
    assert Certificate.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_time_one_creates_and_both_have_its_answer(lab: Lab) -> None:
    headers = bearer(organiser_of(lab))
    together, answers = threading.Barrier(4), []

    def call() -> None:
        together.wait()
        answers.append(create(headers).json())
        connection.close()

    threads = [threading.Thread(target=call) for _each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Endpoint.objects.count() == 1
    assert answers == [answers[0]] * 4
