"""The database's clock, used for leases, due times and heartbeats.

Nodes' clocks differ: one that is minutes ahead must not take over leases of a running worker. SQLite's processes share
one machine, so there it is the process's clock.
"""

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Value
from django.db.models.functions import Now
from django.utils import timezone


class DatabaseNow(Now):
    """The start of the statement (UTC), not of the transaction."""

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return compiler.compile(Value(timezone.now(), output_field=DateTimeField()))


def database_now() -> datetime:
    """Return the database's time as a value. PostgreSQL: one query."""
    return query_database_clock() if connection.vendor == "postgresql" else timezone.now()


def query_database_clock() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found
