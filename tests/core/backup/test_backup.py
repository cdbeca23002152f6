"""Backups: sound while others write, refused where anything is odd, restored only into an empty place."""

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings as project
from django.db import connection, transaction

from core.backup import BackupError, back_up, postgresql, verify
from core.backup.archive import MANIFEST, Archive, Manifest, Writer
from labs.models import Programme
from tests.factories import LabFactory

pytestmark = pytest.mark.xdist_group("backups")  # one migrated database for all

MANAGE = Path(project.BASE_DIR) / "manage.py"
SECRET = "a secret of the tests, long enough to be one"
LIMIT = 1024**3


class Installation:
    """A folder with settings of its own, whose commands run as processes of their own."""

    def __init__(self, folder: Path, database_url: str = "", **environment: str) -> None:
        self.folder = folder
        self.database = folder / "db.sqlite3"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DATABASE")},
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "VAR_DIR": str(folder),
            "DATABASE_URL": database_url or f"sqlite:///{self.database}",
            "LOG_LEVEL": "ERROR",
            **environment,
        }

    def run(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, str(MANAGE), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    def rows(self, query: str) -> list[tuple]:
        with closing(sqlite3.connect(self.database)) as database:
            return database.execute(query).fetchall()


@pytest.fixture(scope="module")
def migrated(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("migrated")
    Installation(folder).run("migrate", "--verbosity=0")
    return folder


@pytest.fixture
def installation(migrated, tmp_path) -> Installation:
    folder = tmp_path / "installation"
    shutil.copytree(migrated, folder)
    (folder / "media" / "certificates" / "2026").mkdir(parents=True)
    (folder / "media" / "certificates" / "2026" / "a.pdf").write_bytes(b"%PDF" + os.urandom(3000))
    (folder / "media" / "logos").mkdir()
    (folder / "media" / "logos" / "λογότυπο.svg").write_text("<svg/>")
    return Installation(folder)


@pytest.fixture
def empty(tmp_path) -> Installation:
    folder = tmp_path / "empty"
    folder.mkdir()
    return Installation(folder)


def insert_programme(place: Installation) -> None:
    with closing(sqlite3.connect(place.database)) as database:
        database.execute(
            "INSERT INTO labs_programme (slug, name, organiser, description, runs, languages, visibility,"
            " revised_at) VALUES ('icc', 'Challenge', 'City', '', '', '[\"en\"]', 'public', '2026-11-23 09:00:00')"
        )
        database.commit()


def manifest_of(path: Path) -> dict:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read(MANIFEST))


def test_a_backup_restored_into_an_empty_place_has_the_same_rows_and_files(installation, empty, tmp_path):
    insert_programme(installation)
    path = tmp_path / "copies" / "backup.zip"

    said = installation.run("backup", str(path))

    assert said.startswith(f"{path}: ")
    assert " 2 files, " in said
    assert "The secret key is not in it. Keep these settings elsewhere: SECRET_KEY," in said
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["backup.zip"]

    said = empty.run("restore", str(path))

    assert said.startswith("Restored the backup of ")
    assert "SECRET_KEY is not the one it was then" in said
    assert empty.rows("SELECT slug FROM labs_programme") == [("icc",)]
    for name in ("certificates/2026/a.pdf", "logos/λογότυπο.svg"):
        assert (empty.folder / "media" / name).read_bytes() == (
            installation.folder / "media" / name
        ).read_bytes()
    assert not list(empty.folder.glob(".backup-*"))
    empty.run("migrate", "--check")


def test_the_manifest_names_version_migrations_rows_and_every_file(installation, tmp_path):
    insert_programme(installation)
    path = tmp_path / "backup.zip"

    installation.run("backup", str(path))

    manifest = manifest_of(path)
    assert manifest["engine"] == "sqlite"
    assert manifest["tables"]["labs_programme"] == 1
    assert "labs.0001_initial" in manifest["migrations"]
    assert set(manifest["members"]) == {
        "database.sqlite3",
        "files/certificates/2026/a.pdf",
        "files/logos/λογότυπο.svg",
    }
    assert manifest["settings"]["SITE_DOMAIN"] == project.SITE_DOMAIN
    assert "SECRET_KEY" in manifest["settings_to_keep"]
    secret = (installation.folder / "secret-key").read_text()
    with zipfile.ZipFile(path) as archive:
        assert not any(secret.encode() in archive.read(name) for name in archive.namelist())


def test_keys_travel_only_when_asked_for_and_links_then_live_on(installation, empty, tmp_path):
    path = tmp_path / "backup.zip"
    assert "It holds the secret key" in installation.run("backup", "--with-keys", str(path))

    said = empty.run("restore", str(path))

    assert "SECRET_KEY" not in said
    assert (empty.folder / "secret-key").read_text() == (installation.folder / "secret-key").read_text()
    assert stat.S_IMODE((empty.folder / "secret-key").stat().st_mode) == 0o600


def test_a_configured_key_is_never_replaced(installation, tmp_path):
    path = tmp_path / "backup.zip"
    installation.run("backup", "--with-keys", str(path))
    folder = tmp_path / "configured"
    folder.mkdir()
    other = Installation(folder, SECRET_KEY=SECRET)

    assert "SECRET_KEY is not the one it was then" in other.run("restore", str(path))
    assert not (folder / "secret-key").exists()


def test_a_restore_never_overwrites(installation, tmp_path):
    path = tmp_path / "backup.zip"
    installation.run("backup", str(path))
    insert_programme(installation)

    assert "The database is not empty." in installation.run("restore", str(path), code=1)
    assert installation.rows("SELECT slug FROM labs_programme") == [("icc",)]

    folder = tmp_path / "with-files"
    (folder / "media").mkdir(parents=True)
    (folder / "media" / "kept.txt").write_text("mine")
    assert "holds files" in Installation(folder).run("restore", str(path), code=1)
    assert (folder / "media" / "kept.txt").read_text() == "mine"
    assert not (folder / "db.sqlite3").exists()


def test_an_existing_backup_is_never_overwritten(installation, tmp_path):
    path = tmp_path / "backup.zip"
    path.write_text("another")

    assert "exists already" in installation.run("backup", str(path), code=1)
    assert path.read_text() == "another"


def test_without_a_name_backups_go_to_their_folder_and_can_be_proven_at_once(installation):
    said = installation.run("backup", "--verify")

    [path] = (installation.folder / "backups").iterdir()
    assert path.suffix == ".zip"
    assert f"{path} is sound: restored, " in said
    assert not list(installation.folder.glob(".backup-*"))


def test_a_backup_that_was_damaged_is_not_called_sound(installation, tmp_path):
    path = tmp_path / "backup.zip"
    installation.run("backup", str(path))
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)

    assert "is not a sound backup" in installation.run("backup", "--verify", str(path), code=1)


