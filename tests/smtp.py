"""A real mail server on loopback, well or ill."""

import asyncio
import email
import email.policy
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from threading import Lock, Thread
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class MailServer:
    """What the server has taken and for whom, and how it answers; answers may be changed while it runs.

    `greeting` is said in place of 220, and the line cut after it; "silence" says nothing. `cut_in_data` cuts the line
    so many times in the middle of an email.
    `to_recipient` and `to_data` are complete replies ("450 4.2.1 Mailbox busy") or None for yes; `hang` waits so
    many seconds before answering DATA; `drop_after_data` keeps the email and cuts the line without an answer;
    `starttls` "refused" offers encryption and then says no.
    """

    port: int = 0
    to_recipient: str | None = None
    to_data: str | None = None
    hang: float = 0
    drop_after_data: int = 0
    cut_in_data: int = 0
    greeting: str = ""
    starttls: str = ""
    connections: int = 0
    logins: int = 0
    received: list[EmailMessage] = field(default_factory=list)
    octets: list[bytes] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def message_ids(self) -> list[str]:
        """The Message-IDs taken so far, in order, doubles included."""
        with self.lock:
            return [str(mail["Message-ID"]) for mail in self.received]

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return ["250-STARTTLS", *responses] if self.starttls == "refused" else responses

    async def handle_AUTH(
        self, server: SMTP, session: Session, envelope: Envelope, arguments: list[str]
    ) -> str:
        self.logins += 1
        return "535 5.7.8 No"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        if self.to_recipient is not None:
            return self.to_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.hang:
            await asyncio.sleep(self.hang)
        if self.to_data is not None:
            return self.to_data
        content = envelope.content
        assert isinstance(content, bytes)
        with self.lock:
            self.octets.append(content)
            self.received.append(email.message_from_bytes(content, policy=email.policy.default))
            self.recipients.append(list(map(str, envelope.rcpt_tos)))
        if self.drop_after_data:
            self.drop_after_data -= 1
            assert server.transport is not None
            server.transport.abort()
        return "250 Taken"


class FaultySMTP(SMTP):
    """The dialogue itself, which may end before it begins or in the middle of an email."""

    event_handler: MailServer

    async def _handle_client(self) -> None:
        if self.event_handler.greeting == "silence":
            await asyncio.sleep(60)
        elif self.event_handler.greeting:
            await self.push(self.event_handler.greeting)
        else:
            await super()._handle_client()
            return
        self.transport.close()

    async def smtp_DATA(self, argument: str) -> None:
        if not self.event_handler.cut_in_data:
            await super().smtp_DATA(argument)
            return
        self.event_handler.cut_in_data -= 1
        await self.push("354 Go on")
        await self._reader.readline()
        self.transport.abort()


@contextmanager
def mail_server(**answers: Any) -> Iterator[MailServer]:
    """Run a mail server on a free port of 127.0.0.1, in a thread of its own."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # every line of every dialogue otherwise
    handler = MailServer(**answers)
    # Bound here, served over there: the caller's own thread may already run a loop, as Playwright's does.
    listening = socket.create_server(("127.0.0.1", 0))
    handler.port = listening.getsockname()[1]
    loop = asyncio.new_event_loop()
    stopped = asyncio.Event()

    async def serve() -> None:
        server = await loop.create_server(
            lambda: FaultySMTP(handler, enable_SMTPUTF8=True, loop=loop), sock=listening
        )
        await stopped.wait()
        server.close()

    thread = Thread(target=loop.run_until_complete, args=[serve()], name="mail server", daemon=True)
    thread.start()
    try:
        yield handler
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join()
        loop.close()
