"""Renders a lab's public programme as a grid: a table for each day, hours as rows and rooms as columns.

A table, so that it needs no script and no styles of its own, and is read aloud with hour and room. A row begins where a
session begins or ends; sessions at once in one room stand beside each other below it. No queries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.html import conditional_escape as html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, pgettext

from core.timezones.formatting import clock, hours, long_day
from core.web.localized_html import localized_html
from core.web.templatetags.site_tags import icon
from labs.models import Lab
from sessions.models import Session
from sessions.places import is_online
from sessions.programme import TemplateRow, View

# Rows grow with their length, up to this many quarters of an hour.
MAX_QUARTERS = 12
# Sessions without a room come last: online ones, then those whose room is not known.
_ONLINE, _UNKNOWN = -1, -2

Lane = list[Session]


@dataclass(frozen=True)
class GridDay(TemplateRow):
    """One day in the zone of the view: its name, its heading, and the table's rows as safe HTML."""

    on: date
    name: str
    title: str
    head: SafeString
    body: SafeString


def grid_days(
    sessions: Iterable[Session], titles: Mapping[date, object], lab: Lab, view: View
) -> tuple[GridDay, ...]:
    """Return the days of the view's zone on which sessions begin. Needs what `sessions.listing` fetches."""
    zone, lab_zone = ZoneInfo(view.zone), ZoneInfo(lab.time_zone)
    grouped: defaultdict[date, list[Session]] = defaultdict(list)
    for session in sessions:
        grouped[session.starts_at.astimezone(zone).date()].append(session)
    result = []
    for on, of_day in grouped.items():
        lab_days = {session.starts_at.astimezone(lab_zone).date() for session in of_day}
        title = titles.get(lab_days.pop()) if len(lab_days) == 1 else None
        columns = _columns(of_day)
        result.append(
            GridDay(
                on=on,
                name=long_day(on, view.language),
                title=localized_html(title, view.language, lab.default_language) if title else "",
                head=_head(columns, lab, view),
                body=_body(columns, lab, view, zone),
            )
        )
    return tuple(result)


def _columns(sessions: Iterable[Session]) -> list[list[Lane]]:
    """Return the rooms in their order, each with one lane, or as many as it has sessions at once."""
    rooms: defaultdict[tuple[int, int], list[Lane]] = defaultdict(list)
    for session in sessions:
        room = session.room
        key = (room.position, room.pk) if room else (10**9, _ONLINE if is_online(session) else _UNKNOWN)
        lanes = rooms[key]
        free = next((lane for lane in lanes if lane[-1].ends_at <= session.starts_at), None)
        if free is None:
            lanes.append([session])
        else:
            free.append(session)
    # Below zero the later one comes first.
    return [rooms[key] for key in sorted(rooms, key=lambda key: (key[0], abs(key[1])))]


def _head(columns: Sequence[Sequence[Lane]], lab: Lab, view: View) -> SafeString:
    cells = [f'<th scope="col" class="sched-hour">{html(pgettext("of a session", "Time"))}</th>']
    for lanes in columns:
        first = lanes[0][0]
        if first.room:
            name = localized_html(first.room.name, view.language, lab.default_language)
        else:
            name = gettext("Online") if is_online(first) else gettext("Room to be announced")
        span = f' colspan="{len(lanes)}"' if len(lanes) > 1 else ""
        cells.append(f'<th scope="col"{span}>{html(name)}</th>')
    return mark_safe("".join(cells))


def _body(columns: Sequence[Sequence[Lane]], lab: Lab, view: View, zone: ZoneInfo) -> SafeString:
    lanes = [lane for column in columns for lane in column]
    edges = sorted({at for lane in lanes for session in lane for at in (session.starts_at, session.ends_at)})
    place = {at: number for number, at in enumerate(edges)}
    starting = [{session.starts_at: session for session in lane} for lane in lanes]
    until = [0] * len(lanes)  # the row down to which a lane is taken
    rows = []
    for number, (at, following) in enumerate(pairwise(edges)):
        cells = [_hour(at.astimezone(zone))]
        for lane, starts in enumerate(starting):
            session = starts.get(at)
            if session is not None:
                until[lane] = place[session.ends_at]
                cells.append(_cell(session, until[lane] - number, lab, view, zone))
            elif number >= until[lane]:
                cells.append("<td></td>")
        is_pause = all(number >= end for end in until)
        rows.append(
            f'<tr class="{"sched-pause" if is_pause else _height(following - at)}">{"".join(cells)}</tr>'
        )
    return mark_safe("\n".join(rows))


def _height(length: timedelta) -> str:
    quarters = -(-length // timedelta(minutes=15))
    return f"sched-q{min(quarters, MAX_QUARTERS)}"


def _hour(at: datetime) -> str:
    stamp = html(at.isoformat(timespec="minutes"))
    return f'<th scope="row" class="sched-hour"><time datetime="{stamp}">{html(clock(at))}</time></th>'


def _cell(session: Session, rows: int, lab: Lab, view: View, zone: ZoneInfo) -> str:
    starts, ends = session.starts_at.astimezone(zone), session.ends_at.astimezone(zone)
    address = reverse("session", args=[lab.slug, session.slug])
    title = html(localized_html(session.title, view.language, lab.default_language))
    parts = [
        f'<p class="slot-time">{html(hours(starts, ends))}</p>',
        f'<p class="slot-title"><a href="{html(address)}">{title}</a></p>',
    ]
    if session.track:
        track = localized_html(session.track.name, view.language, lab.default_language)
        parts.append(f'<p class="slot-track"><span class="track-mark"></span>{html(track)}</p>')
    css = "slot"
    if session.is_cancelled:
        css += " slot-cancelled"
        parts.append(f'<p class="slot-mark">{icon("cross")}{html(pgettext("session", "Cancelled"))}</p>')
    if session.is_internal:
        css += " slot-internal"
        parts.append(f'<p class="slot-mark">{icon("lock")}{html(gettext("Internal"))}</p>')
    if session.visibility == Session.Visibility.DRAFT:
        css += " slot-draft"
        parts.append(f'<p class="slot-mark">{html(pgettext("session", "Draft"))}</p>')
    span = f' rowspan="{rows}"' if rows > 1 else ""
    return f'<td class="{css}"{span}>{"".join(parts)}</td>'
