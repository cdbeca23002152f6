"""Delivery of what was queued: render, try, understand the answer, note it, try again for 72 hours.

The worker has two lanes for it: one for all emails, and one that is never held up by what goes to many people.
"""

import logging
import re
import smtplib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.encoders import encode_base64
from email.mime.base import MIMEBase
from email.utils import parseaddr
from functools import partial
from typing import Any

from anymail.exceptions import AnymailAPIError, AnymailInvalidAddress, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from core.jobs.database_clock import DatabaseNow, database_now
from core.jobs.leases import MAX_STARTS, Lease, claim, crash_point, error_origin, error_text
from core.jobs.models import WorkerBeat
from core.jobs.worker import Worker, lane
from core.mail import pace
from core.mail.links import address_of
from core.mail.message_counts import MessageCounts, count, counts_of, counts_of_all
from core.mail.message_format import OutgoingMail, mailbox
from core.mail.models import CALENDAR_NAME, Message, MessageQuerySet
from core.mail.rendering import Memo, NotRenderable, render_once, rendered
from core.web.email_addresses import ascii_address
from core.web.errors import RuleViolation

logger = logging.getLogger(__name__)

BATCH = 20  # emails sent through one connection
# Until the next try, after the first, second … one: 72 hours in all. Then a person decides.
RETRIES = tuple(
    timedelta(minutes=minutes)
    for minutes in (1, 2, 5, 10, 20, 30, 60, 120, 180, 240, 360, 480, 480, 480, 480, 480, 480, 412)
)
# Enhanced status codes (RFC 3463) for "no such mailbox", and the basic codes that may come with them.
NO_SUCH_MAILBOX = re.compile(r"\b5\.1\.[0-9]{1,3}\b")
MAILBOX_CODES = (550, 551, 553)
# The private link of an email that leads to where its reader unsubscribes.
UNSUBSCRIBE = "unsubscribe"
# A provider's HTTP answers that will not change by waiting.
PERMANENT_HTTP = (400, 413, 422)


@dataclass(frozen=True)
class Outcome:
    """What one try came to. QUEUED means: to be tried again."""

    state: Message.State
    error_text: str = ""
    code: int | None = None
    provider_id: str = ""


class NotRetryable(RuleViolation):
    """Sending the message again makes no sense.

    It is on its way or has arrived ("not_retryable"), or its address has been corrected since ("address_corrected").
    """

    def __init__(self, code: str = "not_retryable") -> None:
        words = {
            "not_retryable": gettext_lazy(
                "This email has already left. Sending it again would send it twice."
            ),
            "address_corrected": gettext_lazy(
                "The address has been corrected since. Resend the link instead."
            ),
        }
        super().__init__(code, words[code])


def send_batch(worker: Worker, span: timedelta, among: Q | None = None) -> bool:
    """Send one batch of due emails; tell whether there were any."""
    batch = claim(Message, BATCH, span, among)
    with worker.keeping_alive({lease for _message, lease in batch}):
        deliver(batch, worker.stopping.is_set)
    return bool(batch)


lane("emails")(send_batch)
lane("urgent emails")(partial(send_batch, among=Q(is_urgent=True)))


def deliver(batch: Sequence[tuple[Message, Lease]], stopping: Callable[[], bool]) -> None:
    """Send claimed messages one after the other through one connection, each noted before the next.

    Gives back what is left when `stopping` becomes true.
    """
    backend: BaseEmailBackend | None = None
    out_of_reach: Exception | None = None
    memo: Memo = {}
    try:
        for message, lease in batch:
            if stopping():
                lease.release()
                continue
            if message.attempts >= MAX_STARTS:
                _note(message, lease, Outcome(Message.State.FAILED, "It ended its worker every time."))
                continue
            try:
                bodies = render_once(message, memo=memo)
            except NotRenderable as error:
                logger.error("message %s: %s", message.public_id, error_origin(error.__cause__ or error))
                # The fault is ours and may pass, as while a new version is being installed.
                if lease.begin():
                    _note(message, lease, Outcome(Message.State.QUEUED, str(error)))
                continue
            # Stored in the update that counts the try: a worker that takes over sends the same text.
            if not lease.begin(**bodies):
                logger.warning("message %s was taken over by another worker", message.public_id)
                continue
            if backend is None and out_of_reach is None:
                try:
                    backend = get_connection()
                    backend.open()
                except Exception as error:
                    out_of_reach = error
                    logger.error("the mail server cannot be used: %s", error_origin(error))
                    _close(backend)
                    backend = None
            if out_of_reach is not None or backend is None:
                # One try to connect was made for all of the batch: asking again at once would only cost time.
                outcome = understand(out_of_reach or ConnectionError(), connected=False)
            else:
                outcome, usable = _try(message, backend)
                if not usable:
                    _close(backend)
                    backend = None
            _note(message, lease, outcome)
    finally:
        _close(backend)


