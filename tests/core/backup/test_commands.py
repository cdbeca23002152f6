"""`backup` and `restore` as an operator runs them: rows, files and keys, and what they refuse to overwrite."""

import json
import sqlite3
import stat
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings as project

from core.backup.archive import MANIFEST
from tests.core.backup.installation import Installation

pytestmark = pytest.mark.xdist_group("backups")  # one migrated database for all

SECRET = "a secret of the tests, long enough to be one"


def insert_programme(place: Installation) -> None:
    with closing(sqlite3.connect(place.database)) as database:
        database.execute(
            "INSERT INTO labs_programme (version, slug, name, organiser, description, runs, participation, imprint,"
            " contact_email, eu_funded, grant_number, languages, visibility, revised_at) VALUES"
            " (1, 'icc', 'Challenge', 'City', '', '', '', '', '', 0, '', '[\"en\"]', 'public', '2026-11-23 09:00:00')"
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
    assert "The secret key is not included. Keep these settings elsewhere: SECRET_KEY," in said
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["backup.zip"]

    said = empty.run("restore", str(path))

    assert said.startswith("Restored the backup of ")
    assert "SECRET_KEY is different from the one used then" in said
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
    assert "It contains the secret key" in installation.run("backup", "--with-keys", str(path))

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

    assert "SECRET_KEY is different from the one used then" in other.run("restore", str(path))
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
    assert "contains files" in Installation(folder).run("restore", str(path), code=1)
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
    assert f"{path} is valid: restored, " in said
    assert not list(installation.folder.glob(".backup-*"))


def test_a_backup_that_was_damaged_is_not_called_sound(installation, tmp_path):
    path = tmp_path / "backup.zip"
    installation.run("backup", str(path))
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)

    assert "is not a valid backup" in installation.run("backup", "--verify", str(path), code=1)


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

    assert "1 email was waiting to be sent." in empty.run("restore", str(path))


def test_a_place_that_cannot_be_written_to_is_named(installation):
    assert "/proc/nowhere: " in installation.run("backup", "/proc/nowhere/backup.zip", code=1)
