"""An email as octets (RFC 5322, 2045, 2047): lines that any server takes, and words that any program reads back.

Django writes bodies in 8 bits with lines of any length below 998 octets, names as one encoded word however long, and
long subjects that begin with an empty line; Python's own policy writes encoded words of 77 octets. RFC 2047 allows 75,
in lines of 76.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from email.generator import BytesGenerator
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import formatdate, parseaddr
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

LINE = 76
_ENCODED = "=?utf-8?b?{}?="
_AROUND = len(_ENCODED.format(""))
_WORD = 75
# RFC 5322 §3.2.3, with the space between atoms.
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
# Written by `_folded`; all other headers hold nothing that people typed, and are Python's to write.
_TEXTS = frozenset({"subject"})
# An address, which no line can break.
_ADDRESSES = frozenset({"list-unsubscribe"})
_MAILBOXES = frozenset({"from", "to", "cc", "reply-to"})


class OutgoingMail(EmailMultiAlternatives):
    """An email whose octets are written here. Whatever else sends it (Anymail) reads the same attributes."""

    def message(self) -> EmailMessage:  # type: ignore[override]
        mail = _Message(policy=_POLICY)
        mail["Subject"] = self.subject
        mail["From"] = self.from_email
        for name, addresses in (("To", self.to), ("Cc", self.cc), ("Reply-To", self.reply_to)):
            if addresses:
                mail[name] = ", ".join(addresses)
        mail["Date"] = formatdate(localtime=settings.EMAIL_USE_LOCALTIME)
        body = str(self.body)
        mail.set_content(body, cte=_encoding_for(body))
        for content, content_type in self.alternatives:
            text = str(content)
            mail.add_alternative(text, subtype=content_type.partition("/")[2], cte=_encoding_for(text))
        if self.attachments:
            mail.make_mixed()
        for attachment in self.attachments:
            mail.attach(attachment)
        # Last: becoming a multipart hands a message's headers about its content down to the first part.
        for name, value in self.extra_headers.items():
            mail[name] = value
        return mail


def mailbox(name: str, address: str) -> str:
    """Return `"Name" <address>`, the name as it is: it is encoded when the email is written."""
    if not name:
        return address
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>'


def _encoding_for(text: str) -> str:
    """Return the shorter of the two: base64 for letters other than Latin ones."""
    others = len(text) - len(text.encode("ascii", "ignore"))
    return "base64" if others * 6 > len(text) else "quoted-printable"


class _Message(EmailMessage):
    """Django's backends ask for bytes with line ends of their choice."""

    def as_bytes(self, unixfrom: bool = False, policy: Any = None, linesep: str = "\n") -> bytes:
        octets = BytesIO()
        writing = (policy or self.policy).clone(linesep=linesep)
        BytesGenerator(octets, mangle_from_=False, policy=writing).flatten(self, unixfrom=unixfrom)
        return octets.getvalue()


class _Policy(EmailPolicy):
    """Python's, but for the headers that hold what people typed: kept as they are given, and folded here."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        if name.lower() not in _TEXTS | _MAILBOXES | _ADDRESSES:
            return super().header_store_parse(name, value)
        if "\n" in value or "\r" in value:
            raise ValueError("a header is one line")
        return name, value

    def header_fetch_parse(self, name: str, value: Any) -> Any:
        return (
            value
            if name.lower() in _TEXTS | _MAILBOXES | _ADDRESSES
            else super().header_fetch_parse(name, value)
        )

    def fold(self, name: str, value: Any) -> str:
        if name.lower() in _TEXTS:
            words = list(_words(str(value), first=LINE - len(name) - 2))
        elif name.lower() in _ADDRESSES:
            words = [str(value)]
        elif name.lower() in _MAILBOXES:
            words = list(_mailbox_words(str(value), first=LINE - len(name) - 2))
        else:
            return super().fold(name, value)
        return _folded(name, words, self.linesep)

    def fold_binary(self, name: str, value: object) -> bytes:
        return self.fold(name, value).encode("ascii")


# Text in base64 has the line ends of the email itself (RFC 2045 §6.8).
_POLICY = _Policy(max_line_length=LINE, cte_type="7bit", linesep="\r\n")


def _folded(name: str, words: list[str], line_end: str) -> str:
    """Put words into lines. The first stands beside the name, so that no line holds nothing but white space."""
    lines = [f"{name}: {words[0]}" if words else f"{name}: "]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) <= LINE:
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    return line_end.join(lines) + line_end


def _words(text: str, first: int) -> Iterator[str]:
    """Return the words of a text, or encoded ones where they would not come back as they are.

    `first` is the room for the first one.
    """
    plain = text.split(" ")
    is_plain = text.isascii() and text.isprintable() and "=?" not in text and all(plain)
    if is_plain and len(plain[0]) <= first and max(map(len, plain)) < LINE:
        yield from plain
    elif text:
        yield from _encoded(text, first)


def _encoded(text: str, first: int) -> Iterator[str]:
    """Return a text as encoded words of whole characters. What stands between two of them is not part of it."""
    part, room = b"", min(first, _WORD)
    for sign in text:
        octets = sign.encode("utf-8", "replace")
        if part and _AROUND + (len(part) + len(octets) + 2) // 3 * 4 > room:
            yield _ENCODED.format(b64encode(part).decode())
            part, room = b"", _WORD
        part += octets
    yield _ENCODED.format(b64encode(part).decode())


def _mailbox_words(value: str, first: int) -> Iterator[str]:
    """Return the words of a mailbox: its name, where it has one, and its address in angle brackets."""
    name, address = parseaddr(value)
    if not name:
        yield address or value
        return
    if not name.isascii() or not name.isprintable() or "=?" in name:
        yield from _encoded(name, first)
    elif _ATOMS.fullmatch(name) and "  " not in name and max(map(len, name.split())) <= first:
        yield from name.split()
    elif len(name) + 2 + name.count('"') + name.count("\\") <= first:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        yield f'"{quoted}"'
    else:
        yield from _encoded(name, first)
    yield f"<{address}>"
