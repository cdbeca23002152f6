"""Answers are made here and not validated on their way out: here they are, each kind against its schema."""

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from config.api import api
from core.api.datetimes import instant_text, stored_instant
from labs.models import Lab
from registrations.models import Opening, RegistrationRules
from sessions.models import ScheduleImport, Session
from tests import factories as f
from tests.walks import world as w

pytestmark = pytest.mark.django_db

OPERATIONS = {
    f"{method} {path}": operation
    for _prefix, router in api._routers
    for path, view in router.path_operations.items()
    for operation in view.operations
    for method in operation.methods
    if any(operation.response_models.values())
}
# They issue certificates, which another one reads, or answer only people who are named.
LEFT_OUT = {
    # It answers with a file.
    "GET /labs/{lab}/exports/{export}",
    "POST /labs/{lab}/question-sets/{question_set}/answers",
    "POST /labs/{lab}/held-proof",
    # It takes one that is about to be sent; it answers as the others do.
    "POST /labs/{lab}/announcements/{announcement}/take-back",
    "POST /labs/{lab}/certificates",
    "POST /labs/{lab}/registrations/{registration}/certificate",
    "POST /labs/{lab}/certificates/{code}/replace",
}
# Before the labs of the tests begin.
SOON = (timezone.now() + timedelta(days=3)).isoformat()
BODIES: dict[str, Any] = {
    "PUT /labs/{lab}/speakers/{speaker}/availability": {
        "availability": [{"starts_at": "2027-04-06T07:00:00Z", "ends_at": "2027-04-06T10:00:00Z"}]
    },
    "POST /labs/{lab}/speaker-reminders": {"speakers": ["open-speaker"]},
    "PUT /labs/{lab}/sessions/{session}/slides/{speaker}": {"is_published": False},
    "POST /labs/{lab}/sessions/{session}/time-zone": {"time_zone": "Europe/Rome", "keep": "instant"},
    "POST /labs/{lab}/time-zone": {"time_zone": "Europe/Athens", "keep": "instant"},
    "POST /labs/{lab}/question-sets": {"title": {"en": "Travel"}, "stage": "accepted"},
    "PUT /labs/{lab}/question-sets/{question_set}": {"title": {"en": "Ours"}},
    "POST /labs/{lab}/questions": {
        "set": "later",
        "kind": "one",
        "label": {"en": "Dinner"},
        "choices": [{"label": {"en": "Fish"}, "places": 3}, {"label": {"en": "Soup"}}],
    },
    "PUT /labs/{lab}/questions/{question}": {
        "set": "",
        "kind": "file",
        "label": {"en": "A paper"},
        "accept_effects": True,
    },
    "POST /registration-links": {"email": "participant17@example.org"},
    "PUT /labs/{lab}/email-texts/{occasion}/{language}": {"subject": "Ours"},
    "PUT /labs/{lab}/reminders": {"hours": [24]},
    "POST /labs/{lab}/imports": {"file_name": "a.csv", "content": "dGl0bGUKT3BlbmluZwo="},
    "POST /labs/{lab}/imports/{run}/apply": {"entries": [0]},
    "POST /labs/{lab}/registrations/bulk": {
        "action": "tag",
        "tag": "called",
        "filter": {"state": "confirmed"},
    },
    "PUT /labs/{lab}/registrations/{registration}/photos": {"photos": "no"},
    "PUT /labs/{lab}/registrations/{registration}/answers/{question_set}": {"answers": {}},
    "PUT /labs/{lab}/registrations/{registration}/details": {
        "name": "Demo participant",
        "language": "en",
        "time_zone": "Europe/Sofia",
    },
    "PUT /labs/{lab}/registrations/{registration}/email": {"email": "corrected@example.org"},
    "PUT /labs/{lab}/registrations/{registration}/seats/{session}": {},
    "PUT /labs/{lab}/privacy-notice": {"controller": {"en": "City of Sofia"}, "legal_basis": "public_task"},
    "PUT /labs/{lab}/proof-rules": {
        "is_held": True,
        "legal_basis": {"en": "Grant agreement"},
        "until": "2099-12-31",
    },
    "POST /labs/{lab}/documents": {"title": {"en": "House rules"}, "text": {"en": "Be kind."}},
    "PUT /labs/{lab}/documents/{document}": {
        "title": {"en": "Rules"},
        "address": "https://example.org/rules",
    },
    "POST /labs/{lab}/quotas": {"limit": 90, "mode": "online"},
    "POST /labs/{lab}/clone-preview": {"first_day": "2030-03-05"},
    "POST /labs/{lab}/clone": {"first_day": "2030-03-05", "title": {"en": "Next"}},
    "POST /labs/{lab}/sessions/{session}/clone": {
        "on": (timezone.now() + timedelta(days=22)).date().isoformat()
    },
    "POST /labs/{lab}/sessions/{session}/move": {"version": 1, "minutes": 75},
    "PUT /labs/{lab}/sessions/{session}/audience": {"visibility": "internal"},
    "POST /labs/{lab}/sessions/{session}/cancel": {"reason": {"en": "Storm"}},
    "POST /labs/{lab}/sessions/{session}/restore": {},
    "POST /labs/{lab}/sessions/{session}/fewer-seats": {"mode": "room", "capacity": 90, "is_preview": True},
    "PUT /labs/{lab}/quotas/{quota}": {"limit": 80},
    "PUT /labs/{lab}/nomination-places": {"role": "expert", "limit": 2},
    "POST /labs/{lab}/nominations": {
        "contact": 1,
        "places": 1,
        "name": "Demo nominee",
        "email": "nominee@example.org",
        "language": "en",
        "sessions": ["open"],
    },
    "PUT /labs/{lab}/city-contacts/{contact}": {
        "name": "Demo contact",
        "email": "contact98@example.org",
        "language": "en",
        "deadline": SOON,
    },
    "POST /labs/{lab}/city-contacts": {
        "city": "sofia",
        "name": "Demo contact",
        "email": "contact99@example.org",
        "language": "en",
        "deadline": SOON,
    },
    "POST /labs/{lab}/groupings": {"name": "Round", "smallest": 2, "wanted": 2},
    "PATCH /labs/{lab}/groupings/{grouping}": {"final": True},
    "POST /labs/{lab}/groupings/{grouping}/regroup": {"seed": 2},
    "POST /labs/{lab}/groupings/{grouping}/sessions": {"title": {"en": "Group {number}"}, "is_preview": True},
    "PUT /programmes/{programme}/city-profiles/{city}": {"languages": ["en"]},
    "POST /labs/{lab}/people": {"people": [{"email": "door99@example.org", "role": "door"}]},
    "POST /programmes/{programme}/cities": {
        "cities": [{"name": {"en": "Plovdiv"}, "country": "BG", "time_zone": "Europe/Sofia"}]
    },
    "POST /programmes/{programme}/people": {"people": [{"email": "owner99@example.org", "role": "owner"}]},
    "POST /labs/{lab}/invitations/emails": {"emails": ["invited99@example.org"], "language": "en"},
    "POST /labs/{lab}/approvals": {"decision": "approve", "seats": [1]},
    "POST /labs/{lab}/announcements": {"subject": {"en": "News"}, "body": {"en": "Text"}},
    "POST /labs/{lab}/certificates/{code}/revoke": {"reason": "A slip of the pen"},
    "POST /labs/{lab}/webhooks": {"url": "http://127.0.0.1:9/", "events": ["seat.waiting"]},
    "PATCH /labs/{lab}/webhooks/{webhook}": {"description": "Another one"},
    "POST /labs/{lab}/registrations/{registration}/notes": {"text": "Called on Monday"},
    "POST /labs/{lab}/registrations/entered": {
        "name": "Demo participant 98",
        "email": "participant98@example.org",
        "sessions": ["open"],
        "language": "en",
        "time_zone": "Europe/Sofia",
        "consent": True,
        "confirmed": True,
    },
    "POST /labs/{lab}/registrations": {
        "name": "Demo participant 99",
        "email": "participant99@example.org",
        "sessions": ["open"],
        "language": "en",
        "time_zone": "Europe/Sofia",
        "consent": True,
    },
}


