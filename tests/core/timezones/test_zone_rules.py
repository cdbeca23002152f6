"""Whose time zone rules hold: those of the pinned tzdata package, whatever the machine has."""

import os
import shutil
import subprocess
import sys
import zoneinfo
from importlib import resources
from pathlib import Path

import pytest
import tzdata
from django.core.management import call_command

from sessions import calendar_texts
from sessions.models import CalendarText
from tests.factories import SessionFactory

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = Path(str(resources.files("tzdata")))

TELL = """
from datetime import date, time
from core.timezones.wall_clock import instant
print(instant(date(2027, 7, 1), time(12), "Europe/Sofia").isoformat())
"""
STARTS = {
    "manage.py": ["manage.py", "shell", "-v", "0", "-c", TELL],
    "web": ["-c", f"import config.wsgi\n{TELL}"],
    "preparation": [
        "-c",
        f"import runpy\nrunpy.run_path('scripts/run', run_name='run')\nimport django\n{TELL}",
    ],
    "benchmarks": ["-c", f"import benchmarks.settings\n{TELL}"],
    "workers of tests": ["-c", f"import tests.worker_settings\n{TELL}"],
}


@pytest.fixture
def environment(tmp_path):
    """A machine whose own files call Sofia what is Tokyo."""
    there = tmp_path / "zoneinfo" / "Europe"
    there.mkdir(parents=True)
    shutil.copy(PACKAGE / "zoneinfo" / "Asia" / "Tokyo", there / "Sofia")
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONTZPATH": str(there.parent),
        "VAR_DIR": str(tmp_path / "var"),
    }


def started(arguments, environment):
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("way", STARTS)
def test_the_machines_own_rules_never_count_however_a_process_starts(way, environment):
    done = started(STARTS[way], environment)
    assert (done.returncode, done.stdout.strip()) == (0, "2027-07-01T09:00:00+00:00"), done.stderr


def test_tests_follow_the_package_too():
    assert zoneinfo.TZPATH == ()


def test_the_web_process_says_at_its_start_whose_rules_it_follows(environment):
    done = started(STARTS["web"], environment)
    assert f"Time zones follow tzdata {tzdata.__version__}." in done.stderr


def test_nothing_starts_with_another_release_than_the_locked_one(environment, tmp_path):
    other = tmp_path / "elsewhere" / "tzdata"
    other.mkdir(parents=True)
    for each in PACKAGE.iterdir():
        if each.name != "__init__.py":
            (other / each.name).symlink_to(each)
    (other / "__init__.py").write_text('__version__ = "1900.1"\nIANA_VERSION = "1900a"\n')
    done = started(STARTS["manage.py"], {**environment, "PYTHONPATH": str(other.parent)})
    assert done.returncode == 1
    assert (
        done.stderr.strip()
        .splitlines()[-1]
        .endswith(
            f"Time zones follow tzdata 1900.1, but requirements/app.txt names {tzdata.__version__}. "
            "Run scripts/setup, which installs the release named there."
        )
    )


@pytest.mark.django_db
def test_entries_that_were_written_under_other_rules_are_written_anew_by_migrate(monkeypatch):
    session = SessionFactory()
    CalendarText.objects.update(text="as it was")
    call_command("migrate", verbosity=0)
    assert set(CalendarText.objects.values_list("text", flat=True)) == {"as it was"}
    monkeypatch.setattr(calendar_texts, "rules_version", lambda: "1900.1")
    call_command("migrate", verbosity=0)
    written = CalendarText.objects.filter(session=session)
    assert [text.text.startswith("BEGIN:VEVENT") for text in written] == [True, True, True]
