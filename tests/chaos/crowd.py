"""People who register over HTTP while the service is killed under them: they press again until they are answered.

What a page or the API answered to whom is kept, to be compared with what is stored in the end.
"""

import http.client
import json
import random
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from core.web.idempotency import new_form_key
from tests.smtp import MailServer

CLIENTS = 8
PATIENCE = 300  # seconds until an answer
CONFIRM_LINK = re.compile(r"http://\S*(/registrations/\S+/confirm/)")
# What a person's own page says of each session.
SEAT_STATE = re.compile(
    r'id="seat-([\w-]+)".*?(Your seat is confirmed|Waiting list: you are number)', re.DOTALL
)
STATES = {"Your seat is confirmed": "confirmed", "Waiting list: you are number": "waiting"}


class Refused(Exception):
    """The service answered, and not as it does to somebody who did everything right."""


@dataclass
class Person:
    """One person, what he or she sends, and what was answered so far: `acknowledged` "sent", "confirmed", "cancelled".

    `seats` are the states by session that the own page showed after the confirmation.
    """

    email: str
    form: dict[str, Any]
    by_api: bool
    cancels: bool
    acknowledged: str = ""
    seats: dict[str, str] = field(default_factory=dict)


class Crowd:
    """Sends what people do from several threads, and confirms what arrives at the mail server."""

    def __init__(self, base: str, lab: str, post: MailServer, people: list[Person], clients: int) -> None:
        self.base, self.lab, self.post = base, lab, post
        self.people = {person.email: person for person in people}
        self.read = 0
        self.again = 0  # requests that had to be sent again
        self.answered = 0
        self.answered_at = time.monotonic()
        self.errors: list[BaseException] = []
        self.asked: set[str] = set()
        self.lock = threading.Lock()
        self.own = threading.local()
        self.pool = ThreadPoolExecutor(clients)

    def start(self) -> None:
        for person in self.people.values():
            self._submit(self._register, person)

    def confirm_what_arrived(self) -> None:
        """Have the links followed of the emails that arrived since the last call, each once."""
        with self.post.lock:
            mails = self.post.received[self.read :]
        self.read += len(mails)
        for mail in mails:
            address = mail["To"].addresses[0].addr_spec
            body = mail.get_body(("plain",))
            found = body and CONFIRM_LINK.search(body.get_content())
            if found and address in self.people and address not in self.asked:
                self.asked.add(address)
                self._submit(self._confirm, self.people[address], found[1])

    def count(self, *acknowledged: str) -> int:
        return sum(person.acknowledged in acknowledged for person in self.people.values())

    def is_done(self) -> bool:
        """Tell whether everybody was answered; raises what went wrong, also where nobody is answered any more."""
        if self.errors:
            raise self.errors[0]
        assert time.monotonic() - self.answered_at < PATIENCE, "nobody is answered any more"
        return all(
            person.acknowledged == ("cancelled" if person.cancels else "confirmed")
            for person in self.people.values()
        )

    def _submit(self, work: Any, *arguments: Any) -> None:
        future = self.pool.submit(work, *arguments)
        future.add_done_callback(self._note)

    def _note(self, future: "Future[None]") -> None:
        if not future.cancelled() and (error := future.exception()):
            self.errors.append(error)

    def _register(self, person: Person) -> None:
        if person.by_api:
            headers = {"Content-Type": "application/json", "Idempotency-Key": person.form["key"]}
            body = json.dumps(person.form["body"])
            self.ask("POST", f"/api/v1/labs/{self.lab}/registrations", 202, body, **headers)
        else:
            self.press(f"/labs/{self.lab}/register/", 200, **person.form)
        person.acknowledged = person.acknowledged or "sent"

    def _confirm(self, person: Person, path: str) -> None:
        own_page, _body = self.press(path, 302)
        page = self.ask("GET", own_page, 200)[1]
        person.seats = {slug: STATES[words] for slug, words in SEAT_STATE.findall(page)}
        person.acknowledged = "confirmed"
        if person.cancels:
            self.press(f"{urlsplit(own_page).path}cancel/", 302, 200)
            person.acknowledged = "cancelled"

    def press(self, path: str, *expected: int, **form: Any) -> tuple[str, str]:
        """Send a form as a browser does, with the same key however often; return Location and body."""
        data = urlencode({"form_key": new_form_key(), **form}, doseq=True)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        return self.ask("POST", path, expected, data, **headers)

    def ask(
        self, method: str, path: str, expected: int | tuple[int, ...], body: str | None = None, **headers: str
    ) -> tuple[str, str]:
        """Ask until there is an answer: a lost connection and 503 are asked again, all else has to be as expected."""
        expected = expected if isinstance(expected, tuple) else (expected,)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                status, location, text = self._once(method, path, body, headers)
            except (OSError, http.client.HTTPException) as error:
                self._forget_connection()
                status, location, text = 0, "", repr(error)
            if status in expected:
                with self.lock:
                    self.answered += 1
                    self.answered_at = time.monotonic()
                return location, text
            if status not in (0, 503) or time.monotonic() > deadline:
                raise Refused(f"{method} {path.split('/')[-2]}: {status} {text[-600:]}")
            with self.lock:
                self.again += 1
            time.sleep(0.2)

    def _once(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[int, str, str]:
        if getattr(self.own, "line", None) is None:
            self.own.line = http.client.HTTPConnection(urlsplit(self.base).netloc, timeout=60)
        network = f"2001:db8:{random.getrandbits(16):x}:{random.getrandbits(16):x}::1"
        said = {"Origin": self.base, "Accept-Language": "en", "X-Forwarded-For": network, **headers}
        self.own.line.request(method, path, body and body.encode(), said)
        answer = self.own.line.getresponse()
        return answer.status, answer.headers.get("Location", ""), answer.read().decode()

    def _forget_connection(self) -> None:
        if getattr(self.own, "line", None) is not None:
            self.own.line.close()
            self.own.line = None


@contextmanager
def crowd(
    base: str, lab: str, post: MailServer, people: list[Person], clients: int = CLIENTS
) -> Iterator[Crowd]:
    """Let people begin to register; what is still to be done at the end is given up."""
    one = Crowd(base, lab, post, people, clients)
    try:
        one.start()
        yield one
    finally:
        one.pool.shutdown(cancel_futures=True)
