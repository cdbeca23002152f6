"""Telling people with seats that a session has another day, hour, zone or place: what differs, and who decides.

Emailing them is what the organiser is asked after saving. Until the answer the facts that people know are kept, so that
several changes become one email of what was and what is now. Facts are frozen when the answer is given: whatever
changes afterwards is another change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, override, pgettext

from core.timezones import formatting, zone_hours
from core.timezones.wall_clock import wall
from core.web.edit_conflicts import Difference
from core.web.localized_fields import languages_of
from labs.models import Lab
from sessions.models import Session, UnannouncedChange
from sessions.models.agenda import SessionQuerySet
from sessions.places import join_link_of, place_of
from sessions.publishing import Change, send_session_changed
from sessions.revisions import lock_session
from sessions.signals import sessions_moved

# What `facts_of` returns: plain values, as they stand in a row or in the arguments of later work.
Facts = Mapping[str, Any]


class Kind(StrEnum):
    """What can differ."""

    DAY = "day"
    TIME = "time"
    ZONE = "zone"
    ROOM = "room"
    PLACE = "place"
    JOIN_LINK = "join_link"


def facts_of(session: Session) -> dict[str, Any]:
    """Return when and where the session is, in all languages of the service. Needs its room and lab."""
    place = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            place[code] = place_of(session, code)
    return {
        "starts_at": session.starts_at.isoformat(),
        "ends_at": session.ends_at.isoformat(),
        "time_zone": session.time_zone,
        "place": place,
        "room": languages_of(session.room.name) if session.room else {},
        "elsewhere_in_place": _place_facts(session),
        "join_link": join_link_of(session),
    }


def _place_facts(session: Session) -> list[Any]:
    """Return what makes a place besides the room's name: where only that differs, people go to another room."""
    room, venue = session.room, languages_of(session.lab.venue)
    return [room.address, room.online, venue] if room else [venue]


def differences(
    was: Facts, now: Facts, zone: str, language: str, *, join_link: bool = False
) -> list[Difference]:
    """Return only what differs, as a reader in this zone sees it, each with its `Kind`.

    `join_link` is for people with a seat: of one it is only said that it is new.
    """
    with override(language):
        found = _time_differences(was, now, zone, language)
        if was["place"].get(language) != now["place"].get(language):
            only_the_room = (
                was["room"] and now["room"] and was["elsewhere_in_place"] == now["elsewhere_in_place"]
            )
            kind, label = (Kind.ROOM, gettext("Room")) if only_the_room else (Kind.PLACE, gettext("Place"))
            unknown = gettext("not announced yet")
            places = [facts["place"].get(language) or unknown for facts in (was, now)]
            found.append(Difference(label, *places, kind=kind))
        if join_link and now["join_link"] and was["join_link"] != now["join_link"]:
            new = gettext("There is a new join link.")
            found.append(Difference(gettext("Join link"), "", new, kind=Kind.JOIN_LINK))
    return found


def _time_differences(was: Facts, now: Facts, zone: str, language: str) -> list[Difference]:
    before, after = _span(was), _span(now)
    found = []
    if before != after:
        days = [_days(*span, zone, language) for span in (before, after)]
        hours = [_hours(*span, zone, language) for span in (before, after)]
        if days[0] != days[1]:
            found.append(Difference(gettext("Day"), *days, kind=Kind.DAY))
        elif hours[0] == hours[1]:
            # The other one of two equal hours: only the offset tells them apart.
            hours = [zone_hours.hours(*span, zone, language, with_offset=True) for span in (before, after)]
        if hours[0] != hours[1]:
            found.append(Difference(pgettext("of a session", "Time"), *hours, kind=Kind.TIME))
    if was["time_zone"] != now["time_zone"] and not found:
        zones = [zone_hours.city_words(facts["time_zone"], _span(facts), language) for facts in (was, now)]
        found.append(Difference(gettext("Time zone"), *zones, kind=Kind.ZONE))
    return found


def _span(facts: Facts) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(facts["starts_at"]), datetime.fromisoformat(facts["ends_at"])


def _days(starts: datetime, ends: datetime, zone: str, language: str) -> str:
    first, last = wall(starts, zone).date(), wall(ends, zone).date()
    # What ends in the night is of one day.
    if (last - first).days <= 1:
        return formatting.long_day(first, language)
    return formatting.date_range(first, last, language)


def _hours(starts: datetime, ends: datetime, zone: str, language: str) -> str:
    return formatting.hours(wall(starts, zone), wall(ends, zone))


def subject_text(found: list[Difference]) -> str:
    """Return "New day, new room", in the active language."""
    words: dict[str, str] = {
        Kind.DAY: gettext("new day"),
        Kind.TIME: gettext("new time"),
        Kind.ZONE: gettext("new time zone"),
        Kind.ROOM: gettext("new room"),
        Kind.PLACE: gettext("new place"),
        Kind.JOIN_LINK: gettext("new join link"),
    }
    listed = ", ".join(words[difference.kind] for difference in found)
    return listed[:1].upper() + listed[1:]


@dataclass(frozen=True)
class PendingChange:
    """A session whose people do not know of its change yet, and what differs for somebody in the lab's zone."""

    session: Session
    people: int
    differences: list[Difference]


def pending_sessions(sessions: SessionQuerySet) -> list[Session]:
    """Return those of these sessions about whose change nobody has decided yet, with room and lab. One query."""
    waiting = sessions.filter(unannounced_change__isnull=False).select_related(
        "room", "unannounced_change", "lab"
    )
    return [session for session in waiting if is_open(session)]


def pending_changes(lab: Lab, language: str) -> list[PendingChange]:
    """Return what is to be decided in a lab, as somebody in its zone reads it."""
    return [
        PendingChange(
            session,
            count_people(session),
            differences(
                session.unannounced_change.was, facts_of(session), lab.time_zone, language, join_link=True
            ),
        )
        for session in pending_sessions(Session.objects.filter(lab=lab))
    ]


def record_move(session: Session, was: Facts) -> None:
    """Send the news that the session moved from where it `was`; in the transaction that holds its row.

    Nobody is told yet: organisers are asked (`decide`), where it matters to anybody.
    """
    now = facts_of(session)
    row = UnannouncedChange.objects.filter(session=session).first()
    known = row.was if row else was
    if is_open(session) and known != now:
        UnannouncedChange.objects.get_or_create(session=session, defaults={"was": known})
    elif row is not None:
        row.delete()
    send_session_changed(session, Change.MOVED)


def count_people(session: Session) -> int:
    """Return how many people have a seat or wait for one."""
    return session.seats_taken + session.seats_waiting


def is_open(session: Session) -> bool:
    """Tell whether it still matters to anybody where the session is: it takes place, is ahead, and has people."""
    return count_people(session) > 0 and not session.is_cancelled and not session.is_over(timezone.now())


@transaction.atomic
def decide(sessions: Iterable[Session], tell: bool) -> list[Session]:
    """Answer the question for these sessions of one lab. Returns those whose people are told.

    Whoever is in several of them gets one email about all. A second answer changes nothing.
    """
    moves: dict[Session, Facts] = {}
    for session in sorted(sessions, key=attrgetter("pk")):
        lock_session(session)
        row = UnannouncedChange.objects.filter(session=session).first()
        if row is None:
            continue
        was, now = row.was, facts_of(session)
        row.delete()
        if tell and was != now and is_open(session):
            moves[session] = {"was": was, "now": now, "version": session.revised_at.isoformat()}
    if moves:
        sessions_moved.send(sender=Session, moves={session.pk: facts for session, facts in moves.items()})
    return list(moves)
