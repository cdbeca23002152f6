"""Renders the rows of a programme in Python: a page has hundreds, for which templates are too slow.

Every value is escaped unless it is safe HTML already.
"""

from collections.abc import Iterable
from typing import NamedTuple

from django import template
from django.utils.html import conditional_escape as html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, pgettext

from core.web.templatetags.site_tags import icon
from sessions.programme import AgendaRow, Moment, SessionRow

register = template.Library()


class RowTexts(NamedTuple):
    """The texts of all rows, translated once."""

    to: str
    cancelled: str
    internal: str
    draft: str
    invited: str
    choose: str
    wait: str


@register.simple_tag
def session_rows(rows: Iterable[SessionRow], lab_page: str, picked: str) -> SafeString:
    """Print list items. `picked` is the query string of the selected sessions, with "?"."""
    words = RowTexts(
        to=html(pgettext("between two hours", "to")),
        cancelled=f'<span class="tag tag-bad">{icon("cross")}{html(pgettext("session", "Cancelled"))}</span>',
        internal=f'<span class="tag tag-internal">{icon("lock")}{html(gettext("Internal"))}</span>',
        draft=f'<span class="tag tag-draft">{html(pgettext("session", "Draft"))}</span>',
        invited=html(gettext("Cities invited")),
        choose=html(gettext("Choose")),
        wait=html(gettext("Join the waiting list")),
    )
    links = html(lab_page), html(picked)
    return mark_safe("".join(_row(row, links, words) for row in rows))


def _row(row: SessionRow, links: tuple[str, str], words: RowTexts) -> str:
    slug, title = html(row.slug), html(row.title)
    lab_page, picked = links
    return "".join(
        (
            '<li class="session session-internal">' if row.internal else '<li class="session">',
            f'<article aria-labelledby="{slug}-h">',
            f'<p class="session-time">{_time(row.starts)}<span class="vh"> {words.to} </span>',
            f'<time class="until" datetime="{html(row.ends.stamp)}">{html(row.ends.words)}',
            f" <small>{html(row.ends_on)}</small>" if row.ends_on else "",
            '</time></p><div class="session-main">',
            _tags(row, words),
            f'<h4 id="{slug}-h"><a href="{lab_page}sessions/{slug}/{picked}">',
            f"<s>{title}</s>" if row.cancelled else title,
            "</a></h4>",
            f'<p class="small">{html(row.reason)}</p>' if row.reason else "",
            html(row.meta),
            f'<p class="small quiet">{html(row.who)}</p>' if row.who else "",
            _agenda(row.agenda),
            _audience(row.audience, words),
            "</div>",
            f'<div class="session-side">{html(row.seats)}' if row.seats else "",
            _choice(row, slug, words) if row.seats else "",
            "</div>" if row.seats else "",
            "</article></li>\n",
        )
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


def _choice(row: SessionRow, slug: str, words: RowTexts) -> str:
    if not row.may_choose:
        return ""
    return (
        f'<div class="choose"><input type="checkbox" name="session" value="{slug}" id="c-{slug}"'
        f' aria-describedby="{slug}-h"{" checked" if row.ticked else ""}>'
        f'<label for="c-{slug}">{words.wait if row.would_wait else words.choose}</label></div>'
    )