def test_a_backup_of_a_newer_version_is_refused_before_anything_is_in_place(installation, empty, tmp_path):
    with closing(sqlite3.connect(installation.database)) as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('labs', '9999_later', '2030-01-01')"
        )
        database.commit()
    path = tmp_path / "backup.zip"
    installation.run("backup", str(path))

    assert "labs.9999_later is not known here" in empty.run("restore", str(path), code=1)
    assert not empty.database.exists() or empty.rows("SELECT name FROM sqlite_master") == []


def test_waiting_mails_are_mentioned_when_they_come_back(installation, empty, tmp_path):
    with closing(sqlite3.connect(installation.database)) as database:
        columns = [
            row[1] for row in database.execute("PRAGMA table_info(mail_message)") if row[3] and not row[5]
        ]
        values = {"state": "queued", "to_email": "a@example.org", "links": "{}"}
        database.execute(
            f"INSERT INTO mail_message ({', '.join(columns)}) VALUES ({', '.join('?' for _c in columns)})",
            [values.get(column, "0") for column in columns],
        )
        database.commit()
    path = tmp_path / "backup.zip"
    installation.run("backup", str(path))

    assert "1 mail was waiting to be sent." in empty.run("restore", str(path))


WRITER = """
import sys
import time
from config import sqlite
sqlite.prefer_bundled_library()
import sqlite3
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
database.execute(f"PRAGMA journal_mode = {sqlite.journal_mode()}")
for number in range(10**9):
    database.execute("BEGIN IMMEDIATE")
    database.execute("INSERT INTO one VALUES (?, ?)", (number, "x" * 500))
    database.execute("INSERT INTO other VALUES (?, ?)", (number, "y" * 500))
    database.execute("COMMIT")
    time.sleep(0.002)  # the backup wants its share of the processor
    if number == 200:
        print("writing", flush=True)
"""


