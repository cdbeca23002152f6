"""Texts about time zones: the zone of the hours, differences to others, and the choices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from core.search import alphabetical_key
from core.timezones.formatting import clock, duration_in_words, long_date
from core.timezones.zone_hours import (
    clocks_change,
    hours,
    offset_at,
    offset_words,
    offsets_in_words,
    zone_time,
)
from core.timezones.zones import city_of, zone_choices
from sessions.models import Session

# Further cities are only counted.
MAX_NAMED_CITIES = 3


@dataclass(frozen=True)
class ZoneOption:
    """A zone that a reader may choose. An empty value is the lab's own and resets the choice."""

    value: str
    words: str
    chosen: bool


@dataclass(frozen=True)
class CityClock:
    """The hours in some cities: "14:30–16:30", "UTC+2", and whether the reader's zone is the same."""

    hours: str
    offset: str
    cities: tuple[tuple[str, bool], ...]


def zone_sentence(zone: str, instants: Sequence[datetime], language: str) -> SafeString:
    """Return "All times are Sofia time (EEST, UTC+3).", with all offsets at `instants`.

    `instants` are those of the sessions shown, at least one.
    """
    name = zone_time(zone, language)
    offsets = offsets_in_words(zone, instants, language)
    if name == offsets:
        return format_html(gettext("All times are {zone}."), zone=_strong(name))
    return format_html(gettext("All times are {zone} ({offset})."), zone=_strong(name), offset=offsets)


def instants_of(sessions: Iterable[Session]) -> list[datetime]:
    """Return the starts and ends of sessions."""
    return [at for session in sessions for at in (session.starts_at, session.ends_at)]


def difference_sentences(
    zone: str, others: Mapping[str, Sequence[str]], instants: Sequence[datetime], language: str
) -> list[str]:
    """Return how clocks elsewhere differ: "In Rome and Brussels it is 1 hour earlier."

    `others` has the names of places by zone. If a difference is not the same at all `instants`, the sentence says so.
    """
    places: defaultdict[timedelta | None, list[str]] = defaultdict(list)
    for other, names in others.items():
        differences = {offset_at(at, other) - offset_at(at, zone) for at in instants}
        difference = differences.pop() if len(differences) == 1 else None
        places[difference].extend(names)
    sentences = []
    for difference in sorted((key for key in places if key), key=abs):
        minutes = round(abs(difference).total_seconds() / 60)
        values = {"places": _enumeration(places[difference]), "hours": duration_in_words(minutes, language)}
        if difference < timedelta():
            sentences.append(gettext("In %(places)s it is %(hours)s earlier.") % values)
        else:
            sentences.append(gettext("In %(places)s it is %(hours)s later.") % values)
    if places.get(None):
        sentences.append(
            gettext("The difference to %(places)s changes during the lab.")
            % {"places": _enumeration(places[None])}
        )
    return sentences


def zone_options(
    lab_zone: str,
    city_zones: Iterable[str],
    chosen: str | None,
    instants: Collection[datetime],
    language: str,
) -> list[ZoneOption]:
    """Return the zones offered first: the lab's, those of the programme's cities, and the reader's own.

    Each has its offset at the `instants` shown; "UTC+2/UTC+3" where clocks change between them.
    """
    offered = sorted(
        {*city_zones, *([chosen] if chosen else [])} - {lab_zone},
        key=lambda zone: alphabetical_key(city_of(zone, language)),
    )
    city = city_of(lab_zone, language)
    offset = _offsets(lab_zone, instants)
    own = gettext("%(city)s, lab time (%(offset)s)") % {"city": city, "offset": offset}
    options = [ZoneOption("", own, chosen in (None, lab_zone))]
    for zone in offered:
        name, offset = city_of(zone, language), _offsets(zone, instants)
        words = name if name == offset else f"{name} ({offset})"
        options.append(ZoneOption(zone, words, zone == chosen))
    return options


def _offsets(zone: str, instants: Iterable[datetime]) -> str:
    return "/".join(dict.fromkeys(offset_words(at, zone) for at in sorted(instants)))


