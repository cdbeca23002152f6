"""Format the hours of a zone with their offsets from UTC.

A span over a change of clocks has two offsets. Everything that shows a zone beside hours formats it here, for all
instants shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.utils.translation import gettext, override

from core.timezones import formatting
from core.timezones.wall_clock import wall
from core.timezones.zones import UTC, city_of, greek_genitive, is_offset, offset_text


def zone_time(zone: str, language: str) -> str:
    """Return "Sofia time", "часова зона София", "ώρα Σόφιας"; "UTC", "UTC+3" for zones that are offsets."""
    city = city_of(zone, language)
    if zone == UTC or is_offset(zone):
        return city
    with override(language):
        return gettext("%(city)s time") % {"city": greek_genitive(city) if language == "el" else city}


def zone_words(
    zone: str, instants: Iterable[datetime], language: str, *, with_abbreviation: bool = True
) -> str:
    """Return "Sofia time (EEST, UTC+3)", or "Sofia time (UTC+3)" without the abbreviation; see `offsets_in_words`."""
    return _with_offsets(
        zone_time(zone, language), offsets_in_words(zone, instants, language, with_abbreviation)
    )


def moment(at: datetime, zone: str, language: str) -> str:
    """Return "6 April 2027, 23:59, Sofia time (UTC+3)", for hours that stand alone, such as deadlines."""
    local = wall(at, zone)
    words = zone_words(zone, [at], language, with_abbreviation=False)
    return f"{formatting.long_date(local.date(), language)}, {formatting.clock(local)}, {words}"


def city_words(zone: str, instants: Iterable[datetime], language: str) -> str:
    """Return "Sofia (EEST, UTC+3)", where the context shows that this is a zone."""
    return _with_offsets(city_of(zone, language), offsets_in_words(zone, instants, language))


def _with_offsets(name: str, offsets: str) -> str:
    return name if name == offsets else f"{name} ({offsets})"


def offsets_in_words(
    zone: str, instants: Iterable[datetime], language: str, with_abbreviation: bool = True
) -> str:
    """Return "EEST, UTC+3", the offset of all instants, or "UTC+3" without the abbreviation.

    If clocks change between them, each offset follows with the first instant that has it: "EET, UTC+2; from 28 March
    EEST, UTC+3", with the hour if an earlier instant is on the same day. Raises ValueError without instants.
    """
    words, before, known = "", None, None
    for at in sorted(instants):
        local = wall(at, zone)
        found = local.tzname(), local.utcoffset()
        if found != known:
            name, detail = local.tzname() or "", offset_words(at, zone)
            # IANA has only a number for some zones, such as America/Sao_Paulo.
            if with_abbreviation and name.isalpha() and name != UTC:
                detail = f"{name}, {detail}"
            if before is None:
                words = detail
            else:
                day = formatting.day_and_month(local.date(), language)
                if local.date() == before.date():
                    day = f"{day}, {formatting.clock(local)}"
                with override(language):
                    words = gettext("%(offsets)s; from %(day)s %(offset)s") % {
                        "offsets": words,
                        "day": day,
                        "offset": detail,
                    }
        before, known = local, found
    if not words:
        raise ValueError("no instants")
    return words


def clocks_change(zone: str, instants: Iterable[datetime]) -> bool:
    """Tell whether these instants have more than one offset in the zone."""
    return len({offset_at(at, zone) for at in instants}) > 1


def hours(starts: datetime, ends: datetime, zone: str, language: str, *, with_offset: bool = False) -> str:
    """Return "11:30–13:00" in the zone, with the day of the end if it differs.

    `with_offset` adds the offset: "11:30–13:00, UTC+3". If clocks change in between, each hour always has its own,
    "02:30, UTC+2 – 05:00, UTC+3", since the hours alone would be wrong by one.
    """
    first, last = wall(starts, zone), wall(ends, zone)
    changes = clocks_change(zone, (starts, ends))
    begin, end = formatting.clock(first), formatting.clock(last)
    if first.date() != last.date():
        end = f"{formatting.short_day(last.date(), language)}, {end}"
    if changes:
        return f"{begin}, {offset_words(starts, zone)} {formatting.DASH} {end}, {offset_words(ends, zone)}"
    dash = formatting.DASH if first.date() == last.date() else f" {formatting.DASH} "
    offset = f", {offset_words(starts, zone)}" if with_offset else ""
    return f"{begin}{dash}{end}{offset}"


def offsets(starts: datetime, ends: datetime, zone: str) -> str:
    """Return "UTC+3"; "UTC+2 – UTC+3" if clocks change in between."""
    return f" {formatting.DASH} ".join(dict.fromkeys([offset_words(starts, zone), offset_words(ends, zone)]))


def hours_in_other_zones(
    starts: datetime, ends: datetime, zone: str, others: Collection[str], language: str
) -> tuple[str, ...]:
    """Return the same hours in the zones `others`: "11:30–13:00, Sofia time (EEST, UTC+3)".

    The day comes first if it differs from that in `zone`. Zones with the same offsets as `zone`, or as one listed
    already, are left out.
    """
    day = wall(starts, zone).date()
    shown = {(offset_at(starts, zone), offset_at(ends, zone))}
    listed = []
    for other in others:
        offsets = offset_at(starts, other), offset_at(ends, other)
        if offsets in shown:
            continue
        shown.add(offsets)
        words = hours(starts, ends, other, language)
        its_day = wall(starts, other).date()
        if its_day != day:
            words = f"{formatting.short_day(its_day, language)}, {words}"
        # If clocks change in between, each hour has its offset already.
        changes = clocks_change(other, (starts, ends))
        place = zone_time(other, language) if changes else zone_words(other, [starts], language)
        listed.append(f"{words}, {place}")
    return tuple(listed)


def offset_at(at: datetime, zone: str) -> timedelta:
    """Return the offset from UTC at this instant."""
    return wall(at, zone).utcoffset() or timedelta()


def offset_words(at: datetime, zone: str) -> str:
    """Return "UTC+3"."""
    return offset_text(offset_at(at, zone))
