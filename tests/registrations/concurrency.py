"""Many people at once: real threads, each with a connection of its own, let go at the same moment."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection, transaction


def all_at_once(works: Iterable[Callable[[], Any]]) -> list[BaseException]:
    """Run every piece of work in its own thread, begun together. Returns the errors that came out of them."""
    works = list(works)
    ready = threading.Barrier(len(works))
    errors: list[BaseException] = []

    def run(work: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            ready.wait(60)
            work()
        except BaseException as error:
            errors.append(error)
            ready.abort()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
    assert not any(thread.is_alive() for thread in threads), "threads wait for each other"
    return errors


def while_open(change: Callable[[], Any], meanwhile: Callable[[], Any]) -> list[BaseException]:
    """Make a change, and keep its transaction open until `meanwhile`, begun after it, has ended or waits for it.

    So `meanwhile` looks at what was there before the change, and writes after it, unless it looks again. PostgreSQL.
    """
    changed, ended = threading.Event(), threading.Event()

    def first() -> None:
        try:
            with transaction.atomic():
                change()
                changed.set()
                until_somebody_waits(or_ended=ended)
        finally:
            changed.set()

    def second() -> None:
        try:
            assert changed.wait(60)
            meanwhile()
        finally:
            ended.set()

    return all_at_once([first, second])


def until_somebody_waits(or_ended: threading.Event | None = None, waiting: int = 1) -> None:
    """Wait until so many connections to this database wait for a lock, or the other work has ended."""
    for _ in range(1200):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] >= waiting:
                return
        if (or_ended or threading.Event()).wait(0.05):
            return
    raise AssertionError("nobody waits for the row")
