"""Backups: one archive that holds the database, the files, and a manifest that proves both.

A copy of a live database file is no backup. SQLite is read through its online backup API, PostgreSQL by pg_dump, and
rows are counted in the same snapshot; files are copied after the database, so that every row finds its file.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from core.backup import postgresql, sqlite
from core.backup.archive import FILES, KEYS, Archive, BackupError, Manifest, Writer

# What an archive may unpack to, unless the person at the keyboard allows more.
SIZE_LIMIT = 20 * 1024**3
# Links, calendar entries and certificates that people hold depend on these.
SETTINGS_TO_KEEP = ("SECRET_KEY", "SECRET_KEY_FALLBACKS", "SITE_DOMAIN", "BASE_URL")

__all__ = ["SIZE_LIMIT", "BackupError", "Manifest", "Outcome", "back_up", "restore", "verify"]


@dataclass(frozen=True)
class Outcome:
    """What was written, restored or proven. `same_key`: the links in mails sent before the backup open here too."""

    path: Path
    manifest: Manifest
    same_key: bool
    queued_messages: int = 0

    @property
    def rows(self) -> int:
        return sum(self.manifest.tables.values())


def back_up(to: Path, *, with_keys: bool = False) -> Outcome:
    """Write an archive of this installation, readable by its owner alone. The file appears whole or not at all.

    Raises BackupError, also where the file exists already.
    """
    if to.exists():
        raise BackupError(_("%(file)s exists already. Choose another name.") % {"file": to})
    to.parent.mkdir(parents=True, exist_ok=True)
    with _workshop(to.parent) as workshop:
        partial = workshop / "archive"
        engine = _engine()
        copied = engine.copy(connection, workshop)
        with Writer(partial) as writer:
            writer.add_file(copied.path.name, copied.path)
            copied.path.unlink()
            files_are_here = isinstance(default_storage, FileSystemStorage)
            if files_are_here:
                root = Path(settings.MEDIA_ROOT)
                for path in _files_below(root):
                    writer.add_file(FILES + path.relative_to(root).as_posix(), path, may_vanish=True)
            if with_keys:
                keys = {
                    "SECRET_KEY": settings.SECRET_KEY,
                    "SECRET_KEY_FALLBACKS": settings.SECRET_KEY_FALLBACKS,
                }
                writer.add_bytes(KEYS, json.dumps(keys).encode())
            manifest = Manifest(
                made_at=datetime.now(UTC).isoformat(timespec="seconds"),
                version=_version(),
                engine=engine.NAME,
                engine_version=copied.engine_version,
                database=copied.path.name,
                tables=copied.tables,
                migrations=copied.migrations,
                key_mark=_key_mark(settings.SECRET_KEY),
                settings_to_keep=[*SETTINGS_TO_KEEP, *([] if files_are_here else ["STORAGES"])],
                settings={"SITE_DOMAIN": settings.SITE_DOMAIN, "BASE_URL": settings.BASE_URL},
                members=writer.members,
            )
            writer.finish(manifest)
        partial.replace(to)
        _sync_folder(to.parent)
    return Outcome(to, manifest, same_key=True)


def verify(path: Path, *, size_limit: int = SIZE_LIMIT) -> Outcome:
    """Restore the archive into a temporary place, count its rows and check every file; nothing of it stays.

    Raises BackupError with what does not fit.
    """
    with _workshop(Path(settings.VAR_DIR)) as workshop, Archive(path) as archive:
        manifest = archive.check(size_limit, free=shutil.disk_usage(workshop).free)
        archive.unpack(workshop)
        engine = _engine(manifest)
        counted = engine.count_restored(connection, workshop / manifest.database)
        _compare(manifest, counted.tables)
        return Outcome(path, manifest, _key_mark(settings.SECRET_KEY) == manifest.key_mark, counted.queued)


def restore(path: Path, *, size_limit: int = SIZE_LIMIT) -> Outcome:
    """Restore the archive into this installation, which must be empty, and migrate the database forward.

    Raises BackupError; up to the moment when the checked database is put in its place nothing is changed.
    """
    media = Path(settings.MEDIA_ROOT)
    with _workshop(Path(settings.VAR_DIR)) as workshop, Archive(path) as archive:
        manifest = archive.check(size_limit, free=shutil.disk_usage(workshop).free)
        engine = _engine(manifest)
        if not engine.is_empty(connection):
            raise BackupError(
                _("The database is not empty. Point DATABASE_URL to a new one; a restore never overwrites.")
            )
        if media.exists() and any(media.iterdir()):
            raise BackupError(
                _("%(folder)s holds files. Move it away; a restore never overwrites.") % {"folder": media}
            )
        _refuse_newer(manifest)
        archive.unpack(workshop)
        # Where it can be told before anything is in place, it is; PostgreSQL tells after.
        if isinstance(engine, sqlite.SQLite):
            _compare(manifest, engine.count_restored(connection, workshop / manifest.database).tables)
        engine.put_in_place(connection, workshop / manifest.database)
        counted = engine.count(connection)
        _compare(manifest, counted.tables)
        if (workshop / FILES).is_dir():
            if media.exists():
                media.rmdir()
            media.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(workshop / FILES, media)
        same_key = _take_keys(workshop / KEYS, manifest)
    connections.close_all()
    call_command("migrate", interactive=False, verbosity=0)
    return Outcome(path, manifest, same_key, counted.queued)


def _engine(manifest: Manifest | None = None) -> postgresql.PostgreSQL | sqlite.SQLite:
    """Return what handles the configured database; raises BackupError where the archive is of another kind."""
    engine = sqlite.SQLite() if connection.vendor == "sqlite" else postgresql.PostgreSQL()
    if manifest is not None and manifest.engine != engine.NAME:
        # A database file can be looked at anywhere, but only restored where SQLite is the database.
        raise BackupError(
            _(
                "This is a backup of a %(there)s database, and DATABASE_URL points to %(here)s. Use the same kind."
            )
            % {"there": manifest.engine, "here": engine.NAME}
        )
    return engine


def _refuse_newer(manifest: Manifest) -> None:
    """A database that a newer version has changed cannot be served by this one."""
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    unknown = sorted(set(manifest.migrations) - known)
    if unknown:
        raise BackupError(
            _(
                "This backup was made by another version (%(version)s): %(migration)s is not known here. "
                "Restore it there."
            )
            % {"version": manifest.version, "migration": unknown[0]}
        )


def _compare(manifest: Manifest, counted: dict[str, int]) -> None:
    """Raise BackupError where a table has not as many rows as were counted when the backup was made."""
    for table in sorted(manifest.tables.keys() | counted.keys()):
        wanted, found = manifest.tables.get(table), counted.get(table)
        if wanted != found:
            raise BackupError(
                _("The backup is damaged: %(table)s should have %(wanted)s rows and has %(found)s.")
                % {"table": table, "wanted": wanted or 0, "found": found or 0}
            )


def _take_keys(keys: Path, manifest: Manifest) -> bool:
    """Keep the secret key that came along as this installation's own, unless one is configured.

    Returns whether links from before the backup will open here.
    """
    if _key_mark(settings.SECRET_KEY) == manifest.key_mark:
        return True
    own = Path(settings.VAR_DIR) / "secret-key"
    if not keys.exists() or os.environ.get("SECRET_KEY") or not own.exists():
        return False
    secret = json.loads(keys.read_bytes())["SECRET_KEY"]
    if not isinstance(secret, str) or _key_mark(secret) != manifest.key_mark:
        raise BackupError(_("The key in the backup is not the one that it was made with."))
    partial = own.with_suffix(".new")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secret)
    partial.replace(own)
    return True


def _key_mark(secret: str) -> str:
    """Return what tells whether two installations have the same key, and nothing about the key itself."""
    return hashlib.scrypt(secret.encode(), salt=b"citylabs-backup", n=2**14, r=8, p=1, dklen=16).hex()


def _version() -> str:
    project = tomllib.loads((Path(settings.BASE_DIR) / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def _files_below(root: Path) -> Iterator[Path]:
    """Yield regular files; links are neither followed nor kept."""
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(folder) / name
            if path.is_file() and not path.is_symlink():
                yield path


_WORKSHOP = ".backup-"


@contextmanager
def _workshop(beside: Path) -> Iterator[Path]:
    """Give a folder on the same disk that nobody else can look into, and clear it away.

    One that a killed command left there is cleared away first: nobody holds the lock on it any more. Another command's
    own may be gone by the time that it is looked at.
    """
    with ExitStack() as stack:
        with _locked(beside):
            for left in beside.glob(f"{_WORKSHOP}*"):
                with suppress(BlockingIOError, FileNotFoundError), _locked(left, wait=False):
                    shutil.rmtree(left, ignore_errors=True)
            folder = Path(tempfile.mkdtemp(prefix=_WORKSHOP, dir=beside))
            stack.enter_context(_locked(folder))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        yield folder


@contextmanager
def _locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock on a folder, which goes with the process. Raises BlockingIOError where it may not wait for it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Have the new name survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
