"""Answers are made here and not validated on their way out: here they are, each kind against its schema."""

import json
import re
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from config.api import api
from core.api.datetimes import instant_text, stored_instant
from labs.models import Lab
from sessions.models import Session
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
# Their answers have no dates and are left to the library, or they issue certificates, which another one reads.
LEFT_OUT = {
    "POST /labs/{lab}/registrations",
    "POST /labs/{lab}/certificates",
    "POST /labs/{lab}/registrations/{registration}/certificate",
    "POST /labs/{lab}/certificates/{code}/replace",
}
BODIES = {"POST /labs/{lab}/certificates/{code}/revoke": {"reason": "A slip of the pen"}}


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


@pytest.mark.parametrize("label", sorted(OPERATIONS.keys() - LEFT_OUT))
def test_an_answer_is_what_its_schema_would_make_of_it(label: str) -> None:
    world = w.build()
    fill(Lab.objects.get(slug=world.main["lab"]))
    method, path = label.split(" ")
    for kind in ("api_owner", "visitor"):
        answer = getattr(Client(), method.lower())(
            f"/api/v1{path.format(**world.main)}",
            BODIES.get(label, {}),
            content_type="application/json",
            headers=world.kinds[kind].headers,
        )
        if kind == "api_owner":
            assert answer.status_code == 200, answer.content
        if answer.status_code == 200:
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
    said = "2027-04-06T08:30:00" + (f".{microsecond // 1000:03}" if microsecond else "") + "Z"
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
