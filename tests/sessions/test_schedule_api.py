"""The API of the schedule: what it lists, moves, and what it refuses."""

from datetime import date, time
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from labs.models import Lab
from sessions import publishing
from sessions.models import Session
from sessions.plans import AgendaPlan
from sessions.scheduling import create_session
from tests import factories as f
from tests.api.asking import bearer
from tests.sessions.session_plans import plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab", starts_on=date(2027, 10, 29), ends_on=date(2027, 11, 2))


@pytest.fixture
def session(lab: Lab) -> Session:
    return create_session(
        lab,
        plan(
            start_date=lab.starts_on,
            end_date=lab.starts_on,
            agenda=(AgendaPlan({"en": "Last"}, start_time=time(12, 30), end_time=time(13)),),
        ),
    )


@pytest.fixture
def headers(lab: Lab) -> dict[str, str]:
    return bearer(f.StaffFactory(lab=lab).user, ["read", "schedule"])


def move(headers: dict[str, str], session: Session, **body: Any) -> Any:
    body.setdefault("version", session.version)
    return Client().post(
        f"/api/v1/labs/lab/sessions/{session.slug}/move",
        body,
        content_type="application/json",
        headers=headers,
    )


def test_the_schedule_lists_places_and_conflicts_in_as_many_queries_for_many(
    lab: Lab, headers: dict[str, str]
) -> None:
    room, track = f.RoomFactory(lab=lab, name={"en": "Plenary"}), f.TrackFactory(lab=lab, slug="skills")
    create_session(lab, plan(slug="later", is_placed=False))
    for slug in ("first", "second"):
        f.SessionFactory(lab=lab, slug=slug, room=room, track=track, start_time=time(11))

    def asked() -> tuple[list[dict[str, Any]], int]:
        with CaptureQueriesContext(connection) as found:
            items = Client().get("/api/v1/labs/lab/schedule", headers=headers).json()["items"]
        return items, len(found)

    asked()
    items, few = asked()
    assert [(one["slug"], one["is_placed"], one["errors"]) for one in items] == [
        ("first", True, 1),
        ("second", True, 1),
        ("later", False, 0),
    ]
    assert items[0]["starts"]["local"] == "2027-10-29T11:00"
    assert items[0]["room"] == {"id": room.pk, "name": {"en": "Plenary"}}
    assert (items[0]["track"], items[2]["starts"], items[2]["minutes"]) == ("skills", None, 90)
    for n in range(5):
        f.SessionFactory(
            lab=lab, slug=f"more-{n}", room=f.RoomFactory(lab=lab), track=f.TrackFactory(lab=lab)
        )
    assert asked()[1] == few


def test_a_move_says_where_the_session_is_and_what_is_wrong_now(
    lab: Lab, session: Session, headers: dict[str, str]
) -> None:
    room = f.RoomFactory(lab=lab)
    f.SessionFactory(lab=lab, slug="other", room=room, start_time=time(15))
    seen = session.version
    answer = move(headers, session, starts="2027-10-29T14:30", room=room.pk)
    assert answer.status_code == 200, answer.content
    said = answer.json()
    assert said["session"]["starts"]["local"] == "2027-10-29T14:30"
    assert said["session"]["minutes"] == 90
    assert [one["kind"] for one in said["conflicts"]] == ["room-twice"]
    session.refresh_from_db()
    assert said["session"]["version"] == session.version > seen
    assert session.agenda.get().start_time == time(15, 30)
    again = move(headers, session, starts="2027-10-29T13:00", version=seen)
    assert (again.status_code, session.start_time) == (409, time(14, 30))
    assert f"{session.version}" in again.json()["detail"]
    # By the clocks of another zone, and what is left out stays.
    answer = move(headers, session, starts="2027-10-29T14:00", time_zone="Europe/Rome")
    assert answer.json()["session"]["starts"]["local"] == "2027-10-29T15:00"
    assert answer.json()["session"]["room"]["id"] == room.pk


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"starts": "2027-10-31T03:30"}, 422, "fold"),
        ({"starts": "2027-10-29 14:30"}, 422, "starts"),
        ({"starts": "2027-13-29T14:30"}, 422, "starts"),
        ({"starts": "0001-01-01T00:00"}, 422, "starts"),
        ({"starts": "2027-12-24T10:00"}, 422, "start_date"),
        ({"starts": "2027-10-29T14:30", "time_zone": "Mars/Phobos"}, 422, "starts"),
        ({"minutes": 0}, 422, "minutes"),
        ({"room": 10**30}, 422, "room"),
        ({"room": 424242}, 422, "room"),
        ({"track": "no-such-track"}, 422, "track"),
        ({"version": -1}, 422, "version"),
        ({"minutes": 30}, 409, None),  # the agenda would not fit
        ({"also": 1}, 422, "also"),
    ],
)
def test_what_cannot_be_is_told_by_field(
    session: Session, headers: dict[str, str], body: dict[str, Any], status: int, field: str | None
) -> None:
    before = session.version
    answer = move(headers, session, **body)
    assert answer.status_code == status, answer.content
    if field:
        renamed = {"start_date": "starts"}
        assert next(one["field"] for one in answer.json()["errors"]) == renamed.get(field, field)
    session.refresh_from_db()
    assert session.version == before


def test_the_second_of_two_equal_hours_is_named_by_its_fold(
    session: Session, headers: dict[str, str]
) -> None:
    answer = move(headers, session, starts="2027-10-31T03:30", fold=1)
    assert answer.json()["session"]["starts"]["at"] == "2027-10-31T01:30:00Z"


def test_a_draft_is_taken_out_and_placed(session: Session, headers: dict[str, str]) -> None:
    out = move(headers, session, is_placed=False).json()["session"]
    assert (out["is_placed"], out["starts"]) == (False, None)
    session.refresh_from_db()
    refused = move(headers, session, minutes=60)
    assert [one["field"] for one in refused.json()["errors"]] == ["starts"]
    assert move(headers, session, starts="2027-11-01T10:00").json()["session"]["is_placed"] is True
    session.refresh_from_db()
    publishing.publish(session)
    session.refresh_from_db()
    assert move(headers, session, is_placed=False).status_code == 409


def test_nobody_else_reads_or_moves(lab: Lab, session: Session) -> None:
    only_read = bearer(f.StaffFactory(lab=lab).user, ["read"])
    assert move(only_read, session).status_code == 403
    for user in (f.StaffFactory(role="door", lab=lab).user, f.StaffFactory().user):
        other = bearer(user, ["read", "schedule"])
        assert move(other, session).status_code == 404
        assert Client().get("/api/v1/labs/lab/schedule", headers=other).status_code == 404
    assert Client().get("/api/v1/labs/lab/schedule").status_code == 404
