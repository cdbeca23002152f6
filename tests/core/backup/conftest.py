"""Installations to back up and to restore into."""

import os
import shutil
from pathlib import Path

import pytest

from tests.core.backup.installation import Installation


@pytest.fixture(scope="session")
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
