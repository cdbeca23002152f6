"""Web server and workers in processes of their own, as production starts them, to be killed and started again."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.e2e.running_service import free_port
from tests.polling import wait_until

ROOT = Path(__file__).resolve().parents[2]
# Long enough that a living worker keeps it on a busy machine.
LEASE_SECONDS = 6


class Installation:
    """One web server of two processes and some workers, on one database, with one folder."""

    def __init__(self, folder: Path, database: str, email_url: str, workers: list[dict[str, str]]) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "DATABASE_URL": database,
            "VAR_DIR": str(folder),
            "SECRET_KEY": settings.SECRET_KEY,
            "EMAIL_URL": email_url,
            "EMAIL_TIMEOUT": "60",
            "PORT": str(self.port),
            "BASE_URL": self.base,
            "TRUSTED_PROXIES": "1",  # people come from networks of their own, by whose limits nobody is held up
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        self.environment.pop("ALLOWED_HOSTS", None)
        self.log: IO[bytes] = (folder / "service.log").open("ab")
        self.worker_environments = workers
        self.web: subprocess.Popen[bytes]
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**self.environment, **more},
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def start_web(self) -> None:
        self.web = self.start("-m", "gunicorn", "-c", "deploy/gunicorn.conf.py")

    def start_worker(self, number: int) -> subprocess.Popen[bytes]:
        more = {
            "DJANGO_SETTINGS_MODULE": "tests.worker_settings",
            "TEST_LEASE_SECONDS": str(LEASE_SECONDS),
            **self.worker_environments[number],
        }
        return self.start("manage.py", "worker", "--poll", "0.2", **more)

    def web_processes(self) -> list[int]:
        """The processes that answer, without the one that watches over them."""
        children = Path(f"/proc/{self.web.pid}/task/{self.web.pid}/children")
        return sorted(map(int, children.read_text().split()))

    def answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.base}/health/live", timeout=5).close()
        except OSError:
            return False
        return True

    def kill_web_process(self, number: int) -> bool:
        """Kill one of the processes that answer, which its watcher replaces; tell whether there was one."""
        found = self.web_processes()
        if number >= len(found):
            return False
        os.kill(found[number], signal.SIGKILL)
        return True

    def kill_web(self) -> bool:
        """Kill all of the web server, as lack of memory or power does, and start it again."""
        os.killpg(self.web.pid, signal.SIGKILL)
        self.web.wait()
        self.start_web()
        return True

    def kill_worker(self, number: int) -> bool:
        """Kill a worker and start it again; tell whether it lived."""
        lived = self.workers[number].poll() is None
        self.workers[number].kill()
        self.workers[number].wait()
        self.workers[number] = self.start_worker(number)
        return lived

    def stop(self) -> None:
        for process in (self.web, *self.workers):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in (self.web, *self.workers):
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.log.close()


@contextmanager
def installed(
    folder: Path, database: str, email_port: int, workers: list[dict[str, str]]
) -> Iterator[Installation]:
    """Prepare a folder and start everything; `workers` are what each has in its environment beside the others'."""
    installation = Installation(folder, database, f"smtp://127.0.0.1:{email_port}", workers)
    assert installation.start("scripts/prepare.py").wait(240) == 0, (folder / "service.log").read_text()
    installation.start_web()
    installation.workers = [installation.start_worker(number) for number in range(len(workers))]
    try:
        wait_until(installation.answers)
        yield installation
    finally:
        installation.stop()


def address_of_test_database() -> str:
    """The address of the test database on PostgreSQL, for other processes."""
    own: dict[str, Any] = connection.settings_dict
    login = f"{quote(own['USER'])}:{quote(own['PASSWORD'])}@" if own["USER"] else ""
    port = f":{own['PORT']}" if own["PORT"] else ""
    return f"postgres://{login}{quote(own['HOST'], safe='')}{port}/{own['NAME']}"
