"""Reading the emails that a real server took, letter by letter."""

import email.message
import re
import time
from collections import defaultdict
from dataclasses import dataclass, field

from tests.smtp import MailServer

PATIENCE = 120  # seconds; the worker looks every second, and issuing a certificate takes one more


@dataclass(frozen=True)
class Letter:
    """One email as its reader has it."""

    subject: str
    text: str
    html: str
    language: str
    calendars: tuple[bytes, ...]

    def link(self, path: str) -> str:
        """Return the link of the text whose address fits this pattern."""
        found = re.search(rf"http://\S*{path}", self.text)
        assert found, f"no link like {path} in the mail “{self.subject}”:\n{self.text}"
        return found[0]


def letter_of(mail: email.message.EmailMessage) -> Letter:
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None, f"“{mail['Subject']}” has no HTML part"
    return Letter(
        subject=str(mail["Subject"]).strip(),  # a long one begins on the header's second line
        text=text.get_content().replace("\r\n", "\n"),
        html=html.get_content(),
        language=str(mail["Content-Language"]),
        calendars=tuple(
            part.get_payload(decode=True)
            for part in mail.iter_attachments()
            if part.get_content_type() == "text/calendar"
        ),
    )


@dataclass
class Post:
    """The letters of everybody, each read once and in order: one too many is seen like one too few."""

    server: MailServer
    read: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def next_to(self, address: str) -> Letter:
        """Wait for the next letter to this address that nobody has read yet."""
        deadline = time.monotonic() + PATIENCE
        while True:
            letters = self._letters_to(address)
            if len(letters) > self.read[address]:
                self.read[address] += 1
                return letter_of(letters[self.read[address] - 1])
            if time.monotonic() > deadline:
                subjects = [str(mail["Subject"]) for mail in letters]
                raise AssertionError(f"No further mail to {address} in {PATIENCE} s. There were: {subjects}")
            time.sleep(0.1)

    def unread(self) -> dict[str, list[str]]:
        """Return the subjects of what has come and was not read, by address."""
        addresses = {str(mail["To"].addresses[0].addr_spec) for mail in list(self.server.received)}
        left = {
            address: [str(mail["Subject"]) for mail in self._letters_to(address)[self.read[address] :]]
            for address in addresses
        }
        return {address: subjects for address, subjects in left.items() if subjects}

    def _letters_to(self, address: str) -> list[email.message.EmailMessage]:
        with self.server.lock:
            return [
                mail for mail in self.server.received if mail["To"].addresses[0].addr_spec.lower() == address
            ]
