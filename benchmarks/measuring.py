"""How things are measured: CPU time of this process or of a server's processes over several rounds, and queries."""

import io
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Rounds:
    """Milliseconds per request, one number a round; `requests` is how many requests all rounds stand on together."""

    times: tuple[float, ...]
    requests: int

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    @property
    def spread(self) -> str:
        """The lowest and the highest, as "28.1–33.0"."""
        lowest, highest = min(self.times), max(self.times)
        return f"{lowest:.{_places(lowest)}f}–{highest:.{_places(highest)}f}"

    def __str__(self) -> str:
        return f"{self.median:.{_places(self.median)}f} ms"


def _places(number: float) -> int:
    return 2 if number < 10 else 1 if number < 100 else 0


@dataclass(frozen=True)
class Line:
    """One line of the table. `limit` is what is asked for, in words; `reached` tells whether it was met, if any.

    `measured` is the median in words; `rounds` adds the lowest and the highest, and how many requests they stand on.
    """

    what: str
    measured: str
    against: str = ""
    limit: str = ""
    reached: bool | None = None
    queries: str = ""
    rounds: Rounds | None = None


def cpu_rounds(
    work: Callable[[], object],
    rounds: int = 5,
    requests: int = 10,
    before: Callable[[], object] | None = None,
    clock: Callable[[], float] = time.process_time,
) -> Rounds:
    """Measure `rounds` times `requests` calls of the work by `clock` (seconds), after one call that is not counted.

    `before` is called before each round, and not counted.
    """
    work()
    times = []
    for _round in range(rounds):
        if before is not None:
            before()
        start = clock()
        for _request in range(requests):
            work()
        times.append((clock() - start) * 1000 / requests)
    return Rounds(tuple(times), rounds * requests)


def cpu_ms(
    work: Callable[[], object],
    repeat: int = 15,
    before: Callable[[], object] | None = None,
    helper: int | None = None,
) -> float:
    """Return the median CPU time of the work in this process and in that of its helper (a pid), in milliseconds."""
    times = []
    for _number in range(repeat):
        if before is not None:
            before()
        start = _cpu_so_far(helper)
        work()
        times.append((_cpu_so_far(helper) - start) * 1000)
    return statistics.median(times)


def _cpu_so_far(helper: int | None) -> float:
    """Return the CPU seconds of this process, and of the helper with all its threads."""
    own = time.process_time()
    return own if helper is None else own + cpu_of_process(helper)


def cpu_of_process(pid: int) -> float:
    """Return the CPU seconds of a process with all its threads.

    By the clock that clock_getcpuclockid(3) names on Linux, which Python does not offer.
    """
    return time.clock_gettime(~pid << 3 | 2)


def queries_of(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)


def cpu_of_processes(pids: list[int]) -> float:
    """Return the CPU seconds that these processes have used so far (user and system)."""
    return sum(_ticks(pid)[0] for pid in pids) / TICKS


def cpu_of_server(pids: list[int]) -> float:
    """The same of a master, which comes first, and of all its workers, also of those that were renewed."""
    master = pids[0]
    alive = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return (sum(_ticks(master)) + sum(_ticks(int(pid))[0] for pid in alive)) / TICKS


def _ticks(pid: int) -> tuple[int, int]:
    """Return the CPU time of a process, and that of its children which have ended (proc_pid_stat(5))."""
    fields = [int(one) for one in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]]
    return fields[0] + fields[1], fields[2] + fields[3]


class Server:
    """The service's own WSGI handler, asked in this process as a web server would ask it."""

    def __init__(self) -> None:
        from config.wsgi import application  # with all that it sets for a web process

        self.handler = application

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        answer: dict[str, Any] = {}

        def start_response(
            status: str, fields: list[tuple[str, str]], exc_info: Any = None, /
        ) -> Callable[[bytes], object]:
            answer.update(status=int(status[:3]), headers=dict(fields))
            return bytes

        address, _question, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": address,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "HTTP_HOST": "127.0.0.1",
            "REMOTE_ADDR": "127.0.0.1",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            **headers,
        }
        body = self.handler(environ, start_response)
        content = b"".join(body)
        close = getattr(body, "close", None)
        if close is not None:
            close()
        return answer["status"], answer["headers"], content
