"""A real server on loopback that receives webhooks, well or ill, and the ways to it."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from core.webhooks import egress

HOST = "hooks.example.org"
PUBLIC = "93.184.216.34"


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What arrived, and how it is answered; answers may be changed while the server runs.

    `drip` is sent byte by byte, one every 50 ms, until the other side has had enough; `is_silent` says nothing.
    """

    port: int = 0
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    drip: bytes = b""
    is_silent: bool = False
    received: list[Received] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)  # of TLS (SNI)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, body))
            if receiver.is_silent:
                receiver.over.wait(20)
                return
            if receiver.drip:
                self._drip()
                return
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            if receiver.status != 204 and "Content-Length" not in receiver.headers:
                self.send_header("Content-Length", str(len(receiver.body)))
            self.end_headers()
            self.wfile.write(receiver.body)

        def _drip(self) -> None:
            for place in range(400):
                if receiver.over.wait(0.05):
                    return
                self.wfile.write(receiver.drip[place % len(receiver.drip) :][:1])

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The other side hung up, as some tests want it to."""


@contextmanager
def receiving(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver, with TLS if a context is given."""
    receiver = Receiver()
    server = _Server(("127.0.0.1", 0), _handler(receiver))
    if context is not None:
        context.sni_callback = lambda _sock, name, _context: receiver.names.append(name)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def certificate(folder: Path, name: str = HOST) -> tuple[ssl.SSLContext, Path]:
    """Return a server's context with a certificate for this name, and the file with which clients trust it."""
    key, chain = folder / "key.pem", folder / "chain.pem"
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key), "-out", str(chain),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context, chain


def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Answer look-ups with these lists of addresses in turn, the last one for ever; return the names asked for."""
    asked: list[str] = []

    def look_up(host: str, port: int, **_more: object) -> list[Any]:
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (each, port, 0, 0))
            if ":" in each
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in found
        ]

    monkeypatch.setattr(egress.socket, "getaddrinfo", look_up)
    return asked


def internet(monkeypatch: pytest.MonkeyPatch, way: Callable[[Any], Any]) -> list[Any]:
    """Lead every connection to the address that `way` gives for it; return the addresses that were asked for."""
    asked: list[Any] = []
    connect = socket.socket.connect

    def led(sock: socket.socket, address: Any) -> None:
        asked.append(address)
        connect(sock, way(address))

    monkeypatch.setattr(socket.socket, "connect", led)
    return asked
