"""What probes and monitoring are told."""

from datetime import timedelta

import pytest
from django.core.checks import run_checks
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.jobs.models import WorkerBeat
from core.mail import health
from core.mail.models import Message
from core.web.checks import SQLITE, journal_fault
from tests.emails import reset_email
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

TOKEN = {"Authorization": "Bearer secret of monitoring"}


@pytest.fixture(autouse=True)
def nobody_has_looked_yet(settings):
    settings.METRICS_TOKEN = "secret of monitoring"
    health.recently.forget()
    yield
    health.recently.forget()


def in_detail(client):
    """What monitoring is told now."""
    health.recently.forget()
    return client.get("/health/ready", headers=TOKEN)


def beat(age: timedelta = timedelta(0)) -> None:
    now = timezone.now()
    WorkerBeat.objects.create(worker=f"worker {age}", started_at=now - age, beat_at=now - age)


def mail(number: int = 1) -> Message:
    return reset_email(key=f"test:{number}", to_name="Demo participant 17")


def test_it_is_live_even_when_nothing_else_is(client, monkeypatch):
    monkeypatch.setattr("core.mail.health.readiness", lambda: 1 / 0)

    response = client.get("/health/live")

    assert (response.status_code, response.json()) == (200, {"live": True})
    assert not response.cookies


def test_it_is_ready_when_a_worker_lives_and_no_mail_is_late(client):
    beat()
    mail()

    response = in_detail(client)

    checks = response.json()["checks"]
    assert response.status_code == 200, checks
    assert {name: check["ok"] for name, check in checks.items()} == dict.fromkeys(
        ["database", "migrations", "durability", "worker", "mail", "cache", "time_zones"], True
    )
    assert checks["mail"]["queued"] == 1
    assert checks["worker"]["beat_age"] == 0


@pytest.mark.parametrize("age", [None, timedelta(minutes=2, seconds=1)])
def test_it_is_not_ready_when_no_worker_has_shown_itself_for_two_minutes(client, age):
    if age:
        beat(age)

    response = in_detail(client)

    assert response.status_code == 503
    assert response.json()["checks"]["worker"]["ok"] is False


def test_it_is_not_ready_when_due_mail_is_left_lying(client):
    beat()
    mail()
    Message.objects.update(run_at=timezone.now() - timedelta(minutes=6))

    response = in_detail(client)

    assert response.status_code == 503
    assert response.json()["checks"]["mail"]["overdue"] >= 360


def test_a_mail_that_waits_for_its_next_try_does_not_make_the_service_unready(client):
    beat()
    mail()
    Message.objects.update(
        created_at=timezone.now() - timedelta(days=2), run_at=timezone.now() + timedelta(hours=1), attempts=9
    )

    response = in_detail(client)

    assert response.status_code == 200
    assert response.json()["checks"]["mail"]["oldest_unsent_age"] >= 2 * 24 * 3600


def test_it_is_not_ready_without_its_database(client, monkeypatch):
    def gone() -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(connection, "cursor", gone)

    response = in_detail(client)

    assert response.status_code == 503
    assert response.json() == {
        "ready": False,
        "checks": {"database": {"ok": False}, "cache": {"ok": True}},
    }


def test_it_is_not_ready_before_its_migrations(client):
    beat()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'labs'")

    assert in_detail(client).json()["checks"]["migrations"] == {"ok": False}


def test_probes_are_told_nothing_about_people(client, settings):
    beat()
    mail()

    said = in_detail(client).content + client.get("/metrics", headers=TOKEN).content

    assert b"participant17" not in said
    assert b"Demo" not in said


def test_everybody_is_told_what_is_well_and_no_figure_that_a_registration_moves(client):
    beat()
    before = client.get("/health/ready").json()
    mail()
    health.recently.forget()

    assert client.get("/health/ready").json() == before
    names = ["database", "migrations", "durability", "worker", "mail", "cache", "time_zones"]
    assert before == {"ready": True, "checks": {name: {"ok": True} for name in names}}


def test_figures_are_for_monitoring_and_whoever_runs_the_service(client):
    beat()
    mail()
    for user, told in ((None, False), (UserFactory(), False), (UserFactory(is_superuser=True), True)):
        asking = Client()
        if user:
            asking.force_login(user)
        health.recently.forget()
        assert ("queued" in asking.get("/health/ready").json()["checks"]["mail"]) is told
    assert in_detail(client).json()["checks"]["mail"]["queued"] == 1
    assert (
        "queued"
        not in client.get("/health/ready", headers={"Authorization": "Bearer "}).json()["checks"]["mail"]
    )


def test_whoever_asks_again_at_once_costs_no_query(client, django_assert_num_queries):
    beat()
    first = client.get("/health/ready").json()
    with django_assert_num_queries(0):
        assert client.get("/health/ready").json() == first


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL reads small tables whole")
def test_what_has_not_left_is_counted_from_its_index():
    with CaptureQueriesContext(connection) as asked:
        health.readiness()
    about_messages = [query["sql"] for query in asked.captured_queries if "mail_message" in query["sql"]]
    assert len(about_messages) == 1
    for sql in about_messages:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = " ".join(str(row) for row in cursor.fetchall())
        assert "INDEX message_" in plan, plan


def test_metrics_count_mails_by_state_and_tell_ages(client, settings):
    beat(timedelta(seconds=30))
    mail(1)
    mail(2)

    response = client.get("/metrics", headers=TOKEN)

    lines = response.content.decode().splitlines()
    assert 'citylabs_mails{state="queued"} 2.0' in lines
    assert 'citylabs_mails{state="failed"} 0.0' in lines
    [age] = [float(line.split()[1]) for line in lines if line.startswith("citylabs_worker_beat_seconds ")]
    assert 30 <= age < 60
    assert any(line.startswith("django_http_requests_before_middlewares_total") for line in lines)


@pytest.mark.parametrize("token", ["", "Bearer wrong", "Bearer "])
def test_metrics_do_not_exist_for_whoever_lacks_the_token(client, settings, token):
    for known in ("", "secret of monitoring"):
        settings.METRICS_TOKEN = known
        assert client.get("/metrics", headers={"Authorization": token}).status_code == 404


def test_a_library_that_can_corrupt_wal_is_refused(settings):
    settings.SQLITE_IS_SOUND = False
    expected = ["web.E001"] if connection.vendor == "sqlite" else []
    assert [message.id for message in run_checks(tags=[SQLITE])] == expected
    assert journal_fault("default", "PRAGMA journal_mode = DELETE;").id == "web.W001"

    settings.SQLITE_IS_SOUND = True
    assert run_checks(tags=[SQLITE]) == []
