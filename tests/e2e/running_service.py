"""The whole service as an operator starts it: web, worker, database and mail server, each a real one."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.e2e.post import Post
from tests.smtp import mail_server

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN = 240  # seconds
# What changes by itself while nobody does anything.
RESTLESS = (
    "jobs.WorkerBeat",
    "jobs.Task",
    "jobs.Tally",
    "mail.Message",
    "sessions.Session",
    "contenttypes",
    "auth.Permission",
)


@dataclass(frozen=True)
class Service:
    """A running service. `post` holds what its worker has sent."""

    base: str
    post: Post
    environment: dict[str, str]

    def manage(self, *arguments: str, **more: str) -> str:
        """Run a command of the service against its live database, as an operator would."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, f"manage.py {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def contents(self) -> list[Any]:
        """Return every row of the database but those that change by themselves."""
        left_out = [word for name in RESTLESS for word in ("--exclude", name)]
        return list(json.loads(self.manage("dumpdata", *left_out)))


@contextmanager
def database(folder: Path) -> Iterator[str]:
    """A fresh database: a file, or one on the PostgreSQL server that the suite runs on."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield f"sqlite:///{folder / 'db.sqlite3'}"
        return
    name = f"citylabs_story_{secrets.token_hex(4)}"
    before, _slash, _name = server.partition("?")[0].rpartition("/")
    with psycopg.connect(f"{before}/postgres", autocommit=True) as maintenance:
        maintenance.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{before}/{name}"
        finally:
            maintenance.execute(f"DROP DATABASE {name} WITH (FORCE)")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Service]:
    """Start the service with an empty database in `folder`; stop it at the end. `arguments` are for scripts/run.

    Without a worker of its own the service is not ready: then it only has to answer.
    """
    with database(folder) as address, mail_server() as server:
        port = free_port()
        environment = {
            **os.environ,
            "VAR_DIR": str(folder),
            "DATABASE_URL": address,
            "PORT": str(port),
            "EMAIL_URL": f"smtp://127.0.0.1:{server.port}",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SECRET_KEY": secrets.token_urlsafe(50),
        }
        for name in ("BASE_URL", "ALLOWED_HOSTS", "MAKELEVEL", "DJANGO_ALLOW_ASYNC_UNSAFE"):
            environment.pop(name, None)
        log = (folder / "service.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "scripts/run", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        base = f"http://127.0.0.1:{port}"
        try:
            health = "live" if "--no-worker" in arguments else "ready"
            wait_until_ready(f"{base}/health/{health}", process, folder / "service.log")
            yield Service(base, Post(server), environment)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(120)
            log.close()


def wait_until_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            alive = process.poll() is None and time.monotonic() < deadline
            assert alive, f"The service did not start:\n{log.read_text()[-3000:]}"
            time.sleep(0.2)
        else:
            return
