"""Built-in tags and filters for days, hours and zones; they use `format_html` instead of templates, for long lists."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from core.timezones import formatting, zone_hours
from core.timezones.wall_clock import wall

register = template.Library()


def _language() -> str:
    return get_language() or "en"


_FORMS = {
    "clock": lambda at, language: formatting.clock(at),
    "date": lambda at, language: formatting.long_date(at.date(), language),
    "day": lambda at, language: formatting.long_day(at.date(), language),
    "short_day": lambda at, language: formatting.short_day(at.date(), language),
    "day_and_month": lambda at, language: formatting.day_and_month(at.date(), language),
    "moment": lambda at, language: f"{formatting.long_date(at.date(), language)}, {formatting.clock(at)}",
    "short": lambda at, language: f"{formatting.short_day(at.date(), language)}, {formatting.clock(at)}",
}


def _words(at: datetime, zone: str, form: str) -> str:
    if form == "zoned":
        return zone_hours.moment(at, zone, _language())
    return _FORMS[form](wall(at, zone), _language())


def _time(at: datetime, words: str, css: str = "") -> SafeString:
    stamp = at.isoformat(timespec="minutes")
    if css:
        return format_html('<time class="{}" datetime="{}">{}</time>', css, stamp, words)
    return format_html('<time datetime="{}">{}</time>', stamp, words)


@register.simple_tag
def local_time(at: datetime | None, zone: str, form: str = "clock", css: str = "") -> str:
    """Print an instant in `zone` as a `<time>`.

    Forms: clock (11:30), date (6 April 2027), day (Tuesday 6 April 2027), short_day (Tue 6 Apr), day_and_month
    (6 April), moment (6 April 2027, 11:30), short (Tue 6 Apr, 11:30), zoned (6 April 2027, 11:30, Sofia time (UTC+3)).
    """
    if at is None:
        return ""
    return _time(wall(at, zone), _words(at, zone, form), css)


@register.simple_tag
def brief_time(at: datetime | None, zone: str) -> str:
    """Print an instant for a column of a table: "6 Apr, 11:30", the year where it is not this one; in full as title."""
    if at is None:
        return ""
    local = wall(at, zone)
    brief, long = _brief_and_long(local.date(), wall(timezone.now(), zone).year, _language())
    clock = formatting.clock(local)
    stamp = local.isoformat(timespec="minutes")
    return format_html('<time datetime="{}" title="{}, {}">{}, {}</time>', stamp, long, clock, brief, clock)


@lru_cache(maxsize=512)
def _brief_and_long(on: date, this_year: int, language: str) -> tuple[str, str]:
    """Return a date as columns and as titles have it: rows of a list share their days."""
    return formatting.brief_date(on, this_year, language), formatting.long_date(on, language)


@register.simple_tag
def local_words(at: datetime | None, zone: str, form: str = "moment") -> str:
    """Like `local_time`, as plain text for sentences and attributes."""
    return "" if at is None else _words(at, zone, form)


@register.simple_tag
def local_span(
    starts: datetime, ends: datetime, zone: str, form: str = "hours", with_offset: bool = False
) -> SafeString:
    """Print a span in `zone`.

    Forms: hours (11:30–13:00), short (Tue 6 Apr, 11:30–13:00), long (6 April 2027, 11:30–13:00). Every form has the
    date of the end if it differs. `with_offset` is for lists over a change of clocks (see `clocks_change`); a span
    over a change always has its offsets.
    """
    first, last = wall(starts, zone), wall(ends, zone)
    language = _language()
    if with_offset or zone_hours.clocks_change(zone, (starts, ends)):
        words = zone_hours.hours(starts, ends, zone, language, with_offset=True)
        day = {"short": formatting.short_day, "long": formatting.long_date}.get(form)
        return _time(first, f"{day(first.date(), language)}, {words}" if day else words)
    if form != "hours":
        words = (formatting.short_span if form == "short" else formatting.span)(first, last, language)
        return _time(first, _without_break(words, formatting.hours(first, last)))
    until = formatting.clock(last)
    if first.date() != last.date():
        until = f"{formatting.short_day(last.date(), language)}, {until}"
    return format_html("{}{}{}", _time(first, formatting.clock(first)), formatting.DASH, _time(last, until))


def _without_break(words: str, hours: str) -> str:
    """Return a date with its hours in a `nowrap` span: browsers break lines after an en dash."""
    if not words.endswith(hours):
        return words
    return format_html('{}<span class="nowrap">{}</span>', words.removesuffix(hours), hours)


@register.simple_tag
def date_range(first: date, last: date) -> str:
    """Return "6–16 April 2027"."""
    return formatting.date_range(first, last, _language())


@register.filter
def long_date(on: date) -> str:
    """Return "6 April 2027"."""
    return formatting.long_date(on, _language())


@register.filter
def long_day(on: date) -> str:
    """Return "Tuesday 6 April 2027"."""
    return formatting.long_day(on, _language())


@register.filter
def short_day(on: date) -> str:
    """Return "Tue 6 Apr"."""
    return formatting.short_day(on, _language())


@register.filter
def duration(minutes: int) -> str:
    """Return minutes as "1 h 30 min"."""
    return formatting.duration(minutes, _language())


@register.simple_tag
def length(span: Any) -> str:
    """Return how long something with a `duration` lasts, as "1 h 30 min"."""
    return formatting.duration(int(span.duration.total_seconds() // 60), _language())


@register.simple_tag
def zone_short(zone: str) -> str:
    """Return "Sofia time", without the offset."""
    return zone_hours.zone_time(zone, _language())


@register.simple_tag
def zone_words(zone: str, *shown: object) -> str:
    """Return "Sofia time (EEST, UTC+3)", with every offset at what is shown.

    `shown` are instants, sessions, objects with a session, or lists of these.
    """
    return zone_hours.zone_words(zone, _instants(shown), _language())


@register.simple_tag
def zone_name(zone: str, *shown: object) -> SafeString:
    """Like `zone_words`, the zone itself in `<strong>`."""
    words, name = zone_words(zone, *shown), zone_short(zone)
    return format_html("<strong>{}</strong>{}", name, words.removeprefix(name))


@register.simple_tag
def clocks_change(zone: str, *shown: object) -> bool:
    """Tell whether clocks in the zone change within what is shown, so that each hour needs an offset."""
    return zone_hours.clocks_change(zone, _instants(shown))


def _instants(shown: Iterable[Any]) -> Iterator[datetime]:
    for one in shown:
        if isinstance(one, datetime):
            yield one
        elif isinstance(one, Iterable):
            yield from _instants(one)
        else:
            session = getattr(one, "session", one)
            yield session.starts_at
            yield session.ends_at


@register.filter
def percent(share: float) -> str:
    """Return "12%", "12 %": a share (0 to 1) in whole percents."""
    return formatting.percent(share, _language())


@register.filter
def grouped(number: int) -> str:
    """Return "1,291", "1.291": a number with the language's thousands separators."""
    return formatting.grouped(number, _language())
