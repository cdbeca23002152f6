"""The archive of a backup: a ZIP file whose manifest, written last, names size and SHA-256 of every member.

Reading trusts nothing: a member that the manifest does not name, a name that leads elsewhere, a link, a doubled name,
an encrypted member, a size or checksum that differs, or more bytes than allowed end it before anything is in place.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import zipfile
import zlib
from dataclasses import asdict, dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any, Self, TypeGuard

from django.utils.translation import gettext as _

FORMAT = "citylabs-backup-1"
MANIFEST = "manifest.json"
KEYS = "keys.json"
FILES = "files/"
DATABASES = ("database.sqlite3", "database.pgdump")
MANIFEST_LIMIT = 64 * 1024 * 1024
MEMBER_LIMIT = 1_000_000
_CHUNK = 1024 * 1024
# What reading a member raises where its bytes are not those that were written.
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
_SHA256 = re.compile(r"[0-9a-f]{64}")


class BackupError(Exception):
    """A backup cannot be made, proven or restored; the message says why, to the person at the keyboard."""


@dataclass(frozen=True)
class Member:
    """A file of the archive, manifest aside."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. `tables` are row counts; `key_mark` tells whether a secret key is that of the backup."""

    made_at: str
    version: str
    engine: str
    engine_version: str
    database: str
    tables: dict[str, int]
    migrations: list[str]
    key_mark: str
    settings_to_keep: list[str]
    settings: dict[str, str]
    members: dict[str, Member]

    @property
    def file_count(self) -> int:
        return sum(name.startswith(FILES) for name in self.members)