@lru_cache(maxsize=8)
def all_zones(language: str) -> SafeString:
    """Return every zone as grouped <option>s, none selected."""
    return format_html_join(
        "",
        '<optgroup label="{}">{}</optgroup>',
        (
            (region, format_html_join("", '<option value="{}">{}</option>', zones))
            for region, zones in zone_choices(language, offsets=True)
        ),
    )


def city_clocks(
    starts: datetime,
    ends: datetime,
    cities: Iterable[tuple[str, str]],
    reader_zone: str | None,
    language: str,
) -> list[CityClock]:
    """Return the same hours in `cities` ((name, zone) pairs), from west to east."""
    groups: defaultdict[tuple[timedelta, timedelta], list[tuple[str, bool]]] = defaultdict(list)
    zone_of: dict[tuple[timedelta, timedelta], str] = {}
    for name, zone in sorted(cities, key=lambda city: alphabetical_key(city[0])):
        key = (offset_at(starts, zone), offset_at(ends, zone))
        zone_of[key] = zone
        groups[key].append((name, zone == reader_zone))
    clocks = []
    for key in sorted(groups):
        zone = zone_of[key]
        words = hours(starts, ends, zone, language)
        # If clocks change in between, the hours have their offsets already.
        offset = "" if clocks_change(zone, (starts, ends)) else offset_words(starts, zone)
        clocks.append(CityClock(words, offset, tuple(groups[key])))
    return clocks


def clock_change_sentences(
    starts: datetime, ends: datetime, places: Iterable[tuple[str, str]], language: str
) -> list[str]:
    """Return "In Rome clocks go forward by 1 hour on 28 March 2027 at 02:00.", for changes within a day of the session.

    `places` are (name, zone) pairs. The hour is that of the clocks before the change.
    """
    first, last = starts - timedelta(days=1), ends + timedelta(days=1)
    found: defaultdict[tuple[datetime, timedelta], list[str]] = defaultdict(list)
    for name, zone in places:
        by = offset_at(last, zone) - offset_at(first, zone)
        if by:
            switch = _switch_between(first, last, zone)
            local = (switch + offset_at(first, zone)).replace(tzinfo=None)
            found[local, by].append(name)
    sentences = []
    for (at, by), names in sorted(found.items(), key=lambda one: (one[0][0], -one[0][1])):
        values = {
            "places": _enumeration(names),
            "hours": duration_in_words(round(abs(by).total_seconds() / 60), language),
            "day": long_date(at.date(), language),
            "time": clock(at),
        }
        if by > timedelta():
            sentences.append(
                gettext("In %(places)s clocks go forward by %(hours)s on %(day)s at %(time)s.") % values
            )
        else:
            sentences.append(
                gettext("In %(places)s clocks go back by %(hours)s on %(day)s at %(time)s.") % values
            )
    return sentences


def _switch_between(first: datetime, last: datetime, zone: str) -> datetime:
    """Return the first second between these instants with another offset than at `first`."""
    offset = offset_at(first, zone)
    low, high = first.replace(microsecond=0), last.replace(microsecond=0)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if offset_at(middle, zone) == offset:
            low = middle
        else:
            high = middle
    return high


def _enumeration(names: Sequence[str]) -> str:
    """Return "Rome and Brussels", "Granada, Rome and Patras", "Granada, Rome, Patras and 5 more cities"."""
    distinct = sorted(dict.fromkeys(names), key=alphabetical_key)
    if len(distinct) > MAX_NAMED_CITIES + 1:
        rest = len(distinct) - MAX_NAMED_CITIES
        return ngettext("%(names)s and %(count)d more city", "%(names)s and %(count)d more cities", rest) % {
            "names": ", ".join(distinct[:MAX_NAMED_CITIES]),
            "count": rest,
        }
    if len(distinct) == 1:
        return distinct[0]
    return gettext("%(names)s and %(last)s") % {"names": ", ".join(distinct[:-1]), "last": distinct[-1]}


def _strong(words: str) -> SafeString:
    return format_html("<strong>{}</strong>", words)
