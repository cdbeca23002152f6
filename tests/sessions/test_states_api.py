"""The API of who sees a session and whether it takes place: what it does, tells, and refuses."""

from typing import Any

import pytest
from django.test import Client

from core.mail.models import Message
from labs.models import Lab
from registrations import seats
from sessions.models import Session, UnannouncedChange
from tests import factories as f
from tests.api.asking import bearer
from tests.registrations.form_posts import mails
from tests.registrations.test_notifications import work

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab", languages=["en"])


@pytest.fixture
def session(lab: Lab) -> Session:
    return f.SessionFactory(lab=lab, slug="opening", title={"en": "Opening"})


@pytest.fixture
def headers(lab: Lab) -> dict[str, str]:
    return bearer(f.StaffFactory(lab=lab).user, ["schedule", "emails"])


def seated(session: Session) -> None:
    seats.take(f.RegistrationFactory(lab=session.lab), {session.pk: "online"})
    Message.objects.all().delete()


def send(headers: dict[str, str], what: str, **body: Any) -> Any:
    address = f"/api/v1/labs/lab/sessions/opening/{what}"
    ask = Client().put if what == "audience" else Client().post
    return ask(address, body, content_type="application/json", headers=headers)


def test_a_session_becomes_internal_for_some_cities_public_and_a_draft(
    lab: Lab, session: Session, headers: dict[str, str]
) -> None:
    sofia, rome = (f.CityFactory(slug=slug) for slug in ("sofia", "rome"))
    lab.programme.cities.add(sofia, rome)
    answer = send(headers, "audience", visibility="internal", cities=["sofia"])
    assert (answer.status_code, answer.json()["visibility"]) == (200, "internal")
    assert list(session.audience.all()) == [sofia]
    for more, cities in (({}, [sofia]), ({"cities": ["rome"]}, [rome]), ({"cities": []}, [])):
        assert send(headers, "audience", visibility="internal", **more).status_code == 200
        assert list(session.audience.all()) == cities
    for visibility in ("public", "draft"):
        assert send(headers, "audience", visibility=visibility).json()["visibility"] == visibility
    session.refresh_from_db()
    assert session.visibility == "draft"
    assert mails("session_moved") == []


def test_what_cannot_be_is_refused_and_changes_nothing(
    lab: Lab, session: Session, headers: dict[str, str]
) -> None:
    f.CityFactory(slug="elsewhere")
    seated(session)
    for body, status, field in (
        ({"visibility": "internal", "cities": ["elsewhere"]}, 422, "cities"),
        ({"visibility": "public", "cities": []}, 422, "cities"),
        ({"visibility": "secret"}, 422, "visibility"),
        ({"visibility": "draft"}, 409, None),
    ):
        answer = send(headers, "audience", **body)
        assert answer.status_code == status
        assert answer["Content-Type"] == "application/problem+json"
        assert field is None or [one["field"] for one in answer.json()["errors"]] == [field]
    Session.objects.filter(pk=session.pk).update(is_placed=False, visibility="draft")
    assert send(headers, "audience", visibility="public").status_code == 409
    assert Session.objects.get(pk=session.pk).visibility == "draft"


@pytest.mark.parametrize(("tell", "told", "open_questions"), [("now", 1, 0), ("later", 0, 1), ("no", 0, 0)])
def test_a_session_is_cancelled_and_restored_and_people_are_told_when_wanted(
    lab: Lab, session: Session, headers: dict[str, str], tell: str, told: int, open_questions: int
) -> None:
    seated(session)
    for _twice in range(2):
        answer = send(headers, "cancel", reason={"en": "Storm"}, tell=tell)
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    work("registrations.tell")
    session.refresh_from_db()
    assert (session.is_cancelled, str(session.cancel_reason)) == (True, "Storm")
    assert len(mails("session_cancelled")) == told
    assert UnannouncedChange.objects.filter(session=session).count() == open_questions
    assert send(headers, "restore", tell="no").json()["status"] == "scheduled"


def test_a_reason_that_is_too_long_cancels_nothing(session: Session, headers: dict[str, str]) -> None:
    answer = send(headers, "cancel", reason={"en": "x" * 5000})
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == ["reason"]
    session.refresh_from_db()
    assert not session.is_cancelled


def test_only_a_key_for_emails_tells_people_at_once(lab: Lab, session: Session) -> None:
    headers = bearer(f.StaffFactory(lab=lab).user, ["schedule"])
    for what in ("cancel", "restore"):
        assert send(headers, what, tell="now").status_code == 403
    session.refresh_from_db()
    assert not session.is_cancelled
    assert send(headers, "cancel").status_code == 200


def test_a_draft_that_nobody_saw_is_deleted_and_no_other(lab: Lab, headers: dict[str, str]) -> None:
    f.SessionFactory(lab=lab, slug="seen")
    f.SessionFactory(lab=lab, slug="draft", visibility="draft")
    f.SessionFactory(lab=f.LabFactory(slug="other"), slug="foreign", visibility="draft")
    statuses = [
        Client().delete(f"/api/v1/labs/{place}/sessions/{slug}", headers=headers).status_code
        for place, slug in (("lab", "seen"), ("lab", "draft"), ("lab", "foreign"), ("other", "foreign"))
    ]
    assert statuses == [409, 204, 404, 404]
    assert sorted(Session.objects.values_list("slug", flat=True)) == ["foreign", "seen"]
