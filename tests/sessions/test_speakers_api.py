"""What speakers are asked for, through the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core.mail.models import Message
from labs.models import Lab
from sessions.models import Slides, Speaker
from tests import factories as f
from tests.api.asking import bearer

pytestmark = pytest.mark.django_db

REQUESTS = "/api/v1/labs/lab/speaker-requests"


@pytest.fixture
def lab() -> Lab:
    lab: Lab = f.LabFactory(slug="lab", languages=["en"])
    return lab


@pytest.fixture
def speaker(lab: Lab) -> Speaker:
    session = f.SessionFactory(lab=lab, slug="opening", title={"en": "Opening"})
    speaker: Speaker = f.SpeakerFactory(
        programme=lab.programme, slug="eleni", email="eleni@example.org", contact_since=timezone.now()
    )
    f.AppearanceFactory(session=session, speaker=speaker, role="panellist")
    return speaker


@pytest.fixture
def headers(lab: Lab) -> dict[str, str]:
    return bearer(f.StaffFactory(lab=lab).user)


def test_gaps_are_listed_for_organisers_only(
    client: Client, speaker: Speaker, headers: dict[str, Any]
) -> None:
    [one] = client.get(REQUESTS, headers=headers).json()["items"]
    assert [one[name] for name in ("speaker", "email", "language", "asked_at", "availability")] == [
        "eleni", "eleni@example.org", "", None, [],
    ]  # fmt: skip
    assert one["sessions"] == [
        {"session": "opening", "roles": ["panellist"], "reply": "none", "slides": None}
    ]
    assert [(each["gap"], each["message"]) for each in one["missing"]] == [
        ("no-reply", "Not confirmed: Opening"),
        ("no-photo", "No photo"),
        ("no-biography", "No biography: English"),
        ("no-slides", "No slides: Opening"),
    ]
    assert client.get(f"{REQUESTS}?missing=declined", headers=headers).json()["items"] == []
    assert client.get(f"{REQUESTS}?missing=nothing", headers=headers).status_code == 422
    assert client.get(REQUESTS).status_code in (401, 404)
    assert client.get(REQUESTS, headers=bearer(f.StaffFactory().user)).status_code == 404


def test_availability_is_replaced_as_a_whole(
    client: Client, speaker: Speaker, headers: dict[str, Any]
) -> None:
    address = "/api/v1/labs/lab/speakers/eleni/availability"

    def put(*hours: tuple[str, str]) -> Any:
        body = {"availability": [{"starts_at": starts, "ends_at": ends} for starts, ends in hours]}
        return client.put(address, body, content_type="application/json", headers=headers)

    morning = ("2027-04-06T07:00:00Z", "2027-04-06T10:00:00Z")
    assert put(morning).json() == {"availability": [{"starts_at": morning[0], "ends_at": morning[1]}]}
    refused = put(morning, ("2027-04-06T09:00:00Z", "2027-04-06T11:00:00Z"))
    assert refused.status_code == 422
    assert "overlaps" in str(refused.json()["errors"])
    assert put(("2027-04-06T09:00:00", "2027-04-06T11:00:00")).status_code == 422  # without a zone
    assert put().json() == {"availability": []}


def test_link_and_reminders_are_sent_once(client: Client, speaker: Speaker, headers: dict[str, Any]) -> None:
    once = {**headers, "Idempotency-Key": "0190f5a2-7c1e"}
    for _time in range(2):
        sent = client.post("/api/v1/labs/lab/speakers/eleni/link", headers=once)
        assert sent.status_code == 202
    assert Message.objects.count() == 1
    reminders = client.post(
        "/api/v1/labs/lab/speaker-reminders",
        {"speakers": ["eleni"]},
        content_type="application/json",
        headers=once,
    )
    assert (reminders.status_code, reminders.json()) == (202, {"count": 0})  # written to a moment ago


def test_slides_are_published(client: Client, lab: Lab, speaker: Speaker, headers: dict[str, Any]) -> None:
    address = "/api/v1/labs/lab/sessions/opening/slides/eleni"

    def put(is_published: bool) -> Any:
        body = {"is_published": is_published}
        return client.put(address, body, content_type="application/json", headers=headers)

    assert put(True).status_code == 404
    Slides.objects.create(
        speaker=speaker,
        session=lab.sessions.get(),
        file="slides/x",
        name="x.pdf",
        size=1,
        sent_at=timezone.now(),
    )
    assert put(True).json()["is_published"] is True
    assert put(False).json()["is_published"] is False
