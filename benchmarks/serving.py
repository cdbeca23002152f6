"""The service behind its real web server, in processes of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def serving(workers: int = 2) -> Iterator[tuple[int, list[int]]]:
    """Run gunicorn as it is shipped; yields its port and the process ids of master and workers."""
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "--workers", str(workers),
        "--bind", f"127.0.0.1:{port}", "--log-level", "error",
    ]  # fmt: skip
    server = subprocess.Popen(command, start_new_session=True)
    try:
        yield port, _wait(server.pid, port)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait(master: int, port: int) -> list[int]:
    """Wait for the server and return the process ids of its workers and master."""
    for _number in range(300):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                break
        except OSError:
            time.sleep(0.1)
    time.sleep(2)
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return [master, *map(int, children)]
