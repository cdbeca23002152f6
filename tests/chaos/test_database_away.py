"""PostgreSQL goes away under the running service and comes back: 503 and when to come back, never an error of ours."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from core.mail.health import LOOKED_AT_EVERY
from tests.chaos.invariants import TELL
from tests.chaos.test_full_disk import MAKE_A_LAB, ask, register, register_by_api
from tests.e2e import running_service
from tests.e2e.running_service import running
from tests.polling import wait_until

SERVER = os.environ.get("DATABASE_URL", "")

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.xdist_group("workers"),
    pytest.mark.skipif(not SERVER.startswith("postgres"), reason="needs PostgreSQL"),
]


class Line:
    """A port that leads to the database while it is up."""

    def __init__(self, host: str, port: int) -> None:
        self.server = (host, port)
        self.open: list[socket.socket] = []
        self.is_up = True
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _address = self.listener.accept()
                if not self.is_up:
                    near.close()
                    continue
                far = socket.create_connection(self.server)
                self.open += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while part := one.recv(65536):
                other.sendall(part)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """End every connection, and refuse new ones."""
        self.is_up = False
        for end in self.open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self.is_up = True


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """Have the service reach its database by a line that can be cut."""
    there = urlsplit(SERVER)
    line = Line(there.hostname or "127.0.0.1", there.port or 5432)
    real = running_service.database

    @contextmanager
    def by_the_line(folder: Path) -> Iterator[str]:
        with real(folder) as address:
            parts = urlsplit(address)
            login, at, _host = parts.netloc.rpartition("@")
            yield parts._replace(netloc=f"{login}{at}127.0.0.1:{line.port}").geturl()

    monkeypatch.setattr(running_service, "database", by_the_line)
    yield line
    line.listener.close()
    line.cut()


def test_it_says_503_while_the_database_is_away_and_goes_on_when_it_is_back(
    line: Line, tmp_path: Path
) -> None:
    with running(tmp_path) as service:
        service.manage("shell", "-c", MAKE_A_LAB)
        assert register(service)[0] == 200

        line.cut()
        for _time in range(4):  # both processes
            for path in ("/", "/labs/main-lab/", "/labs/main-lab/calendar.ics"):
                status, headers, page = ask(service, path)
                assert (status, headers["Retry-After"]) == (503, "5"), path
                assert b"The service is busy" in page
            status, headers, _problem = ask(service, "/api/v1/labs")
            assert (status, headers["Content-Type"]) == (503, "application/problem+json")
            assert ask(service, "/health/live")[0] == 200
        assert register(service)[0] == 503
        assert register_by_api(service)[0] == 503
        # It says for a few seconds what it found when it last looked, which may have been just before.
        wait_until(lambda: ask(service, "/health/ready")[0] == 503, seconds=4 * LOOKED_AT_EVERY)

        line.mend()
        assert register(service)[0] == 200
        assert ask(service, "/labs/main-lab/")[0] == 200
        assert json.loads(service.manage("shell", "-v", "0", "-c", TELL)) == []
