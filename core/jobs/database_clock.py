"""The database's clock, by which leases, due times and signs of life are reckoned.

Nodes share one database and not one clock: one whose own clock is minutes ahead must not take over what a living
worker holds. SQLite lies on one machine, whose clock all its processes share, so there it is that of the process.
"""

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Value
from django.db.models.functions import Now
from django.utils import timezone


class DatabaseNow(Now):
    """The instant at which the statement begins, also in a transaction that began long before (UTC)."""

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return compiler.compile(Value(timezone.now(), output_field=DateTimeField()))


def database_now() -> datetime:
    """Return the same instant as a value, to compare with what was read. PostgreSQL: one query."""
    return ask_database() if connection.vendor == "postgresql" else timezone.now()


def ask_database() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found
