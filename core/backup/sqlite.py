"""Copies of an SQLite database through its online backup API, which is sound while others write."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext as _

from core.backup.archive import BackupError
from core.backup.contents import Copied, Counted

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
# Seconds to wait for a writer where the rollback journal makes readers wait.
_PATIENCE = 60


class SQLite:
    """The database of one machine: a file."""

    NAME = "sqlite"

    def copy(self, connection: BaseDatabaseWrapper, folder: Path) -> Copied:
        """Write a whole and checked copy into `folder`. Committed changes are in it or not, never half."""
        path = folder / "database.sqlite3"
        with closing(self._open(_file_of(connection))) as source, closing(self._open(path)) as target:
            # All pages in one step: one read transaction, so that no writer makes it begin anew.
            source.backup(target, pages=-1)
            # A copy in WAL mode would want a second file beside it.
            target.execute("PRAGMA journal_mode = DELETE")
            counted = self._count(target)
            migrations = [
                f"{app}.{name}"
                for app, name in target.execute("SELECT app, name FROM django_migrations ORDER BY id")
            ]
        path.chmod(0o600)
        return Copied(path, sqlite3.sqlite_version, counted.tables, migrations)

    def is_empty(self, connection: BaseDatabaseWrapper) -> bool:
        path = _file_of(connection)
        if not path.exists():
            return True
        with closing(self._open(path)) as database:
            return not database.execute(_TABLES).fetchall()

    def put_in_place(self, connection: BaseDatabaseWrapper, path: Path) -> None:
        """Make the unpacked database the installation's own."""
        connection.close()
        place = _file_of(connection)
        place.parent.mkdir(parents=True, exist_ok=True)
        for leftover in ("-wal", "-shm", "-journal"):
            place.with_name(place.name + leftover).unlink(missing_ok=True)
        path.replace(place)

    def count(self, connection: BaseDatabaseWrapper) -> Counted:
        """Count the rows of the installation's database."""
        with closing(self._open(_file_of(connection))) as database:
            return self._count(database)

    def count_restored(self, connection: BaseDatabaseWrapper, path: Path) -> Counted:
        """Check an unpacked database and count its rows. Raises BackupError."""
        try:
            with closing(self._open(path)) as database:
                return self._count(database)
        except sqlite3.DatabaseError as error:
            raise BackupError(
                _("The database in the backup is damaged: %(reason)s.") % {"reason": error}
            ) from None

    def _open(self, path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, timeout=_PATIENCE)

    def _count(self, database: sqlite3.Connection) -> Counted:
        [answer] = database.execute("PRAGMA integrity_check(1)").fetchone()
        if answer != "ok":
            raise BackupError(_("The database is damaged: %(reason)s.") % {"reason": answer})
        tables = {}
        for (name,) in database.execute(_TABLES).fetchall():
            quoted = '"' + name.replace('"', '""') + '"'
            [tables[name]] = database.execute(f"SELECT count(*) FROM {quoted}").fetchone()  # noqa: S608
        return Counted(tables, _queued(database, tables))


def _queued(database: sqlite3.Connection, tables: dict[str, int]) -> int:
    if "mail_message" not in tables:
        return 0
    [count] = database.execute(
        "SELECT count(*) FROM mail_message WHERE state IN ('queued', 'sending')"
    ).fetchone()
    return int(count)


def _file_of(connection: BaseDatabaseWrapper) -> Path:
    name = str(connection.settings_dict["NAME"])
    if name == ":memory:" or name.startswith("file:"):
        raise BackupError(_("The database is in memory only; there is nothing to back up."))
    return Path(name)
