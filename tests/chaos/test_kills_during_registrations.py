"""Web and workers killed at random while people register: what was acknowledged is there, and so is all that follows.

The web server and two workers, one of them with a clock that is ten minutes ahead, are real processes; people register
by form and API, follow the links that arrive at a real mail server, and some cancel, so that others are promoted.
`CHAOS_REGISTRATIONS=10000 CHAOS_KILLS=200` makes it as large as wanted; the figures are recorded.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection, transaction

from core.jobs.models import WorkerBeat
from core.mail.models import Message
from registrations.models import Seat, SeatMovement
from tests.chaos import invariants
from tests.chaos.crowd import Crowd, crowd
from tests.chaos.installation import Installation, address_of_test_database, installed
from tests.chaos.registrants import lost, make_lab, make_people
from tests.polling import wait_until
from tests.smtp import mail_server

PEOPLE = int(os.environ.get("CHAOS_REGISTRATIONS", "40"))
KILLS = int(os.environ.get("CHAOS_KILLS", "5"))
SEED = int(os.environ.get("CHAOS_SEED", "17"))
CITIES = ("sofia", "rome", "athens")
WORKERS: list[dict[str, str]] = [{}, {"TEST_CLOCK_MINUTES": "10"}]

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("clock_of_the_database"),
    pytest.mark.xdist_group("workers"),
    pytest.mark.timeout(3600),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL"),
]


class Killer:
    """Kills at moments that are spread over everything that people do, drawn by chance with a seed."""

    def __init__(self, service: Installation, chance: random.Random) -> None:
        self.service, self.chance = service, chance
        self.done: Counter[str] = Counter()
        steps = 3 * PEOPLE  # every form, every confirmation, and the page that follows it
        self.moments = sorted(chance.uniform(0, 0.9 * steps) for _kill in range(KILLS))

    def act(self, steps: int) -> None:
        """Kill once if it is time for it; what still starts is left alone, and another victim is drawn."""
        if self.moments and steps >= self.moments[0]:
            time.sleep(self.chance.uniform(0, 0.05))
            if self._kill():
                self.moments.pop(0)

    def _kill(self) -> bool:
        what = self.chance.choices(["web process", "web server", "worker"], [4, 1, 5])[0]
        number = self.chance.randrange(2)
        ways: dict[str, Callable[[], bool]] = {
            "web process": lambda: self.service.answers() and self.service.kill_web_process(number),
            "web server": lambda: self.service.answers() and self.service.kill_web(),
            "worker": lambda: self._is_at_work(number) and self.service.kill_worker(number),
        }
        killed = ways[what]()
        self.done[what] += killed
        return killed

    def _is_at_work(self, number: int) -> bool:
        return WorkerBeat.objects.filter(worker__contains=f":{self.service.workers[number].pid}:").exists()


def test_what_was_acknowledged_is_there_and_emails_repeat_at_most_once_per_kill(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    chance = random.Random(SEED)
    lab = make_lab(PEOPLE)
    people = make_people(PEOPLE, chance)
    with (
        mail_server() as post,
        installed(tmp_path, address_of_test_database(), post.port, WORKERS) as service,
    ):
        killer, began = Killer(service, chance), time.monotonic()
        with crowd(service.base, lab.slug, post, people) as everybody:
            while not everybody.is_done():
                everybody.confirm_what_arrived()
                killer.act(everybody.answered)
                time.sleep(0.02)
        took = time.monotonic() - began
        wait_until(lambda: not Message.objects.exclude(state="sent").exists())

    wrong = lost(people)
    repeats, missing = invariants.repeated(
        post.message_ids(), Message.objects.values_list("message_id", flat=True)
    )
    record(record_property, killer, everybody, repeats, took)
    assert wrong + missing + invariants.broken() == []
    assert repeats <= killer.done["worker"]
    assert killer.done.total() == KILLS
    with transaction.atomic():  # the control: it is noticed when a seat is lost
        Seat.objects.filter(state="confirmed").earliest("pk").delete()
        assert (len(lost(people)), invariants.counters() != []) == (1, True)
        transaction.set_rollback(True)


def record(
    record_property: Callable[[str, object], None],
    killer: Killer,
    everybody: Crowd,
    repeats: int,
    took: float,
) -> None:
    states = Counter(Seat.objects.values_list("state", flat=True))
    for what, figure in {
        "registrations": PEOPLE,
        "cancelled": everybody.count("cancelled"),
        "seats": states["confirmed"],
        "waiting": states["waiting"],
        "promoted": SeatMovement.objects.filter(reason="promoted").count(),
        "kills": dict(killer.done),
        "requests sent again": everybody.again,
        "emails": Message.objects.count(),
        "repeats": repeats,
        "invariants": len(invariants.CHECKS) + 2,
        "seconds": round(took),
    }.items():
        record_property(what, figure)
