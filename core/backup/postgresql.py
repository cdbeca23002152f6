"""Copies of a PostgreSQL database by its own pg_dump and pg_restore, which take the password from the environment."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from core.backup.archive import BackupError
from core.backup.contents import Copied, Counted

_TABLES = """
    SELECT quote_ident(schemaname) || '.' || quote_ident(tablename), tablename FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""
_NOT_LIBPQ = {
    "pool",
    "server_side_binding",
    "isolation_level",
    "assume_role",
    "prepare_threshold",
    "cursor_factory",
}
# libpq knows these by a variable of another name than PG + name.
_VARIABLES = {"passfile": "PGPASSFILE", "service": "PGSERVICE", "sslcompression": "PGSSLCOMPRESSION"}


class PostgreSQL:
    """A database server's database. Everything is done as the configured user."""

    NAME = "postgresql"

    def copy(self, connection: BaseDatabaseWrapper, folder: Path) -> Copied:
        """Dump the database in custom format, and count the rows in the very snapshot that is dumped."""
        path = folder / "database.pgdump"
        with _own(connection, connection.settings_dict["NAME"]) as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot(), current_setting('server_version')")
            snapshot, version = cursor.fetchone()
            counted = _count(cursor)
            cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
            migrations = [f"{app}.{name}" for app, name in cursor.fetchall()]
            _run(
                "pg_dump",
                [
                    "--format=custom",
                    "--no-owner",
                    "--no-privileges",
                    f"--snapshot={snapshot}",
                    f"--file={path}",
                ],
                connection,
            )
            cursor.execute("ROLLBACK")
        path.chmod(0o600)
        return Copied(path, version, counted.tables, migrations)

    def is_empty(self, connection: BaseDatabaseWrapper) -> bool:
        with _own(connection, connection.settings_dict["NAME"]) as cursor:
            cursor.execute(_TABLES)
            return not cursor.fetchall()

    def put_in_place(self, connection: BaseDatabaseWrapper, path: Path) -> None:
        """Restore the dump into the configured database, in one transaction."""
        connection.close()
        _restore(connection, path, connection.settings_dict["NAME"])

    def count(self, connection: BaseDatabaseWrapper) -> Counted:
        """Count the rows of the configured database."""
        with _own(connection, connection.settings_dict["NAME"]) as cursor:
            return _count(cursor)

    def count_restored(self, connection: BaseDatabaseWrapper, path: Path) -> Counted:
        """Restore the dump into a database of its own, count its rows, and drop it. Raises BackupError."""
        name = f"{_VERIFY}{secrets.token_hex(6)}"
        with _own(connection, connection.settings_dict["NAME"]) as cursor:
            _drop_what_was_left(cursor)
            cursor.execute(_HOLD, [name])
            try:
                cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
            except DatabaseError as error:
                raise BackupError(
                    _(
                        "No database can be made to verify in: %(reason)s. Allow it with ALTER ROLE … CREATEDB."
                    )
                    % {"reason": str(error).strip().splitlines()[0]}
                ) from None
            try:
                _restore(connection, path, name)
                with _own(connection, name) as restored:
                    return _count(restored)
            finally:
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


_VERIFY = "citylabs_verify_"
# Held by the session that verifies, under the name of its database, and gone with it.
_HOLD = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"


def _drop_what_was_left(cursor: CursorWrapper) -> None:
    """Drop our databases of verifications that were killed: no session holds the lock of their name."""
    cursor.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
        " AND datdba = (SELECT oid FROM pg_roles WHERE rolname = current_user)",
        [_VERIFY],
    )
    for (name,) in cursor.fetchall():
        cursor.execute(_HOLD, [name])
        if cursor.fetchone() == (True,):
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def _own(connection: BaseDatabaseWrapper, name: str) -> Iterator[CursorWrapper]:
    """Give a cursor of a connection of its own to a database on the same server; every statement commits itself."""
    copy = connection.copy()
    copy.settings_dict = {**connection.settings_dict, "NAME": name}
    try:
        with copy.cursor() as cursor:
            yield cursor
    finally:
        copy.close()


def _count(cursor: CursorWrapper) -> Counted:
    cursor.execute(_TABLES)
    tables: dict[str, int] = {}
    for quoted, name in cursor.fetchall():
        cursor.execute(f"SELECT count(*) FROM {quoted}")  # noqa: S608  (quoted by the server itself)
        tables[name] = cursor.fetchone()[0]
    queued = 0
    if "mail_message" in tables:
        cursor.execute("SELECT count(*) FROM mail_message WHERE state IN ('queued', 'sending')")
        queued = cursor.fetchone()[0]
    return Counted(tables, queued)


def _restore(connection: BaseDatabaseWrapper, path: Path, name: str) -> None:
    _run(
        "pg_restore",
        [
            "--no-owner",
            "--no-privileges",
            "--exit-on-error",
            "--single-transaction",
            f"--dbname={name}",
            str(path),
        ],
        connection,
    )


def _run(program: str, arguments: list[str], connection: BaseDatabaseWrapper) -> None:
    """Run one of PostgreSQL's programs; where to and as whom stands in its environment. Raises BackupError."""
    if shutil.which(program) is None:
        raise BackupError(
            _("%(program)s is not installed. On Debian and Ubuntu it comes with postgresql-client.")
            % {"program": program}
        )
    done = subprocess.run(  # noqa: S603
        [program, "--no-password", *arguments],
        env={**os.environ, **_environment(connection.settings_dict)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = done.stderr.strip().splitlines() or [str(done.returncode)]
        raise BackupError(
            _("%(program)s failed: %(reason)s") % {"program": program, "reason": reason[-1][:500]}
        )


def _environment(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return libpq's variables for a Django database."""
    values = {
        "PGDATABASE": settings["NAME"],
        "PGUSER": settings["USER"],
        "PGPASSWORD": settings["PASSWORD"],
        "PGHOST": settings["HOST"],
        "PGPORT": settings["PORT"],
    }
    for name, value in settings["OPTIONS"].items():
        if name not in _NOT_LIBPQ:
            values[_VARIABLES.get(name, f"PG{name.upper()}")] = value
    return {name: str(value) for name, value in values.items() if value not in (None, "")}
