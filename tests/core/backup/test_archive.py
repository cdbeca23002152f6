"""Archives that somebody else may have made: refused where anything is odd, before anything is in place."""

import hashlib
import json
import stat
import zipfile
from pathlib import Path

import pytest

from core.backup import archive
from core.backup.archive import MANIFEST, BackupError, Manifest

pytestmark = pytest.mark.xdist_group("backups")  # one migrated database for all

LIMIT = 1024**3


def a_manifest(**changes) -> Manifest:
    facts = {
        "format": "citylabs-backup-1",
        "made_at": "2026-11-23T09:00:00+00:00",
        "version": "1.0",
        "engine": "sqlite",
        "engine_version": "3.53.4",
        "database": "database.sqlite3",
        "tables": {},
        "migrations": [],
        "key_mark": "",
        "settings_to_keep": [],
        "settings": {},
        "members": {},
    }
    return Manifest(**facts | changes)


@pytest.fixture
def small(tmp_path) -> Path:
    """A small archive that is in order."""
    (tmp_path / "rows").write_bytes(b"rows")
    (tmp_path / "logo").write_bytes(b"<svg/>")
    members = [("database.sqlite3", tmp_path / "rows"), ("files/logos/a.svg", tmp_path / "logo")]
    archive.write(tmp_path / "small.zip", members, a_manifest())
    return tmp_path / "small.zip"


def rewritten(path: Path, change) -> Path:
    """Copy an archive; `change` gets its {name: bytes} and the manifest, and may return entries for odd members."""
    with zipfile.ZipFile(path) as source:
        contents = {name: source.read(name) for name in source.namelist()}
    manifest = json.loads(contents.pop(MANIFEST))
    odd = change(contents, manifest) or []
    other = path.with_name("rewritten.zip")
    with zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in contents.items():
            target.writestr(name, content)
        for entry, content in odd:
            target.writestr(entry, content)
        target.writestr(MANIFEST, json.dumps(manifest))
    return other


def unpack(path: Path, to: Path, size_limit: int = LIMIT, free: int = LIMIT) -> None:
    to.mkdir(exist_ok=True)
    archive.unpack(path, archive.check(path, size_limit, free=free), to)


def claim(manifest: dict, name: str, content: bytes) -> None:
    """Name a member in the manifest, as somebody who can compute checksums would."""
    manifest["members"][name] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def test_an_archive_in_order_is_unpacked(small, tmp_path):
    unpack(small, tmp_path / "out")

    assert (tmp_path / "out" / "database.sqlite3").read_bytes() == b"rows"
    assert (tmp_path / "out" / "files" / "logos" / "a.svg").read_bytes() == b"<svg/>"


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "files/../../evil",
        "files/./evil",
        "files//evil",
        "/etc/evil",
        "files/..\\..\\evil",
        "C:/evil",
        "evil",
        "files/",
        "database.sqlite3/evil",
        "db.sqlite3",
        "secret-key",
    ],
)
def test_names_that_lead_elsewhere_are_refused(small, tmp_path, name):
    def change(contents, manifest):
        contents[name] = b"evil"
        claim(manifest, name, b"evil")

    with pytest.raises(BackupError, match="not a valid backup"):
        unpack(rewritten(small, change), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR])
