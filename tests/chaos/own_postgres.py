"""A PostgreSQL server of a test's own, which may be restarted under whoever uses it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
SAY_ADDRESS = "import os, sys; print(os.environ['DATABASE_URL'], flush=True); sys.stdin.read()"


@dataclass(frozen=True)
class Server:
    """A running server: the address of its database, its folder and its programs."""

    address: str
    data: str
    programs: str

    def restart(self, how: str) -> None:
        """Stop it "fast" (connections are ended) or "immediate" (as a crash does), start it, wait until it answers."""
        rights = (
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.getuid() == 0 else []
        )
        command = [f"{self.programs}/pg_ctl", "-D", self.data, "-m", how, "-w", "-s", "restart"]
        log = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([*rights, *command], cwd="/", check=True, timeout=120, **log)  # type: ignore[call-overload]


@contextmanager
def own_server() -> Iterator[Server]:
    """Start a server as the suite's own is started; it is gone at the end, with its data."""
    environment = {name: value for name, value in os.environ.items() if name != "TEST_DATABASE_URL"}
    keeper = subprocess.Popen(
        ["scripts/with_postgres", sys.executable, "-c", SAY_ADDRESS],
        cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    try:
        address = keeper.stdout.readline().strip()
        with psycopg.connect(address) as asking:
            [data] = asking.execute("SHOW data_directory").fetchone() or [""]
            programs = asking.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'").fetchone() or [
                ""
            ]
        yield Server(address, data, programs[0])
    finally:
        keeper.stdin.close()
        keeper.wait(60)


@contextmanager
def as_our_own(server: Server) -> Iterator[None]:
    """Have this process ask that database, too, in place of the test database."""
    parts = urlsplit(server.address)
    there = {"NAME": parts.path[1:], "HOST": parts.hostname, "PORT": parts.port, "USER": parts.username}
    before = {name: connection.settings_dict[name] for name in there}
    connection.close()
    connection.settings_dict.update(there)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)