def as_validated(label: str, data: Any) -> Any:
    """Return what the operation's schema makes of the data. Our dates have milliseconds, pydantic's microseconds."""
    [model] = OPERATIONS[label].response_models.values()
    found = model.model_validate({"response": data}).model_dump_json()
    return json.loads(re.sub(r"(:\d\d\.\d{3})000Z", r"\1Z", found))["response"]


def fill(lab: Lab) -> None:
    """Give the lab rows with all that may be missing, and others with all of it."""
    whole: dict[str, Any] = {
        "track": f.TrackFactory(lab=lab),
        "room": f.RoomFactory(lab=lab, name={"en": "Hall", "bg": ""}),
        "abstract": {"en": "Long text"},
        "capacity": 5,
        "seats_taken": 1,
    }
    session = f.SessionFactory(lab=lab, **whole)
    hours = {"start_time": session.start_time, "end_time": session.end_time}
    item = f.AgendaItemFactory(session=session, starts_at=session.starts_at, ends_at=session.ends_at, **hours)
    f.AgendaItemFactory(session=session)
    f.AppearanceFactory(session=session, agenda_item=item)
    f.AppearanceFactory(session=session, speaker__city=f.CityFactory())
    Session.objects.filter(pk=session.pk).update(content_revised_at=timezone.now())
    f.SessionFactory(lab=lab, track=None, room=None, capacity=None)
    f.RegistrationFactory.create_batch(2, lab=lab, name="Maria Petrova")
    f.SeatFactory(
        registration=f.RegistrationFactory(lab=lab), session=session, state="pending", queue_position=None
    )


