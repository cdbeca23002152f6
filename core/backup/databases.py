"""The configured database: copies that are sound while others write, and what restores and counts them.

SQLite is read through its online backup API, PostgreSQL by pg_dump in the snapshot in which its rows are counted.
"""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import psycopg
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext as _

from core.backup.archive import BackupError, DatabaseFile


class Database:
    """What both kinds of the configured database have in common. Every statement commits itself."""

    file: ClassVar[DatabaseFile]
    changes: ClassVar[dict[str, object]] = {}  # of the connection's settings

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self.name = str(connection.settings_dict["NAME"])

    @contextmanager
    def open(self, name: str) -> Iterator[BaseDatabaseWrapper]:
        """Give a connection of its own to this database, or to another of its kind."""
        opened = self.connection.copy()
        opened.settings_dict.update(self.changes, NAME=name)
        try:
            opened.ensure_connection()
            yield opened
        finally:
            opened.close()

    def is_empty(self) -> bool:
        """Tell whether there is no table."""
        with self.open(self.name) as database:
            return not database.introspection.table_names()

    def count(self, database: BaseDatabaseWrapper) -> dict[str, int]:
        """Return the rows of an open database by table."""
        tables = {}
        with database.cursor() as cursor:
            for name in database.introspection.table_names(cursor):
                cursor.execute(f"SELECT count(*) FROM {database.ops.quote_name(name)}")  # noqa: S608
                [tables[name]] = cursor.fetchone()
        return tables

    def compare(self, name: str, tables: dict[str, int]) -> None:
        """Raise BackupError where a table has not as many rows as were counted when the backup was made."""
        with self.open(name) as database:
            counted = self.count(database)
        for table, _rows in sorted(tables.items() ^ counted.items()):
            raise BackupError(
                _("The backup is damaged: %(table)s should have %(wanted)s rows and has %(found)s."),
                table=table,
                wanted=tables.get(table, 0),
                found=counted.get(table, 0),
            )


class SQLite(Database):
    """The database of one machine: a file.

    `copy` writes a copy that only its owner may read and returns the rows in it by table; committed changes are in
    it or not, never half. `verify` restores one into a temporary place and compares its rows, `restore` makes it this
    database, which is empty. Both raise BackupError.
    """

    file = "database.sqlite3"
    # A copy keeps its journal in its one file; where the rollback journal makes readers wait, they do for a minute.
    changes: ClassVar[dict[str, object]] = {"OPTIONS": {"timeout": 60}}

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        super().__init__(connection)
        if self.name == ":memory:" or self.name.startswith("file:"):
            raise BackupError(_("The database is only in memory: there is nothing to back up."))

    def copy(self, path: Path) -> dict[str, int]:
        path.touch(mode=0o600)
        with self.open(self.name) as source, self.open(str(path)) as target:
            # All pages in one step: one read transaction, so that no writer makes it begin anew.
            source.connection.backup(target.connection, pages=-1)
            with target.cursor() as cursor:
                cursor.execute("PRAGMA journal_mode = DELETE")  # WAL would want a second file beside it
            return self.count(target)

    def verify(self, path: Path, tables: dict[str, int]) -> None:
        try:
            self.compare(str(path), tables)
        except DatabaseError as error:
            raise BackupError(_("The database in the backup is damaged: %(reason)s."), reason=error) from None

    def restore(self, path: Path, tables: dict[str, int]) -> None:
        self.verify(path, tables)
        self.connection.close()
        Path(self.name).parent.mkdir(parents=True, exist_ok=True)
        for leftover in ("-wal", "-shm", "-journal"):
            Path(self.name + leftover).unlink(missing_ok=True)
        path.replace(self.name)

    def is_empty(self) -> bool:
        return not Path(self.name).exists() or super().is_empty()

    def count(self, database: BaseDatabaseWrapper) -> dict[str, int]:
        with database.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check(1)")
            [answer] = cursor.fetchone()
        if answer != "ok":
            raise BackupError(_("The database is damaged: %(reason)s."), reason=answer)
        return super().count(database)


_VERIFY = "citylabs_verify_"
# Held by the session that verifies, under the name of its database, and gone with it.
_HOLD = "pg_try_advisory_lock(hashtextextended({}, 0))"
_DROP = 'DROP DATABASE IF EXISTS "{}" WITH (FORCE)'


class PostgreSQL(Database):
    """A database server's database, which does the same as SQLite's here, as the configured user."""

    file = "database.pgdump"

    def copy(self, path: Path) -> dict[str, int]:
        path.touch(mode=0o600)
        with self.open(self.name) as database, database.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            [snapshot] = cursor.fetchone()
            tables = self.count(database)
            self._run("pg_dump", self.name, "--format=custom", f"--snapshot={snapshot}", f"--file={path}")
        return tables

    def verify(self, path: Path, tables: dict[str, int]) -> None:
        with self.open(self.name) as database, database.cursor() as cursor:
            # What verifications left that were killed: nobody holds the lock of its name any more.
            cursor.execute(
                f"SELECT datname, {_HOLD.format('datname::text')} FROM pg_database"  # noqa: S608
                " WHERE starts_with(datname, %s) AND pg_get_userbyid(datdba) = current_user",
                [_VERIFY],
            )
            for left, is_left in cursor.fetchall():
                if is_left:
                    cursor.execute(_DROP.format(left))
            name = f"{_VERIFY}{secrets.token_hex(6)}"
            cursor.execute(f"SELECT {_HOLD.format('%s')}", [name])
            try:
                cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
            except DatabaseError as error:
                raise BackupError(
                    _(
                        "A database for the check cannot be created: %(reason)s. Allow it with ALTER ROLE … CREATEDB."
                    ),
                    reason=str(error).strip().splitlines()[0],
                ) from None
            try:
                self._run("pg_restore", name, "--exit-on-error", "--single-transaction", str(path))
                self.compare(name, tables)
            finally:
                cursor.execute(_DROP.format(name))

    def restore(self, path: Path, tables: dict[str, int]) -> None:
        self.connection.close()
        self._run("pg_restore", self.name, "--exit-on-error", "--single-transaction", str(path))
        self.compare(self.name, tables)

    def _run(self, program: str, name: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs on a database of the server. Raises BackupError."""
        given = {**self.connection.get_connection_params(), "dbname": name}
        # What libpq knows, and of that no secrets: a command line can be read by everybody on the machine.
        options = psycopg.pq.Conninfo.get_defaults()
        known = [option.keyword.decode() for option in options if option.dispchar == b""]
        where = psycopg.conninfo.make_conninfo(**{key: given[key] for key in known if key in given})
        password = {"PGPASSWORD": str(given["password"])} if given.get("password") else {}
        try:
            subprocess.run(  # noqa: S603
                [program, "--no-password", "--no-owner", "--no-privileges", f"--dbname={where}", *arguments],
                env={**os.environ, **password},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=True,
            )
        except FileNotFoundError:
            raise BackupError(
                _(
                    "%(program)s is not installed. On Debian and Ubuntu it is in the package postgresql-client."
                ),
                program=program,
            ) from None
        except subprocess.CalledProcessError as error:
            reason = [str(error.returncode), *error.stderr.strip().splitlines()][-1][:500]
            raise BackupError(_("%(program)s failed: %(reason)s"), program=program, reason=reason) from None
