"""What people know of a session, as plain data, and in words what differs between two such states.

Stored with changes that nobody has been told of yet, and with those that visitors may read about.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext, override, pgettext

from core.timezones import formatting, zone_hours
from core.timezones.wall_clock import wall
from core.web.edit_conflicts import Difference
from core.web.localized_fields import languages_of, text_and_language
from labs.models import Lab
from sessions.models import AgendaItem, Appearance, Session
from sessions.places import join_link_of, place_of
from sessions.plans import AppearancePlan, SessionPlan

# What `facts_of` returns: JSON values, for rows and arguments of tasks.
Facts = Mapping[str, Any]


class Kind(StrEnum):
    """The kind of a difference, in the order in which they are told."""

    CANCELLED = "cancelled"
    RESTORED = "restored"
    DAY = "day"
    TIME = "time"
    ZONE = "zone"
    ROOM = "room"
    PLACE = "place"
    FORMAT = "format"
    JOIN_LINK = "join_link"
    TITLE = "title"
    SPEAKERS = "speakers"
    AGENDA = "agenda"


# What people with a seat can do without; organisers choose whether to email about nothing but these.
MINOR = frozenset({Kind.SPEAKERS, Kind.AGENDA})
# Only people with a seat may know of these.
PRIVATE = ("join_link",)


@dataclass(frozen=True)
class Parts:
    """The parts of a session that are rows of their own: items as (title, start, end), and names of speakers."""

    items: tuple[tuple[object, time | None, time | None], ...] = ()
    speakers: tuple[object, ...] = field(default=())


def parts_of(sessions: Collection[Session]) -> dict[int, Parts]:
    """Return the parts of these sessions by id. Two queries."""
    items: dict[int, list[tuple[object, time | None, time | None]]] = {one.pk: [] for one in sessions}
    for item in AgendaItem.objects.filter(session__in=items).order_by("position", "id"):
        items[item.session_id].append((item.title, item.start_time, item.end_time))
    people: dict[int, dict[int, object]] = {one.pk: {} for one in sessions}
    appearances = Appearance.objects.filter(session__in=people).select_related("speaker")
    # Those of the whole session first, as in plans; databases sort NULL differently.
    first = F("agenda_item__position").asc(nulls_first=True)
    for one in appearances.order_by(first, "agenda_item", "position", "id"):
        people[one.session_id].setdefault(one.speaker_id, one.speaker.name)
    return {pk: Parts(tuple(items[pk]), tuple(people[pk].values())) for pk in items}


def parts_in(plan: SessionPlan) -> Parts:
    """Return the parts that a session gets by this plan."""
    people = [*plan.appearances, *(one for item in plan.agenda for one in item.appearances)]
    return Parts(
        tuple((dict(item.title), item.start_time, item.end_time) for item in plan.agenda),
        tuple({one.speaker.pk: one.speaker.name for one in people}.values()),
    )


def appearing(plan: SessionPlan) -> list[dict[str, Any]]:
    """Return who appears by this plan, as `AppearanceChange` keeps it."""
    rows: list[tuple[AppearancePlan, dict[str, str]]] = [(one, {}) for one in plan.appearances]
    rows += [(one, languages_of(dict(item.title))) for item in plan.agenda for one in item.appearances]
    return [
        {"speaker": languages_of(one.speaker.name), "role": str(one.role), "item": title}
        for one, title in rows
    ]


def facts_of(session: Session, parts: Parts | None = None) -> dict[str, Any]:
    """Return what people know of the session, in all languages of the service. Needs its room and lab.

    Agenda and speakers are in it only if their `parts` are given.
    """
    place, title, reason = {}, {}, {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            place[code] = place_of(session, code)
            title[code] = _text(session.title, code, session.lab)
            reason[code] = _text(session.cancel_reason, code, session.lab)
    found = {
        "starts_at": session.starts_at.isoformat(),
        "ends_at": session.ends_at.isoformat(),
        "time_zone": session.time_zone,
        "place": place,
        "room": languages_of(session.room.name) if session.room else {},
        "elsewhere_in_place": _place_facts(session),
        "join_link": join_link_of(session),
        "title": title,
        "format": session.format,
        "is_cancelled": session.is_cancelled,
        "reason": reason if session.is_cancelled else {},
    }
    if parts is not None:
        found["agenda"] = {code: _agenda(parts, code, session.lab) for code, _name in settings.LANGUAGES}
        found["speakers"] = {code: _speakers(parts, code, session.lab) for code, _name in settings.LANGUAGES}
    return found


def stored_facts(sessions: Collection[Session]) -> dict[int, dict[str, Any]]:
    """Return the facts of stored sessions by id, with agenda and speakers. Two queries beside room and lab."""
    parts = parts_of(sessions)
    return {session.pk: facts_of(session, parts[session.pk]) for session in sessions}


def _text(texts: object, language: str, lab: Lab) -> str:
    return text_and_language(texts, language, lab.default_language)[0]


def _agenda(parts: Parts, language: str, lab: Lab) -> str:
    lines = []
    for title, start, end in parts.items:
        hours = f"{formatting.hours(start, end)} " if start and end else ""
        lines.append(hours + (_text(title, language, lab) or formatting.DASH))
    return "\n".join(lines)


def _speakers(parts: Parts, language: str, lab: Lab) -> str:
    return ", ".join(_text(name, language, lab) for name in parts.speakers)


def _place_facts(session: Session) -> list[Any]:
    """Return the parts of the place except the room's name: if only that differs, just the room has changed."""
    room, venue = session.room, languages_of(session.lab.venue)
    return [room.address, room.online, venue] if room else [venue]


