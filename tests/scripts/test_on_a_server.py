"""README's steps on a server: one way to run a command with the installation's settings, and no stray data."""

import os
import pwd
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = """\
# The installation's settings
; as systemd reads them
DEFAULT_FROM_EMAIL=City Labs <no-reply@labs.example.org>
SECRET_KEY='$ecret "with" all sorts # of signs, long enough to be one of them'
SITE_DOMAIN="labs.example.org"
  ALLOWED_HOSTS = labs.example.org,\\
127.0.0.1
QUOTED="a \\"word\\" and a \\\\"
EMPTY=
no setting
VAR_DIR=
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What a person at the keyboard has: nothing of the installation but the place of its settings."""
    file = tmp_path / "citylabs.env"
    file.write_text(SETTINGS.replace("VAR_DIR=", f"VAR_DIR={tmp_path / 'data'}"))
    left_out = ("VAR_DIR", "SECRET_KEY", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    return {
        **{name: value for name, value in os.environ.items() if name not in left_out},
        "CITYLABS_ENV": str(file),
        "CITYLABS_USER": pwd.getpwuid(os.getuid()).pw_name,
    }


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_settings_are_read_as_systemd_reads_them() -> None:
    read = runpy.run_path(str(ROOT / "scripts" / "citylabs"))["read_settings"]
    assert read(SETTINGS) == {
        "DEFAULT_FROM_EMAIL": "City Labs <no-reply@labs.example.org>",
        "SECRET_KEY": '$ecret "with" all sorts # of signs, long enough to be one of them',
        "SITE_DOMAIN": "labs.example.org",
        "ALLOWED_HOSTS": "labs.example.org,127.0.0.1",
        "QUOTED": 'a "word" and a \\',
        "EMPTY": "",
        "VAR_DIR": "",
    }


def test_any_command_runs_with_the_installations_settings(
    environment: dict[str, str], tmp_path: Path
) -> None:
    command = ROOT / "scripts" / "citylabs"
    assert run(command, "migrate", "-v", "0", cwd=tmp_path, **environment).stderr == ""
    made = run(
        command,
        "createsuperuser",
        "--noinput",
        "--email",
        "owner@labs.example.org",
        cwd=tmp_path,
        **environment,
    )
    assert made.returncode == 0, made.stderr
    backup = run(command, "backup", "kept.zip", cwd=tmp_path, **environment)
    assert backup.returncode == 0, backup.stderr
    assert (tmp_path / "kept.zip").exists()
    asked = "from django.conf import settings as s; print(s.DEFAULT_FROM_EMAIL, s.VAR_DIR, s.SECRET_KEY[:7])"
    said = run(command, "shell", "-v", "0", "-c", asked, cwd=tmp_path, **environment)
    assert said.stdout == f"City Labs <no-reply@labs.example.org> {tmp_path / 'data'} $ecret \n"
    assert not (tmp_path / "data" / "secret-key").exists()


def test_where_there_is_no_installation_it_says_so(environment: dict[str, str], tmp_path: Path) -> None:
    missing = {**environment, "CITYLABS_ENV": str(tmp_path / "missing.env")}
    done = run(ROOT / "scripts" / "citylabs", "backup", **missing)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{tmp_path / 'missing.env'} does not exist.")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree of the service in which nothing has been run yet."""
    shutil.copytree(ROOT / "config", tmp_path / "tree" / "config")
    return tmp_path / "tree"


def test_a_command_without_the_settings_makes_no_second_data_beside_an_installation(
    environment: dict[str, str], tree: Path
) -> None:
    done = run(sys.executable, "-c", "import config.settings", cwd=tree, **environment)
    assert done.returncode == 1
    assert "sudo citylabs COMMAND" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tree / "var").exists()


def test_where_there_is_no_installation_data_goes_beside_the_code(
    environment: dict[str, str], tree: Path, tmp_path: Path
) -> None:
    elsewhere = {**environment, "CITYLABS_ENV": str(tmp_path / "missing.env")}
    assert run(sys.executable, "-c", "import config.settings", cwd=tree, **elsewhere).returncode == 0
    assert (tree / "var").is_dir()


APT = """#!/bin/sh
echo "$@" >>"$CALLS"
test "$(wc -l <"$CALLS")" -gt "$LOCKED" || { echo "E: Could not get lock $LOCK. It is held by process 7"; exit 100; }
test -z "$BROKEN" || { echo "E: Unable to locate package"; exit 100; }
"""


@pytest.mark.parametrize("lock", ["/var/lib/apt/lists/lock", "/var/lib/dpkg/lock-frontend"])
def test_installing_packages_waits_for_whoever_holds_the_lock(tmp_path: Path, lock: str) -> None:
    for name, text in (("apt-get", APT), ("sudo", '#!/bin/sh\nexec "$@"\n')):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    calls = tmp_path / "calls"
    fake = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(calls), "LOCK": lock, "APT_PAUSE": "0.01",
        "LOCKED": "3", "BROKEN": "",
    }  # fmt: skip
    done = run("scripts/install_packages", "gettext", **fake)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "Another program is installing system packages; waiting until it has finished…\n"
    assert calls.read_text().splitlines() == [
        *["update -qq"] * 4,
        "install -y -qq --no-install-recommends gettext",
    ]

    calls.unlink()
    assert (
        run("scripts/install_packages", "gettext", **{**fake, "LOCKED": "99", "APT_WAIT": "0"}).returncode
        == 1
    )
    calls.unlink()
    failed = run("scripts/install_packages", "gettext", **{**fake, "LOCKED": "0", "BROKEN": "yes"})
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1] == "apt-get could not install: gettext"
