"""How gunicorn serves City Labs, the same for `make run`, the systemd unit and the container.

Settings come from the environment or `.env`: PORT, LISTEN (default 127.0.0.1), WEB_WORKERS (2), WEB_THREADS (4).
"""

import os
from typing import Any

# Reads .env into the environment as a side effect, so that the lines below see it.
from config.settings import DEBUG, PORT, VAR_DIR

wsgi_app = "config.wsgi"
bind = f"{os.environ.get('LISTEN', '127.0.0.1')}:{PORT}"
workers = int(os.environ.get("WEB_WORKERS", "2"))
# Slow clients take no thread: a request is read whole, within a limit of time, before the application sees it.
worker_class = "config.waitress_worker.WaitressWorker"
worker_connections = 1000
# The signs of life that workers give are files that are touched: not on a disk that may be slow or full.
if os.access("/dev/shm", os.W_OK):  # noqa: S108
    worker_tmp_dir = "/dev/shm"  # noqa: S108
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60
graceful_timeout = 10
# A worker is renewed now and then, whatever its libraries may have kept of what they did.
max_requests = 5000
max_requests_jitter = 500
reload = DEBUG
loglevel = os.environ.get("GUNICORN_LOG_LEVEL", "warning")
control_socket_disable = True
proc_name = "citylabs-web"

# Counters of all worker processes are added up from files; without them /metrics would show one worker's share.
_counters = VAR_DIR / "metrics"
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(_counters))


def on_starting(server: Any) -> None:
    """Forget the counters of processes that are gone."""
    _counters.mkdir(parents=True, exist_ok=True)
    for file in _counters.glob("*.db"):
        file.unlink(missing_ok=True)


def child_exit(server: Any, worker: Any) -> None:
    """Take a finished worker's gauges out of the sum."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
