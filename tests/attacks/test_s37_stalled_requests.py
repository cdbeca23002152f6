"""S37: requests that never end. Fifty at once, of each kind, against the server as an operator starts it.

Each thread of the application that waits for a client is one that nobody else gets: with eight of them, eight idle
sockets stopped everything. Clients get a limit of time, and no thread, until their request is whole.
"""

import http.client
import os
import re
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from waitress import wasyncore
from waitress.task import ThreadedTaskDispatcher

from config import waitress_worker
from tests.e2e.running_service import Service, running

pytestmark = pytest.mark.xdist_group("workers")

SOCKETS = 50
MAKE_A_LAB = """
from django.utils import translation
from labs.models import Lab
from tests.factories import LabFactory, SessionFactory
LabFactory(slug="main-lab", title="Main lab", visibility="public")
SessionFactory(lab=Lab.objects.get(), visibility="public")
"""
POST = (
    b"POST /registrations/link/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n"
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("stalled")) as service:
        service.manage("shell", "-c", MAKE_A_LAB)
        for _time in range(10):  # each process reads its templates once
            urllib.request.urlopen(f"{service.base}/labs/main-lab/", timeout=30).close()
        yield service


def port_of(service: Service) -> int:
    return int(service.environment["PORT"])


def connect(service: Service, sent: bytes = b"", buffer: int = 0) -> socket.socket:
    """Return a connection that has sent these bytes, with a small buffer for what it receives where asked for."""
    client = socket.socket()
    if buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    client.settimeout(60)
    client.connect(("127.0.0.1", port_of(service)))
    client.sendall(sent)
    return client


def answer(client: socket.socket) -> bytes:
    """Read until the server closes the connection."""
    received = b""
    try:
        while part := client.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return received


def status_within_a_second(service: Service, path: str) -> int:
    """Ask on a connection of its own; the whole answer has to be there within a second."""
    client = http.client.HTTPConnection("127.0.0.1", port_of(service), timeout=1)
    began = time.monotonic()
    client.request("GET", path)
    response = client.getresponse()
    response.read()
    client.close()
    assert time.monotonic() - began < 1, path
    return response.status


def test_a_connection_is_kept_after_an_answer_without_a_body(service: Service) -> None:
    client = http.client.HTTPConnection("127.0.0.1", port_of(service), timeout=10)
    client.request("GET", "/labs/main-lab/calendar.ics")
    first = client.getresponse()
    first.read()
    own_end = client.sock.getsockname()

    for _time in range(2):
        client.request("GET", "/labs/main-lab/calendar.ics", headers={"If-None-Match": first.headers["ETag"]})
        again = client.getresponse()
        assert (again.status, again.read(), again.headers["Connection"]) == (304, b"", None)
        assert client.sock is not None
        assert client.sock.getsockname() == own_end
    client.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /labs/main-lab/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Part: ",
        POST + b"Content-Length: 500\r\n\r\nemail=",
        POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nemail",
        POST + b"Content-Length: 500\r\nExpect: 100-continue\r\n\r\n",
        b"GET /labs/main-lab/calendar.ics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    ],
    ids=["nothing", "head", "body", "chunks", "continue", "answers-not-read"],
)
def test_fifty_stalled_sockets_hold_up_nobody(service: Service, sent: bytes) -> None:
    stalled = [connect(service, sent, buffer=2048) for _number in range(SOCKETS)]
    try:
        for _time in range(3):
            assert status_within_a_second(service, "/health/live") == 200
            assert status_within_a_second(service, "/labs/main-lab/") == 200
    finally:
        for client in stalled:
            client.close()