def test_links_and_devices_are_refused(small, tmp_path, kind):
    def change(contents, manifest):
        entry = zipfile.ZipInfo("files/link")
        entry.external_attr = (kind | 0o777) << 16
        claim(manifest, "files/link", b"/etc/passwd")
        return [(entry, b"/etc/passwd")]

    with pytest.raises(BackupError, match="not a regular file"):
        unpack(rewritten(small, change), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_member_that_the_manifest_does_not_name_is_refused(small, tmp_path):
    def change(contents, manifest):
        contents["files/extra"] = b"extra"

    with pytest.raises(BackupError, match="do not match its manifest"):
        unpack(rewritten(small, change), tmp_path / "out")


def test_a_member_that_is_missing_is_refused(small, tmp_path):
    with pytest.raises(BackupError, match="do not match its manifest"):
        unpack(
            rewritten(small, lambda contents, manifest: contents.pop("files/logos/a.svg") and None),
            tmp_path / "out",
        )


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(small, tmp_path):
    def change(contents, manifest):
        return [("database.sqlite3", b"other")]

    with pytest.raises(BackupError, match="not those of a backup"):
        unpack(rewritten(small, change), tmp_path / "out")


@pytest.mark.parametrize("content", [b"rowz", b"rows and more", b""])
def test_content_that_is_not_what_was_backed_up_is_refused(small, tmp_path, content):
    def change(contents, manifest):
        contents["database.sqlite3"] = content

    with pytest.raises(BackupError, match="not a valid backup"):
        unpack(rewritten(small, change), tmp_path / "out")


def test_an_archive_that_would_unpack_to_more_than_allowed_is_refused_before_unpacking(small, tmp_path):
    def change(contents, manifest):
        contents["files/zeros"] = bytes(5_000_000)
        claim(manifest, "files/zeros", contents["files/zeros"])

    bomb = rewritten(small, change)
    assert bomb.stat().st_size < 10_000

    with pytest.raises(BackupError, match="more than the 4 MB that --max-size allows"):
        unpack(bomb, tmp_path / "out", size_limit=4 * 1024**2)
    with pytest.raises(BackupError, match="the disk has 2 MB left"):
        unpack(bomb, tmp_path / "out", free=2 * 1024**2)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_archive_that_lies_about_its_sizes_is_stopped_while_unpacking(small, tmp_path):
    def change(contents, manifest):
        contents["files/zeros"] = bytes(3_000_000)
        manifest["members"]["files/zeros"] = {"size": 10, "sha256": "0" * 64}

    bomb = rewritten(small, change)
    # The size stands in the local header and in the directory at the end; both now say 10.
    bomb.write_bytes(bomb.read_bytes().replace((3_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))

    with pytest.raises(BackupError, match="not a valid backup"):
        unpack(bomb, tmp_path / "out")
    assert sum(path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file()) < 1000


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest.update(format="another"),
        lambda manifest: manifest.pop("tables"),
        lambda manifest: manifest.update(surprise=1),
        lambda manifest: manifest.update(database="files/logos/a.svg"),
        lambda manifest: manifest.update(database="../db"),
        lambda manifest: manifest.update(members=[]),
        lambda manifest: manifest["members"].update({"database.sqlite3": {"size": -1, "sha256": "0" * 64}}),
        lambda manifest: manifest["members"].update({"database.sqlite3": {"size": 4, "sha256": "x"}}),
        lambda manifest: manifest["members"].update({"database.sqlite3": 4}),
        lambda manifest: manifest.update(tables={"labs_lab": "many"}),
        lambda manifest: manifest.update(migrations="all"),
    ],
)
def test_a_manifest_that_is_none_is_refused(small, tmp_path, change):
    with pytest.raises(BackupError, match="not a valid backup"):
        unpack(rewritten(small, lambda contents, manifest: change(manifest) and None), tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip file at all", b"\x1f\x8b" + bytes(100)])
def test_what_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "odd.zip"
    path.write_bytes(content)

    with pytest.raises(BackupError, match="cannot be read as a backup"):
        unpack(path, tmp_path / "out")


def test_an_unfinished_archive_is_none(tmp_path):
    path = tmp_path / "unfinished.zip"
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("database.sqlite3", b"rows")

    with pytest.raises(BackupError, match="not those of a backup"):
        unpack(path, tmp_path / "out")


def test_a_file_that_was_deleted_meanwhile_is_left_out(small, tmp_path):
    members = [("database.sqlite3", tmp_path / "rows"), ("files/gone.pdf", tmp_path / "gone.pdf")]

    written = archive.write(tmp_path / "other.zip", members, a_manifest())

    assert set(written.members) == {"database.sqlite3"}
    assert archive.check(tmp_path / "other.zip", LIMIT, free=LIMIT) == written


def test_a_database_in_an_archive_is_tried_before_it_is_called_sound(small, installation):
    said = installation.run("backup", "--verify", str(small), code=1)

    assert "The database in the backup is damaged: file is not a database." in said


def test_an_archive_of_another_kind_of_database_is_refused(installation, tmp_path):
    (tmp_path / "dump").write_bytes(b"PGDMP")
    path = tmp_path / "other.zip"
    manifest = a_manifest(engine="postgresql", database="database.pgdump")
    archive.write(path, [("database.pgdump", tmp_path / "dump")], manifest)

    said = installation.run("backup", "--verify", str(path), code=1)

    assert "This is a backup of a postgresql database, but DATABASE_URL points to sqlite." in said