@pytest.mark.parametrize("label", sorted(OPERATIONS.keys() - LEFT_OUT))
def test_an_answer_is_what_its_schema_would_make_of_it(label: str, settings: Any) -> None:
    settings.WEBHOOK_TRUSTED_HOSTS = ["127.0.0.1:9"]
    world = w.build()
    fill(Lab.objects.get(slug=world.main["lab"]))
    if label == "POST /labs/{lab}/queue":
        RegistrationRules.objects.update(people_per_minute=1)
        Opening.objects.update(last_number=100_000)
    method, path = label.split(" ")
    body = BODIES.get(label, {})
    if "nominations" in label:
        body = body | {name: world.main[name] for name in ("contact", "places") if name in body}
    if path.endswith("/merge"):
        body = {"other": str(world.main["other"])}
    if path.endswith("/imports/{run}/undo"):
        nothing = {kind: [] for kind in ("track", "room", "speaker", "session")}
        undo = {"created": nothing, "changed": nothing, "deleted": []}
        ScheduleImport.objects.update(state="applied", undo=undo)
    if body.get("set") == "":
        body = body | {"set": world.main["question_set"]}
    for kind in ("api_owner", "visitor"):
        answer = getattr(Client(), method.lower())(
            f"/api/v1{path.format(**world.main)}",
            body,
            content_type="application/json",
            headers=world.kinds[kind].headers | {"Idempotency-Key": f"key of {kind}"},
        )
        if kind == "api_owner":
            assert answer.status_code in (200, 201, 202), answer.content
        if answer.status_code in (200, 201, 202):
            data = answer.json()
            assert data.get("items", [None]), "nothing to look at"
            assert as_validated(label, data) == data


def test_an_agenda_over_midnight_stands_on_the_day_of_each_part() -> None:
    session = f.SessionFactory(
        start_date=date(2027, 4, 6), start_time=time(23), end_date=date(2027, 4, 7), end_time=time(1)
    )
    starts, ends = datetime(2027, 4, 6, 20, 30, tzinfo=UTC), datetime(2027, 4, 6, 21, 30, tzinfo=UTC)
    f.AgendaItemFactory(
        session=session, start_time=time(23, 30), end_time=time(0, 30), starts_at=starts, ends_at=ends
    )

    answer = Client().get(f"/api/v1/labs/{session.lab.slug}/sessions/{session.slug}").json()

    [item] = answer["agenda"]
    assert item["starts"] == {
        "local": "2027-04-06T23:30",
        "time_zone": "Europe/Sofia",
        "at": "2027-04-06T20:30:00Z",
    }
    assert item["ends"] == {
        "local": "2027-04-07T00:30",
        "time_zone": "Europe/Sofia",
        "at": "2027-04-06T21:30:00Z",
    }


@pytest.mark.parametrize(
    ("stored", "microsecond"),
    [
        ("2027-04-06 08:30:00", 0),
        ("2027-04-06 08:30:00+00", 0),
        ("2027-04-06 08:30:00.25+00", 250_000),
        ("2027-04-06 08:30:00.123456", 123_456),
        ("2027-04-06 08:30:00.000001+00", 1),
    ],
)
def test_an_instant_is_written_alike_from_the_database_s_text_and_from_an_object(
    stored: str, microsecond: int
) -> None:
    said = "2027-04-06T08:30:00" + (f".{microsecond // 1000:03}" if microsecond >= 1000 else "") + "Z"
    moment = datetime(2027, 4, 6, 8, 30, 0, microsecond, tzinfo=UTC)
    assert stored_instant(stored) == instant_text(moment) == said


def test_texts_in_any_form_that_a_column_may_hold_are_read() -> None:
    session = f.SessionFactory()
    for title, said in (
        ({"en": "A", "bg": ""}, {"en": "A"}),
        ("Plain “text”", {"en": "Plain “text”"}),
        ("12", {"en": "12"}),
    ):
        Session.objects.filter(pk=session.pk).update(title=title)
        [item] = Client().get(f"/api/v1/labs/{session.lab.slug}/sessions").json()["items"]
        assert item["title"] == said
