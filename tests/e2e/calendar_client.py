"""A calendar as people have it: vdirsyncer subscribes to an address, khal shows what it brought."""

import os
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

PROGRAMS = Path(__file__).resolve().parents[2] / ".venv-clients" / "bin"

SUBSCRIPTION = """
[general]
status_path = "{folder}/status/"
[pair feed]
a = "remote"
b = "local"
collections = null
conflict_resolution = "a wins"
[storage remote]
type = "http"
url = "{address}"
[storage local]
type = "filesystem"
path = "{folder}/entries/"
fileext = ".ics"
"""

CALENDAR = """
[calendars]
[[feed]]
path = {folder}/entries/
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
local_timezone = {zone}
default_timezone = {zone}
[sqlite]
path = {folder}/khal.db
"""


def find_programs() -> None:
    """Fail with a sentence where the programs are not installed: a story without its calendar is not the story."""
    assert (PROGRAMS / "vdirsyncer").exists(), (
        "The calendar client of this test is missing: run scripts/setup tests, which puts vdirsyncer and khal "
        "into .venv-clients."
    )


@dataclass(frozen=True)
class Entry:
    """One entry as the calendar shows it, in the calendar's own zone."""

    day: str
    starts: str
    ends: str
    title: str


@dataclass(frozen=True)
class CalendarClient:
    """A subscription to `address`, on a device that lives in `zone`."""

    folder: Path
    address: str
    zone: str

    def __post_init__(self) -> None:
        find_programs()
        (self.folder / "entries").mkdir(parents=True)
        ZoneInfo(self.zone)
        told = {"folder": self.folder, "address": self.address, "zone": self.zone}
        (self.folder / "vdirsyncer.conf").write_text(SUBSCRIPTION.format(**told))
        (self.folder / "khal.conf").write_text(CALENDAR.format(**told))
        self._run("vdirsyncer", "--config", "vdirsyncer.conf", "discover")

    def sync(self) -> None:
        """Fetch the subscription anew, as calendars do every hour or so."""
        self._run("vdirsyncer", "--config", "vdirsyncer.conf", "sync")

    def shown(self, first_day: str, last_day: str) -> list[Entry]:
        """Return what the calendar shows from one day to another, both included."""
        lines = self._run(
            "khal", "-c", "khal.conf", "list", "--day-format", "", "--format",
            "{start-date}\t{start-time}\t{end-time}\t{title}", first_day, last_day,
        )  # fmt: skip
        return [Entry(*line.split("\t")) for line in lines.splitlines() if line.strip()]

    def times(self, first_day: str, last_day: str) -> dict[str, tuple[str, str]]:
        """Return when each entry starts and ends ("2027-10-31 03:15"), by title."""
        lines = self._run(
            "khal", "-c", "khal.conf", "list", "--once", "--day-format", "", "--format",
            "{title}\t{start-long}\t{end-long}", first_day, last_day,
        )  # fmt: skip
        shown = (line.split("\t") for line in lines.splitlines() if line.strip())
        return {title: (start, end) for title, start, end in shown}

    def entries(self) -> dict[str, Event]:
        """Return what the address gives now, by title: vdirsyncer puts identities of its own in place of UIDs."""
        with urllib.request.urlopen(self.address, timeout=60) as answer:
            found = Calendar.from_ical(answer.read()).walk("VEVENT")
        return {str(event["SUMMARY"]): event for event in found}

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [PROGRAMS / program, *arguments],
            cwd=self.folder,
            # Its zone rules are those of its own tzdata, which is locked, and not this machine's.
            env={
                **os.environ,
                "HOME": str(self.folder),
                "LC_ALL": "C.UTF-8",
                "TZ": self.zone,
                "PYTHONTZPATH": "",
            },
            input="y\n",
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, f"{program} {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout
