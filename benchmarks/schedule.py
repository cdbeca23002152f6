"""What organisers ask of a lab's schedule."""

from datetime import timedelta

from django.db.models import F

from benchmarks import world
from benchmarks.measuring import Line, cpu_rounds, queries_of
from labs.models import Programme
from sessions.conflicts import conflicts_of

SESSIONS = 1000
LIMIT = 500  # milliseconds


def schedule(of: Programme) -> list[Line]:
    """Find the conflicts of a lab in which each session runs into the next, in the same room."""
    lab = world.lab(of, "bench-schedule", SESSIONS)
    lab.sessions.update(ends_at=F("ends_at") + timedelta(minutes=30))
    found = len(conflicts_of(lab))
    taken = cpu_rounds(lambda: conflicts_of(lab))
    return [
        Line(
            f"conflicts of {SESSIONS:,} sessions",
            str(taken),
            f"{found:,} conflicts",
            f"at most {LIMIT} ms",
            taken.median <= LIMIT,
            str(queries_of(lambda: conflicts_of(lab))),
            taken,
        )
    ]
