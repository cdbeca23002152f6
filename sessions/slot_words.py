"""Slots in words: why one is worth its score, what is in the way of another, and the hours by the clocks of cities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language, gettext

from core.search import alphabetical_key
from core.timezones import formatting, zone_hours
from core.timezones.wall_clock import wall
from core.web.localized_fields import text_of
from labs.models import Lab
from sessions.slot_finder import Name, Party, Reason, Remark

# So many names are listed before the rest is counted.
NAMES_SAID = 5


@dataclass(frozen=True)
class LocalHours:
    """The hours of one offset, and the names of the cities that have it. `day` is "" on the lab's own day."""

    cities: tuple[str, ...]
    day: str
    hours: str
    offset: str


def names_of(parties: Iterable[Party], lab: Lab) -> str:
    """Return the names in the order of the alphabet: "Las Rozas, Rome and 4 more"."""
    return _listed(sorted((_name(party.name, lab) for party in parties), key=alphabetical_key))


def in_words(remark: Remark, lab: Lab) -> str:
    """Return a remark as a sentence, in the active language."""
    said = {
        "who": names_of(remark.parties, lab),
        "titles": _listed([gettext("“%(title)s”") % {"title": _name(one, lab)} for one in remark.titles]),
    }
    return _SENTENCES[remark.reason]() % said


def local_hours(
    starts_at: datetime, ends_at: datetime, cities: Sequence[Party], lab: Lab
) -> list[LocalHours]:
    """Return the hours in each city, those with the same offsets together, from west to east."""
    language = get_language() or "en"
    day = wall(starts_at, lab.time_zone).date()
    by_offset: dict[tuple[object, object], list[Party]] = {}
    for city in cities:
        key = tuple(zone_hours.offset_at(at, city.time_zone) for at in (starts_at, ends_at))
        by_offset.setdefault(key, []).append(city)  # type: ignore[arg-type]
    found = []
    for _offsets, some in sorted(by_offset.items(), key=lambda pair: pair[0]):
        zone = some[0].time_zone
        on = wall(starts_at, zone).date()
        found.append(
            LocalHours(
                tuple(sorted((_name(city.name, lab) for city in some), key=alphabetical_key)),
                formatting.short_day(on, language) if on != day else "",
                zone_hours.hours(starts_at, ends_at, zone, language),
                zone_hours.offsets(starts_at, ends_at, zone),
            )
        )
    return found


def _name(name: Name, lab: Lab) -> str:
    return text_of(dict(name), get_language() or "en", lab)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMES_SAID
    if more <= 1:
        return ", ".join(names)
    return gettext("%(names)s and %(count)d more") % {"names": ", ".join(names[:NAMES_SAID]), "count": more}


_SENTENCES: dict[Reason, Callable[[], str]] = {
    Reason.COMFORTABLE: lambda: gettext("Well within the working day in every city."),
    Reason.EARLY_OR_LATE: lambda: gettext("Close to the start or end of the working day: %(who)s."),
    Reason.WEEKEND: lambda: gettext("At the weekend: %(who)s."),
    Reason.NO_BREAK: lambda: gettext("Less than 15 minutes from another session: %(who)s."),
    Reason.BESIDE_OPEN_SESSION: lambda: gettext("At the same time as %(titles)s, which all may attend."),
    Reason.SPEAKER_AT_NIGHT: lambda: gettext("At night for a speaker: %(who)s."),
    Reason.OUTSIDE_HOURS: lambda: gettext("Outside working hours: %(who)s."),
    Reason.CITY_BUSY: lambda: gettext("Invited to %(titles)s at this time: %(who)s."),
    Reason.SPEAKER_BUSY: lambda: gettext("Appears in %(titles)s at this time: %(who)s."),
    Reason.SPEAKER_UNAVAILABLE: lambda: gettext("Not available at this time: %(who)s."),
    Reason.NO_ROOM_FREE: lambda: gettext("In use at this time: %(who)s."),
}