def is_same(was: Facts, now: Facts, *, private: bool = True) -> bool:
    """Tell whether these facts agree in what both of them say; without `private`, in what everybody may know."""
    left_out = () if private else PRIVATE
    return all(was[name] == now[name] for name in now if name in was and name not in left_out)


def differences(
    was: Facts, now: Facts, zone: str, language: str, *, join_link: bool = False
) -> list[Difference]:
    """Return the differences for a reader in this zone, each with its `Kind`.

    With `join_link` (for people with a seat) also that the link is new, without the link. Of a session that is
    cancelled, nothing else matters any longer.
    """
    with override(language):
        if now.get("is_cancelled") and not was.get("is_cancelled"):
            why = now["reason"].get(language) or gettext("This session does not take place.")
            return [Difference(gettext("Cancelled"), "", why, kind=Kind.CANCELLED)]
        found = []
        if was.get("is_cancelled") and not now.get("is_cancelled"):
            said = gettext("This session was cancelled but is now going ahead.")
            found.append(Difference(gettext("Going ahead"), "", said, kind=Kind.RESTORED))
        found += _time_differences(was, now, zone, language)
        found += _place_differences(was, now, language)
        if join_link and now["join_link"] and was["join_link"] != now["join_link"]:
            new = gettext("There is a new join link.")
            found.append(Difference(gettext("Join link"), "", new, kind=Kind.JOIN_LINK))
        for kind, label in (
            (Kind.TITLE, gettext("Title")),
            (Kind.SPEAKERS, gettext("Speakers")),
            (Kind.AGENDA, gettext("Agenda")),
        ):
            if kind in was and kind in now and was[kind].get(language) != now[kind].get(language):
                texts = [facts[kind].get(language) or gettext("none yet") for facts in (was, now)]
                found.append(Difference(label, *texts, kind=kind))
    return found


def _place_differences(was: Facts, now: Facts, language: str) -> list[Difference]:
    if was["place"].get(language) != now["place"].get(language):
        only_the_room = was["room"] and now["room"] and was["elsewhere_in_place"] == now["elsewhere_in_place"]
        kind, label = (Kind.ROOM, gettext("Room")) if only_the_room else (Kind.PLACE, gettext("Place"))
        unknown = gettext("not announced yet")
        places = [facts["place"].get(language) or unknown for facts in (was, now)]
        return [Difference(label, *places, kind=kind)]
    # Where the words of the place differ, they say how the session is attended.
    if was.get("format", now.get("format")) != now.get("format"):
        formats = [str(Lab.Format(facts["format"]).label) for facts in (was, now)]
        return [Difference(gettext("Format"), *formats, kind=Kind.FORMAT)]
    return []


def _time_differences(was: Facts, now: Facts, zone: str, language: str) -> list[Difference]:
    before, after = _span(was), _span(now)
    found = []
    if before != after:
        clocks = [_clocks(facts, zone) for facts in (was, now)]
        if clocks[0] == clocks[1] and _known_clock(was, zone):
            return []  # new rules of the zone: its own clocks show the same as before
        days = [_days(*clock, language) for clock in clocks]
        hours = [formatting.hours(*clock) for clock in clocks]
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


def _known_clock(facts: Facts, zone: str) -> list[int] | None:
    """Return the offsets of start and end in seconds that were known of a zone whose rules changed since."""
    clocks: Mapping[str, list[int]] = facts.get("clocks", {})
    return clocks.get(zone)


def _clocks(facts: Facts, zone: str) -> tuple[datetime, datetime]:
    """Return what clocks in the zone show at start and end, naive, by the rules that held when they were told."""
    known = _known_clock(facts, zone)
    if known is None:
        first, last = (wall(at, zone).replace(tzinfo=None, fold=0) for at in _span(facts))
        return first, last
    first, last = (
        (at + timedelta(seconds=offset)).replace(tzinfo=None)
        for at, offset in zip(_span(facts), known, strict=True)
    )
    return first, last


def _days(starts: datetime, ends: datetime, language: str) -> str:
    first, last = starts.date(), ends.date()
    # A session that ends in the night has one day.
    if (last - first).days <= 1:
        return formatting.long_day(first, language)
    return formatting.date_range(first, last, language)


def subject_text(found: Iterable[Difference]) -> str:
    """Return "New date, new room", in the active language. Each kind once, in the order of `Kind`."""
    words: dict[str, str] = {
        Kind.CANCELLED: pgettext("of a session", "cancelled"),
        Kind.RESTORED: gettext("going ahead"),
        Kind.DAY: gettext("new date"),
        Kind.TIME: gettext("new time"),
        Kind.ZONE: gettext("new time zone"),
        Kind.ROOM: gettext("new room"),
        Kind.PLACE: gettext("new place"),
        Kind.FORMAT: gettext("new format"),
        Kind.JOIN_LINK: gettext("new join link"),
        Kind.TITLE: gettext("new title"),
        Kind.SPEAKERS: gettext("other speakers"),
        Kind.AGENDA: gettext("new agenda"),
    }
    kinds = {difference.kind for difference in found}
    listed = ", ".join(words[kind] for kind in Kind if kind in kinds)
    return listed[:1].upper() + listed[1:]
