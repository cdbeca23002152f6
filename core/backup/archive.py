"""The archive of a backup: a ZIP file whose manifest, written last, names size and SHA-256 of every member.

Reading trusts nothing: a member that the manifest does not name, a name that leads elsewhere, a link, a doubled name,
an encrypted member, a size or checksum that differs, or more bytes than allowed end it before anything is in place.
"""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Literal, get_args

from django.core.management import CommandError
from django.utils.translation import gettext as _
from pydantic import BaseModel, Field, NonNegativeInt

MANIFEST = "manifest.json"
KEYS = "keys.json"
FILES = "files/"
DatabaseFile = Literal["database.sqlite3", "database.pgdump"]
MANIFEST_LIMIT = 64 * 1024 * 1024
MEMBER_LIMIT = 1_000_000
_CHUNK = _MB = 1024 * 1024
# What reading a member raises where its bytes are not those that were written.
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError)


class BackupError(CommandError):
    """A backup cannot be made, proven or restored; the message says why, to the person at the keyboard."""

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message % facts if facts else message)


class Member(BaseModel, strict=True, frozen=True, extra="forbid"):
    """A file of the archive, manifest aside."""

    size: NonNegativeInt
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Manifest(BaseModel, strict=True, frozen=True, extra="forbid"):
    """What a backup holds. `tables` are row counts; `key_mark` tells whether a secret key is that of the backup."""

    format: Literal["citylabs-backup-1"]
    made_at: str
    version: str
    engine: str
    engine_version: str
    database: DatabaseFile
    tables: dict[str, NonNegativeInt]
    migrations: list[str]
    key_mark: str
    settings_to_keep: list[str]
    settings: dict[str, str]
    members: dict[str, Member]

    @property
    def figures(self) -> dict[str, int]:
        """How many tables, rows and files it holds."""
        return {
            "tables": len(self.tables),
            "rows": sum(self.tables.values()),
            "files": sum(name.startswith(FILES) for name in self.members),
        }


def private(path: str | Path, flags: int) -> int:
    """Open a file as `open` does, one that is new for its owner alone."""
    return os.open(path, flags, 0o600)


def write(path: Path, sources: Iterable[tuple[str, Path]], manifest: Manifest) -> Manifest:
    """Write an archive that only its owner may read to a new file, and flush it to the disk.

    A source that was deleted meanwhile is left out. Returns the manifest with the members that were written.
    """
    with open(path, "x+b", opener=private) as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, source in sources:
                with (
                    suppress(FileNotFoundError),
                    source.open("rb") as opened,
                    archive.open(name, "w", force_zip64=True) as target,
                ):
                    manifest.members[name] = _copy(opened, target)
            archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))
        file.flush()
        os.fsync(file.fileno())
    return manifest


def check(path: Path, size_limit: int, *, free: int) -> Manifest:
    """Return the manifest if the archive holds exactly what it names and fits into both numbers of bytes.

    Raises BackupError for whatever is not as it should be.
    """
    with _opened(path) as archive:
        entries = archive.infolist()
        sizes = {entry.filename: entry.file_size for entry in entries}
        if not len(sizes) == len(entries) <= MEMBER_LIMIT or MANIFEST not in sizes:
            raise _odd(path, _("its contents are not those of a backup"))
        for entry in entries:
            if not _is_plain(entry):
                raise _odd(path, _("“%(name)s” is not a regular file of a backup"), name=entry.filename[:100])
        if sizes.pop(MANIFEST) > MANIFEST_LIMIT:
            raise _odd(path, _("its manifest is too large"))
        try:
            manifest = Manifest.model_validate_json(archive.read(MANIFEST))
        except _DAMAGED:
            raise _odd(path, _("its manifest is not that of a backup")) from None
    if sizes.keys() != manifest.members.keys() or manifest.database not in sizes:
        raise _odd(path, _("its contents do not match its manifest"))
    for name, size in sizes.items():
        if size != manifest.members[name].size:
            raise _odd(path, _("“%(name)s” does not have the size stated in the manifest"), name=name)
    total = sum(sizes.values())
    if total > size_limit:
        raise BackupError(
            _("%(file)s would unpack to %(size)d MB, more than the %(limit)d MB that --max-size allows."),
            file=path,
            size=total // _MB,
            limit=size_limit // _MB,
        )
    if total > free:
        message = _("%(file)s would unpack to %(size)d MB; the disk has %(free)d MB left.")
        raise BackupError(message, file=path, size=total // _MB, free=free // _MB)
    return manifest


def unpack(path: Path, manifest: Manifest, folder: Path) -> None:
    """Write every member below `folder`, each with exactly the bytes that the manifest proves. Raises BackupError."""
    with _opened(path) as archive:
        for name, member in manifest.members.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                with archive.open(name) as source, open(target, "xb", opener=private) as file:
                    found = _copy(source, file, limit=member.size)
                    file.flush()
                    os.fsync(file.fileno())
            except _DAMAGED as error:
                raise _odd(
                    path, _("“%(name)s” cannot be unpacked (%(reason)s)"), name=name, reason=error
                ) from None
            if found != member:
                raise _odd(path, _("“%(name)s” differs from what was backed up"), name=name)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise BackupError(
            _("%(file)s cannot be read as a backup: %(reason)s."), file=path, reason=error
        ) from None
    with archive:
        yield archive


def _odd(path: Path, why: str, **facts: object) -> BackupError:
    return BackupError(_("%(file)s is not a valid backup: %(why)s."), file=path, why=why % facts)


def _copy(source: IO[bytes], target: IO[bytes], limit: int | None = None) -> Member:
    """Copy to the end, or one byte further than `limit`, which is enough to tell that there is more."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK if limit is None else min(_CHUNK, limit + 1 - size)):
        digest.update(chunk)
        size += len(chunk)
        target.write(chunk)
    return Member(size=size, sha256=digest.hexdigest())


def _is_plain(entry: zipfile.ZipInfo) -> bool:
    """Tell whether a member is a regular, unencrypted file under a name that a backup uses."""
    name, mode = entry.filename, entry.external_attr >> 16
    # Tools that know nothing of kinds of file write none.
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG) or entry.is_dir() or entry.flag_bits & 0x1:
        return False
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return False
    if name in (MANIFEST, KEYS, *get_args(DatabaseFile)):
        return True
    parts = name.split("/")
    strange = "\\" in name or "\0" in name or any(part in ("", ".", "..") for part in parts)
    return name.startswith(FILES) and len(parts) > 1 and not strange
