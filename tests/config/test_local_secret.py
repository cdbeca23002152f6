"""The key that an installation makes for itself: one, whole, and its user's alone."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config import settings as house


def test_whoever_starts_at_once_gets_the_same_whole_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As web and worker do in two containers that share a folder. Two keys would make links that do not open."""
    monkeypatch.setattr(house, "VAR_DIR", tmp_path)
    with ThreadPoolExecutor(16) as pool:
        keys = list(pool.map(lambda _number: house.local_secret(), range(64)))

    assert len(set(keys)) == 1
    assert len(keys[0]) > 50
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600
