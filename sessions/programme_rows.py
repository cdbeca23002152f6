"""Renders a lab's programme in Python: a page has hundreds of rows, for which templates are too slow.

A row is written in two steps, so that what stands in the lab's revision can be kept: its text without seats, and what
changes with every registration. Every value is escaped unless it is safe HTML already.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.html import conditional_escape as html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, pgettext

from core.timezones.formatting import day_mark, month_and_year, weekday
from core.web.localized_html import localized_html
from core.web.templatetags.site_tags import icon, seats
from labs.models import Lab
from sessions.models import Session
from sessions.programme import (
    AgendaRow,
    Moment,
    SessionRow,
    TemplateRow,
    View,
    can_be_chosen,
    row,
)


class RowHtml(NamedTuple):
    """A session in the list: HTML before and after the query of its link, up to the seats."""

    session: int
    before: str
    after: str


@dataclass(frozen=True)
class Day(TemplateRow):
    """One day in the zone of the view, with its sessions in order."""

    on: date
    anchor: str
    mark: str
    weekday: str
    month: str
    title: str
    rows: tuple[RowHtml, ...]


class RowTexts(NamedTuple):
    """The texts of all rows, translated once."""

    to: str
    cancelled: str
    internal: str
    draft: str
    invited: str


def days(
    sessions: Iterable[Session], titles: Mapping[date, object], lab: Lab, view: View, lab_page: str
) -> tuple[Day, ...]:
    """Group sessions by the days of the view's zone. `titles` are the headings of the lab's own days."""
    zone, lab_zone = ZoneInfo(view.zone), ZoneInfo(lab.time_zone)
    texts = _row_texts()
    grouped: dict[date, list[Session]] = {}
    for session in sessions:
        grouped.setdefault(session.starts_at.astimezone(zone).date(), []).append(session)
    result = []
    for on, of_day in grouped.items():
        # In another zone a day may overlap two of the lab's days: then it has no title.
        lab_days = {session.starts_at.astimezone(lab_zone).date() for session in of_day}
        title = titles.get(lab_days.pop()) if len(lab_days) == 1 else None
        result.append(
            Day(
                on=on,
                anchor=f"d{on.isoformat()}",
                mark=day_mark(on, view.language),
                weekday=weekday(on, view.language),
                month=month_and_year(on, view.language),
                title=localized_html(title, view.language, lab.default_language) if title else "",
                rows=tuple(
                    _row(session.pk, row(session, lab, view), html(lab_page), texts) for session in of_day
                ),
            )
        )
    return tuple(result)


def with_seats(
    rows: Iterable[RowHtml], sessions: Mapping[int, Session], view: View, picked_query: str
) -> SafeString:
    """Return the list items of these rows with the seats of `sessions`; rows of others are left out.

    `picked_query` is the query string of the selected sessions, with "?".
    """
    choose, wait, query = html(gettext("Select")), html(gettext("Join waiting list")), html(picked_query)
    return mark_safe(
        "".join(
            f"{before}{query}{after}{_side(sessions[pk], view, choose, wait)}</article></li>\n"
            for pk, before, after in rows
            if pk in sessions
        )
    )


def _row_texts() -> RowTexts:
    return RowTexts(
        to=html(pgettext("between two hours", "to")),
        cancelled=f'<span class="tag tag-bad">{icon("cross")}{html(pgettext("session", "Cancelled"))}</span>',
        internal=f'<span class="tag tag-internal">{icon("lock")}{html(gettext("Internal"))}</span>',
        draft=f'<span class="tag tag-draft">{html(pgettext("session", "Draft"))}</span>',
        invited=html(gettext("Invited cities")),
    )


def _row(session: int, row: SessionRow, lab_page: str, words: RowTexts) -> RowHtml:
    slug, title = html(row.slug), html(row.title)
    before = (
        '<li class="session session-internal">' if row.internal else '<li class="session">',
        f'<article aria-labelledby="{slug}-h">',
        f'<p class="session-time">{_time(row.starts)}<span class="vh"> {words.to} </span>',
        f'<time class="until" datetime="{html(row.ends.stamp)}">{html(row.ends.words)}',
        f" <small>{html(row.ends_on)}</small>" if row.ends_on else "",
        '</time></p><div class="session-main">',
        _tags(row, words),
        f'<h4 id="{slug}-h"><a href="{lab_page}sessions/{slug}/',
    )
    after = (
        '">',
        f"<s>{title}</s>" if row.cancelled else title,
        "</a></h4>",
        f'<p class="small">{html(row.reason)}</p>' if row.reason else "",
        html(row.meta),
        f'<p class="small quiet">{html(row.who)}</p>' if row.who else "",
        _agenda(row.agenda),
        _audience(row.audience, words),
        "</div>",
    )
    return RowHtml(session, "".join(before), "".join(after))


def _side(session: Session, view: View, choose: str, wait: str) -> str:
    """Return the seats of a session while registration is open, and the box to choose it."""
    if not view.choosing or session.is_cancelled:
        return ""
    if not can_be_chosen(session, view.now):
        return f'<div class="session-side">{seats(session)}</div>'
    slug = session.slug
    return (
        f'<div class="session-side">{seats(session)}'
        f'<div class="choose"><input type="checkbox" name="session" value="{slug}" id="c-{slug}"'
        f' aria-describedby="{slug}-h"{" checked" if slug in view.picked else ""}>'
        f'<label for="c-{slug}">{wait if session.is_full else choose}</label></div></div>'
    )


def _time(moment: Moment) -> str:
    return f'<time datetime="{html(moment.stamp)}">{html(moment.words)}</time>'


def _tags(row: SessionRow, words: RowTexts) -> str:
    tags = [
        tag
        for tag, is_so in (
            (words.cancelled, row.cancelled),
            (words.internal, row.internal),
            (words.draft, row.draft),
        )
        if is_so
    ]
    return f'<p class="session-tags">{" ".join(tags)}</p>' if tags else ""


def _agenda(agenda: tuple[AgendaRow, ...]) -> str:
    items = [
        f"<li>{_time(item.starts) if item.starts else _number(place)}"
        f"<div>{html(item.title)}{html(item.who)}</div></li>"
        for place, item in enumerate(agenda, start=1)
    ]
    return f'<ol class="agenda">{"".join(items)}</ol>' if items else ""


def _number(place: int) -> str:
    return f'<span class="num quiet">{place}.</span>'


def _audience(audience: tuple[tuple[str, bool], ...], words: RowTexts) -> str:
    if not audience:
        return ""
    cities = [
        f'<li><span class="you">{html(city)}</span></li>' if own else f"<li>{html(city)}</li>"
        for city, own in audience
    ]
    return f'<ul class="citylist audience" aria-label="{words.invited}">{"".join(cities)}</ul>'
