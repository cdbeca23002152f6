"""Backups of PostgreSQL: pg_dump and pg_restore, and the database in which an archive is proven."""

import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection, transaction

from core.backup import databases
from core.backup.backups import back_up, verify
from labs.models import Programme
from tests.core.backup.installation import Installation
from tests.factories import LabFactory

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("backups"),
]


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


def verifications() -> set[str]:
    """Return the names of the databases that archives are proven in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return {name for (name,) in cursor.fetchall() if name.startswith("citylabs_verify_")}


def test_a_backup_is_proven_in_a_database_of_its_own_that_does_not_stay(media):
    LabFactory.create_batch(3)
    before = verifications()

    made = back_up(media / "backup.zip")
    proven = verify(media / "backup.zip")

    assert proven.tables["labs_lab"] == 3
    assert proven == made
    assert verifications() == before


def test_what_a_killed_verification_leaves_is_dropped_by_the_next_and_one_at_work_is_not(media):
    back_up(media / "backup.zip")
    with connection.cursor() as cursor:
        for name in ("citylabs_verify_killed", "citylabs_verify_at_work"):
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        at_work = connection.copy("at work")
        try:
            with at_work.cursor() as other:
                other.execute("SELECT pg_advisory_lock(hashtextextended('citylabs_verify_at_work', 0))")
                verify(media / "backup.zip")
            assert verifications() == {"citylabs_verify_at_work"}
        finally:
            at_work.close()
        verify(media / "backup.zip")
        assert verifications() == set()


def test_a_backup_restored_into_an_empty_database_has_the_same_rows_and_files(media, tmp_path):
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


def test_rows_are_counted_in_the_snapshot_that_is_dumped_while_others_write(media):
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

    counted = verify(media / "backup.zip").tables
    assert counted["labs_programme"] == counted["labs_historicalprogramme"]
    assert 20 <= counted["labs_programme"] < later


def test_the_password_is_in_no_command_line(media, monkeypatch):
    seen: list[tuple[list[str], dict[str, str]]] = []
    real = subprocess.run

    def watched(command, **more):
        seen.append((command, more["env"]))
        return real(command, **more)

    monkeypatch.setattr(databases.subprocess, "run", watched)
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "s3cret-w0rd")

    back_up(media / "backup.zip")

    [(command, environment)] = seen
    assert not any("s3cret-w0rd" in part for part in command)
    assert any("connect_timeout=5" in part for part in command)
    assert environment["PGPASSWORD"] == "s3cret-w0rd"
