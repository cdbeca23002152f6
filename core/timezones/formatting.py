"""Format dates, hours and durations in a language (CLDR through Babel).

Every function is pure. Hours are of the 24-hour clock; ranges have an en dash. None of them converts between zones:
pass wall-clock values (`core.timezones.wall_clock.wall`).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_timedelta
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

DASH = "–"

# CLDR's default English is American; the service writes "6 April 2027".
_ENGLISH_PATTERNS = Locale("en", "GB")

# Patterns that differ from CLDR's: no comma in English and Greek days, month names in Bulgarian ones, and a common
# space before "г." (CLDR has a narrow one, U+202F, which many fonts lack).
_DATE_PATTERNS = {"bg": "d MMMM y 'г'."}
_DAY_PATTERNS = {"en": "EEEE d MMMM y", "bg": "EEEE, d MMMM y 'г'.", "el": "EEEE d MMMM y"}
_SHORT_DAY_PATTERNS = {"en": "EEE d MMM", "bg": "EEE, d MMMM", "el": "EEE d MMM"}
_BRIEF_DATE_PATTERNS = {"bg": ("d.MM", "d.MM.y 'г'.")}
_YEAR_SUFFIX = {"bg": " г."}
_DURATION_UNITS = {"en": ("h", "min"), "bg": ("ч", "мин")}


@lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """Return the locale in which `language` ("en", "bg", "pt-br") is written; English for a code CLDR lacks."""
    try:
        locale = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return _ENGLISH_PATTERNS
    return _ENGLISH_PATTERNS if locale.language == "en" else locale


def long_date(on: date, language: str) -> str:
    """Return "6 April 2027", "6 април 2027 г.", "6 Απριλίου 2027"."""
    locale = locale_of(language)
    return format_date(on, _DATE_PATTERNS.get(locale.language, "long"), locale)


def day_and_month(on: date, language: str) -> str:
    """Return "6 April", "6 април", "6 Απριλίου"."""
    return format_date(on, "d MMMM", locale_of(language))


def month_and_year(on: date, language: str) -> str:
    """Return "April 2027", "април 2027 г.", "Απριλίου 2027", as it follows a day."""
    locale = locale_of(language)
    return format_date(on, "MMMM y", locale) + _YEAR_SUFFIX.get(locale.language, "")


def weekday(on: date, language: str) -> str:
    """Return "Tuesday", "вторник" (lower case in Bulgarian), "Τρίτη"."""
    return format_date(on, "EEEE", locale_of(language))


def long_day(on: date, language: str) -> str:
    """Return "Tuesday 6 April 2027", "вторник, 6 април 2027 г.", "Τρίτη 6 Απριλίου 2027"."""
    locale = locale_of(language)
    return format_date(on, _DAY_PATTERNS.get(locale.language, "full"), locale)


def short_day(on: date, language: str) -> str:
    """Return "Tue 6 Apr", "вт, 6 април", "Τρί 6 Απρ"."""
    locale = locale_of(language)
    return format_date(on, _SHORT_DAY_PATTERNS.get(locale.language, "EEE d MMM"), locale)


def brief_date(on: date, this_year: int, language: str) -> str:
    """Return "6 Apr", "6.04", "6 Απρ", for columns of tables; with the year unless it is this one."""
    locale = locale_of(language)
    without, with_year = _BRIEF_DATE_PATTERNS.get(locale.language, ("d MMM", "d MMM y"))
    return format_date(on, without if on.year == this_year else with_year, locale)


def day_mark(on: date, language: str) -> str:
    """Return "Tue 6", "вт 6", "Τρί 6", for places where the month is shown already."""
    return format_date(on, "EEE d", locale_of(language))


def date_range(first: date, last: date, language: str) -> str:
    """Return "6–16 April 2027", "30 November – 10 December 2021", or one date where both are the same.

    Raises ValueError if `last` is before `first`.
    """
    if last < first:
        raise ValueError("a range of dates ends before it starts")
    if first == last:
        return long_date(first, language)
    if first.year != last.year:
        return f"{long_date(first, language)} {DASH} {long_date(last, language)}"
    if first.month != last.month:
        return f"{day_and_month(first, language)} {DASH} {long_date(last, language)}"
    if locale_of(language).language in _DAY_PATTERNS:
        return f"{first.day}{DASH}{long_date(last, language)}"
    return f"{long_date(first, language)} {DASH} {long_date(last, language)}"


def clock(at: time | datetime) -> str:
    """Return "09:05": hours and minutes of the 24-hour clock."""
    return f"{at.hour:02d}:{at.minute:02d}"


def hours(starts: time | datetime, ends: time | datetime) -> str:
    """Return "11:30–13:00"."""
    return f"{clock(starts)}{DASH}{clock(ends)}"


def span(starts: datetime, ends: datetime, language: str) -> str:
    """Return "6 April 2027, 11:30–13:00", with both dates if they differ."""
    first = f"{long_date(starts.date(), language)}, "
    if starts.date() == ends.date():
        return first + hours(starts, ends)
    return f"{first}{clock(starts)} {DASH} {long_date(ends.date(), language)}, {clock(ends)}"


def short_span(starts: datetime, ends: datetime, language: str) -> str:
    """Return "Tue 6 Apr, 11:30–13:00", with both days if they differ."""
    first = f"{short_day(starts.date(), language)}, "
    if starts.date() == ends.date():
        return first + hours(starts, ends)
    return f"{first}{clock(starts)} {DASH} {short_day(ends.date(), language)}, {clock(ends)}"


def percent(share: float, language: str) -> str:
    """Return "12%", "12 %": a share (0 to 1) in whole percents, as the language writes them."""
    return str(format_percent(share, "#,##0%", locale=locale_of(language)))


def grouped(number: int, language: str) -> str:
    """Return "12,345", "12 345", "12.345": an integer with the language's thousands separators."""
    return format_decimal(number, locale=locale_of(language))


