"""An opening with a draw: 10,000 people take numbers within 60 s, through the full stack; then the draw is checked.

`BENCH_PEOPLE=1000 BENCH_WITHIN=6` makes it smaller.
"""

import csv
import hashlib
import os
import statistics
import time
import urllib.request
from datetime import timedelta

from django.utils import timezone

from benchmarks import world
from benchmarks.measuring import Line, cpu_of_server
from benchmarks.registering import fire
from benchmarks.serving import serving
from core.web.idempotency import new_form_key
from labs.models import Lab, Programme
from registrations import opening
from registrations.models import Opening, QueueNumber, RegistrationRules

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "10000"))
WITHIN = float(os.environ.get("BENCH_WITHIN", "60"))
CLIENTS = 600
LIMIT = 2000  # milliseconds


def draw(of: Programme) -> list[Line]:
    """Let everybody take a number and look at its page, wait for the opening, and compute the draw again."""
    lab = world.lab(of, "bench-draw", 3)
    RegistrationRules.objects.create(lab=lab, opening_draw=True)
    opening.ensure(lab)
    path = f"/labs/{lab.slug}/register/queue/"
    with serving() as (port, pids):
        posts: list[tuple[str, dict[str, object]]] = [
            (path, {"form_key": new_form_key()}) for _number in range(PEOPLE)
        ]
        opens_at = timezone.now() + timedelta(seconds=WITHIN + 10)
        Lab.objects.filter(pk=lab.pk).update(registration_opens_at=opens_at)
        before, start = cpu_of_server(pids), time.monotonic()
        found = fire(port, posts, CLIENTS, within=WITHIN, follow=True, tolerate=True)
        took, used = time.monotonic() - start, cpu_of_server(pids) - before
        _check_numbers(lab, found["statuses"])
        time.sleep(max(0.0, (opens_at - timezone.now() + opening.SETTLING).total_seconds() + 1))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/labs/{lab.slug}/register/draw.csv") as answer:
            lines = answer.read().decode().splitlines()
            places = {int(row["number"]): int(row["place"]) for row in csv.DictReader(lines)}
    drawn = QueueNumber.objects.filter(opening=lab.pk, at__lt=opens_at).count()
    slowest = statistics.quantiles(found["times"], n=20)[18]
    return [
        Line(
            f"draw, {PEOPLE:,} numbers within {WITHIN:.0f} s",
            f"p95 {slowest:.0f} ms",
            f"all after {took:.0f} s, {found['statuses']}, their pages {found['pages']}, "
            f"{used * 1000 / PEOPLE:.1f} ms of CPU a person, load {os.getloadavg()[0]:.1f}",
            f"p95 at most {LIMIT:,} ms, no 5xx",
            slowest <= LIMIT and set(found["statuses"]) == {"302"} and set(found["pages"]) <= {"200", "503"},
        ),
        Line(
            "draw, computed again",
            f"{len(places):,} places",
            f"{drawn:,} numbers before the opening",
            "the same",
            len(places) == drawn and places == _places(Opening.objects.get(lab=lab), drawn),
        ),
    ]


def _check_numbers(lab: Lab, statuses: dict[str, int]) -> None:
    numbers = list(QueueNumber.objects.filter(opening=lab.pk).order_by("at", "number"))
    if [one.number for one in numbers] != list(range(1, PEOPLE + 1)):
        wrong = "with gaps or doubles, or not in the order of arrival"
        raise RuntimeError(f"{len(numbers)} numbers {wrong}; answers {statuses}")


def _places(of: Opening, count: int) -> dict[int, int]:
    """Compute the draw as its page describes it, without the service's own code."""

    def mark(number: int) -> str:
        return hashlib.sha256(f"{of.seed}:{count}:{number}".encode()).hexdigest()

    return {number: place for place, number in enumerate(sorted(range(1, count + 1), key=mark), 1)}
