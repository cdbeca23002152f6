"""How PostgreSQL carries out the statements of the console's pages where there are many rows: no table is read through.

The rows are made by SQL inside the test's transaction, so that it takes seconds.
"""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from benchmarks import bulk_rows
from benchmarks.query_plans import plans_of, sequential_scans
from core.jobs import tallies
from core.mail import health
from core.mail.models import Message
from labs.models import Lab
from registrations import asking_for_links, erasure, managing, registering
from registrations.models import Attendance, Registration, Seat, SeatMovement
from sessions.models import Session
from tests import factories as f

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs PostgreSQL"),
]
LABS, PEOPLE, SESSIONS = 25, 2_000, 5
LARGE = {
    "registrations_registration", "registrations_historicalregistration", "registrations_seat",
    "registrations_seatmovement", "registrations_attendance", "registrations_historicalattendance", "mail_message",
}  # fmt: skip


@pytest.fixture
def lab() -> Lab:
    """One of 25 labs with two thousand people, each with a seat, attendance and an email."""
    bulk_rows.without_foreign_key_checks()
    made: Lab = f.LabFactory(slug="lab")
    labs = [made, *f.LabFactory.create_batch(LABS - 1, programme=made.programme)]
    sessions = [f.SessionFactory.create_batch(SESSIONS, lab=one)[0].pk for one in labs]
    person = f.RegistrationFactory.build(lab=made)
    bulk_rows.insert(
        person,
        f"unnest(ARRAY{[one.pk for one in labs]}) lab, generate_series(1, {PEOPLE}) n",
        lab_id="lab",
        public_id="gen_random_uuid()",
        name="'Person ' || n",
        name_key="'person ' || n",
        email="'p' || n || '@' || lab || '.example.org'",
        email_key="'p' || n || '@' || lab || '.example.org'",
        contact_key="'p' || n || '@' || lab || '.example.org'",
        state="CASE n % 20 WHEN 0 THEN 'unconfirmed' WHEN 1 THEN 'cancelled' ELSE 'confirmed' END",
        created_at="now() - n * interval '1 minute'",
        confirmed_at="CASE WHEN n % 20 > 1 THEN now() - n * interval '1 minute' END",
        cancelled_at="CASE WHEN n % 20 = 1 THEN now() END",
    )
    first = f"(ARRAY{sessions})[array_position(ARRAY{[one.pk for one in labs]}, r.lab_id::int)]"
    people = "registrations_registration r"
    bulk_rows.insert(
        Seat(state="confirmed", mode="online"),
        people,
        registration_id="r.id",
        session_id=f"{first} + r.id % {SESSIONS}",
        queue_position="row_number() OVER ()",
        changed_at="now()",
    )
    bulk_rows.insert(
        SeatMovement(after="confirmed", reason="chosen"), "registrations_seat s", seat_id="s.id", at="now()"
    )
    bulk_rows.insert(
        Attendance(),
        f"{people} WHERE r.id % 3 > 0",
        registration_id="r.id",
        session_id=f"{first} + r.id % {SESSIONS}",
        taken_at="now()",
    )
    bulk_rows.insert(
        f.MessageFactory.build(lab=made),
        people,
        lab_id="r.lab_id",
        public_id="gen_random_uuid()",
        registration_id="r.id",
        key="r.public_id",
        message_id="r.public_id",
        state="CASE r.id % 500 WHEN 0 THEN 'queued' WHEN 1 THEN 'failed' ELSE 'sent' END",
        finished_at="CASE WHEN r.id % 500 > 0 THEN now() END",
        created_at="r.created_at",
        run_at="r.created_at",
    )
    kept = Registration.history.model
    history = kept(**{one.attname: getattr(person, one.attname) for one in kept.tracked_fields})
    history.history_date, history.history_type = timezone.now(), "+"
    bulk_rows.insert(
        history,
        people,
        id="r.id",
        lab_id="r.lab_id",
        public_id="r.public_id",
        created_at="r.created_at",
        revised_at="r.created_at",
    )
    # Without the numbers that were given, a confirmation would give them again.
    bulk_rows.execute(
        f"UPDATE lab_sessions_session SET last_queue_position = {LABS * PEOPLE}, online_taken = {PEOPLE}"
    )
    bulk_rows.execute("ANALYZE")
    return made


def scans(work: Callable[[], object]) -> dict[str, str]:
    """The large tables that the statements of this work read from end to end, each with the statement."""
    return {table: sql for sql, plan in plans_of(work) for table in sequential_scans(plan) & LARGE}


def test_no_page_of_the_console_and_no_probe_reads_a_large_table_from_end_to_end(lab: Lab) -> None:
    client = Client()
    user = f.StaffFactory(lab=lab).user
    client.force_login(user)
    session = Session.objects.filter(lab=lab).order_by("pk")[0]
    person = Registration.objects.filter(lab=lab, state="confirmed").order_by("-pk")[0]
    base = "/organise/labs/lab/"
    pages = [
        "/organise/",
        base,
        f"{base}registrations/",
        f"{base}registrations/?page=3&state=cancelled",
        f"{base}registrations/?session={session.slug}",
        f"{base}registrations/{person.public_id}/",
        f"{base}attendance/",
        f"{base}attendance/{session.slug}/",
        f"{base}mail/",
        f"{base}mail/?state=failed",
        f"{base}mail/?page=9",
    ]
    for page in pages:
        answers = []
        assert scans(lambda page=page, answers=answers: answers.append(client.get(page))) == {}, page
        assert [answer.status_code for answer in answers] == [200], page
    assert scans(health.readiness) == {}
    assert scans(health.gauges) == {}
    csv = lambda: b"".join(client.get(f"{base}registrations.csv").streaming_content)  # noqa: E731
    assert scans(csv) == {}


def test_no_verb_of_a_person_reads_a_large_table_from_end_to_end(lab: Lab) -> None:
    rows = Registration.objects.filter(lab=lab)
    asked, going, gone = (
        rows.filter(state=state).order_by("pk")[0] for state in ("unconfirmed", "confirmed", "cancelled")
    )
    Seat.objects.filter(registration=asked).update(state="requested")
    assert scans(lambda: registering.confirm(asked)) == {}
    assert scans(lambda: managing.cancel(going)) == {}
    assert scans(lambda: erasure.erase(gone)) == {}
    assert scans(lambda: asking_for_links.queue_links(asked.email)) == {}


def test_what_has_no_index_is_found_out(lab: Lab) -> None:
    """The control: the same look at a statement that nothing helps, and at a page whose index is gone."""
    assert set(scans(lambda: Seat.objects.filter(state="confirmed").count())) == {"registrations_seat"}
    mails = Message.objects.filter(lab=lab).order_by("attention", "-created_at", "-pk")
    assert scans(lambda: list(mails[:50])) == {}
    with connection.cursor() as cursor:
        for index in ("message_list", "message_finished", "message_unsent", "message_in_trouble"):
            cursor.execute(f"DROP INDEX {index}")
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'mail_message' AND indexdef ~ 'lab_id'"
        )
        for (index,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX {index}")
    assert set(scans(lambda: list(mails[:50]))) == {"mail_message"}
    assert tallies.counts("registered") == {}  # bare rows: nothing was counted
