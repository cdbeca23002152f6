"""Loading a programme file, and loading it again, beside bulk inserts of the same sessions, items and appearances."""

import copy
import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from benchmarks.measuring import Line, Rounds, cpu_ms, cpu_rounds, queries_of
from sessions.models import AgendaItem, Appearance, Session
from sessions.models.agenda import new_uid
from sessions.programme_import import read
from sessions.programme_import.importer import load

SESSIONS = 1000
ROUNDS = 3
TEXT = "What cities have tried, what came of it, and what others can take from it. " * 3


def loading() -> list[Line]:
    """Load a file of 1,000 sessions, each with agenda, speakers, track and room, each round into another programme."""
    works = [_loading_of(f"bulk-{number}") for number in range(ROUNDS)]
    first = Rounds(tuple(cpu_ms(work, 1) for work in works), ROUNDS)
    again = Rounds(tuple(cpu_ms(work, 1) for work in works), ROUNDS)
    queries = _loading_of("bulk-queries")
    bare = cpu_rounds(_inserts_of(f"lab-bulk-{ROUNDS - 1}"), ROUNDS, 1)
    against = f"inserts {bare}"
    return [
        Line(
            f"loading {SESSIONS:,} sessions",
            str(first),
            against,
            "at most 5,000 ms",
            first.median <= 5000,
            str(queries_of(queries)),
            first,
        ),
        Line(
            "loading the same again",
            str(again),
            against,
            "at most 3,000 ms",
            again.median <= 3000,
            str(queries_of(queries)),
            again,
        ),
    ]


def _loading_of(slug: str) -> Callable[[], object]:
    content = json.dumps(_document(slug)).encode()
    return lambda: load(read(content))


def _inserts_of(lab: str) -> Callable[[], object]:
    """Return what writes the sessions of this lab again, and takes them back."""
    sessions = list(Session.objects.filter(lab__slug=lab))
    items = list(AgendaItem.objects.filter(session__lab__slug=lab))
    appearances = list(Appearance.objects.filter(session__lab__slug=lab))

    def work() -> None:
        with transaction.atomic():
            new = [copy.copy(session) for session in sessions]
            for session in new:
                session.pk, session.uid, session.slug = None, new_uid(), f"{session.slug}-again"
            places = dict(zip((one.pk for one in sessions), Session.objects.bulk_create(new), strict=True))
            AgendaItem.objects.bulk_create(
                AgendaItem(session=places[item.session_id], title=item.title) for item in items
            )
            Appearance.objects.bulk_create(
                Appearance(session=places[one.session_id], speaker_id=one.speaker_id, role=f"{number % 9}")
                for number, one in enumerate(appearances)
            )
            transaction.set_rollback(True)

    return work


def _document(slug: str) -> dict[str, Any]:
    first = date(2030, 3, 1)
    sessions = []
    for number in range(SESSIONS):
        day, hour = (first + timedelta(days=number // 8)).isoformat(), 8 + number % 8
        begins, middle, ends = (
            f"{day}T{clock}" for clock in (f"{hour:02}:30", f"{hour:02}:45", f"{hour + 1:02}:15")
        )
        sessions.append(
            {
                "slug": f"session-{number}",
                "title": {
                    "en": f"Session {number}, with a title of the usual length",
                    "bg": f"Сесия {number}",
                },
                "abstract": {"en": TEXT, "bg": TEXT},
                "starts": begins,
                "ends": ends,
                "track": f"track-{number % 5}",
                "room": f"room-{number % 7}",
                "capacity": 100,
                "visibility": "public",
                "speakers": [{"speaker": f"{slug}-{number % 50}"}],
                "agenda": [
                    {"title": "Welcome", "starts": begins, "ends": middle},
                    {
                        "title": {"en": "Panel", "bg": "Панел"},
                        "starts": middle,
                        "ends": ends,
                        "speakers": [{"speaker": f"{slug}-{(number + 1) % 50}", "role": "panellist"}],
                    },
                ],
            }
        )
    lab = {
        "slug": f"lab-{slug}",
        "title": "Bench lab",
        "starts_on": first.isoformat(),
        "ends_on": (first + timedelta(days=SESSIONS // 8 + 1)).isoformat(),
        "time_zone": "Europe/Sofia",
        "languages": ["en", "bg"],
        "visibility": "public",
        "tracks": [{"slug": f"track-{number}", "name": f"Track {number}"} for number in range(5)],
        "rooms": [{"slug": f"room-{number}", "name": f"Room {number}"} for number in range(7)],
        "sessions": sessions,
    }
    speakers = [{"slug": f"{slug}-{number}", "name": f"Bench speaker {number}"} for number in range(50)]
    programme = {"slug": slug, "name": "Bench", "organiser": "Bench", "speakers": speakers, "labs": [lab]}
    return {"programmes": [programme]}