def test_a_request_that_comes_byte_by_byte_is_ended_in_time_and_told_so(service: Service) -> None:
    head = connect(service, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    body = connect(service, POST + b"Content-Length: 500\r\n\r\nemail=")
    began = time.monotonic()
    head.settimeout(0.2)
    while True:  # each byte is a sign of life, and none of them helps
        try:
            head.sendall(b"X")
            if received := head.recv(1000):
                break
        except TimeoutError:
            continue
    assert received.startswith(b"HTTP/1.1 408 ")
    assert 10 < time.monotonic() - began < 20
    assert answer(body).startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (
            b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n",
            400,
        ),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 501),
        (b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
        (b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400),
        (b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 400),
        (b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
        (b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nemail=", 400),
        (b"Content-Length: +5\r\n\r\nemail", 400),
        (b"Content-Length: 99999999999\r\n\r\nemail", 413),
        (b"X-Long: " + b"x" * 32_768, 431),
        (b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 2_000, 400),
        (b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: " + b"x" * 10_000, 400),
    ],
    ids=range(12),
)
def test_a_request_that_can_be_read_in_two_ways_or_is_too_long_is_refused(
    service: Service, sent: bytes, status: int
) -> None:
    received = answer(connect(service, POST + sent))
    assert re.findall(rb"^HTTP/1\.[01] (\d+)", received, re.MULTILINE) == [str(status).encode()]


def test_chunks_in_a_request_of_the_old_version_are_refused(service: Service) -> None:
    sent = POST.replace(b"HTTP/1.1", b"HTTP/1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert b" 400 " in answer(connect(service, sent)).splitlines()[0]


def test_a_long_address_is_refused(service: Service) -> None:
    received = answer(connect(service, b"GET /?" + b"q" * 9000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"))
    assert received.startswith(b"HTTP/1.1 414 ")


@pytest.mark.parametrize(
    ("headers", "kind", "words"),
    [
        (b"Accept-Language: el\r\n", b"text/html", "έως 10 MB"),
        (b"Accept-Language: el\r\nCookie: language=bg\r\n", b"text/html", "до 10 MB"),
    ],
    ids=["browser", "chosen"],
)
def test_files_that_are_too_large_are_read_and_answered_with_a_page(
    service: Service, headers: bytes, kind: bytes, words: str
) -> None:
    """The browser has sent everything before it reads: an answer before would be a lost connection to it."""
    size = waitress_worker.MAX_BODY + 1
    received = answer(connect(service, POST + headers + b"Content-Length: %d\r\n\r\n" % size + b"x" * size))
    head, _empty, page = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert kind in head
    assert words in page.decode()


def test_bodies_that_wait_for_a_thread_take_a_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """All threads wait for a database that does not answer, and large requests go on arriving, whole."""
    monkeypatch.setattr(waitress_worker, "MAX_BUFFERED", 200_000)
    worker = waitress_worker.WaitressWorker.__new__(waitress_worker.WaitressWorker)
    worker.cfg = SimpleNamespace(threads=0, backlog=100)
    worker.connections, worker.map = 100, {}
    worker.dispatcher = ThreadedTaskDispatcher()  # has no thread
    with socket.create_server(("127.0.0.1", 0)) as listener:
        worker.servers = [worker.server_for(listener)]

        def send(size: int) -> socket.socket:
            client = socket.create_connection(listener.getsockname())
            client.sendall(POST + b"Content-Length: %d\r\n\r\n" % size + b"x" * size)
            return client

        clients = [send(size) for size in (30_000, 90_000, 80_000, 100_000)]
        for _time in range(200):
            wasyncore.loop(timeout=0.01, map=worker.map, count=1)
        assert sorted(channel.buffered for channel in worker.dispatcher.queue) == [
            30_000,
            80_000,
            90_000,
            100_000,
        ]

        worker.shed(worker.channels(), time.time())

        # The largest goes, and what it sent with it; the others still have their turn.
        assert sorted(channel.buffered for channel in worker.dispatcher.queue) == [30_000, 80_000, 90_000]
        assert len(worker.channels()) == 3
        assert answer(clients[3]) == b""
        for client in clients:
            client.close()
        for channel in worker.channels():
            channel.handle_close()
        worker.servers[0].close()


def workers_of(service: Service) -> list[int]:
    """The process ids of the web server's workers: children of the process that listens, in the order of age."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            environment = (process / "environ").read_bytes()
            children = (process / "task" / process.name / "children").read_text().split()
        except OSError:
            continue
        if b"--serve" in command and f"PORT={port_of(service)}\0".encode() in environment and children:
            return sorted(map(int, children))
    return []


def two_workers(service: Service, beside: int = 0) -> list[int]:
    """Wait until there are two workers, none of them `beside`; return their process ids."""
    deadline = time.monotonic() + 30
    while not (len(now := workers_of(service)) == 2 and beside not in now):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return now


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")
def test_a_process_that_stops_breaks_no_connection_that_is_in_use(service: Service) -> None:
    """As when a process is renewed after so many requests, in the middle of a rush."""
    before, until = two_workers(service), time.monotonic() + 4
    all_answered = threading.Barrier(8 + 1)

    def ask(_number: int) -> tuple[int, int]:
        """Ask on one connection until the time is over; return how many answers came, and how many asked to close."""
        client = http.client.HTTPConnection("127.0.0.1", port_of(service), timeout=20)
        answered = closing = 0
        while time.monotonic() < until:
            client.request("POST", "/health/live")
            response = client.getresponse()
            response.read()
            answered += 1
            if answered == 1:
                all_answered.wait(20)
            closing += response.headers.get("Connection") == "close"
        client.close()
        return answered, closing

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, number) for number in range(8)]
        all_answered.wait(20)
        os.kill(before[0], signal.SIGTERM)
        found = [one.result() for one in asked]
    assert before[0] not in workers_of(service)
    assert min(answered for answered, _closing in found) > 10
    assert sum(closing for _answered, closing in found) >= 1


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")
def test_a_process_that_is_killed_is_replaced_and_one_that_is_stopped_answers_first(service: Service) -> None:
    before = two_workers(service)
    os.kill(before[0], signal.SIGKILL)
    now = two_workers(service, beside=before[0])
    assert status_within_a_second(service, "/health/live") == 200

    # Half of a request is not waited for; a whole one is answered, by whichever process has it.
    for worker in now:
        client = http.client.HTTPConnection("127.0.0.1", port_of(service), timeout=20)
        client.request("GET", "/labs/main-lab/")
        os.kill(worker, signal.SIGTERM)
        assert client.getresponse().status == 200
        client.close()
