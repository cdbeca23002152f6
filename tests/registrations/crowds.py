"""Many people at once: real threads, each with a connection of its own, let go at the same moment."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection


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
