"""How gunicorn serves City Labs, the same for `make run`, the systemd unit and the container.

Settings come from the environment or `.env`: PORT, LISTEN (default 127.0.0.1), WEB_WORKERS (2), WEB_THREADS (3).
"""

import ctypes
import os
import sys
from pathlib import Path
from typing import Any

# Reads .env into the environment as a side effect, so that the lines below see it.
from config.settings import DEBUG, METRICS_TOKEN, PORT, VAR_DIR

wsgi_app = "config.wsgi"
bind = f"{os.environ.get('LISTEN', '127.0.0.1')}:{PORT}"
workers = int(os.environ.get("WEB_WORKERS", "2"))
# Slow clients take no thread: a request is read whole, within a limit of time, before the application sees it.
worker_class = "config.waitress_worker.WaitressWorker"
worker_connections = 1000
# The signs of life that workers give are files that are touched: not on a disk that may be slow or full.
if os.access("/dev/shm", os.W_OK):  # noqa: S108
    worker_tmp_dir = "/dev/shm"  # noqa: S108
threads = int(os.environ.get("WEB_THREADS", "3"))
timeout = 60
graceful_timeout = 10
# A worker is renewed now and then, whatever its libraries may have kept of what they did.
max_requests = 20_000
max_requests_jitter = 4_000
reload = DEBUG
# The application is imported once, and shared in memory by the processes that are forked then. Not where they count:
# a process chooses at import how it counts, and only after it has looked whether there is room (`post_fork`).
preload_app = not DEBUG and not METRICS_TOKEN
loglevel = os.environ.get("GUNICORN_LOG_LEVEL", "warning")
control_socket_disable = True
proc_name = "citylabs-web"

# Counters of all worker processes are added up from files; without them /metrics would show one worker's share. Where
# nobody may read /metrics there are none.
_counters = VAR_DIR / "metrics"
if METRICS_TOKEN:
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(_counters))
else:
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
# Room for all views, methods and answers in either file of a process, in bytes.
_ROOM = {"counter": 1024 * 1024, "histogram": 4 * 1024 * 1024}

# glibc gives the memory of a large answer back after each, which takes half as long as sending it: it may keep some
# (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD in bytes, M_ARENA_MAX).
if hasattr(_libc := ctypes.CDLL(None), "mallopt"):
    for _option, _value in ((-1, 16 << 20), (-3, 4 << 20), (-8, 2)):
        _libc.mallopt(_option, _value)


def on_starting(server: Any) -> None:
    """Forget the counters of processes that are gone."""
    for file in _counters.glob("*.db"):
        file.unlink(missing_ok=True)


def post_fork(server: Any, worker: Any) -> None:
    """Take the room for a process's counters on the disk before they are mapped into its memory.

    Writing to a mapped file that has no room on a full disk kills the process (SIGBUS). Where there is none to begin
    with, the process counts for itself.
    """
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        return
    files = {Path(folder) / f"{kind}_{os.getpid()}.db": size for kind, size in _ROOM.items()}
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for path, size in files.items():
            with path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        for path in files:
            path.unlink(missing_ok=True)
        del os.environ["PROMETHEUS_MULTIPROC_DIR"]
        server.log.warning("no room for counters (%s): this process counts for itself", error)


def child_exit(server: Any, worker: Any) -> None:
    """Keep of a finished process's counters what it wrote; they stay in the sum until the next start."""
    for path in _counters.glob(f"*_{worker.pid}.db"):
        with path.open("r+b") as file:
            used = int.from_bytes(file.read(4), sys.byteorder)
            file.truncate(used)
        if not used:
            path.unlink()
