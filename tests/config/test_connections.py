"""Kept connections to PostgreSQL: one that was cut is noticed, and none waits for a lock for ever."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.signals import request_started
from django.db import connection, connections
from django.db.backends.utils import CursorWrapper

from labs.models import Lab

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL"),
    pytest.mark.django_db(transaction=True),
]


@contextmanager
def another() -> Iterator[CursorWrapper]:
    """A cursor on a second connection, for looking at the first."""
    second = connection.copy("second")
    with second.cursor() as cursor:
        yield cursor
    second.close()


def cut() -> None:
    """End this test's own connection from another one, as a server that restarts does."""
    connection.ensure_connection()
    backend = connection.connection.info.backend_pid
    with another() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
    time.sleep(0.3)


def test_no_statement_waits_for_a_lock_for_ever() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("20s",)


def test_a_connection_that_was_cut_or_closed_is_not_trusted() -> None:
    cut()
    assert not connection.is_usable()
    connections.close_all()
    assert not connection.is_usable()


def test_a_request_after_a_restart_gets_a_new_connection() -> None:
    assert connection.settings_dict["CONN_HEALTH_CHECKS"]
    cut()
    request_started.send(sender=None)
    assert Lab.objects.count() == 0


def test_what_a_connection_asks_often_is_planned_once() -> None:
    connections.close_all()
    prepared = []
    for _number in range(7):
        assert not Lab.objects.filter(slug="none").exists()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_prepared_statements"
                " WHERE statement LIKE '%labs_lab%' AND statement NOT LIKE '%pg_prepared%'"
            )
            prepared.append(cursor.fetchone()[0])
    assert prepared == [0, 0, 0, 0, 0, 1, 1]
