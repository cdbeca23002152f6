"""A gunicorn worker in which waitress reads requests and writes answers, so that slow clients take no thread.

gunicorn keeps the processes: it forks them, replaces one that died, stops and reloads them. In each of them one loop
reads requests; a thread of the application is taken only for a request whose head and body are there, and is free
again when the answer is made, not when the client has read it. Every wait for a client has an end.
"""

import os
import re
import resource
import time
from typing import Any

from gunicorn.workers.base import Worker
from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import ChunkedReceiver
from waitress.task import ThreadedTaskDispatcher, WSGITask
from waitress.utilities import BadRequest, Error

# Seconds a client may take.
HEAD_WITHIN = 15  # from connecting, or a request's first byte, to the end of its head
BODY_WITHIN = 120  # from a request's first byte to its last: 2 MB, the largest upload, at 17 kB/s
SILENCE = 20  # between two parts of a body, or two parts of an answer that are taken
KEEP_ALIVE = 75  # between two requests on one connection; proxies reckon with about as much
LINGER = 1  # that a process which stops leaves connections open, for a request that is under way

# Bytes.
REQUEST_LINE = 8 * 1024
HEAD = 32 * 1024
CHUNK_LINE = 1024  # a chunk's size and extensions, of which we know none
TRAILER = 8 * 1024
BODY = 10 * 1024 * 1024  # as the proxies' own limit in deploy/
# In one process: of bodies of requests, whole or not, and of answers that clients have not taken.
HELD = 128 * 1024 * 1024

OTHER_FILES = 200  # that a process has open beside its connections


class RequestTimeout(Error):
    code = 408
    reason = "Request Timeout"


class URITooLong(BadRequest):
    code = 414
    reason = "URI Too Long"


