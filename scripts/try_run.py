"""Test the README's instructions: `make run`, fetch pages, Ctrl-C; then check that no process is left.

Runs on a free port with a temporary data folder. Every process started has a mark in its environment; afterwards no
process on the machine may have it.
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
READY_TIMEOUT = 30 * 60  # seconds; the first time everything has to be installed
STOP_TIMEOUT = 30


class TrialFailed(Exception):
    """`make run` does not work as documented."""


def free_port() -> int:
    """Return a free TCP port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def processes_with(mark: str) -> list[str]:
    """Return the command lines of processes with the mark; needs Linux's /proc."""
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
    """Return the page; raises OSError without a response, TrialFailed for a status other than 200."""
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:
            page: str = answer.read().decode(errors="replace")  # fonts are no text, and only have to be there
            return page
    except urllib.error.HTTPError as error:
        raise TrialFailed(f"{address} answered {error.code}.") from error


def wait_until_ready(make: subprocess.Popen[bytes], address: str) -> None:
    """Wait for a response; raises TrialFailed if make exits before, or after the timeout."""
    deadline = time.monotonic() + READY_TIMEOUT
    while time.monotonic() < deadline:
        if make.poll() is not None:
            raise TrialFailed(f"make run ended by itself with exit code {make.returncode}.")
        try:
            fetch(address)
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise TrialFailed(f"{address} did not answer within {READY_TIMEOUT} seconds.")


def check_pages(base: str) -> None:
    """Fetch the first pages of a visitor with their files. Raises TrialFailed."""
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


def interrupt(make: subprocess.Popen[bytes]) -> None:
    """Send SIGINT to the process group, as a terminal does, and wait for the exit."""
    os.killpg(make.pid, signal.SIGINT)
    try:
        make.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        raise TrialFailed(f"make run was still there {STOP_TIMEOUT} seconds after Ctrl-C.") from None


def trial(mark: str, folder: str) -> None:
    """Start, check and stop once. Raises TrialFailed."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    environment = {**os.environ, MARK: mark, "PORT": str(port), "VAR_DIR": folder}
    for name in ("DATABASE_URL", "MAKELEVEL", "MAKEFLAGS", "BASE_URL"):
        environment.pop(name, None)
    started = time.monotonic()
    make = subprocess.Popen(["make", "run"], cwd=ROOT, env=environment, start_new_session=True)
    try:
        wait_until_ready(make, f"{base}/health/live")
        print(f"Answers after {time.monotonic() - started:.0f} s.", flush=True)
        check_pages(base)
        interrupt(make)
        if left := processes_with(mark):
            raise TrialFailed("Still running after Ctrl-C: " + "; ".join(left))
    finally:
        for line in processes_with(mark):
            os.kill(int(line.split()[0]), signal.SIGKILL)


def main() -> int:
    """Run the trial twice: the second start has everything installed."""
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
