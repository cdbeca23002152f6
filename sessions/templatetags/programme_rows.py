"""The rows of a programme, by plain functions: a page has hundreds, and a template for each would cost most of it."""

from collections.abc import Iterable

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext

from labs.templatetags.house import icon
from sessions.programme import AgendaRow, Moment, SessionRow

register = template.Library()

NOTHING = SafeString("")


@register.simple_tag
def session_rows(rows: Iterable[SessionRow], lab_page: str, picked: str) -> SafeString:
    """Print list items. `picked` is the query with what is ticked, from its question mark on."""
    return format_html_join("", "{}", ((_row(row, lab_page, picked),) for row in rows))


def _row(row: SessionRow, lab_page: str, picked: str) -> SafeString:
    title = format_html("<s>{}</s>", row.title) if row.cancelled else row.title
    return format_html(
        '<li class="session{}"><article aria-labelledby="{slug}-h">{}<div class="session-main">{}'
        '<h4 id="{slug}-h"><a href="{}sessions/{slug}/{}">{}</a></h4>{}{}{}{}{}</div>{}</article></li>\n',
        " session-internal" if row.internal else "",
        _hours(row),
        _tags(row),
        lab_page,
        picked,
        title,
        format_html('<p class="small">{}</p>', row.reason) if row.reason else NOTHING,
        row.meta,
        format_html('<p class="small quiet">{}</p>', row.who) if row.who else NOTHING,
        _agenda(row.agenda),
        _audience(row.audience),
        _side(row),
        slug=row.slug,
    )


def _hours(row: SessionRow) -> SafeString:
    return format_html(
        '<p class="session-time">{}<span class="vh"> {} </span>'
        '<time class="until" datetime="{}">{}{}</time></p>',
        _time(row.starts),
        pgettext("between two hours", "to"),
        row.ends.stamp,
        row.ends.words,
        format_html(" <small>{}</small>", row.ends_on) if row.ends_on else NOTHING,
    )


def _time(moment: Moment) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', moment.stamp, moment.words)


def _tags(row: SessionRow) -> SafeString:
    tags = []
    if row.cancelled:
        tags.append(("tag-bad", icon("cross"), pgettext("session", "Cancelled")))
    if row.internal:
        tags.append(("tag-internal", icon("lock"), gettext("Internal")))
    if row.draft:
        tags.append(("tag-draft", NOTHING, pgettext("session", "Draft")))
    if not tags:
        return NOTHING
    return format_html(
        '<p class="session-tags">{}</p>',
        format_html_join(" ", '<span class="tag {}">{}{}</span>', tags),
    )


def _agenda(agenda: tuple[AgendaRow, ...]) -> SafeString:
    if not agenda:
        return NOTHING
    items = (
        (_time(item.starts) if item.starts else _number(place), item.title, item.who)
        for place, item in enumerate(agenda, start=1)
    )
    return format_html(
        '<ol class="agenda">{}</ol>', format_html_join("", "<li>{}<div>{}{}</div></li>", items)
    )


def _number(place: int) -> SafeString:
    return format_html('<span class="num quiet">{}.</span>', place)


def _audience(audience: tuple[tuple[str, bool], ...]) -> SafeString:
    if not audience:
        return NOTHING
    cities = ((format_html('<span class="you">{}</span>', city) if own else city,) for city, own in audience)
    return format_html(
        '<ul class="citylist audience" aria-label="{}">{}</ul>',
        gettext("Cities invited"),
        format_html_join("", "<li>{}</li>", cities),
    )


def _side(row: SessionRow) -> SafeString:
    if not row.seats:
        return NOTHING
    return format_html('<div class="session-side">{}{}</div>', row.seats, _choice(row))


def _choice(row: SessionRow) -> SafeString:
    if not row.may_choose:
        return NOTHING
    return format_html(
        '<div class="choose"><input type="checkbox" name="session" value="{slug}" id="c-{slug}"'
        ' aria-describedby="{slug}-h"{}><label for="c-{slug}">{}</label></div>',
        SafeString(" checked") if row.ticked else NOTHING,
        gettext("Join the waiting list") if row.would_wait else gettext("Choose"),
        slug=row.slug,
    )
