"""Do what the README tells a newcomer: `make run`, look at the pages, press Ctrl-C; then see that nothing is left.

Runs on a free port with a data folder of its own, so that nobody's data is touched. Every process started carries a
mark in its environment; afterwards no process on the machine may carry it.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MARK = "CITYLABS_TRIAL"
READY_WITHIN = 30 * 60  # seconds; the first time everything has to be installed
STOP_WITHIN = 30


class TrialFailed(Exception):
    """Something a newcomer would have stumbled over."""


def free_port() -> int:
    """A TCP port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def processes_with(mark: str) -> list[str]:
    """Command lines of the processes that carry the mark; needs Linux's /proc."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (process / "environ").read_bytes().split(b"\0"):
                arguments = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found.append(f"{process.name} {arguments}")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def fetch(address: str) -> str:
    """The page's text; raises OSError while nobody answers, TrialFailed for an answer other than 200."""
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:
            page: str = answer.read().decode(errors="replace")  # fonts are no text, and only have to be there
            return page
    except urllib.error.HTTPError as error:
        raise TrialFailed(f"{address} answered {error.code}.") from error


def wait_until_it_answers(make: subprocess.Popen[bytes], address: str) -> None:
    """Return when the address answers; raises TrialFailed when make ends before, or nothing ever comes."""
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        if make.poll() is not None:
            raise TrialFailed(f"make run ended by itself with exit code {make.returncode}.")
        try:
            fetch(address)
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise TrialFailed(f"{address} did not answer within {READY_WITHIN} seconds.")


def look_around(base: str) -> None:
    """Open what a visitor sees first, with the files it asks for. Raises TrialFailed for anything odd."""
    home = fetch(f"{base}/")
    if "<h1" not in home:
        raise TrialFailed("The home page has no heading.")
    files = re.findall(r'(?:href|src)="(/static/[^"#]+)', home)
    if not files:
        raise TrialFailed("The home page asks for no style sheet.")
    lab = re.search(r'href="(/labs/[^/"]+/)"', home)
    if not lab:
        raise TrialFailed("The home page shows no lab: the demo is missing.")
    for path in [
        *dict.fromkeys(files),
        lab[1],
        f"{lab[1]}calendar.ics",
        "/organise/",
        "/api/v1/openapi.json",
    ]:
        fetch(f"{base}{path}")
        print(f"200 {path}")


def press_control_c(make: subprocess.Popen[bytes]) -> None:
    """Send what a terminal sends, to all of the foreground group at once, and wait for the end."""
    os.killpg(make.pid, signal.SIGINT)
    try:
        make.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        raise TrialFailed(f"make run was still there {STOP_WITHIN} seconds after Ctrl-C.") from None


def trial(mark: str, folder: str) -> None:
    """One start, look and stop. Raises TrialFailed."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    environment = {**os.environ, MARK: mark, "PORT": str(port), "VAR_DIR": folder}
    for name in ("DATABASE_URL", "MAKELEVEL", "MAKEFLAGS", "BASE_URL"):
        environment.pop(name, None)
    started = time.monotonic()
    make = subprocess.Popen(["make", "run"], cwd=ROOT, env=environment, start_new_session=True)
    try:
        wait_until_it_answers(make, f"{base}/health/live")
        print(f"Answers after {time.monotonic() - started:.0f} s.", flush=True)
        look_around(base)
        press_control_c(make)
        if left := processes_with(mark):
            raise TrialFailed("Still running after Ctrl-C: " + "; ".join(left))
    finally:
        for line in processes_with(mark):
            os.kill(int(line.split()[0]), signal.SIGKILL)


def main() -> int:
    """Try it twice: the first start does all the work, the second one has to be quick."""
    mark = uuid.uuid4().hex
    try:
        with tempfile.TemporaryDirectory() as folder:
            trial(mark, folder)
            print("Second start:", flush=True)
            trial(mark, folder)
    except TrialFailed as problem:
        print(f"make run does not do what the README says. {problem}", file=sys.stderr)
        return 1
    print("make run works, stops on Ctrl-C and leaves nothing running.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