def outgoing(message: Message) -> OutgoingMail:
    """Build the email that is sent, the same at every try. Raises NotRenderable."""
    content = rendered(message, reveal=True)
    headers = {
        "Message-ID": message.message_id,
        "Auto-Submitted": "auto-generated",
        "Content-Language": message.language,
    }
    if unsubscribe := message.links.get(UNSUBSCRIBE):
        # RFC 8058: mail programs offer it as a button, and send a POST that needs no cookie and no further page.
        headers |= {
            "List-Unsubscribe": f"<{address_of(unsubscribe)}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    mail = OutgoingMail(
        subject=content.subject,
        body=content.text,
        from_email=_sender(message.from_name),
        to=[mailbox(message.to_name, ascii_address(message.to_email))],
        reply_to=[ascii_address(message.reply_to)] if message.reply_to else None,
        headers=headers,
    )
    if content.html:
        mail.attach_alternative(content.html, "text/html")
    if message.calendar:
        _attach_calendar(mail, message.calendar)
    return mail


def _sender(name: str) -> str:
    """Return the mailbox that sends: always the service's own address, which SPF and DMARC vouch for."""
    own = settings.DEFAULT_FROM_EMAIL
    return mailbox(name, parseaddr(own)[1]) if name else own


def _attach_calendar(mail: OutgoingMail, calendar: str) -> None:
    """Attach the calendar as a file, never as an alternative: Exchange would show the entry in place of the text."""
    part = MIMEBase("text", "calendar", charset="utf-8")
    part.set_payload(calendar.encode())
    encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=CALENDAR_NAME)
    mail.attach(part)


def _try(message: Message, backend: BaseEmailBackend) -> tuple[Outcome, bool]:
    """Hand one message over; return what came of it, and whether the connection can be used further."""
    pace.wait_for_turn()
    crash_point("message-before-send")
    try:
        mail = outgoing(message)
        mail.connection = backend
        mail.send()
    except Exception as error:
        return understand(error), isinstance(error, smtplib.SMTPRecipientsRefused) and _code(error)[0] != 421
    crash_point("message-after-send")
    return Outcome(Message.State.SENT, provider_id=_provider_id(mail)), True


def _close(backend: BaseEmailBackend | None) -> None:
    if backend is not None:
        try:
            backend.close()
        except Exception as error:
            logger.warning("closing the connection to the mail server failed: %s", error_origin(error))


def _note(message: Message, lease: Lease, outcome: Outcome) -> None:
    now = timezone.now()
    changes: dict[str, object] = {"last_error": outcome.error_text, "smtp_code": outcome.code}
    if outcome.state == Message.State.QUEUED:
        tries = message.attempts + 1
        if tries > len(RETRIES):
            outcome = Outcome(Message.State.FAILED, outcome.error_text, outcome.code)
        else:
            changes["run_at"] = DatabaseNow() + RETRIES[tries - 1]
    if outcome.state != Message.State.QUEUED:
        changes |= {"finished_at": now, "provider_id": outcome.provider_id}
    message.state = outcome.state
    ours = lease.end(state=outcome.state, with_it=lambda: count([message], 1), **changes)
    crash_point("message-after-commit")
    level = logging.INFO if outcome.state == Message.State.SENT else logging.WARNING
    logger.log(level, "message %s: %s %s", message.public_id, outcome.state.value, outcome.code or "")
    if not ours:
        logger.warning("message %s was taken over by another worker", message.public_id)


