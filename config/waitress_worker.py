"""A gunicorn worker in which waitress reads requests and writes responses, so that slow clients occupy no thread.

gunicorn manages the processes. In each of them one event loop reads requests; an application thread handles a request
only when its head and body are complete, and is free again when the response is built, not when the client has read
it. Every wait for a client has a timeout.
"""

import os
import re
import resource
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from gunicorn.workers.base import Worker
from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import ChunkedReceiver
from waitress.task import ThreadedTaskDispatcher, WSGITask
from waitress.utilities import BadRequest, Error, RequestEntityTooLarge

from config.overload import MAX_MEGABYTES, WAITED, shedding, too_large

# Seconds.
HEAD_TIMEOUT = 15  # from connecting, or a request's first byte, to the end of its head
BODY_TIMEOUT = 120  # from a request's first byte to its last: 2 MB, the largest upload, at 17 kB/s
IDLE_TIMEOUT = 20  # between two parts of a body, or two parts of an answer that are taken
KEEP_ALIVE_TIMEOUT = 75  # between two requests on one connection; proxies reckon with about as much
LINGER_SECONDS = 1  # that a process which stops leaves connections open, for a request that is under way

# Seconds that a process leaves a new connection to the others: for each request that waits in it, and at most.
STEP_ASIDE, MAX_STEP_ASIDE = 0.001, 0.02
MAX_ACCEPTED = 100  # connections at once, before open ones are looked after

# Bytes.
MAX_REQUEST_LINE = 8 * 1024
MAX_HEAD = 32 * 1024
MAX_CHUNK_LINE = 1024  # a chunk's size and extensions, of which we know none
MAX_TRAILER = 8 * 1024
MAX_BODY = MAX_MEGABYTES * 1024 * 1024
# Of a larger body, what is read and thrown away before the answer: a browser that is still sending shows none. As the
# proxies' own limit in deploy/.
MAX_DISCARDED = 100 * 1024 * 1024
# In one process: of bodies of requests, whole or not, and of answers that clients have not taken.
MAX_BUFFERED = 128 * 1024 * 1024

RESERVED_FILES = 200  # that a process has open beside its connections


class RequestTimeout(Error):
    code = 408
    reason = "Request Timeout"


class BodyTooLarge(Error):
    """Is answered with a page in the reader's language, or a problem for programs."""

    code = 413
    reason = "Content Too Large"

    def __init__(self, request: "Parser") -> None:
        self.said, self.page = too_large(request.path, request.query, request.headers)

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        return f"{self.code} {self.reason}", self.said, self.page


class URITooLong(BadRequest):
    code = 414
    reason = "URI Too Long"


class Parser(HTTPRequestParser):
    """Parses requests after RFC 9112 §6.1 and §6.3: rejects ambiguous body lengths.

    Chunk headers and trailers are limited, since waitress parses them from the start with each part that arrives.
    """

    body_rcv: Any
    error: Any
    discarding = 0  # bytes of a body that is too large, still to come

    def received(self, data: bytes) -> int:
        if self.discarding:
            taken = min(len(data), self.discarding)
            self.discarding -= taken
            self.completed = not self.discarding
            return taken
        taken = int(super().received(data))
        if isinstance(self.error, RequestEntityTooLarge):
            self.error = BodyTooLarge(self)
            if not self.chunked and self.content_length <= MAX_DISCARDED:
                self.discarding, self.completed = self.content_length, False
        body = self.body_rcv
        if isinstance(body, ChunkedReceiver) and (
            len(body.control_line) > MAX_CHUNK_LINE or len(body.trailer) > MAX_TRAILER
        ):
            self.error = BadRequest("A chunk's first line, or what follows the last chunk, is too long")
            self.completed = True
        return taken

    def parse_header(self, header_plus: bytes) -> None:
        codings = re.findall(rb"(?im)^transfer-encoding[ \t]*:[ \t]*(.*?)[ \t\r]*$", header_plus)
        super().parse_header(header_plus)
        if codings and (
            self.version != "1.1" or "CONTENT_LENGTH" in self.headers or codings[0].lower() != b"chunked"
            or len(codings) > 1
        ):  # fmt: skip
            raise ParsingError("Transfer-Encoding does not fit this request")
        if len(self.first_line) > MAX_REQUEST_LINE:
            self.error = URITooLong(f"The request line is longer than {MAX_REQUEST_LINE} bytes")
            self.body_rcv = None  # the connection is closed after the answer


