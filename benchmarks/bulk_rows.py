"""Many rows by one SQL statement: for benchmarks, and for tests that look at query plans. PostgreSQL only."""

from django.db import connection, models


def insert(row: models.Model, source: str, **columns: str) -> None:
    """Insert a row for each row of `source`, as "generate_series(1, 1000) n": with these columns, by SQL expressions.

    All other columns are those of `row`, which need not be saved. Foreign keys and triggers are as always; counters
    and history are the caller's.
    """
    fields = [one for one in row._meta.local_concrete_fields if not one.primary_key and not one.generated]
    parts, values = [], []
    for field in fields:
        sql = columns.pop(str(field.column), None)
        if sql is None:
            parts.append(f"%s::{field.db_type(connection)}")
            values.append(field.get_db_prep_save(field.pre_save(row, add=True), connection))
        else:
            parts.append(sql.replace("%", "%%"))
    if columns:
        raise ValueError(f"no such columns: {sorted(columns)}")
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {row._meta.db_table} ({names}) SELECT {', '.join(parts)} FROM {source.replace('%', '%%')}",
            values,
        )


def without_foreign_key_checks() -> None:
    """Spare this connection's inserts the check of each foreign key: as a superuser, and for rows that are right."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
