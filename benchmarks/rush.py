"""A rush for few seats: 10,000 people and 64 clients for 100 seats in the room and 100 online, form and confirmation.

`BENCH_ATTEMPTS=1000` makes it smaller.
"""

import os
import statistics
from collections import Counter
from typing import Any

from benchmarks import world
from benchmarks.measuring import Line
from benchmarks.registering import confirmations, fire, form_of
from benchmarks.serving import serving
from labs.models import Programme
from registrations.models import Seat
from registrations.recounting import recount
from sessions.models import Session

ATTEMPTS = int(os.environ.get("BENCH_ATTEMPTS", "10000"))
CLIENTS = 64
SEATS = 100  # in each mode
LIMIT = 1000  # milliseconds


def rush(of: Programme) -> list[Line]:
    """Let everybody send the form, then everybody confirm; check every seat and every place in the waiting lists."""
    lab = world.lab(of, "bench-rush", 1)
    lab.sessions.update(format="hybrid", room_capacity=SEATS, online_capacity=SEATS)
    session = lab.sessions.get()
    forms = []
    for number in range(ATTEMPTS):
        answers = {"session": [session.slug], f"mode:{session.slug}": ("room", "online")[number % 2]}
        forms.append((f"/labs/{lab.slug}/register/", {**form_of(number, "rush"), **answers}))
    with serving() as (port, _pids):
        lines = [_line(f"rush, {ATTEMPTS:,} forms, {CLIENTS} clients", port, forms)]
        posts = confirmations(lab.pk, "rush")
        if len(posts) != ATTEMPTS:
            raise RuntimeError(f"{len(posts)} of {ATTEMPTS} registrations were written; {lines[0].against}")
        lines.append(_line(f"rush, {ATTEMPTS:,} confirmations for {2 * SEATS} seats", port, posts))
    found = check(session)
    expected = {(mode, "confirmed"): SEATS for mode in ("room", "online")}
    expected |= {(mode, "waiting"): ATTEMPTS // 2 - SEATS for mode in ("room", "online")}
    seated = f"{found['room', 'confirmed']} + {found['online', 'confirmed']} seats"
    return [*lines, Line("rush, what came of it", seated, limit="100 + 100", reached=found == expected)]


def _line(what: str, port: int, posts: list[tuple[str, dict[str, object]]]) -> Line:
    found: dict[str, Any] = fire(port, posts, CLIENTS, tolerate=True)
    slowest = statistics.quantiles(found["times"], n=20)[18]
    wrong = sum(n for status, n in found["statuses"].items() if int(status) >= 500 or status == "0")
    return Line(
        what,
        f"p95 {slowest:.0f} ms",
        f"{len(posts) / found['took']:.0f}/s, statuses {found['statuses']}, load {os.getloadavg()[0]:.1f}",
        f"p95 under {LIMIT:,} ms, no 5xx",
        slowest < LIMIT and not wrong,
    )


def check(session: Session) -> Counter[tuple[str, str]]:
    """Count the seats by mode and state. Raises RuntimeError where order or counters are wrong."""
    rows = list(Seat.objects.filter(session=session).values_list("mode", "state", "queue_position"))
    for mode in ("room", "online"):
        seated = [place or 0 for one, state, place in rows if (one, state) == (mode, "confirmed")]
        waiting = [place or 0 for one, state, place in rows if (one, state) == (mode, "waiting")]
        if seated and waiting and max(seated) > min(waiting):
            raise RuntimeError(f"somebody in {mode} has a seat before somebody who came earlier")
    if recount():
        raise RuntimeError("counters differ from seats")
    return Counter((mode, state) for mode, state, _place in rows)
