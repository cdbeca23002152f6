"""Small groups in words: the rules that one breaks, and why a city is left over."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import get_language, gettext, pgettext

from core.timezones import zone_hours
from core.timezones.formatting import short_day
from core.timezones.wall_clock import wall
from core.web.localized_fields import text_of
from labs.models import City, Lab
from sessions.group_rules import Broken, InTheWay
from sessions.grouping_report import GroupReport, LeftOver


def city_name(city: City, lab: Lab) -> str:
    """Return the name of a city as the reader reads it."""
    return text_of(city.name, get_language() or "en", lab)


def broken_in_words(report: GroupReport, lab: Lab) -> list[str]:
    """Return the rules that a group breaks, as sentences."""
    pairs = [f"{city_name(one, lab)} – {city_name(other, lab)}" for one, other in report.met]
    return [_BROKEN[one]() % {"pairs": ", ".join(pairs)} for one in report.broken]


def why_in_words(left: LeftOver) -> str:
    """Return why a city is in no group, as a sentence."""
    if left.reason is None:
        return gettext("Taken out by hand.")
    return _WHY[left.reason]()


def common_in_words(report: GroupReport, lab: Lab) -> str:
    """Return the first span in which the group may meet, in the lab's zone: "Tue 6 Apr, 10:00–18:00"; empty if none."""
    if report.common is None:
        return ""
    language = get_language() or "en"
    starts, ends = report.common
    day = short_day(wall(starts, lab.time_zone).date(), language)
    return f"{day}, {zone_hours.hours(starts, ends, lab.time_zone, language)}"


_BROKEN: dict[Broken, Callable[[], str]] = {
    Broken.TOO_SMALL: lambda: gettext("Too few cities."),
    Broken.TOO_LARGE: lambda: gettext("Too many cities."),
    Broken.MET_BEFORE: lambda: gettext("Together in an earlier round: %(pairs)s."),
    Broken.NO_LANGUAGE: lambda: gettext("No working language that all share."),
    Broken.NO_HOURS: lambda: gettext("No time within the hours of all cities."),
    Broken.NO_MENTOR: lambda: pgettext("group", "No mentor."),
}
_WHY: dict[InTheWay, Callable[[], str]] = {
    InTheWay.NO_LANGUAGES_KNOWN: lambda: gettext(
        "Its working languages are not known. Enter them in its profile."
    ),
    InTheWay.NO_HOURS: lambda: gettext("The lab’s days leave no time within these hours there."),
    InTheWay.NOBODY_SHARES_A_LANGUAGE: lambda: gettext("No other city shares a working language."),
    InTheWay.NOBODY_SHARES_HOURS: lambda: gettext("No city with a shared language has hours in common."),
    InTheWay.MET_ALL_BEFORE: lambda: gettext("All cities that would fit were partners in earlier rounds."),
    InTheWay.TOO_FEW_PARTNERS: lambda: gettext("Too few cities fit together with it for a group."),
    InTheWay.TOO_FEW_CITIES: lambda: gettext("There are too few cities for a group."),
    InTheWay.NO_MENTOR_FITS: lambda: gettext("No mentor fits together with it and others."),
    InTheWay.NO_MENTOR_LEFT: lambda: gettext("Every mentor has a group already."),
    InTheWay.NO_GROUP_LEFT: lambda: gettext(
        "The cities that would fit are in groups that cannot take another one."
    ),
}
