"""Erasing one person: nothing that names him or her stays anywhere, and what only counts does."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.utils import timezone

from labs import work
from labs.models import Task
from labs.viewer import VISITOR
from registrations import erasing, figures, registering, seats
from registrations.choosing import choosable
from registrations.models import Attendance, Registration, Seat
from registrations.registering import Details, RegistrationPlan
from registrations.signals import person_erased
from sessions.models import Session
from tests import factories as f
from tests.registrations.filling import answers, link, post, send

pytestmark = pytest.mark.django_db

CANARY = "canarycanary"


def found_in_database(word: str) -> list[str]:
    """Search every column of every table, history included, for the word."""
    hits = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    said = bytes(value).decode(errors="replace") if isinstance(value, memoryview) else value
                    if word in repr(said).casefold():
                        hits.append(f"{table}.{column}")
    return hits


def canary_person(client: Client, session: Session) -> Registration:
    """Somebody whose every answer is the canary, with everything that can happen to a registration."""
    data = answers(
        session,
        name=f"Demo {CANARY}",
        email=f"{CANARY}@example.org",
        city_text=CANARY,
        organisation=CANARY,
    )
    send(client, session.lab, data)
    found = Registration.objects.get()
    post(client, link(found, "confirm", "registration_confirm"))
    found.refresh_from_db()
    registering.change_details(
        found,
        Details(
            name=f"Demo {CANARY} changed",
            language="en",
            time_zone="Europe/Sofia",
            city_text=CANARY,
            organisation=CANARY,
        ),
    )
    registering.ask_for_link(found.email)
    f.AttendanceFactory(registration=found, session=session)
    return found


def test_no_column_of_any_table_names_the_person_afterwards(client: Client):
    session = f.SessionFactory(capacity=5)
    found = canary_person(client, session)
    assert len(found_in_database(CANARY)) > 10  # the search finds what is there

    erasing.erase(found)

    assert found_in_database(CANARY) == []


def test_counts_stay_and_coming_seats_go_to_the_next(client: Client):
    lab = f.LabFactory()
    city = f.CityFactory()
    lab.programme.cities.add(city)
    past, coming = f.SessionFactory(lab=lab), f.SessionFactory(lab=lab, capacity=1)
    details = Details(name="Demo participant 17", language="en", time_zone="Europe/Sofia", city=city)
    plan = RegistrationPlan(
        details,
        "participant17@example.org",
        choosable(lab, VISITOR, timezone.now()).choose([past.slug, coming.slug]),
        True,
        "en",
    )
    found = registering.confirm(registering.submit(lab, VISITOR, plan))
    waiting = f.RegistrationFactory(lab=lab)
    seats.take(waiting, [coming.pk])
    Session.objects.filter(pk=past.pk).update(
        starts_at=timezone.now() - timedelta(hours=2), ends_at=timezone.now() - timedelta(hours=1)
    )
    f.AttendanceFactory(registration=found, session=past)

    erasing.erase(found)

    assert Attendance.objects.filter(session=past).count() == 1
    assert Seat.objects.get(session=past).state == "confirmed"
    assert Seat.objects.get(registration=waiting).state == "confirmed"
    found.refresh_from_db()
    assert (found.name, found.email, found.state, found.city) == ("", "", "cancelled", city)
    assert seats.recount() == []


def test_after_the_lab_an_erased_registration_still_counts_as_one():
    lab = f.LabFactory(starts_on=timezone.now().date() - timedelta(days=40), registration_opens_at=None)
    found = f.RegistrationFactory(lab=lab)

    erasing.erase(found)

    assert figures.totals(lab).registered == 1


def test_floors_above_hear_of_it_once():
    found = f.RegistrationFactory()
    heard: list[int] = []

    def hear(registration_id: int, **more: object) -> None:
        heard.append(registration_id)

    person_erased.connect(hear)
    try:
        erasing.erase(found)
        erasing.erase(found)
    finally:
        person_erased.disconnect(hear)

    assert heard == [found.pk]


def test_an_unconfirmed_registration_is_deleted():
    found = f.RegistrationFactory(state="unconfirmed", confirmed_at=None)

    erasing.erase(found)

    assert not Registration.objects.exists()
    assert not Registration.history.exists()


def test_answers_go_when_their_time_is_over_and_not_before():
    today = timezone.now().date()
    due = f.RegistrationFactory(keep_until=today - timedelta(days=1))
    f.RegistrationFactory(keep_until=today)

    assert [erasing.erase_what_is_due(today), erasing.erase_what_is_due(today)] == [1, 0]
    assert Registration.objects.get(erased_at__isnull=False) == due


def test_the_end_date_follows_the_lab():
    found = f.RegistrationFactory()
    before = found.keep_until

    found.lab.retention_days += 30
    found.lab.save()
    erasing.set_end_dates(found.lab)

    found.refresh_from_db()
    assert found.keep_until == before + timedelta(days=30)


def test_workers_see_to_it_every_day():
    work.enqueue_recurring()

    assert {"registrations.expire", "registrations.retention"} <= set(
        Task.objects.values_list("name", flat=True)
    )


def test_every_table_of_people_is_searched():
    """The search looks into tables by itself; this only makes sure that it knows of the ones that matter."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
    assert {model._meta.db_table for model in apps.get_models()} <= tables