def duration(minutes: int, language: str) -> str:
    """Return "1 h 30 min", "1 ч 30 мин", "1 ώρα 30 λεπτά" without parts that are zero.

    Unabbreviated where a language has no common abbreviations. Raises ValueError for a negative number.
    """
    units = _DURATION_UNITS.get(locale_of(language).language)
    if units is None:
        return duration_in_words(minutes, language)
    whole, rest = _hours_and_minutes(minutes)
    parts = []
    if whole:
        parts.append(f"{whole} {units[0]}")
    if rest or not whole:
        parts.append(f"{rest} {units[1]}")
    return " ".join(parts)


def duration_in_words(minutes: int, language: str) -> str:
    """Return "2 hours", "1 hour 30 minutes", "5 часа", "1 ώρα 30 λεπτά". Raises ValueError for a negative number."""
    locale = locale_of(language)
    whole, rest = _hours_and_minutes(minutes)
    parts = []
    if whole:
        parts.append(format_unit(whole, "duration-hour", "long", locale=locale))
    if rest or not whole:
        parts.append(format_unit(rest, "duration-minute", "long", locale=locale))
    return " ".join(parts)


def age(length: timedelta, language: str) -> str:
    """Return "12 seconds", "5 minutes", "3 дни": a duration in its largest whole unit, at least one second."""
    return format_timedelta(max(length, timedelta(seconds=1)), threshold=1, locale=locale_of(language))


def ago(length: timedelta, language: str) -> str:
    """Return "12 seconds ago", "преди 5 минути": at least one second."""
    past = -max(length, timedelta(seconds=1))
    return format_timedelta(past, threshold=1, add_direction=True, locale=locale_of(language))


def _hours_and_minutes(minutes: int) -> tuple[int, int]:
    if minutes < 0:
        raise ValueError("a duration is negative")
    return divmod(minutes, 60)