class ResponseTask(WSGITask):
    """Tells the application how long the request waited for a thread.

    Keeps the connection after a response without a body and so without a length (RFC 9112 §6.3), such as 304.
    """

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        return {**environ, WAITED: self.channel.waited}

    def build_response_header(self) -> bytes:
        if not self.channel.server.accepting:
            # The process stops: the client is to send what comes next to another one, by another connection.
            super().set_close_on_finish()
        return bytes(super().build_response_header())

    def set_close_on_finish(self) -> None:
        is_asked = self.request.headers.get("CONNECTION", "").lower() == "close" or self.version != "1.1"
        if self.has_body or is_asked:
            super().set_close_on_finish()


class Channel(HTTPChannel):
    """A connection that records when its client began to send the current request."""

    parser_class = Parser
    task_class = ResponseTask
    began: float | None = None  # the first byte of an incomplete request (time.time())
    served = 0
    queued_at = 0.0  # when the current request came to wait for a thread (time.monotonic())
    waited = 0.0  # seconds that it did

    def received(self, data: bytes) -> bool:
        taken = super().received(data)
        if self.request is None:
            self.began = None
        elif self.began is None:
            self.began = time.time()
        return bool(taken)

    def service(self) -> None:
        self.served += 1
        self.waited = time.monotonic() - self.queued_at
        super().service()

    def write_soon(self, data: Any) -> int:
        if not self.total_outbufs_len:
            self.last_activity = time.time()  # the client's timeout starts now
        return int(super().write_soon(data))

    @property
    def is_working(self) -> bool:
        """Tell whether a complete request waits for its response, or a response for its client."""
        return bool(self.requests or self.total_outbufs_len)

    @property
    def wait_began(self) -> float:
        """When the wait for the client began (time.time())."""
        return float(self.began or self.last_activity)

    @property
    def buffered(self) -> int:
        """Bytes in memory of requests and of responses not yet sent."""
        requests = [*list(self.requests), *([self.request] if self.request else [])]
        return int(self.total_outbufs_len) + sum(request.body_bytes_received for request in requests)

    def is_late(self, now: float) -> bool:
        """Tell whether the client has exceeded a timeout."""
        silent = now - self.last_activity
        if self.requests and self.total_outbufs_len < self.adj.send_bytes:
            return False  # the application is still building the response
        if self.total_outbufs_len:
            return silent > IDLE_TIMEOUT
        if self.began is None:
            return silent > (KEEP_ALIVE_TIMEOUT if self.served else HEAD_TIMEOUT)
        if not self.request.headers_finished:
            return now - self.began > HEAD_TIMEOUT
        return silent > IDLE_TIMEOUT or now - self.began > BODY_TIMEOUT

    def abort(self) -> None:
        """Close the connection, with a 408 if the request is incomplete. Called by the event loop only."""
        if self.began is not None and not self.is_working:
            _status, _headers, body = RequestTimeout("The request did not arrive in time").to_response()
            head = f"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
            try:
                self.socket.send(head.encode() + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + body)
            except OSError:
                pass
        if self.request is not None:
            self.request.close()
        self.handle_close()


class Dispatcher(ThreadedTaskDispatcher):
    """Records when a request comes to wait."""

    def add_task(self, task: Channel) -> None:
        task.queued_at = time.monotonic()
        super().add_task(task)


