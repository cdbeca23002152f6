"""What goes into the container image."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_image_is_given_every_package_of_the_service() -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
    given = (ROOT / ".dockerignore").read_text().splitlines()

    assert [name for name in packages if f"!{name}/" not in given] == []
