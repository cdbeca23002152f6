"""`make run` asked again, on SQLite: CPU until it answers, and the memory of web processes and worker."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from benchmarks.measuring import Line, Rounds, cpu_of_processes
from benchmarks.serving import free_port

ROUNDS = 3
PAGES = (
    "/",
    "/labs/city-lab-5/",
    "/labs/city-lab-5/register/",
    "/labs/city-lab-5/calendar.ics",
    "/api/v1/labs",
)


def starting() -> list[Line]:
    with tempfile.TemporaryDirectory(prefix="citylabs-bench-run-") as folder:
        _run(folder)  # the first time everything is made
        found = [_run(folder) for _round in range(ROUNDS)]
    cpu = Rounds(tuple(cpu * 1000 for cpu, _memory in found), ROUNDS)
    memory = sorted(memory for _cpu, memory in found)[ROUNDS // 2]
    return [
        Line("make run again, until it answers", str(cpu), "", "at most 5 s", cpu.median <= 5000, "", cpu),
        Line("memory of 2 web processes and worker", f"{memory:.0f} MB", "", "at most 260 MB", memory <= 260),
    ]


def _run(folder: str) -> tuple[float, float]:
    """Return CPU seconds until it answers, and MB of memory (PSS) after some pages."""
    port = free_port()
    dropped = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "MAKELEVEL", "LOG_LEVEL")
    env = {name: value for name, value in os.environ.items() if name not in dropped}
    env |= {"VAR_DIR": folder, "PORT": str(port)}
    before = os.times()
    subprocess.run(["scripts/setup"], env=env, check=True, stderr=subprocess.DEVNULL)
    used = os.times()
    setup = used.children_user + used.children_system - before.children_user - before.children_system
    command = [sys.executable, "scripts/run", "--demo"]
    run = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not _answers(port):
            if run.poll() is not None:
                raise RuntimeError(f"scripts/run ended with {run.returncode}")
            time.sleep(0.05)
        cpu = setup + cpu_of_processes(_tree(run.pid))
        time.sleep(5)  # the worker has begun by then
        for page in PAGES:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{page}").close()
        return cpu, sum(_memory(pid) for pid in _tree(run.pid) if pid != run.pid)
    finally:
        run.send_signal(signal.SIGINT)
        run.wait(40)


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=5).close()
    except OSError:
        return False
    return True


def _tree(pid: int) -> list[int]:
    """Return the ids of a process and of all that came of it."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found += _tree(int(child))
    return found


def _memory(pid: int) -> float:
    """Return the MB of a process, shared pages divided by those who share them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