def test_a_backup_taken_while_others_write_holds_whole_transactions_only(installation, tmp_path):
    with closing(sqlite3.connect(installation.database)) as database:
        database.execute("CREATE TABLE one (n integer primary key, t text)")
        database.execute("CREATE TABLE other (n integer primary key, t text)")
        database.commit()
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(installation.database)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=project.BASE_DIR,
    )
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        paths = [tmp_path / f"backup-{n}.zip" for n in range(3)]
        for path in paths:
            installation.run("backup", str(path))
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.wait()

    counts = []
    for number, path in enumerate(paths):
        folder = tmp_path / f"restored-{number}"
        folder.mkdir()
        place = Installation(folder)
        place.run("restore", str(path))
        [(one, other, pairs)] = place.rows(
            "SELECT (SELECT count(*) FROM one), (SELECT count(*) FROM other),"
            " (SELECT count(*) FROM one JOIN other USING (n))"
        )
        assert one == other == pairs > 200
        assert place.rows("PRAGMA integrity_check") == [("ok",)]
        counts.append(one)
    # Each holds what was there at its own moment.
    assert counts == sorted(set(counts))


def left_by_backups(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob(".backup-*"))


@pytest.fixture
def stopped_in_the_middle(installation) -> Iterator[subprocess.Popen[bytes]]:
    """A backup that was halted while it copied."""
    (installation.folder / "media" / "large").write_bytes(os.urandom(30_000_000))
    process = subprocess.Popen(
        [sys.executable, "manage.py", "backup"],
        cwd=project.BASE_DIR,
        env=installation.environment,
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not left_by_backups(installation.folder):
        assert process.poll() is None
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGSTOP)
    yield process
    process.kill()
    process.wait()


def test_what_a_killed_backup_leaves_is_removed_by_the_next(installation, stopped_in_the_middle):
    stopped_in_the_middle.kill()
    stopped_in_the_middle.wait()
    assert len(left_by_backups(installation.folder)) == 1

    installation.run("backup")

    assert left_by_backups(installation.folder) == []


def test_a_backup_that_is_at_work_is_left_alone_by_another(installation, stopped_in_the_middle, tmp_path):
    at_work = left_by_backups(installation.folder)
    installation.run("backup")
    assert left_by_backups(installation.folder) == at_work

    stopped_in_the_middle.send_signal(signal.SIGCONT)
    assert stopped_in_the_middle.wait(60) == 0
    assert left_by_backups(installation.folder) == []


# Hostile archives. They are read without any database.


def a_manifest(**changes) -> Manifest:
    manifest = Manifest(
        made_at="2026-11-23T09:00:00+00:00",
        version="1.0",
        engine="sqlite",
        engine_version="3.53.4",
        database="database.sqlite3",
        tables={},
        migrations=[],
        key_mark="",
        settings_to_keep=[],
        settings={},
        members={},
    )
    return replace(manifest, **changes)


@pytest.fixture
def archive(tmp_path) -> Path:
    """A small archive that is in order."""
    path = tmp_path / "small.zip"
    with Writer(path) as writer:
        writer.add_bytes("database.sqlite3", b"rows")
        writer.add_bytes("files/logos/a.svg", b"<svg/>")
        writer.finish(a_manifest(members=writer.members))
    return path


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
    with Archive(path) as archive:
        archive.check(size_limit, free=free)
        archive.unpack(to)


def claim(manifest: dict, name: str, content: bytes) -> None:
    """Name a member in the manifest, as somebody who can compute checksums would."""
    manifest["members"][name] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def test_an_archive_in_order_is_unpacked(archive, tmp_path):
    unpack(archive, tmp_path / "out")

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
def test_names_that_lead_elsewhere_are_refused(archive, tmp_path, name):
    def change(contents, manifest):
        contents[name] = b"evil"
        claim(manifest, name, b"evil")

    with pytest.raises(BackupError, match="not a sound backup"):
        unpack(rewritten(archive, change), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR])
