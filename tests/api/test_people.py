"""What organisers do with registrations through the API: enter, confirm, tag, note."""

from typing import Any

import pytest
from django.test import Client

from core.mail.models import Message
from labs.models import Lab
from registrations.models import Note, Registration, Seat, Tag
from sessions.models import Session
from tests import factories as f
from tests.api.asking import bearer, form_for, organiser_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab")


@pytest.fixture
def session(lab: Lab) -> Session:
    return f.SessionFactory(lab=lab, visibility="internal")


@pytest.fixture
def headers(lab: Lab) -> dict[str, str]:
    return bearer(organiser_of(lab), ["registrations"])


def call(
    method: str, path: str, headers: dict[str, str], body: Any = None, key: str = "key-of-this-call"
) -> Any:
    address = f"/api/v1/labs/lab/registrations{path}"
    said = headers | {"Idempotency-Key": key}
    return getattr(Client(), method)(address, body or {}, content_type="application/json", headers=said)


def test_a_person_is_entered_at_once_or_asked(headers: dict[str, str], session: Session) -> None:
    form = form_for(session) | {"confirmed": True}
    first, again = (call("post", "/entered", headers, form) for _each in range(2))
    assert (first.status_code, first.json()["state"], first.json()) == (201, "confirmed", again.json())
    asked = call(
        "post", "/entered", headers, form | {"name": "Another", "confirmed": False}, key="another-key"
    )
    assert (asked.json()["state"], Registration.objects.count()) == ("unconfirmed", 2)
    assert sorted(Message.objects.values_list("occasion", flat=True)) == ["confirm_address", "confirmation"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"consent": False}, "consent"),
        ({"name": "…"}, "name"),
        ({"email": "nobody"}, "email"),
        ({"sessions": ["no-such"]}, "sessions.0"),
        ({"confirmed": "yes"}, "confirmed"),
    ],
)
def test_what_is_wrong_is_named(
    headers: dict[str, str], session: Session, changes: dict[str, Any], field: str
) -> None:
    answer = call("post", "/entered", headers, form_for(session) | {"confirmed": True} | changes)
    assert (answer.status_code, [each["field"] for each in answer.json()["errors"]]) == (422, [field])
    assert Registration.objects.count() == 0


def test_a_registration_is_confirmed_on_the_organisers_word(
    headers: dict[str, str], lab: Lab, session: Session
) -> None:
    person = f.RegistrationFactory(lab=lab, state="unconfirmed", confirmed_at=None)
    f.SeatFactory(registration=person, session=session, state="requested", queue_position=None)
    for _each in range(2):
        assert call("post", f"/{person.public_id}/confirm", headers).json()["state"] == "confirmed"
    assert (Seat.objects.get().state, Message.objects.count()) == ("confirmed", 1)


def test_tags_and_notes_are_written_read_and_removed(headers: dict[str, str], lab: Lab) -> None:
    person = f.RegistrationFactory(lab=lab)
    f.RegistrationFactory(lab=lab)
    one = f"/{person.public_id}"
    assert call("put", f"{one}/tags/Key%20speaker", headers).json()["tags"] == ["Key speaker"]
    assert call("get", "?tag=key+speaker", headers).json()["count"] == 1
    assert call("delete", f"{one}/tags/KEY%20speaker", headers).status_code == 204
    assert not Tag.objects.exists()
    for _each in range(2):
        assert call("post", f"{one}/notes", headers, {"text": "Called"}).status_code == 201
    assert [note["text"] for note in call("get", f"{one}/notes", headers).json()["items"]] == ["Called"]
    assert Note.objects.count() == 1
    assert call("put", f"{one}/tags/{'x' * 41}", headers).status_code == 422
