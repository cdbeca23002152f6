"""`scripts/run`: web and worker side by side, ended together in every way that they can end, and nothing left."""

import os
import pty
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.running_service import free_port

ROOT = Path(__file__).resolve().parents[2]
RUN = [sys.executable, "scripts/run"]
READY_WITHIN = 120  # seconds
GONE_WITHIN = 15


@dataclass
class Run:
    """`scripts/run` with a mark in its environment, by which every process that came of it can be found."""

    folder: Path
    port: int = field(default_factory=free_port)
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    process: subprocess.Popen[bytes] | None = None

    def start(self, command: list[str] = RUN, **more) -> subprocess.Popen[bytes]:
        environment = {
            **{
                name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "MAKELEVEL")
            },
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "VAR_DIR": str(self.folder),
            "PORT": str(self.port),
            "MARK": self.mark,
        }
        streams = {
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
            "stdin": subprocess.DEVNULL,
            **more,
        }
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, **streams)
        return self.process

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5).close()
            except OSError:
                assert self.process is not None
                assert self.process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
            else:
                return

    def read_until(self, words: str) -> str:
        """Return what the process said so far, once a line of it has the words. Fails when it ends before."""
        assert self.process is not None
        assert self.process.stdout is not None
        said = ""
        for line in iter(self.process.stdout.readline, b""):
            said += line.decode()
            if words in line.decode():
                return said
        raise AssertionError(said)

    def processes(self) -> dict[int, str]:
        """Return the command lines of what runs under the mark."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if f"MARK={self.mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
        return {pid: line for pid, line in found.items() if line}

    def assert_nothing_left(self) -> None:
        deadline = time.monotonic() + GONE_WITHIN
        while left := self.processes():
            assert time.monotonic() < deadline, left
            time.sleep(0.1)

    def pid_of(self, words: str) -> int:
        return min(pid for pid, line in self.processes().items() if words in line)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture
def run(folder) -> Iterator[Run]:
    run = Run(folder)
    yield run
    for pid in run.processes():
        os.kill(pid, signal.SIGKILL)


def test_a_port_that_is_in_use_is_told_in_one_sentence(run):
    with socket.socket() as other:
        other.bind(("127.0.0.1", run.port))
        other.listen()
        said, _ = run.start().communicate()

    assert run.process.returncode == 1
    assert said.decode().splitlines() == [
        f"Port {run.port} is in use by another program. Choose one that is free: PORT={run.port + 1} make run"
    ]


def test_a_failing_preparation_starts_nothing(run, tmp_path):
    run.folder = tmp_path
    (tmp_path / "db.sqlite3").write_bytes(b"no database at all, and long enough to be read as one" * 40)

    said, _ = run.start().communicate()

    assert run.process.returncode == 1
    assert "The service was not started: preparing its data failed" in said.decode()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_being_asked_to_stop_ends_both_in_order(run, signum):
    process = run.start()
    said = run.read_until("Press Ctrl-C to stop.")
    process.send_signal(signum)
    said_then, _ = process.communicate(timeout=GONE_WITHIN)

    assert process.returncode == 0
    assert f"City Labs    http://127.0.0.1:{run.port}/" in said
    assert "was killed" not in said_then.decode()
    run.assert_nothing_left()


def test_when_one_is_killed_the_other_ends_and_its_exit_code_is_passed_on(run):
    process = run.start()
    run.wait_until_ready()
    os.kill(run.pid_of("manage.py worker"), signal.SIGKILL)
    said, _ = process.communicate(timeout=GONE_WITHIN)

    assert process.returncode == 128 + signal.SIGKILL
    assert "The worker stopped unexpectedly (exit code 137); stopping." in said.decode()
    run.assert_nothing_left()


@pytest.mark.parametrize("command", [RUN, ["bash", "-c", f"MAKELEVEL=1 {' '.join(RUN)}; true"]])
def test_nothing_outlives_one_that_is_killed_nor_a_killed_make(run, command):
    process = run.start(command, stdout=subprocess.DEVNULL)
    run.wait_until_ready()
    assert len(run.processes()) > 3

    process.kill()

    run.assert_nothing_left()


def test_asking_again_kills_what_does_not_stop(run):
    process = run.start(stdout=subprocess.DEVNULL)
    run.wait_until_ready()
    os.kill(run.pid_of("manage.py worker"), signal.SIGSTOP)
    process.terminate()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(2)
    process.terminate()

    assert process.wait(5) == 0
    run.assert_nothing_left()


@pytest.mark.parametrize("before", ["exec", "trap : HUP;"])
def test_a_closed_terminal_ends_both(run, before):
    """The terminal's first process is told of it: that is `scripts/run` itself, or a make that tells nobody."""
    terminal, its_end = pty.openpty()
    command = f"{before} {sys.executable} scripts/run >{run.folder}/said 2>&1"
    process = run.start(
        ["bash", "-c", f"exec <{os.ttyname(its_end)}; {command}"],
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # which makes the terminal that it opens its own
    )
    os.close(its_end)
    run.wait_until_ready()
    os.close(terminal)

    assert process.wait(GONE_WITHIN) == 0
    run.assert_nothing_left()
