"""Checks of a lab's days, zone and deletion against its sessions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.utils.translation import get_language, gettext, ngettext

from core.timezones.wall_clock import wall
from core.timezones.zones import city_of
from core.web.errors import InvalidFields
from labs.lab_editing import is_empty
from labs.models import Lab
from sessions import scheduling
from sessions.models import Session


def sessions_outside(lab: Lab, sessions: Iterable[Session]) -> list[Session]:
    """Return the sessions that are not within the lab's days in the lab's zone."""
    found = []
    for session in sessions:
        first, last = lab.days_of(session.starts_at, session.ends_at)
        if first < lab.starts_on or last > lab.ends_on:
            found.append(session)
    return found


def check_sessions_inside(lab: Lab) -> None:
    """Raise RuleViolation if sessions are outside the lab's days."""
    left = sessions_outside(lab, lab.sessions.filter(is_placed=True).order_by("starts_at", "pk"))
    if not left:
        return
    first = left[0]
    field = "starts_on" if wall(first.starts_at, lab.time_zone).date() < lab.starts_on else "ends_on"
    message = ngettext(
        "%(count)d session would be outside the lab: %(title)s. Move it first, or keep its day.",
        "%(count)d sessions would be outside the lab, first %(title)s. Move them first, or keep their days.",
        len(left),
    )
    raise InvalidFields({field: [message % {"count": len(left), "title": first.title}]})


def zones_of(lab: Lab) -> dict[str, int]:
    """Return the zones of the lab's sessions with their numbers, most frequent first."""
    counted = Counter(lab.sessions.values_list("time_zone", flat=True))
    return dict(counted.most_common())


def seats_of(lab: Lab) -> int:
    """Return the number of seats taken in the lab's sessions."""
    return sum(map(sum, lab.sessions.values_list("room_taken", "online_taken")))


def zone_change_text(lab: Lab) -> str:
    """Return the text about sessions for a change of the lab's zone."""
    zones = zones_of(lab)
    if not zones:
        return gettext("New sessions use this time zone.")
    count = sum(zones.values())
    language = get_language() or "en"
    listed = ", ".join(f"{city_of(zone, language)} ({number})" for zone, number in zones.items())
    return ngettext(
        "New sessions use this time zone. The %(count)d existing session keeps its times and time "
        "zone: %(zones)s.",
        "New sessions use this time zone. The %(count)d existing sessions keep their times and time "
        "zones: %(zones)s.",
        count,
    ) % {"count": count, "zones": listed}


def may_be_deleted(lab: Lab) -> bool:
    """Tell whether the lab and its sessions were never visible, and no other rows refer to it."""
    if not is_empty(lab, Session._meta.app_label):
        return False
    return all(scheduling.may_be_deleted(session) for session in lab.sessions.select_related("lab"))
