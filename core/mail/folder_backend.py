"""Emails into a folder: the default on one machine, where the console's outbox shows what was delivered."""

import contextlib
import email
import email.policy
import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from core.mail.models import Message
from core.mail.rendering import Rendered

OUR_ID = re.compile(r"<([0-9a-f-]{36})@[^>]*>")


class FolderBackend(BaseEmailBackend):
    """Writes each email as an .eml file named after its Message-ID, whole or not at all; once more changes nothing."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.MAIL_FOLDER)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for mail in email_messages:
            sent = mail.message()
            content = sent.as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own class of message
            _write(folder / f"{_name(str(sent['Message-ID']))}.eml", content)
        return len(email_messages)


def _name(message_id: str) -> str:
    ours = OUR_ID.fullmatch(message_id)
    return ours[1] if ours else hashlib.sha256(message_id.encode()).hexdigest()[:32]


def _write(path: Path, content: bytes) -> None:
    # One draft for each email: what a killed worker left of it is written anew with the next try.
    draft = path.with_name(f".draft-{path.name}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)
        raise


def is_in_use() -> bool:
    """Tell whether emails go to the folder, so that what was delivered can be read back."""
    return f"{FolderBackend.__module__}.{FolderBackend.__qualname__}" == settings.EMAIL_BACKEND


def delivered_copy(message: Message) -> Rendered | None:
    """Return a delivered email as its reader would see it, real links included; None where the folder has it not."""
    if not is_in_use():
        return None
    try:
        content = (Path(settings.MAIL_FOLDER) / f"{message.public_id}.eml").read_bytes()
    except FileNotFoundError:
        return None
    mail = email.message_from_bytes(content, policy=email.policy.default)
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    return Rendered(
        subject=str(mail["Subject"]).strip(),
        text=text.get_content().replace("\r\n", "\n") if text else "",
        html=html.get_content().replace("\r\n", "\n") if html else "",
    )
