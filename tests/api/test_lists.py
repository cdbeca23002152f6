"""Lists of the API: their cost, pages and filters."""

import datetime
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from registrations.models import DocumentAcceptance
from tests import factories as f
from tests.api.asking import bearer, organiser_of

pytestmark = pytest.mark.django_db


# Four of the queries find the token, its user's rights and the lab, one counts.
@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("sessions", 9),
        ("tracks", 6),
        ("speakers", 7),
        ("registrations", 10),
        ("certificates", 6),
        ("documents", 6),
    ],
)
def test_lists_cost_the_same_queries_for_two_rows_and_for_twenty(
    path: str, queries: int, django_assert_num_queries: Any
) -> None:
    lab = f.LabFactory()
    headers = bearer(organiser_of(lab))
    for rows in (2, 20):
        for _number in range(rows):
            session = f.SessionFactory(lab=lab, track=f.TrackFactory(lab=lab))
            f.AppearanceFactory(session=session, agenda_item=f.AgendaItemFactory(session=session))
            registration = f.RegistrationFactory(lab=lab)
            version = f.DocumentFactory(lab=lab).versions.get()
            DocumentAcceptance.objects.create(
                registration=registration, version=version, at=timezone.now(), language="en"
            )
            f.SeatFactory(registration=registration, session=session)
            f.AttendanceFactory(registration=registration, session=session)
        with django_assert_num_queries(queries):
            answer = Client().get(f"/api/v1/labs/{lab.slug}/{path}", headers=headers)
        assert answer.status_code == 200


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's query plan")
def test_the_filter_of_seats_looks_at_the_labs_own_people_alone_and_pages_carry_no_long_texts() -> None:
    lab, other = f.LabFactory(), f.LabFactory()
    for each in (lab, other):
        session = f.SessionFactory(lab=each, slug="dialogue", abstract={"en": "A long text."})
        f.SeatFactory(registration=f.RegistrationFactory(lab=each), session=session)
        f.SeatFactory(session=f.SessionFactory(lab=each))
    headers = bearer(organiser_of(lab))
    with CaptureQueriesContext(connection) as captured:
        answer = Client().get(
            f"/api/v1/labs/{lab.slug}/registrations",
            {"session": "dialogue", "seat": "confirmed"},
            headers=headers,
        )
    assert answer.json()["count"] == 1
    assert not [query for query in captured if '"abstract"' in query["sql"]]
    asked = [query["sql"] for query in captured if 'FROM "registrations_registration" ' in query["sql"]]
    with connection.cursor() as cursor:
        for sql in asked:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            steps = [row[3] for row in cursor.fetchall()]
            # A list of seats would be made of all labs' seats; asked of each person, it is a look into an index.
            assert not [step for step in steps if step.startswith(("SCAN", "LIST SUBQUERY"))], steps
    assert asked


def test_pages_are_cut_by_limit_and_offset() -> None:
    lab = f.LabFactory()
    sessions = [f.SessionFactory(lab=lab) for _number in range(5)]
    page = Client().get(f"/api/v1/labs/{lab.slug}/sessions", {"limit": 2, "offset": 2}).json()
    assert page["count"] == 5
    assert [item["slug"] for item in page["items"]] == [session.slug for session in sessions[2:4]]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "-1"},
        {"limit": "x"},
        {"offset": "-5"},
        {"starting_from": "yesterday"},
        {"starting_from": "2027-01-01T10:00"},
        {"until": "9999-12-31T23:59:59-23:59"},
        {"starting_from": "0001-01-01T00:00:00+23:59"},
        {"track": "x" * 5000},
    ],
)
def test_wrong_filters_are_named(query: dict[str, str]) -> None:
    lab = f.LabFactory()
    answer = Client().get(f"/api/v1/labs/{lab.slug}/sessions", query)
    assert answer.status_code == 422
    assert answer.json()["errors"] != []


def test_an_instant_may_be_written_with_any_offset() -> None:
    """Also with one that RFC 3339 has and PostgreSQL has not."""
    session = f.SessionFactory()
    for offset, found in ((-1, [session.slug]), (1, [])):
        there = (session.starts_at + timedelta(minutes=offset)).astimezone(
            datetime.timezone(timedelta(hours=-21, minutes=-43))
        )
        answer = Client().get(
            f"/api/v1/labs/{session.lab.slug}/sessions", {"starting_from": there.isoformat()}
        )
        assert [item["slug"] for item in answer.json()["items"]] == found


@pytest.mark.parametrize(
    "query", [{"_connector": "OR"}, {"lab__visibility": "draft"}, {"order_by": "-lab.secret"}]
)
def test_filters_that_nobody_offered_find_nothing(query: dict[str, str]) -> None:
    session = f.SessionFactory()
    answer = Client().get(f"/api/v1/labs/{session.lab.slug}/sessions", query)
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, list(query))


@pytest.mark.parametrize(
    ("path", "query"),
    [("sessions", "visibility=secret"), ("sessions", "status=gone"), ("registrations", "state=paid")],
)
def test_a_filter_that_can_find_nothing_is_an_error(path: str, query: str) -> None:
    lab = f.LabFactory()
    address = f"/api/v1/labs/{lab.slug}/{path}?{query}"
    assert Client().get(address, headers=bearer(organiser_of(lab))).status_code == 422
