"""Erasing one person: nothing that names him or her stays anywhere, and what only counts does."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client, TestCase
from django.utils import timezone

from core.jobs import leases
from core.jobs.models import Task
from core.jobs.worker import Worker
from core.web.models import IdempotentRequest
from core.web.signed_links import new_api_token
from labs.models import ApiToken, Lab
from labs.viewer import VISITOR
from registrations import answers as answers_of
from registrations import asking_for_links, erasure, managing, recounting, registering, seats, statistics
from registrations.availability import available_sessions
from registrations.models import Answer, Attendance, Choice, Invitation, NeedsConsent, Registration, Seat
from registrations.registering import Details, RegistrationPlan
from registrations.signals import person_erased
from sessions.models import Session
from tests import factories as f
from tests.pages import form_of
from tests.registrations.form_posts import answers, link, post, send, send_links

pytestmark = pytest.mark.django_db

CANARY = "canarycanary"


@pytest.fixture(autouse=True)
def files_in(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path


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


def test_what_idempotency_remembers_of_a_person_is_keyed_goes_after_a_day_and_goes_with_the_person(
    client: Client,
):
    """By form and by API; also where the address was registered already, so that nothing else was written."""
    session = f.SessionFactory()
    other = answers(session, email="other@example.org")
    post_by_api = partial(
        client.post,
        f"/api/v1/labs/{session.lab.slug}/registrations",
        {
            "name": f"Demo {CANARY}",
            "email": f"{CANARY}@Example.org",
            "sessions": [session.slug],
            "language": "en",
            "time_zone": "Europe/Sofia",
            "consent": True,
        },
        content_type="application/json",
        headers={"Idempotency-Key": f"{CANARY}@example.org"},
    )
    send(client, session.lab, answers(session, email=f"{CANARY}@example.org"))
    found = Registration.objects.get()
    registering.confirm(found)
    send(client, session.lab, answers(session, email=f"{CANARY}@example.org"))
    assert post_by_api().status_code == 202
    assert IdempotentRequest.objects.count() == 3
    send(client, session.lab, other)
    table = IdempotentRequest._meta.db_table
    assert not [column for column in found_in_database(CANARY) if column.startswith(table)]

    erasure.erase(found)

    assert IdempotentRequest.objects.count() == 1  # the other person's
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        leases.enqueue_recurring()
        Worker().drain()
    assert not IdempotentRequest.objects.exists()


def canary_person(client: Client, session: Session) -> Registration:
    """Somebody whose every answer is the canary, with everything that can happen to a registration."""
    own = f.QuestionFactory(question_set__lab=session.lab, slug="own")
    f.ChoiceFactory(
        question=f.QuestionFactory(question_set=own.question_set, slug="menu", kind="one"),
        slug="fish",
        places=9,
    )
    f.QuestionFactory(question_set=own.question_set, slug="paper", kind="file")
    needs = f.QuestionSetFactory(lab=session.lab, slug="needs", protection="needs")
    f.QuestionFactory(question_set=needs, slug="need")
    data = answers(
        session,
        name=f"Demo {CANARY}",
        email=f"{CANARY}@example.org",
        city_text=CANARY,
        organisation=CANARY,
        **{"q-own": CANARY, "q-menu": "fish", "q-need": CANARY, "consent-needs": "on"},
    )
    send(client, session.lab, data)
    found = Registration.objects.get()
    post(client, link(found, "confirm", "registration_confirm"))
    paper = SimpleUploadedFile(f"{CANARY}.pdf", f"%PDF-1.7 {CANARY} startxref 9 %%EOF".encode())
    own_answers = link(found, "manage", "registration_answers", own.question_set.slug)
    post(client, own_answers, {"q-own": CANARY, "q-menu": "fish", "q-paper": paper})
    found.refresh_from_db()
    managing.change_details(
        found,
        Details(
            name=f"Demo {CANARY} changed",
            language="en",
            time_zone="Europe/Sofia",
            city_text=CANARY,
            organisation=CANARY,
        ),
    )
    asking_for_links.queue_links(found.email)
    send_links()
    f.AttendanceFactory(registration=found, session=session)
    return found


def test_no_column_of_any_table_names_the_person_afterwards(client: Client):
    session = f.SessionFactory(capacity=5)
    found = canary_person(client, session)
    assert len(found_in_database(CANARY)) > 10  # the search finds what is there
    stored = [row.file.name for row in Answer.objects.exclude(file="")]
    assert [answers_of.value_of(row) for row in Answer.objects.filter(secret__isnull=False)] == [CANARY]
    assert (len(stored), Choice.objects.get().taken, NeedsConsent.objects.count()) == (1, 1, 1)

    with TestCase.captureOnCommitCallbacks(execute=True):
        erasure.erase(found)

    assert found_in_database(CANARY) == []
    assert not Answer.objects.exists()
    assert not default_storage.exists(stored[0])
    assert (Choice.objects.get().taken, NeedsConsent.objects.count()) == (0, 0)


def test_counts_stay_and_coming_seats_go_to_the_next(client: Client):
    lab = f.LabFactory()
    city = f.CityFactory()
    lab.programme.cities.add(city)
    past, coming = f.SessionFactory(lab=lab), f.SessionFactory(lab=lab, capacity=1)
    details = Details(name="Demo participant 17", language="en", time_zone="Europe/Sofia", city=city)
    plan = RegistrationPlan(
        details,
        "participant17@example.org",
        available_sessions(lab, VISITOR, timezone.now()).choose([past.slug, coming.slug]),
        True,
        "en",
    )
    found = registering.confirm(registering.submit(lab, VISITOR, plan))
    waiting = f.RegistrationFactory(lab=lab)
    seats.take(waiting, {coming.pk: "online"})
    Session.objects.filter(pk=past.pk).update(
        starts_at=timezone.now() - timedelta(hours=2), ends_at=timezone.now() - timedelta(hours=1)
    )
    f.AttendanceFactory(registration=found, session=past)

    erasure.erase(found)

    assert Attendance.objects.filter(session=past).count() == 1
    assert Seat.objects.get(session=past).state == "confirmed"
    assert Seat.objects.get(registration=waiting).state == "confirmed"
    found.refresh_from_db()
    assert (found.name, found.email, found.state, found.city) == ("", "", "cancelled", city)
    assert recounting.recount() == []


def test_nothing_lists_or_opens_an_erased_person(client: Client) -> None:
    """No page of people, no search at the door, no list or row of the API."""
    lab = f.LabFactory()
    session = f.SessionFactory(lab=lab)
    gone, stays = f.RegistrationFactory.create_batch(2, lab=lab)
    organiser = f.StaffFactory(lab=lab).user
    token, token_hash = new_api_token()
    ApiToken.objects.create(
        user=organiser, name="key", token_hash=token_hash, scopes=["registrations", "attendance"]
    )
    by_key = {"Authorization": f"Bearer {token}"}
    rows = f"/api/v1/labs/{lab.slug}/registrations"

    erasure.erase(gone)
    gone.refresh_from_db()

    listed = client.get(rows, headers=by_key).json()
    assert (listed["count"], [row["id"] for row in listed["items"]]) == (1, [str(stays.public_id)])
    assert client.get(f"{rows}/{gone.public_id}", headers=by_key).status_code == 404
    assert client.get(f"{rows}/{stays.public_id}", headers=by_key).status_code == 200
    attendance = f"/api/v1/labs/{lab.slug}/sessions/{session.slug}/attendance/{gone.public_id}"
    assert client.put(attendance, headers=by_key).status_code == 404
    client.force_login(organiser)
    console = f"/organise/labs/{lab.slug}/registrations/"
    page = client.get(console).content.decode()
    assert (str(gone.public_id) in page, str(stays.public_id) in page) == (False, True)
    assert not Attendance.objects.exists()


def test_no_earlier_link_opens_anything_of_an_erased_person(client: Client) -> None:
    found = f.RegistrationFactory()
    earlier = [link(found, "manage"), link(found, "feed", "personal_feed")]
    assert [client.get(address).status_code for address in earlier] == [200, 200]
    erasure.erase(found)
    assert [client.get(address).status_code for address in earlier] == [404, 404]
    row = Registration.objects.get(pk=found.pk)
    assert row.public_id != found.public_id
    assert row.link_version > found.link_version
    assert row.feed_version > found.feed_version
    found.refresh_from_db()
    # Nor would one that somebody makes from the row as it is now.
    assert client.get(link(found, "manage")).status_code == 404


def test_an_erased_row_says_when_and_not_who_wrote_it() -> None:
    found = f.RegistrationFactory(submitted_by=f.UserFactory())
    now = timezone.now() + timedelta(days=1)
    with time_machine.travel(now, tick=False):
        erasure.erase(found)
    found.refresh_from_db()
    assert (found.submitted_by, found.erased_at, found.revised_at) == (None, now, now)


def test_erasing_one_person_leaves_all_others_as_they_were(client: Client) -> None:
    session = f.SessionFactory(capacity=2)
    other = canary_person(client, session)
    unconfirmed = f.RegistrationFactory(lab=session.lab, state="unconfirmed", confirmed_at=None)
    before = len(found_in_database(CANARY))
    another = f.RegistrationFactory(lab=session.lab, state="unconfirmed", confirmed_at=None)
    confirmed = f.RegistrationFactory(lab=session.lab)
    seats.take(confirmed, {session.pk: "online"})

    erasure.erase(another)
    erasure.erase(confirmed)

    other.refresh_from_db()
    assert (other.name, other.state) == (f"Demo {CANARY} changed", "confirmed")
    assert len(found_in_database(CANARY)) == before
    assert Registration.objects.filter(pk=unconfirmed.pk, state="unconfirmed").exists()
    assert Seat.objects.get(registration=other).state == "confirmed"


def test_an_invitation_of_an_address_that_colleagues_share_goes_with_the_last_of_them() -> None:
    lab = f.LabFactory()
    one, other = (
        f.RegistrationFactory(lab=lab, name=name, email="office@example.org") for name in ("Ana", "Ivo")
    )
    Invitation.objects.create(lab=lab, email="office@example.org", email_key="office@example.org")
    erasure.erase(one)
    assert Invitation.objects.count() == 1
    erasure.erase(other)
    assert Invitation.objects.count() == 0


def test_what_is_due_is_erased_so_many_at_a_time() -> None:
    f.RegistrationFactory.create_batch(3, lab=ended_lab())
    f.RegistrationFactory.create_batch(2, lab=ended_lab())
    f.RegistrationFactory(lab=f.LabFactory())
    now = datetime(2026, 7, 12, 12, tzinfo=UTC)

    with time_machine.travel(now, tick=False):
        assert [erasure.erase_due(now, at_most=2) for _time in range(4)] == [2, 2, 1, 0]
    assert Registration.objects.filter(erased_at__isnull=True).count() == 1


def test_after_the_lab_an_erased_registration_still_counts_as_one():
    lab = f.LabFactory(starts_on=timezone.now().date() - timedelta(days=40), registration_opens_at=None)
    found = f.RegistrationFactory(lab=lab)

    erasure.erase(found)

    assert statistics.totals(lab).registered == 1


def test_floors_above_hear_of_it_once():
    found = f.RegistrationFactory()
    heard: list[int] = []

    def hear(registration_id: int, **more: object) -> None:
        heard.append(registration_id)

    person_erased.connect(hear)
    try:
        erasure.erase(found)
        erasure.erase(found)
    finally:
        person_erased.disconnect(hear)

    assert heard == [found.pk]


def test_an_unconfirmed_registration_is_deleted():
    found = f.RegistrationFactory(state="unconfirmed", confirmed_at=None)

    erasure.erase(found)

    assert not Registration.objects.exists()
    assert not Registration.history.exists()


def erased_on(moment: str) -> int:
    """Let the worker do what is due at that moment (UTC); return how many people are erased by then."""
    with time_machine.travel(moment, tick=False):
        leases.enqueue_recurring()
        Worker().drain()
    return Registration.objects.filter(erased_at__isnull=False).count()


def ended_lab(**facts: Any) -> Lab:
    """A lab in Honolulu, ten hours behind UTC, that ends on 10 June 2026 and keeps answers for 30 days."""
    days = {"starts_on": date(2026, 6, 8), "ends_on": date(2026, 6, 10), "retention_days": 30}
    return f.LabFactory(**{"time_zone": "Pacific/Honolulu", "registration_opens_at": None, **days, **facts})


def test_answers_go_when_their_time_is_over_where_the_lab_is_and_not_before():
    lab = ended_lab()
    f.RegistrationFactory.create_batch(3, lab=lab)
    f.RegistrationFactory(lab=ended_lab(retention_days=90))

    assert [erased_on("2026-07-11T09:59Z"), erased_on("2026-07-12T10:01Z")] == [0, 3]


def test_nobody_is_erased_by_schedule_before_the_lab_is_over():
    """On the evening of its last day, by UTC the next one; and while a session of it is still to end."""
    lab = ended_lab(retention_days=0)
    f.RegistrationFactory(lab=lab)
    assert erased_on("2026-06-11T05:00Z") == 0
    f.SessionFactory(lab=lab, start_date=date(2026, 6, 12))
    assert erased_on("2026-06-12T11:00Z") == 0
    assert erased_on("2026-06-13T23:00Z") == 1


def test_where_the_next_day_comes_sooner_answers_go_sooner():
    f.RegistrationFactory(lab=ended_lab(retention_days=0, time_zone="Pacific/Auckland"))
    midnight = datetime(2026, 6, 10, 12, tzinfo=UTC)
    assert [erasure.erase_due(at) for at in (midnight - timedelta(minutes=1), midnight)] == [0, 1]


@pytest.mark.parametrize(
    ("changes", "shown", "erased"),
    [
        ({}, "10 July 2026", 1),
        ({"retention_days": "10"}, "20 June 2026", 1),
        ({"retention_days": "90"}, "8 September 2026", 0),
        ({"ends_on": "2026-12-01"}, "31 December 2026", 0),
    ],
)
def test_the_end_date_follows_the_lab_on_all_pages(
    client: Client, changes: dict[str, str], shown: str, erased: int
):
    lab = ended_lab()
    found = f.RegistrationFactory(lab=lab)
    client.force_login(f.StaffFactory(lab=lab).user)
    settings = f"/organise/labs/{lab.slug}/settings/"
    if changes:
        assert client.post(settings, form_of(client.get(settings)).filled(**changes)).status_code == 302

    assert f"Kept until {shown}" in client.get(link(found, "manage", "registration")).content.decode()
    person = client.get(f"/organise/labs/{lab.slug}/registrations/{found.public_id}/").content.decode()
    assert f"Deleted automatically after {shown}" in person
    assert erased_on("2026-07-12T12:00Z") == erased


def test_workers_see_to_it_every_day():
    leases.enqueue_recurring()

    assert {"registrations.expire", "registrations.retention"} <= set(
        Task.objects.values_list("name", flat=True)
    )


def test_every_table_of_people_is_searched():
    """The search looks into tables by itself; this only makes sure that it knows of the ones that matter."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
    assert {model._meta.db_table for model in apps.get_models()} <= tables
