"""How many emails leave in a second, to an SMTP server on loopback that takes everything; by the clock on the wall.

The emails are confirmations with three sessions, a calendar file and texts of the lab's own: rendered, sent one by one
through one connection, and noted each by itself.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from benchmarks import world
from benchmarks.measuring import Line
from core.jobs.worker import Worker
from core.mail.models import EmailTemplate, Message
from core.web.email_addresses import address_key
from labs.models import Lab, Programme
from registrations import emails, seats
from registrations.consent import current_version
from registrations.managing import seats_of
from registrations.models import Registration

EMAILS = 500
AT_LEAST = 50


def outbox(programme: Programme) -> list[Line]:
    """Queue confirmations, then have one worker send them."""
    lab = world.lab(programme, "lab-outbox", 3, seats=None)
    texts = {"introduction": "**Welcome**, {name}, to {lab}.", "closing": "- Bring a badge\n- Be early"}
    EmailTemplate.objects.create(lab=lab, occasion="confirmation", language="en", **texts)
    people = _people(lab)
    start = time.perf_counter()
    for person in people:
        with transaction.atomic():
            emails.confirmation(person, seats_of(person))
    queued = len(people) / (time.perf_counter() - start)
    with _mail_server() as port, override_settings(**_settings(port)):
        start, busy = time.perf_counter(), time.process_time()
        Worker().drain()
        sent = len(people) / (time.perf_counter() - start)
        each = (time.process_time() - busy) * 1000 / len(people)
    left = Message.objects.exclude(state=Message.State.SENT).count()
    if left:
        raise RuntimeError(f"{left} emails did not leave")
    return [
        Line(f"queueing {EMAILS} confirmations", f"{queued:.0f}/s"),
        Line(
            f"sending {EMAILS} emails, one worker",
            f"{sent:.0f}/s",
            f"{each:.1f} ms of CPU each",
            limit=f"at least {AT_LEAST}/s",
            reached=sent >= AT_LEAST,
        ),
    ]


def _people(lab: Lab) -> list[Registration]:
    now, consent = timezone.now(), current_version(lab)
    made = Registration.objects.bulk_create(
        Registration(
            lab=lab,
            state=Registration.State.CONFIRMED,
            name=f"Demo participant {number}",
            email=f"outbox{number}@example.org",
            email_key=address_key(f"outbox{number}@example.org"),
            name_key=f"demo participant {number}",
            language="en",
            time_zone="Europe/Rome",
            consent_version=consent,
            consent_language="en",
            consent_at=now,
            confirmed_at=now,
        )
        for number in range(EMAILS)
    )
    wanted = {session.pk: session.modes[0] for session in lab.sessions.all()}
    for person in made:
        seats.take(person, wanted)
    Message.objects.all().delete()
    return made


def _settings(port: int) -> dict[str, object]:
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": port,
        "EMAIL_USE_TLS": False,
        "EMAIL_USE_SSL": False,
    }


@contextmanager
def _mail_server() -> Iterator[int]:
    """Run a server that takes everything in a process of its own, and yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        "-m",
        "aiosmtpd",
        "--nosetuid",
        "--class",
        "aiosmtpd.handlers.Sink",
        "--listen",
        f"127.0.0.1:{port}",
    ]
    process = subprocess.Popen([sys.executable, *command], stderr=subprocess.DEVNULL)
    try:
        for _attempt in range(200):
            with socket.socket() as asking:
                if asking.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()
