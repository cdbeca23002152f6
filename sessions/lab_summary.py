"""The facts in a lab's header: dates, place, languages and state of registration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.html import format_html
from django.utils.translation import gettext, pgettext

from core.timezones.formatting import clock, date_range, day_and_month, locale_of, long_date
from core.timezones.wall_clock import wall
from core.timezones.zone_hours import zone_time
from core.web.localized_html import localized_html
from labs.models import Lab


class RegistrationPhase(StrEnum):
    """The state of registration."""

    NONE = "none"
    COMING = "coming"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True)
class Fact:
    term: str
    words: str


def registration_phase(lab: Lab, now: datetime) -> RegistrationPhase:
    """Return the state of registration at this instant."""
    if lab.takes_registrations(now):
        return RegistrationPhase.OPEN
    if lab.registration_opens_at is None:
        return RegistrationPhase.NONE
    return RegistrationPhase.COMING if now < lab.registration_opens_at else RegistrationPhase.CLOSED


def facts(lab: Lab, language: str, now: datetime) -> list[Fact]:
    """Return the facts for the header, in the active language."""
    found = [Fact(gettext("When"), dates_text(lab, language))]
    where = place_text(lab, language)
    if where:
        found.append(Fact(gettext("Where"), where))
    found.append(Fact(gettext("Languages"), languages_text(lab, language)))
    registration = _registration_text(lab, language, now)
    if registration:
        found.append(Fact(gettext("Registration"), registration))
    return found


def dates_text(lab: Lab, language: str) -> str:
    """Return "6–16 April 2027"."""
    return date_range(lab.starts_on, lab.ends_on, language)


def place_text(lab: Lab, language: str) -> str:
    """Return "Online", the venue, or "Brussels and online"."""
    venue = localized_html(lab.venue, language, lab.default_language)
    if lab.format == Lab.Format.ONLINE:
        return gettext("Online")
    if lab.format == Lab.Format.IN_PERSON:
        return venue or gettext("In person")
    if venue:
        return format_html(gettext("{venue} and online"), venue=venue)
    return gettext("In person and online")


def languages_text(lab: Lab, language: str) -> str:
    """Return "English, Bulgarian", the lab's first language first."""
    names = [locale_of(code).get_language_name(language) or code for code in lab.languages]
    listed = ", ".join(names)
    return listed[:1].upper() + listed[1:]


def _registration_text(lab: Lab, language: str, now: datetime) -> str:
    state = registration_phase(lab, now)
    zone = zone_time(lab.time_zone, language)
    if state == RegistrationPhase.OPEN and lab.registration_closes_at:
        return gettext("Open until %(moment)s %(zone)s") % {
            "moment": _moment(lab.registration_closes_at, lab, language),
            "zone": zone,
        }
    if state == RegistrationPhase.COMING and lab.registration_opens_at:
        return gettext("Opens %(moment)s %(zone)s") % {
            "moment": _moment(lab.registration_opens_at, lab, language),
            "zone": zone,
        }
    return {
        RegistrationPhase.OPEN: pgettext("registration", "Open"),
        RegistrationPhase.CLOSED: pgettext("registration", "Closed"),
    }.get(state, "")


def _moment(at: datetime, lab: Lab, language: str) -> str:
    local = wall(at, lab.time_zone)
    same_year = local.year == lab.starts_on.year
    day = day_and_month(local.date(), language) if same_year else long_date(local.date(), language)
    return f"{day}, {clock(local)}"
