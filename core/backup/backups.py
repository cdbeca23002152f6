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
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _

from core.backup import archive
from core.backup.archive import FILES, KEYS, BackupError, Manifest
from core.backup.databases import PostgreSQL, SQLite
from core.mail.models import Message

# What an archive may unpack to, unless the person at the keyboard allows more.
SIZE_LIMIT = 20 * 1024**3
# Links, calendar entries and certificates that people hold depend on these.
SETTINGS_TO_KEEP = [
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "DATA_KEY",
    "DATA_KEY_FALLBACKS",
    "SITE_DOMAIN",
    "BASE_URL",
]
_WORKSHOP = ".backup-"


@dataclass(frozen=True)
class Restored:
    """What was restored. `same_key`: the links in emails sent before the backup open here too."""

    manifest: Manifest
    same_key: bool
    queued_messages: int


def back_up(to: Path, *, with_keys: bool = False) -> Manifest:
    """Write an archive of this installation, readable by its owner alone. The file appears whole or not at all.

    Raises BackupError, also where the file exists already.
    """
    if to.exists():
        raise BackupError(_("%(file)s exists already. Choose another name."), file=to)
    database = _database()
    files_are_here = isinstance(default_storage, FileSystemStorage)
    with _workshop(to.parent) as workshop:
        copy = workshop / database.file
        tables = database.copy(copy)
        project = tomllib.loads((Path(settings.BASE_DIR) / "pyproject.toml").read_text(encoding="utf-8"))
        manifest = Manifest(
            format="citylabs-backup-1",
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            version=project["project"]["version"],
            engine=connection.vendor,
            engine_version=".".join(map(str, connection.get_database_version())),
            database=database.file,
            tables=tables,
            migrations=[f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()],
            key_mark=_key_mark(settings.SECRET_KEY),
            settings_to_keep=SETTINGS_TO_KEEP + ([] if files_are_here else ["STORAGES"]),
            settings={"SITE_DOMAIN": settings.SITE_DOMAIN, "BASE_URL": settings.BASE_URL},
            members={},
        )
        members = _members(copy, with_keys=with_keys, with_files=files_are_here)
        manifest = archive.write(workshop / "archive", members, manifest)
        (workshop / "archive").replace(to)
        with _locked(to.parent) as folder:
            os.fsync(folder)  # the new name survives a loss of power
    return manifest


def verify(path: Path, *, size_limit: int = SIZE_LIMIT) -> Manifest:
    """Restore the archive into a temporary place, count its rows and check every file; nothing of it stays.

    Raises BackupError with what does not fit.
    """
    with _workshop(Path(settings.VAR_DIR)) as workshop:
        manifest = archive.check(path, size_limit, free=shutil.disk_usage(workshop).free)
        archive.unpack(path, manifest, workshop)
        _database(manifest).verify(workshop / manifest.database, manifest.tables)
    return manifest


def restore(path: Path, *, size_limit: int = SIZE_LIMIT) -> Restored:
    """Restore the archive into this installation, which must be empty, and migrate the database forward.

    Raises BackupError; up to the moment when the checked database is put in its place nothing is changed.
    """
    media = Path(settings.MEDIA_ROOT)
    with _workshop(Path(settings.VAR_DIR)) as workshop:
        manifest = archive.check(path, size_limit, free=shutil.disk_usage(workshop).free)
        database = _database(manifest)
        if not database.is_empty():
            raise BackupError(
                _(
                    "The database is not empty. Set DATABASE_URL to a new one; a restore never overwrites data."
                )
            )
        if media.exists() and any(media.iterdir()):
            raise BackupError(
                _("%(folder)s contains files. Move them elsewhere; a restore never overwrites data."),
                folder=media,
            )
        _refuse_newer(manifest)
        archive.unpack(path, manifest, workshop)
        database.restore(workshop / manifest.database, manifest.tables)
        if (workshop / FILES).is_dir():
            media.mkdir(parents=True, exist_ok=True)
            media.rmdir()
            shutil.move(workshop / FILES, media)
        same_key = _take_keys(workshop / KEYS, manifest)
    connections.close_all()
    call_command("migrate", interactive=False, verbosity=0)
    queued = Message.objects.filter(state__in=[Message.State.QUEUED, Message.State.SENDING]).count()
    return Restored(manifest, same_key, queued)


def _database(manifest: Manifest | None = None) -> PostgreSQL | SQLite:
    """Return the configured database; raises BackupError where the archive is of another kind."""
    database = SQLite(connection) if connection.vendor == "sqlite" else PostgreSQL(connection)
    if manifest is not None and manifest.engine != connection.vendor:
        raise BackupError(
            _(
                "This is a backup of a %(there)s database, but DATABASE_URL points to %(here)s. Use the same "
                "kind."
            ),
            there=manifest.engine,
            here=connection.vendor,
        )
    return database


def _members(copy: Path, *, with_keys: bool, with_files: bool) -> Iterator[tuple[str, Path]]:
    """Yield what goes into an archive, under its name there; links among the files are neither followed nor kept."""
    yield copy.name, copy
    copy.unlink()
    if with_keys:
        names = ("SECRET_KEY", "SECRET_KEY_FALLBACKS", "DATA_KEY", "DATA_KEY_FALLBACKS")
        keys = {name: getattr(settings, name) for name in names}
        copy.with_name(KEYS).write_text(json.dumps(keys))
        yield KEYS, copy.with_name(KEYS)
    if with_files:
        root = Path(settings.MEDIA_ROOT)
        for path in sorted(Path(folder, name) for folder, _folders, names in os.walk(root) for name in names):
            if path.is_file() and not path.is_symlink():
                yield FILES + path.relative_to(root).as_posix(), path


def _refuse_newer(manifest: Manifest) -> None:
    """A database that a newer version has changed cannot be served by this one."""
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if unknown := sorted(set(manifest.migrations) - known):
        raise BackupError(
            _(
                "This backup was created by another version (%(version)s): %(migration)s is not known here. "
                "Restore it with that version."
            ),
            version=manifest.version,
            migration=unknown[0],
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
        raise BackupError(_("The key in the backup is not the one it was created with."))
    partial = own.with_suffix(".new")
    with open(partial, "w", opener=archive.private) as file:
        file.write(secret)
    partial.replace(own)
    return True


def _key_mark(secret: str) -> str:
    """Return what tells whether two installations have the same key, and nothing about the key itself."""
    return hashlib.scrypt(secret.encode(), salt=b"citylabs-backup", n=2**14, r=8, p=1, dklen=16).hex()


@contextmanager
def _workshop(beside: Path) -> Iterator[Path]:
    """Give a folder on the same disk that nobody else can look into, and clear it away.

    One that a killed command left there is cleared away first: nobody holds the lock on it any more. Another command's
    own may be gone by the time that it is looked at. Raises BackupError where the disk or its rights say no.
    """
    try:
        beside.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            with _locked(beside):
                for left in beside.glob(f"{_WORKSHOP}*"):
                    with suppress(BlockingIOError, FileNotFoundError), _locked(left, fcntl.LOCK_NB):
                        shutil.rmtree(left, ignore_errors=True)
                folder = Path(tempfile.mkdtemp(prefix=_WORKSHOP, dir=beside))
                stack.enter_context(_locked(folder))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            yield folder
    except OSError as error:
        raise BackupError(f"{error.filename or beside}: {error.strerror}") from None


@contextmanager
def _locked(folder: Path, wait: int = 0) -> Iterator[int]:
    """Hold the lock on a folder, which goes with the process. With LOCK_NB, BlockingIOError where another holds it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | wait)
        yield descriptor
    finally:
        os.close(descriptor)