class Parser(HTTPRequestParser):
    """Reads requests as RFC 9112 §6.1 and §6.3 ask for: a body whose end can be read in two ways is refused.

    What stands between the chunks of a body is looked at from its beginning with each part that arrives: it is short.
    """

    body_rcv: Any

    def received(self, data: bytes) -> int:
        taken = int(super().received(data))
        body = self.body_rcv
        if isinstance(body, ChunkedReceiver) and (
            len(body.control_line) > CHUNK_LINE or len(body.trailer) > TRAILER
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
        if len(self.first_line) > REQUEST_LINE:
            self.error = URITooLong(f"The request line is longer than {REQUEST_LINE} bytes")
            self.body_rcv = None  # the connection is closed after the answer


class Answer(WSGITask):
    """Keeps the connection after an answer that has no body and so no length (RFC 9112 §6.3): 304 above all."""

    def set_close_on_finish(self) -> None:
        is_asked = self.request.headers.get("CONNECTION", "").lower() == "close" or self.version != "1.1"
        if self.has_body or is_asked:
            super().set_close_on_finish()


class Channel(HTTPChannel):
    """A connection that knows since when its client has been sending the request at hand."""

    parser_class = Parser
    task_class = Answer
    began: float | None = None  # the first byte of a request that is not whole yet (time.time())
    served = 0

    def received(self, data: bytes) -> bool:
        taken = super().received(data)
        if self.request is None:
            self.began = None
        elif self.began is None:
            self.began = time.time()
        return bool(taken)

    def service(self) -> None:
        self.served += 1
        super().service()

    def write_soon(self, data: Any) -> int:
        if not self.total_outbufs_len:
            self.last_activity = time.time()  # the client's time starts now, however long the answer took
        return int(super().write_soon(data))

    @property
    def is_working(self) -> bool:
        """Tell whether a whole request waits for its answer, or an answer for its client."""
        return bool(self.requests or self.total_outbufs_len)

    @property
    def waiting_since(self) -> float:
        """When the client began what is being waited for (time.time())."""
        return float(self.began or self.last_activity)

    @property
    def held(self) -> int:
        """Bytes in memory that wait for the client, or for a thread."""
        requests = [*list(self.requests), *([self.request] if self.request else [])]
        return int(self.total_outbufs_len) + sum(request.body_bytes_received for request in requests)

    def is_late(self, now: float) -> bool:
        """Tell whether the client has taken longer than it may."""
        silent = now - self.last_activity
        if self.requests and self.total_outbufs_len < self.adj.send_bytes:
            return False  # the application is at work, and what it has made so far is sent with the rest
        if self.total_outbufs_len:
            return silent > SILENCE
        if self.began is None:
            return silent > (KEEP_ALIVE if self.served else HEAD_WITHIN)
        if not self.request.headers_finished:
            return now - self.began > HEAD_WITHIN
        return silent > SILENCE or now - self.began > BODY_WITHIN

    def give_up(self) -> None:
        """End the connection, with a word to a client whose request is not whole. Called by the loop only."""
        if self.began is not None and not self.is_working:
            _status, _headers, body = RequestTimeout("The request did not arrive in time").to_response()
            head = f"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
            try:
                self.socket.send(head.encode() + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + body)
            except OSError:  # it does not listen either
                pass
        if self.request is not None:
            self.request.close()
        self.handle_close()


class WaitressWorker(Worker):
    """The process. Takes gunicorn's settings `threads`, `worker_connections`, `graceful_timeout`, `max_requests`."""

    def init_process(self) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self.cfg.worker_connections + OTHER_FILES
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        self.connections = max(wanted - OTHER_FILES, 50)
        self.map: dict[int, Any] = {}
        self.servers: list[Any] = []
        self.dispatcher = ThreadedTaskDispatcher()
        super().init_process()

    def handle_exit(self, sig: int, frame: Any) -> None:
        self.alive = False
        for server in self.servers:
            server.pull_trigger()  # the loop need not wait for its next second

    def run(self) -> None:
        """Serve until asked to stop, then finish what was begun."""
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
            self.counted,
            map=self.map,
            _dispatcher=self.dispatcher,
            sockets=[listener],
            threads=self.cfg.threads,
            backlog=self.cfg.backlog,
            ident=None,
            # What proxies say about clients is for core.web.rate_limits and SECURE_PROXY_SSL_HEADER to believe or not.
            clear_untrusted_proxy_headers=False,
            max_request_header_size=HEAD,
            max_request_body_size=BODY + 1,
            # What waits for clients does so in memory, since a full disk must not stop anything; `shed` bounds it.
            inbuf_overflow=2 * BODY,
            outbuf_overflow=HELD,
            outbuf_high_watermark=HELD // 4,
            connection_limit=self.connections + 150,  # never reached: `shed` makes room before
            cleanup_interval=24 * 60 * 60,  # `shed` looks after late clients
            channel_timeout=24 * 60 * 60,
        )
        server.channel_class = Channel
        server.server_name = server.effective_host
        return server

    def counted(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Call the application."""
        self.nr += 1
        return self.wsgi(environ, start_response)

    def channels(self) -> list[Channel]:
        return [channel for server in self.servers for channel in list(server.active_channels.values())]

    def shed(self, channels: list[Channel], now: float) -> None:
        """End connections whose clients are late; where there are too many, those waited for longest.

        Where too much is held in memory, those go that hold most of it.
        """
        for channel in channels:
            if channel.is_late(now):
                channel.give_up()
        # Those with an answer to take come last: they may be slow, and they asked for something.
        waiting = sorted(
            (channel for channel in channels if channel.connected and not channel.requests),
            key=lambda channel: (channel.is_working, channel.waiting_since),
        )
        for channel in waiting[: max(0, len(self.channels()) - self.connections)]:
            channel.give_up()
        held = {channel: channel.held for channel in channels if channel.connected}
        too_much = sum(held.values()) - HELD
        for channel in sorted(held, key=lambda channel: -held[channel]):
            if too_much <= 0:
                break
            too_much -= held[channel]
            channel.give_up()
            self.forget_requests(channel)

    def forget_requests(self, channel: Channel) -> None:
        """Let go of requests that wait for a thread, where none has been taken for this connection."""
        with self.dispatcher.lock:
            if channel in self.dispatcher.queue:
                self.dispatcher.queue.remove(channel)
                for request in channel.requests:
                    request.close()
                channel.requests = []

    def finish(self) -> None:
        """Take no more connections, answer the requests that are there, and end."""
        for server in self.servers:
            server.accepting = False
            server.del_channel()
            server.socket.close()
        began = time.time()
        deadline = began + self.cfg.graceful_timeout
        while time.time() < deadline:
            self.notify()
            for channel in self.channels():
                if not channel.is_working and time.time() - began > LINGER:
                    channel.give_up()
            if not self.channels():
                break
            wasyncore.loop(timeout=0.2, use_poll=True, map=self.map, count=1)
        self.dispatcher.shutdown(timeout=max(0.1, deadline - time.time()))

    def has_parent(self) -> bool:
        """Tell whether gunicorn's first process, which keeps this one, still lives."""
        return self.ppid == os.getppid()
