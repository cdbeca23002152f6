"""Announcing changes of sessions: exactly who would get which email, before it is sent.

Each person gets one email about all of his or her sessions (`notifications.tell_moves`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from core.mail.models import Message
from core.mail.queue import drafts_only
from core.timezones.zones import UTC
from registrations import notifications, session_emails
from registrations.models import Registration, Seat
from sessions.session_facts import differences

Moves = Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True)
class LanguageCount:
    """How many emails are in a language, and its name in itself."""

    code: str
    name: str
    count: int


def recipients(moves: Moves) -> QuerySet[Registration]:
    """Return who gets an email about these moves (`sessions.unannounced_changes.moves_of`), by name.

    Whether something differs for a person depends on the language, for a join link on having a seat, and after new
    rules of a zone (`sessions.refreshing`) on the person's zone.
    """
    wanted = Q(pk__in=())
    held = notifications.seats_in(moves).filter(registration=OuterRef("pk"))
    # Zones whose rules changed: their own clocks may show the same as before.
    changed = sorted({zone for facts in moves.values() for zone in facts["was"].get("clocks", ())})
    for code, _name in settings.LANGUAGES:
        for zone in (UTC, *changed):
            for_all, for_seated = (
                [
                    pk
                    for pk, facts in moves.items()
                    if differences(facts["was"], facts["now"], zone, code, join_link=join_link)
                ]
                for join_link in (False, True)
            )
            confirmed = held.filter(session__in=for_seated, state=Seat.State.CONFIRMED)
            differs = Exists(held.filter(session__in=for_all)) | Exists(confirmed)
            in_zone = Q(time_zone=zone) if zone in changed else ~Q(time_zone__in=changed)
            wanted |= Q(language=code) & in_zone & differs
    return Registration.objects.filter(wanted).select_related("lab__programme").order_by("name", "pk")


def by_language(people: QuerySet[Registration]) -> list[LanguageCount]:
    """Return how many of these people read which language, most first."""
    counted = people.order_by().values("language").annotate(count=Count("pk")).order_by("-count", "language")
    names = {code: gettext(name) for code, name in settings.LANGUAGES}
    return [
        LanguageCount(row["language"], names.get(row["language"], row["language"]), row["count"])
        for row in counted
    ]


def drafts(people: Sequence[Registration], moves: Moves) -> list[tuple[Registration, Message]]:
    """Return the email of each of these people, unsaved, with the words that would be sent."""
    if not people:
        return []
    found = []
    with drafts_only():
        for registration, seats in notifications.with_their_seats(people, moves):
            message = session_emails.sessions_moved(registration, seats, moves)
            if message is not None:
                found.append((registration, message))
    return found
