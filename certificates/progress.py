"""How far the work of issuing is: it is said to go on only while a worker is at it, or will be within moments."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.utils import timezone

from certificates.issuing import latest_work
from core.jobs.models import Task
from core.mail.delivery import summary
from core.mail.health import BEAT_IS_LATE
from labs.models import Lab


class Phase(Enum):
    RUNNING = "running"
    STALLED = "stalled"  # no worker has shown for minutes that it lives
    RETRYING = "retrying"  # it failed, and is tried again at `at`
    FAILED = "failed"  # it failed for good


@dataclass(frozen=True)
class Progress:
    """What became of the last work of issuing (or of replacing); `at` is when it is tried again, where it is."""

    phase: Phase
    replacing: bool
    at: datetime | None = None

    @property
    def goes_on(self) -> bool:
        return self.phase in (Phase.RUNNING, Phase.STALLED)


def progress(lab: Lab, *, replacing: bool = False) -> Progress | None:
    """Return how the last work goes or went; None where there was none, or it is done."""
    work = latest_work(lab, replacing=replacing)
    if work is None or work.state == Task.State.DONE:
        return None
    if work.state == Task.State.FAILED:
        return Progress(Phase.FAILED, replacing)
    if work.state == Task.State.QUEUED and work.attempts and work.run_at > timezone.now():
        return Progress(Phase.RETRYING, replacing, work.run_at)
    age = summary().beat_age
    alive = age is not None and age <= BEAT_IS_LATE
    return Progress(Phase.RUNNING if alive else Phase.STALLED, replacing)
