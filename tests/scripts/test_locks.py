"""What is installed is locked by checksum, and no lock file says where to fetch it from."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))


@pytest.mark.parametrize("lock", REQUIREMENTS, ids=lambda path: path.name)
def test_every_python_library_has_a_version_and_checksums(lock: Path) -> None:
    logical_lines = lock.read_text().replace("\\\n", " ").splitlines()
    libraries = [line for line in logical_lines if line.strip() and not line.lstrip().startswith("#")]
    assert libraries
    assert [
        line for line in libraries if not re.match(r"[\w.\[\],-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)
    ] == []


@pytest.mark.parametrize("lock", REQUIREMENTS, ids=lambda path: path.name)
def test_no_python_lock_names_an_index(lock: Path) -> None:
    assert (
        re.findall(
            r"^(?:-i|--(?:extra-)?index-url|--find-links).*|.*@ (?:https?|file):.*", lock.read_text(), re.M
        )
        == []
    )


def test_every_front_end_library_has_a_checksum_and_no_address() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    libraries = {name: entry for name, entry in packages.items() if name}
    assert libraries
    assert [name for name, entry in libraries.items() if not entry["integrity"].startswith("sha512-")] == []
    assert [name for name, entry in libraries.items() if "resolved" in entry] == []


def test_tests_run_with_the_versions_that_people_run() -> None:
    def versions(name: str) -> dict[str, str]:
        text = (ROOT / "requirements" / name).read_text()
        return dict(re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==(\S+)", text, re.M))

    tested = versions("dev.txt")
    served = versions("app.txt")
    assert {name: tested.get(name) for name in served} == served
