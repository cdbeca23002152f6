"""Changes of a session's time or place that its participants have not been emailed about.

After saving, the organiser decides whether to email them. Until then the facts before the first change are stored, so
that several changes become one email. The facts are frozen with the decision.
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

# What `facts_of` returns: JSON values, for rows and arguments of tasks.
Facts = Mapping[str, Any]


class Kind(StrEnum):
    """The kind of a difference."""

    DAY = "day"
    TIME = "time"
    ZONE = "zone"
    ROOM = "room"
    PLACE = "place"
    JOIN_LINK = "join_link"


def facts_of(session: Session) -> dict[str, object]:
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
    """Return the parts of the place except the room's name: if only that differs, just the room has changed."""
    room, venue = session.room, languages_of(session.lab.venue)
    return [room.address, room.online, venue] if room else [venue]


def differences(
    was: Facts, now: Facts, zone: str, language: str, *, join_link: bool = False
) -> list[Difference]:
    """Return the differences for a reader in this zone, each with its `Kind`.

    With `join_link` (for people with a seat) also that the link is new, without the link.
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
            found.append(Difference(gettext("Date"), *days, kind=Kind.DAY))
        elif hours[0] == hours[1]:
            # An ambiguous hour with another fold: only the offset differs.
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
    # A session that ends in the night has one day.
    if (last - first).days <= 1:
        return formatting.long_day(first, language)
    return formatting.date_range(first, last, language)


def _hours(starts: datetime, ends: datetime, zone: str, language: str) -> str:
    return formatting.hours(wall(starts, zone), wall(ends, zone))


def subject_text(found: list[Difference]) -> str:
    """Return "New date, new room", in the active language."""
    words: dict[str, str] = {
        Kind.DAY: gettext("new date"),
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
    """A session with an unannounced change, and its differences in the lab's zone."""

    session: Session
    people: int
    differences: list[Difference]


def pending_sessions(sessions: SessionQuerySet) -> list[Session]:
    """Return those of these sessions with an unannounced change, with room and lab. One query."""
    waiting = sessions.filter(unannounced_change__isnull=False).select_related(
        "room", "unannounced_change", "lab"
    )
    return [session for session in waiting if is_open(session)]


def pending_changes(lab: Lab, language: str) -> list[PendingChange]:
    """Return the unannounced changes of a lab, in its zone."""
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
    """Send `session_changed` for a move, and store the facts `was` until organisers `decide`.

    The caller has locked the session.
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
    """Return the number of seats taken and waiting."""
    return session.seats_taken + session.seats_waiting


def is_open(session: Session) -> bool:
    """Tell whether the session takes place, is not over, and has participants."""
    return count_people(session) > 0 and not session.is_cancelled and not session.is_over(timezone.now())


@transaction.atomic
def decide(sessions: Iterable[Session], tell: bool) -> list[Session]:
    """Decide for these sessions of one lab. Returns those whose participants are emailed.

    Each participant gets one email about all sessions. A second decision does nothing.
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
