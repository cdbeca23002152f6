"""Five programs that other people wrote, and what each reads in a calendar: start and end of every entry by UID."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import icalendar
import pytest

from tests.calendars import libical
from tests.e2e.calendar_client import CalendarClient

SCRIPT = Path(__file__).with_name("readers.mjs")

# In seconds since 1970.
Times = dict[str, tuple[int, int]]


def ical_js(octets: bytes) -> Times:
    """Read as Thunderbird does."""
    return _node("ical.js", octets)


def node_ical(octets: bytes) -> Times:
    """Read as many services do: by the name of a zone alone, and the rules that node was built with."""
    return _node("node-ical", octets)


def of_python(octets: bytes) -> Times:
    """Read with icalendar, whose zones are those of this process."""
    return {
        str(event["UID"]): (
            int(event.decoded("DTSTART").timestamp()),
            int(event.decoded("DTEND").timestamp()),
        )
        for event in icalendar.Calendar.from_ical(octets).walk("VEVENT")
    }


def vdirsyncer_and_khal(octets: bytes) -> Times:
    """Subscribe with vdirsyncer, and read what khal shows. Each entry's summary has to be its UID."""
    starts = [start for start, _end in of_python(octets).values()]
    with served(lambda: octets) as address, TemporaryDirectory() as folder:
        client = CalendarClient(Path(folder), address, "UTC")
        client.sync()
        first, last = (datetime.fromtimestamp(at, UTC) for at in (min(starts), max(starts)))
        shown = client.times(f"{first:%Y-%m-%d}", f"{last + timedelta(days=2):%Y-%m-%d}")
    return {title: (_seconds(start), _seconds(end)) for title, (start, end) in shown.items()}


READERS: dict[str, Callable[[bytes], Times]] = {
    "ical.js": ical_js,
    "node-ical": node_ical,
    "libical": libical.read,
    "icalendar": of_python,
    "vdirsyncer and khal": vdirsyncer_and_khal,
}


@contextmanager
def served(answer: Callable[[], bytes | None]) -> Iterator[str]:
    """Serve what `answer` returns at an address of this machine; None is answered with 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            octets = answer()
            self.send_response(200 if octets is not None else 404)
            self.send_header("Content-Type", "text/calendar; charset=utf-8")
            self.end_headers()
            self.wfile.write(octets or b"")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/calendar.ics"
    finally:
        server.shutdown()
        server.server_close()


def _node(program: str, octets: bytes) -> Times:
    node = shutil.which("node")
    if node is None or not (Path(__file__).parents[2] / "node_modules" / program).is_dir():
        pytest.fail(f"{program} is not installed: run scripts/setup tests (make test does)")
    done = subprocess.run([node, SCRIPT, program], input=octets, capture_output=True, timeout=240)
    assert done.returncode == 0, done.stderr.decode()
    return {uid: (start, end) for uid, (start, end) in json.loads(done.stdout).items()}


def _seconds(shown: str) -> int:
    return int(datetime.strptime(shown, "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp())
