"""What libical, the engine of Evolution, KOrganizer and many phones, makes of a calendar. Called through ctypes."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from functools import lru_cache

VEVENT = 4  # ICAL_VEVENT_COMPONENT of libical 3


class Time(ctypes.Structure):
    """`struct icaltimetype` of libical 3 (icaltime.h)."""

    _fields_ = [
        *((name, ctypes.c_int) for name in ("year", "month", "day", "hour", "minute", "second")),
        ("is_date", ctypes.c_int),
        ("is_daylight", ctypes.c_int),
        ("zone", ctypes.c_void_p),
    ]


@lru_cache(maxsize=1)
def library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libical.dylib" if sys.platform == "darwin" else "libical.so.3")
    except OSError as error:
        raise AssertionError("libical is not installed: run scripts/setup tests (libical3)") from error
    pointer, number = ctypes.c_void_p, ctypes.c_int
    for name, result, arguments in (
        ("icalparser_parse_string", pointer, [ctypes.c_char_p]),
        ("icalcomponent_get_first_component", pointer, [pointer, number]),
        ("icalcomponent_get_next_component", pointer, [pointer, number]),
        ("icalcomponent_get_uid", ctypes.c_char_p, [pointer]),
        ("icalcomponent_get_dtstart", Time, [pointer]),
        ("icalcomponent_get_dtend", Time, [pointer]),
        ("icalcomponent_count_errors", number, [pointer]),
        ("icalcomponent_free", None, [pointer]),
        ("icalrestriction_check", number, [pointer]),
        ("icaltime_as_timet_with_zone", ctypes.c_long, [Time, pointer]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class Refused(AssertionError):
    """The calendar is none for libical."""


def read(octets: bytes) -> dict[str, tuple[int, int]]:
    """Return start and end of each entry, by UID, in seconds since 1970.

    Raises Refused for what libical cannot parse, finds errors in, or what breaks RFC 5545's rules on properties.
    """
    ical = library()
    calendar = ical.icalparser_parse_string(octets)
    if not calendar:
        raise Refused("not a calendar")
    try:
        if errors := ical.icalcomponent_count_errors(calendar):
            raise Refused(f"{errors} errors")
        if not ical.icalrestriction_check(calendar):
            raise Refused("breaks a rule on which properties stand where")
        return {
            ical.icalcomponent_get_uid(event).decode(): (
                _seconds(ical.icalcomponent_get_dtstart(event)),
                _seconds(ical.icalcomponent_get_dtend(event)),
            )
            for event in _events(ical, calendar)
        }
    finally:
        ical.icalcomponent_free(calendar)


def _events(ical: ctypes.CDLL, calendar: int) -> Iterator[int]:
    event = ical.icalcomponent_get_first_component(calendar, VEVENT)
    while event:
        yield event
        event = ical.icalcomponent_get_next_component(calendar, VEVENT)


def _seconds(time: Time) -> int:
    return library().icaltime_as_timet_with_zone(time, time.zone)