def understand(error: Exception, *, connected: bool = True) -> Outcome:
    """Tell what an error means for the message: wait and try again, refused for good, or no such mailbox.

    Only an answer of class 5 to the message itself is final; trouble with the connection, with encryption or with
    signing in is ours, and passes.
    """
    code, words = _code(error)
    if not connected:
        return Outcome(Message.State.QUEUED, words, code)
    is_refused = isinstance(error, smtplib.SMTPRecipientsRefused)
    if is_refused and code in MAILBOX_CODES and NO_SUCH_MAILBOX.search(words):
        return Outcome(Message.State.BOUNCED, words, code)
    if is_refused or isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPDataError):
        is_final = code is not None and 500 <= code <= 599
        return Outcome(Message.State.FAILED if is_final else Message.State.QUEUED, words, code)
    if isinstance(error, AnymailRecipientsRefused | AnymailInvalidAddress | ValueError):
        return Outcome(Message.State.FAILED, words)
    if isinstance(error, AnymailAPIError) and error.status_code in PERMANENT_HTTP:
        return Outcome(Message.State.FAILED, words, error.status_code)
    return Outcome(Message.State.QUEUED, words, code)


def _code(error: Exception) -> tuple[int | None, str]:
    """Return the SMTP code in an error, if there is one, and its words."""
    answer: object = None
    code: int | None = None
    if isinstance(error, smtplib.SMTPRecipientsRefused) and error.recipients:
        code, answer = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, answer = error.smtp_code, error.smtp_error
    if code is None or not 0 <= code <= 999:
        return None, error_text(error)
    words = answer.decode(errors="replace") if isinstance(answer, bytes) else str(answer)
    return code, f"{code} {words}"[:1000].replace("\0", "")


def _provider_id(mail: EmailMessage) -> str:
    """Return the id that a provider gave the email, where one did."""
    status = getattr(mail, "anymail_status", None)
    found = getattr(status, "message_id", None)
    return found[:200] if isinstance(found, str) else ""


def retry(message: Message) -> None:
    """Send a message again that failed or bounced, or one that waits, now. Raises NotRetryable otherwise.

    One that bounced is not, once its registration has another address: the mailbox is still not there, and links of
    then are void.
    """
    about: Any = message.registration
    if message.state == Message.State.BOUNCED and about is not None and about.email != message.to_email:
        raise NotRetryable("address_corrected")
    states = [Message.State.FAILED, Message.State.BOUNCED, Message.State.QUEUED]
    if not _queue_again(Message.objects.filter(pk=message.pk, state__in=states)):
        raise NotRetryable
    message.refresh_from_db()


def retry_failed(lab_id: int) -> int:
    """Send all emails of a lab again that failed, and return how many. Those whose mailbox does not exist stay."""
    return _queue_again(Message.objects.filter(lab=lab_id, state=Message.State.FAILED))


def _queue_again(messages: MessageQuerySet) -> int:
    return messages.update(state=Message.State.QUEUED, run_at=DatabaseNow(), attempts=0, finished_at=None)


@dataclass(frozen=True)
class Summary:
    """Emails at a glance. `queued` counts what has not left, `sent` what has and is not known to have arrived."""

    queued: int
    sent: int
    delivered: int
    failed: int
    bounced: int
    oldest_unsent_at: datetime | None
    last_beat_at: datetime | None
    now: datetime

    @property
    def oldest_unsent_age(self) -> timedelta | None:
        return self.now - self.oldest_unsent_at if self.oldest_unsent_at else None

    @property
    def beat_age(self) -> timedelta | None:
        """How long ago a worker last showed that it lives; None if none ever did."""
        return self.now - self.last_beat_at if self.last_beat_at else None


def summary(lab_id: int | None = None) -> Summary:
    """Count the emails of a lab, or all, by state. Two queries."""
    return summary_of(counts_of_all() if lab_id is None else counts_of(lab_id))


def summary_of(counts: MessageCounts) -> Summary:
    """Return these counts with the ages beside them. One query, two where no worker ever ran."""
    state = Message.State
    beats = WorkerBeat.objects.order_by("-beat_at").annotate(now=DatabaseNow())
    beat_at, now = beats.values_list("beat_at", "now").first() or (None, database_now())
    return Summary(
        queued=counts.of(state.QUEUED, state.SENDING),
        sent=counts.of(state.SENT),
        delivered=counts.of(state.DELIVERED),
        failed=counts.of(state.FAILED),
        bounced=counts.of(state.BOUNCED),
        oldest_unsent_at=counts.oldest_unsent_at,
        last_beat_at=beat_at,
        now=now,
    )


def last_beat() -> datetime | None:
    """Return when a worker last showed that it lives; None if none ever did."""
    return WorkerBeat.objects.order_by("-beat_at").values_list("beat_at", flat=True).first()