class WaitressWorker(Worker):
    """The process. Takes gunicorn's settings `threads`, `worker_connections`, `graceful_timeout`, `max_requests`."""

    def init_process(self) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self.cfg.worker_connections + RESERVED_FILES
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        self.connections = max(wanted - RESERVED_FILES, 50)
        self.map: dict[int, Any] = {}
        self.servers: list[Any] = []
        self.dispatcher = Dispatcher()
        super().init_process()

    def handle_exit(self, sig: int, frame: Any) -> None:
        self.alive = False
        for server in self.servers:
            server.pull_trigger()  # wake the event loop

    def run(self) -> None:
        """Serve until stopped, then finish open requests."""
        self.application = shedding(self.wsgi)
        self.dispatcher.set_thread_count(self.cfg.threads)
        self.servers = [self.server_for(listener.sock) for listener in self.sockets]
        looked_at = 0.0
        while self.alive and self.has_parent():
            self.notify()
            wasyncore.loop(timeout=1.0, use_poll=True, map=self.map, count=1)
            now = time.time()
            channels = self.channels()
            if now - looked_at >= 1 or len(channels) > self.connections:
                looked_at = now
                self.shed(channels, now)
            if self.nr >= self.max_requests:
                self.log.info("Worker %s is renewed after %s requests", self.pid, self.nr)
                self.alive = False
        self.finish()

    def server_for(self, listener: Any) -> Any:
        """Return waitress's server on one of gunicorn's listening sockets."""
        server = create_server(
            self.call_application,
            map=self.map,
            _dispatcher=self.dispatcher,
            sockets=[listener],
            threads=self.cfg.threads,
            backlog=self.cfg.backlog,
            ident=None,
            # core.web.rate_limits and SECURE_PROXY_SSL_HEADER decide which proxy headers to trust.
            clear_untrusted_proxy_headers=False,
            max_request_header_size=MAX_HEAD,
            max_request_body_size=MAX_BODY + 1,
            # Buffers stay in memory, since a full disk must not stop the service; `shed` bounds them.
            inbuf_overflow=2 * MAX_BODY,
            outbuf_overflow=MAX_BUFFERED,
            outbuf_high_watermark=MAX_BUFFERED // 4,
            connection_limit=self.connections + 150,  # never reached: `shed` makes room before
            cleanup_interval=24 * 60 * 60,  # `shed` closes late connections
            channel_timeout=24 * 60 * 60,
        )
        server.channel_class = Channel
        server.handle_accept = partial(self.accept, server, server.handle_accept)
        server.server_name = server.effective_host
        return server

    def accept(self, server: Any, accept_one: Callable[[], None]) -> None:
        """Accept the connections that wait, a moment later the more requests wait for a thread here.

        Processes share the listening socket: the one with less to do comes first. Without this their queues drift apart
        under load, and half of the people wait twice as long as the others.
        """
        if queued := len(self.dispatcher.queue):
            time.sleep(min(queued * STEP_ASIDE, MAX_STEP_ASIDE))
        for _number in range(MAX_ACCEPTED):
            before = len(server.active_channels)
            accept_one()
            if len(server.active_channels) == before:
                return

    def call_application(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Count the request and call the application."""
        self.nr += 1
        return self.application(environ, start_response)

    def channels(self) -> list[Channel]:
        return [channel for server in self.servers for channel in list(server.active_channels.values())]

    def shed(self, channels: list[Channel], now: float) -> None:
        """Close connections whose clients are late, the longest-waiting ones above the limit of connections, and the
        largest ones above the limit of memory.
        """
        for channel in channels:
            if channel.is_late(now):
                channel.abort()
        # Those with a response to send come last.
        waiting = sorted(
            (channel for channel in channels if channel.connected and not channel.requests),
            key=lambda channel: (channel.is_working, channel.wait_began),
        )
        for channel in waiting[: max(0, len(self.channels()) - self.connections)]:
            channel.abort()
        buffered = {channel: channel.buffered for channel in channels if channel.connected}
        too_much = sum(buffered.values()) - MAX_BUFFERED
        for channel in sorted(buffered, key=lambda channel: -buffered[channel]):
            if too_much <= 0:
                break
            too_much -= buffered[channel]
            channel.abort()
            self.drop_queued_requests(channel)

    def drop_queued_requests(self, channel: Channel) -> None:
        """Drop queued requests of this connection, unless a thread has taken one."""
        with self.dispatcher.lock:
            if channel in self.dispatcher.queue:
                self.dispatcher.queue.remove(channel)
                for request in channel.requests:
                    request.close()
                channel.requests = []

    def finish(self) -> None:
        """Accept no more connections, answer open requests, and shut down."""
        for server in self.servers:
            server.accepting = False
            server.del_channel()
            server.socket.close()
        began = time.time()
        deadline = began + self.cfg.graceful_timeout
        while time.time() < deadline:
            self.notify()
            for channel in self.channels():
                if not channel.is_working and time.time() - began > LINGER_SECONDS:
                    channel.abort()
            if not self.channels():
                break
            wasyncore.loop(timeout=0.2, use_poll=True, map=self.map, count=1)
        self.dispatcher.shutdown(timeout=max(0.1, deadline - time.time()))

    def has_parent(self) -> bool:
        """Tell whether gunicorn's master process is still running."""
        return self.ppid == os.getppid()
