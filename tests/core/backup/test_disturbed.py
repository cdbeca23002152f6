"""Backups while others write, beside other backups, and after one that was killed."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings as project

from tests.core.backup.installation import Installation

pytestmark = pytest.mark.xdist_group("backups")  # one migrated database for all

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
    # The folder alone would be too early: while it is made, the process holds the lock that every backup waits for.
    while not list(installation.folder.rglob(".backup-*/archive")):
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
