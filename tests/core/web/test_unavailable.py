"""Where the database is away, busy or cannot write: 503 and when to come back, as page and as problem document."""

import errno
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, InterfaceError, OperationalError, ProgrammingError, connection
from django.test import Client
from psycopg import errors as pg

from tests.factories import LabFactory

try:
    import pysqlite3.dbapi2 as sqlite3
except ImportError:
    import sqlite3  # type: ignore[no-redef]

pytestmark = pytest.mark.django_db


def of_sqlite(code: int) -> OperationalError:
    """What Django raises for this result code of SQLite."""
    cause = sqlite3.OperationalError("the library's words")
    cause.sqlite_errorcode = code
    return _from(OperationalError(*cause.args), cause)


def of_postgresql(cause: psycopg.Error) -> Exception:
    kinds = ((psycopg.OperationalError, OperationalError), (psycopg.InterfaceError, InterfaceError))
    kind = next((ours for theirs, ours in kinds if isinstance(cause, theirs)), ProgrammingError)
    return _from(kind("the library's words"), cause)


def _from(error: Any, cause: Exception) -> Any:
    error.__cause__ = cause
    return error


@pytest.fixture
def when_the_database_says() -> Iterator[Callable[[Exception], None]]:
    """Have every statement of this test raise an error from now on."""
    LabFactory(slug="main-lab")
    with ExitStack() as stack:

        def says(error: Exception) -> None:
            def refuse(*_arguments: Any) -> Any:
                raise error

            stack.enter_context(connection.execute_wrapper(refuse))

        yield says


AWAY = (
    of_sqlite(5), of_sqlite(261), of_sqlite(6),
    of_postgresql(psycopg.OperationalError("connection refused")),
    of_postgresql(pg.AdminShutdown()), of_postgresql(pg.TooManyConnections()), of_postgresql(pg.LockNotAvailable()),
    of_postgresql(psycopg.InterfaceError("the connection is closed")),
)  # fmt: skip
FULL = (
    of_sqlite(13), of_sqlite(778), of_sqlite(8), of_sqlite(14), of_postgresql(pg.DiskFull()),
    OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EDQUOT, "Disk quota exceeded"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("error", "wait", "heading"),
    [(error, "5", "The service is busy") for error in AWAY]
    + [(error, "60", "Nothing can be saved at the moment") for error in FULL],
    ids=lambda value: type(getattr(value, "__cause__", None) or value).__name__,
)
def test_page_and_problem_say_503_and_when_to_come_back(
    when_the_database_says: Callable[[Exception], None], error: Exception, wait: str, heading: str
) -> None:
    client = Client(raise_request_exception=False)
    when_the_database_says(error)

    page = client.get("/labs/main-lab/")
    assert (page.status_code, page["Retry-After"]) == (503, wait)
    assert f"<h1>{heading}</h1>" in page.content.decode()

    problem = client.get("/api/v1/labs/main-lab")
    assert (problem.status_code, problem["Retry-After"]) == (503, wait)
    assert problem["Content-Type"] == "application/problem+json"
    assert problem.json()["status"] == 503
    assert "instance" not in problem.json()


@pytest.mark.parametrize(
    "error",
    [
        of_sqlite(1),  # "no such column" is one of these
        of_postgresql(pg.UndefinedColumn()),
        IntegrityError("a rule of the tables"),
        OSError(errno.ENOENT, "No such file"),
        ZeroDivisionError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_mistake_of_the_service_stays_one(
    when_the_database_says: Callable[[Exception], None], error: Exception
) -> None:
    client = Client(raise_request_exception=False)
    when_the_database_says(error)
    assert client.get("/labs/main-lab/").status_code == 500
    assert client.get("/api/v1/labs/main-lab").status_code == 500


@pytest.mark.parametrize(
    ("language", "heading"), [("bg", "Услугата е претоварена"), ("el", "Η υπηρεσία είναι")]
)
def test_the_page_speaks_the_readers_language(
    when_the_database_says: Callable[[Exception], None], language: str, heading: str
) -> None:
    client = Client(raise_request_exception=False, headers={"Accept-Language": language})
    when_the_database_says(of_sqlite(5))
    assert f"<h1>{heading}" in client.get("/labs/main-lab/").content.decode()