def test_links_and_devices_are_refused(archive, tmp_path, kind):
    def change(contents, manifest):
        entry = zipfile.ZipInfo("files/link")
        entry.external_attr = (kind | 0o777) << 16
        claim(manifest, "files/link", b"/etc/passwd")
        return [(entry, b"/etc/passwd")]

    with pytest.raises(BackupError, match="not a plain file"):
        unpack(rewritten(archive, change), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_member_that_the_manifest_does_not_name_is_refused(archive, tmp_path):
    def change(contents, manifest):
        contents["files/extra"] = b"extra"

    with pytest.raises(BackupError, match="not those that its manifest names"):
        unpack(rewritten(archive, change), tmp_path / "out")


def test_a_member_that_is_missing_is_refused(archive, tmp_path):
    with pytest.raises(BackupError, match="not those that its manifest names"):
        unpack(
            rewritten(archive, lambda contents, manifest: contents.pop("files/logos/a.svg") and None),
            tmp_path / "out",
        )


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(archive, tmp_path):
    def change(contents, manifest):
        return [("database.sqlite3", b"other")]

    with pytest.raises(BackupError, match="not those of a backup"):
        unpack(rewritten(archive, change), tmp_path / "out")


@pytest.mark.parametrize("content", [b"rowz", b"rows and more", b""])
def test_content_that_is_not_what_was_backed_up_is_refused(archive, tmp_path, content):
    def change(contents, manifest):
        contents["database.sqlite3"] = content

    with pytest.raises(BackupError, match="not a sound backup"):
        unpack(rewritten(archive, change), tmp_path / "out")


def test_an_archive_that_would_unpack_to_more_than_allowed_is_refused_before_unpacking(archive, tmp_path):
    def change(contents, manifest):
        contents["files/zeros"] = bytes(5_000_000)
        claim(manifest, "files/zeros", contents["files/zeros"])

    bomb = rewritten(archive, change)
    assert bomb.stat().st_size < 10_000

    with pytest.raises(BackupError, match="more than the 4 MB that --max-size allows"):
        unpack(bomb, tmp_path / "out", size_limit=4 * 1024**2)
    with pytest.raises(BackupError, match="the disk has 2 MB left"):
        unpack(bomb, tmp_path / "out", free=2 * 1024**2)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_archive_that_lies_about_its_sizes_is_stopped_while_unpacking(archive, tmp_path):
    def change(contents, manifest):
        contents["files/zeros"] = bytes(3_000_000)
        manifest["members"]["files/zeros"] = {"size": 10, "sha256": "0" * 64}

    bomb = rewritten(archive, change)
    # The size stands in the local header and in the directory at the end; both now say 10.
    bomb.write_bytes(bomb.read_bytes().replace((3_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))

    with pytest.raises(BackupError, match="not a sound backup"):
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
def test_a_manifest_that_is_none_is_refused(archive, tmp_path, change):
    with pytest.raises(BackupError, match="not a sound backup"):
        unpack(rewritten(archive, lambda contents, manifest: change(manifest) and None), tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip file at all", b"\x1f\x8b" + bytes(100)])
def test_what_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "odd.zip"
    path.write_bytes(content)

    with pytest.raises(BackupError, match="cannot be read as a backup"):
        unpack(path, tmp_path / "out")


def test_an_unfinished_archive_is_none(tmp_path):
    path = tmp_path / "unfinished.zip"
    with Writer(path) as writer:
        writer.add_bytes("database.sqlite3", b"rows")

    with pytest.raises(BackupError, match="not those of a backup"):
        unpack(path, tmp_path / "out")


# PostgreSQL


@pytest.fixture
def media(settings, tmp_path) -> Path:
    settings.VAR_DIR, settings.MEDIA_ROOT = tmp_path, tmp_path / "media"
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a.pdf").write_bytes(b"%PDF")
    return tmp_path


def address_of(name: str) -> str:
    own = connection.settings_dict
    login = f"{quote(own['USER'])}:{quote(own['PASSWORD'])}@" if own["USER"] else ""
    port = f":{own['PORT']}" if own["PORT"] else ""
    return f"postgres://{login}{quote(own['HOST'], safe='')}{port}/{name}"


@pytest.mark.postgres
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs PostgreSQL")
@pytest.mark.django_db(transaction=True)
class TestPostgreSQL:
    def test_a_backup_is_proven_in_a_database_of_its_own_that_does_not_stay(self, media):
        LabFactory.create_batch(3)
        before = self.databases()

        made = back_up(media / "backup.zip")
        proven = verify(media / "backup.zip")

        assert proven.manifest.tables["labs_lab"] == 3
        assert proven.rows == made.rows
        assert self.databases() == before

    def test_what_a_killed_verification_leaves_is_dropped_by_the_next_and_one_at_work_is_not(self, media):
        back_up(media / "backup.zip")
        with connection.cursor() as cursor:
            for name in ("citylabs_verify_killed", "citylabs_verify_at_work"):
                cursor.execute(f"DROP DATABASE IF EXISTS {name}")
                cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
            at_work = connection.copy("at work")
            try:
                with at_work.cursor() as other:
                    other.execute(postgresql._HOLD, ["citylabs_verify_at_work"])
                    verify(media / "backup.zip")
                assert self.databases() == {"citylabs_verify_at_work"}
            finally:
                at_work.close()
            verify(media / "backup.zip")
            assert self.databases() == set()

    def test_a_backup_restored_into_an_empty_database_has_the_same_rows_and_files(self, media, tmp_path):
        LabFactory(slug="kept")
        back_up(media / "backup.zip")
        name = "citylabs_test_restore"
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            folder = tmp_path / "restored"
            folder.mkdir()
            place = Installation(folder, address_of(name))
            assert place.run("restore", str(media / "backup.zip")).startswith("Restored the backup of ")
            assert (folder / "media" / "a.pdf").read_bytes() == b"%PDF"
            (folder / "media" / "a.pdf").unlink()
            assert "The database is not empty." in place.run("restore", str(media / "backup.zip"), code=1)
            place.run("migrate", "--check")
        finally:
            with connection.cursor() as cursor:
                cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def test_rows_are_counted_in_the_snapshot_that_is_dumped_while_others_write(self, media):
        stop = threading.Event()

        def write() -> None:
            number = 0
            while not stop.is_set():
                with transaction.atomic():  # the row and its history
                    Programme.objects.create(slug=f"p-{number}", name="P", organiser="O")
                number += 1
            connection.close()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            while Programme.objects.count() < 20:
                time.sleep(0.01)
            back_up(media / "backup.zip")
            later = Programme.objects.count()
        finally:
            stop.set()
            writer.join()

        counted = verify(media / "backup.zip").manifest.tables
        assert counted["labs_programme"] == counted["labs_historicalprogramme"]
        assert 20 <= counted["labs_programme"] < later

    def test_the_password_is_in_no_command_line(self, media, monkeypatch):
        seen: list[tuple[list[str], dict[str, str]]] = []
        real = subprocess.run

        def watched(command, **more):
            seen.append((command, more["env"]))
            return real(command, **more)

        monkeypatch.setattr(postgresql.subprocess, "run", watched)
        monkeypatch.setitem(connection.settings_dict, "PASSWORD", "s3cret-w0rd")

        back_up(media / "backup.zip")

        [(command, environment)] = seen
        assert not any("s3cret-w0rd" in part for part in command)
        assert environment["PGPASSWORD"] == "s3cret-w0rd"

    def databases(self) -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database")
            return {name for (name,) in cursor.fetchall() if name.startswith("citylabs_verify")}


def test_an_sqlite_backup_is_not_restored_into_postgresql_and_the_other_way_round(installation, tmp_path):
    path = tmp_path / "other.zip"
    with Writer(path) as writer:
        writer.add_bytes("database.pgdump", b"PGDMP")
        writer.finish(a_manifest(members=writer.members, engine="postgresql", database="database.pgdump"))

    said = installation.run("backup", "--verify", str(path), code=1)

    assert "This is a backup of a postgresql database, and DATABASE_URL points to sqlite." in said
