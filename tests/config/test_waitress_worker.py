"""Processes that share a listening socket share what comes to it."""

import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from config import waitress_worker
from config.waitress_worker import Dispatcher, WaitressWorker


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def process(listener: socket.socket, queued: int) -> WaitressWorker:
    """A process with so many requests that wait for a thread; none runs, so they stay."""
    worker = WaitressWorker.__new__(WaitressWorker)
    worker.cfg = SimpleNamespace(threads=1, backlog=64)
    worker.map, worker.connections, worker.dispatcher = {}, 100, Dispatcher()
    worker.dispatcher.queue.extend(range(queued))
    worker.servers = [worker.server_for(listener.dup())]
    return worker


@pytest.mark.parametrize(("queued", "steps_aside"), [(0, []), (7, [0.007]), (5000, [0.02])])
def test_a_process_with_more_to_do_lets_the_other_accept_first(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch, queued: int, steps_aside: list[float]
) -> None:
    busy, idle = process(listener, queued), process(listener, 0)
    slept = []

    def other_comes_first(seconds: float) -> None:
        slept.append(seconds)
        idle.servers[0].handle_accept()

    monkeypatch.setattr(waitress_worker.time, "sleep", other_comes_first)
    clients = [socket.create_connection(listener.getsockname()) for _number in range(5)]
    busy.servers[0].handle_accept()
    assert slept == steps_aside
    assert [len(worker.channels()) for worker in (busy, idle)] == ([0, 5] if queued else [5, 0])

    # Where no other is there, the busy one takes them.
    monkeypatch.setattr(waitress_worker.time, "sleep", lambda _seconds: None)
    clients += [socket.create_connection(listener.getsockname()) for _number in range(3)]
    busy.servers[0].handle_accept()
    assert len(busy.channels()) == (3 if queued else 8)
    for client in clients:
        client.close()
    for worker in (busy, idle):
        for each in [*worker.channels(), *worker.servers]:
            each.socket.close()
