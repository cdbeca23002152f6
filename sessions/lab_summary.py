"""The facts in a lab's header: dates, place, organiser, and the state of registration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.html import format_html
from django.utils.translation import gettext

from core.timezones.formatting import clock, date_range, day_and_month, long_date
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
    OVER = "over"


@dataclass(frozen=True)
class Registration:
    """The state of registration, in words too: "Open until 11 January, 18:00 Sofia time"; "" if there is none.

    `has_links` if people may hold private links: registration is or was open.
    """

    phase: RegistrationPhase
    words: str
    has_links: bool


@dataclass(frozen=True)
class Fact:
    term: str
    words: str


def registration_phase(lab: Lab, now: datetime) -> RegistrationPhase:
    """Return the state of registration at this instant; OVER as soon as the lab is."""
    if lab.is_over(now):
        return RegistrationPhase.OVER
    if lab.takes_registrations(now):
        return RegistrationPhase.OPEN
    if lab.registration_opens_at is None:
        return RegistrationPhase.NONE
    return RegistrationPhase.COMING if now < lab.registration_opens_at else RegistrationPhase.CLOSED


def facts(lab: Lab, language: str) -> list[Fact]:
    """Return the facts for the header, in the active language."""
    found = [Fact(gettext("When"), dates_text(lab, language))]
    where = place_text(lab, language)
    if where:
        found.append(Fact(gettext("Where"), where))
    if organiser := localized_html(lab.programme.organiser, language, lab.programme.default_language):
        found.append(Fact(gettext("Organised by"), organiser))
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


def registration(lab: Lab, language: str, now: datetime) -> Registration:
    """Return the state of registration at this instant, in the active language."""
    phase = registration_phase(lab, now)
    has_links = lab.registration_opens_at is not None and lab.registration_opens_at <= now
    return Registration(phase, _registration_text(lab, phase, language), has_links)


def _registration_text(lab: Lab, phase: RegistrationPhase, language: str) -> str:
    zone = zone_time(lab.time_zone, language)
    if phase == RegistrationPhase.OPEN and lab.registration_closes_at:
        return gettext("Open until %(moment)s (%(zone)s)") % {
            "moment": _moment(lab.registration_closes_at, lab, language),
            "zone": zone,
        }
    if phase == RegistrationPhase.COMING and lab.registration_opens_at:
        return gettext("Registration opens on %(moment)s (%(zone)s)") % {
            "moment": _moment(lab.registration_opens_at, lab, language),
            "zone": zone,
        }
    return {
        RegistrationPhase.OPEN: gettext("Registration is open"),
        RegistrationPhase.CLOSED: gettext("Registration is closed"),
        RegistrationPhase.OVER: gettext("This lab has ended"),
    }.get(phase, "")


def _moment(at: datetime, lab: Lab, language: str) -> str:
    local = wall(at, lab.time_zone)
    same_year = local.year == lab.starts_on.year
    day = day_and_month(local.date(), language) if same_year else long_date(local.date(), language)
    return f"{day}, {clock(local)}"