class Writer:
    """Writes an archive to a new file that only its owner may read, and flushes it to the disk."""

    def __init__(self, path: Path) -> None:
        self.members: dict[str, Member] = {}
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "w+b")
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, allowZip64=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def add_file(self, name: str, path: Path, *, may_vanish: bool = False) -> None:
        """Add a file under this name. One that was deleted meanwhile is left out if it `may_vanish`."""
        try:
            source = path.open("rb")
        except FileNotFoundError:
            if may_vanish:
                return
            raise
        digest, size = hashlib.sha256(), 0
        with source, self._zip.open(self._entry(name), "w", force_zip64=True) as target:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
        self.members[name] = Member(size, digest.hexdigest())

    def add_bytes(self, name: str, content: bytes) -> None:
        """Add content that is at hand."""
        self._zip.writestr(self._entry(name), content)
        self.members[name] = Member(len(content), hashlib.sha256(content).hexdigest())

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest: an archive without one is unfinished."""
        content = {"format": FORMAT, **asdict(manifest)}
        self._zip.writestr(self._entry(MANIFEST), json.dumps(content, indent=1, sort_keys=True))

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = (stat.S_IFREG | 0o600) << 16
        return entry


class Archive:
    """Reads an archive. `check` before `unpack`. Raises BackupError for whatever is not as it should be."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise BackupError(
                _("%(file)s cannot be read as a backup: %(reason)s.") % {"file": path, "reason": error}
            ) from None
        self._manifest: Manifest | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._zip.close()

    def check(self, size_limit: int, *, free: int) -> Manifest:
        """Return the manifest if the archive holds exactly what it names and fits into both numbers of bytes."""
        entries = self._zip.infolist()
        names = [entry.filename for entry in entries]
        if len(entries) > MEMBER_LIMIT or len(set(names)) != len(names) or MANIFEST not in names:
            raise self._odd(_("its members are not those of a backup"))
        for entry in entries:
            if not _is_plain(entry):
                raise self._odd(
                    _("“%(name)s” is not a plain file of a backup") % {"name": entry.filename[:100]}
                )
        manifest = self._read_manifest()
        if set(names) != {MANIFEST, *manifest.members} or manifest.database not in manifest.members:
            raise self._odd(_("its members are not those that its manifest names"))
        for entry in entries:
            if entry.filename != MANIFEST and entry.file_size != manifest.members[entry.filename].size:
                raise self._odd(
                    _("“%(name)s” has not the size that its manifest names") % {"name": entry.filename}
                )
        total = sum(member.size for member in manifest.members.values())
        if total > size_limit:
            raise BackupError(
                _("%(file)s would unpack to %(size)d MB, more than the %(limit)d MB that --max-size allows.")
                % {"file": self._path, "size": total // 1024**2, "limit": size_limit // 1024**2}
            )
        if total > free:
            raise BackupError(
                _("%(file)s would unpack to %(size)d MB; the disk has %(free)d MB left.")
                % {"file": self._path, "size": total // 1024**2, "free": free // 1024**2}
            )
        self._manifest = manifest
        return manifest

    def unpack(self, folder: Path) -> None:
        """Write every member below `folder`, each with exactly the bytes that the manifest proves."""
        if self._manifest is None:
            raise ValueError("check comes first")
        for name, member in self._manifest.members.items():
            target = folder.joinpath(*PurePosixPath(name).parts)
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            digest, size = hashlib.sha256(), 0
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file, self._zip.open(name) as source:
                    while chunk := source.read(min(_CHUNK, member.size - size + 1)):
                        size += len(chunk)
                        if size > member.size:
                            break
                        digest.update(chunk)
                        file.write(chunk)
                    file.flush()
                    os.fsync(file.fileno())
            except (*_DAMAGED, OSError, ValueError) as error:
                raise self._odd(
                    _("“%(name)s” cannot be unpacked (%(reason)s)") % {"name": name, "reason": error}
                ) from None
            if size != member.size or digest.hexdigest() != member.sha256:
                raise self._odd(_("“%(name)s” is not what was backed up") % {"name": name})

    def _read_manifest(self) -> Manifest:
        if self._zip.getinfo(MANIFEST).file_size > MANIFEST_LIMIT:
            raise self._odd(_("its manifest is too large"))
        try:
            with self._zip.open(MANIFEST) as source:
                content = json.loads(source.read(MANIFEST_LIMIT))
            return _manifest(content)
        except (*_DAMAGED, ValueError, RecursionError):
            raise self._odd(_("its manifest is not one of a backup")) from None

    def _odd(self, why: str) -> BackupError:
        return BackupError(_("%(file)s is not a sound backup: %(why)s.") % {"file": self._path, "why": why})


def _is_plain(entry: zipfile.ZipInfo) -> bool:
    """Tell whether a member is a regular, unencrypted file under a name that a backup uses."""
    name, mode = entry.filename, entry.external_attr >> 16
    # Tools that know nothing of kinds of file write none.
    if entry.flag_bits & 0x1 or stat.S_IFMT(mode) not in (0, stat.S_IFREG) or entry.is_dir():
        return False
    if name in (MANIFEST, KEYS, *DATABASES):
        return True
    parts = name.split("/")
    strange = "\\" in name or "\0" in name or any(part in ("", ".", "..") for part in parts)
    return name.startswith(FILES) and len(parts) > 1 and not strange


def _manifest(content: Any) -> Manifest:
    """Build the manifest from its JSON; raises ValueError for anything that `Writer` would not have written."""
    names = {field.name for field in fields(Manifest)}
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT or set(content) != names:
        raise ValueError("not such a manifest")
    members = {}
    for name, member in _object(content["members"]).items():
        size, digest = _object(member).get("size"), _object(member).get("sha256")
        if not (_is_count(size) and isinstance(digest, str) and _SHA256.fullmatch(digest)):
            raise ValueError("not a member")
        members[name] = Member(size, digest)
    texts = ("made_at", "version", "engine", "engine_version", "database", "key_mark")
    if not all(isinstance(content[name], str) for name in texts) or content["database"] not in DATABASES:
        raise ValueError("not such a manifest")
    if not all(_is_count(count) for count in _object(content["tables"]).values()):
        raise ValueError("not row counts")
    for name in ("migrations", "settings_to_keep"):
        if not isinstance(content[name], list) or not all(isinstance(entry, str) for entry in content[name]):
            raise ValueError("not a list of texts")
    _object(content["settings"])
    return Manifest(**{**content, "members": members})


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
