"""How the service is: what probes, the console's outbox and monitoring are told. Never about a person."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min, Q

from core.jobs.database_clock import DatabaseNow, database_now
from core.jobs.models import Task
from core.mail.delivery import last_beat, summary_of
from core.mail.message_counts import UNSENT, counts_of_all
from core.mail.models import Message

BEAT_IS_LATE = timedelta(minutes=2)
MAIL_IS_LATE = timedelta(minutes=5)  # since it was due: one that waits for its next try is not late


LOOKED_AT_EVERY = 5.0  # seconds, however often probes ask


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `facts` are numbers and words for the answer, ages in seconds.

    Without what is not `needed` the service does its work all the same, if slower.
    """

    name: str
    ok: bool
    facts: dict[str, object] = field(default_factory=dict)
    needed: bool = True


def readiness() -> list[Finding]:
    """Look at everything that has to be well for the service to do its work. Never raises."""
    try:
        return [
            Finding("database", _answers()),
            Finding("migrations", _is_migrated()),
            _durability(),
            _worker(),
            _mail(),
            _cache(),
            *(look() for look in _further),
        ]
    except (DatabaseError, InterfaceError):
        return [Finding("database", False), _cache()]


class CachedReadiness:
    """What this process found when it last looked: whoever asks in between is told the same, at no cost."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Look anew when asked next."""
        self.looked_at = -LOOKED_AT_EVERY
        self.findings: list[Finding] = []

    def readiness(self) -> list[Finding]:
        with self.lock:
            if time.monotonic() - self.looked_at >= LOOKED_AT_EVERY:
                self.findings = readiness()
                self.looked_at = time.monotonic()
            return self.findings


recently = CachedReadiness()

# What packages above look at, beside what is known here.
_further: list[Callable[[], Finding]] = []


def register_finding(look: Callable[[], Finding]) -> Callable[[], Finding]:
    """Have probes look at this, too."""
    _further.append(look)
    return look


def _cache() -> Finding:
    """Whether a cache that processes share is there; each keeps its own meanwhile (`core.web.cache`)."""
    is_available = getattr(cache, "is_available", None)
    return Finding("cache", is_available is None or is_available(), needed=False)


def _answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


def _is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _durability() -> Finding:
    """Whether what was confirmed to a person survives a power cut, as far as settings decide."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA journal_mode")
            journal = cursor.fetchone()[0]
            cursor.execute("PRAGMA synchronous")
            full = cursor.fetchone()[0] >= 2
            return Finding(
                "durability", full and (settings.SQLITE_IS_SOUND or journal != "wal"), {"journal": journal}
            )
        cursor.execute("SHOW synchronous_commit")
        return Finding("durability", cursor.fetchone()[0] != "off")


def _worker() -> Finding:
    beat = last_beat()
    age = database_now() - beat if beat else None
    return Finding("worker", age is not None and age < BEAT_IS_LATE, {"beat_age": _seconds(age)})


def mail_is_overdue_by() -> timedelta | None:
    """Return how long the email that is due for longest has waited for a worker; None where none is due."""
    return _unsent()["overdue"]


def _unsent() -> dict[str, Any]:
    """Count what has not left, with the age of the oldest and the time that email is overdue by; from its index."""
    now = database_now()
    is_due = Q(state=Message.State.QUEUED, run_at__lte=now)
    found = Message.objects.filter(UNSENT).aggregate(
        n=Count("*"), oldest=Min("created_at"), due=Min("run_at", filter=is_due)
    )
    return {
        "queued": found["n"],
        "age": found["oldest"] and now - found["oldest"],
        "overdue": found["due"] and now - found["due"],
    }


def _mail() -> Finding:
    """Mail is late when nobody has taken what was due; the age of the oldest unsent one is told beside it."""
    unsent = _unsent()
    late = unsent["overdue"]
    return Finding(
        "mail",
        late is None or late < MAIL_IS_LATE,
        {
            "queued": unsent["queued"],
            "oldest_unsent_age": _seconds(unsent["age"]),
            "overdue": _seconds(late),
        },
    )


def _seconds(age: timedelta | None) -> int | None:
    return None if age is None else int(age.total_seconds())


@dataclass(frozen=True)
class Gauge:
    """A number for monitoring, with its labels."""

    name: str
    meaning: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)


def gauges() -> list[Gauge]:
    """Count later work for monitoring. An age that does not exist is left out."""
    mails = counts_of_all()
    figures = summary_of(mails)
    by_state = {state: mails.of(state) for state in Message.State.values}
    tasks: dict[str, int] = dict.fromkeys(Task.State.values, 0)
    tasks |= dict(Task.objects.order_by().values_list("state").annotate(Count("pk")))
    due = Task.objects.filter(Q(state=Task.State.QUEUED), run_at__lte=DatabaseNow()).aggregate(
        at=Min("run_at")
    )["at"]
    found = [
        Gauge(name, meaning, count, {"state": state})
        for name, meaning, counts in (
            ("citylabs_mails", "Mails by state.", by_state),
            ("citylabs_tasks", "Other later work by state.", tasks),
        )
        for state, count in counts.items()
    ]
    waiting = database_now() - due if due else None
    ages = (
        (
            "citylabs_oldest_unsent_mail_seconds",
            "Age of the oldest mail that has not left.",
            figures.oldest_unsent_age,
        ),
        ("citylabs_worker_beat_seconds", "Since a worker last showed that it lives.", figures.beat_age),
        ("citylabs_oldest_due_task_seconds", "Since the oldest waiting task was due.", waiting),
    )
    found.extend(Gauge(name, meaning, age.total_seconds()) for name, meaning, age in ages if age is not None)
    return found
