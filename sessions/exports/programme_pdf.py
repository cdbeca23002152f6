"""The programme as a printed document: A4, tagged (PDF/UA-1), with contents, bookmarks and page numbers.

In one language and in the lab's zone. Rows are written in Python: there may be hundreds, for which templates are slow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.template.loader import get_template
from django.utils import translation
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext

from core.pdf.renderer import Picture, render_document
from core.search import alphabetical_key
from core.timezones import formatting
from core.web.absolute_urls import absolute_url
from core.web.palette import mixed
from labs.funding import funding_of
from sessions import lab_summary, programme, timetable, timetable_svg
from sessions.exports import printed
from sessions.exports.contents import Contents
from sessions.models import Appearance, Session, Speaker
from sessions.places import place_of
from sessions.session_languages import languages_in_words
from sessions.timezone_hints import instants_of, zone_sentence

CONTENT_TYPE = "application/pdf"
# With more, the document would take the renderer half a minute; a spreadsheet serves better.
MOST_SESSIONS = 1000
# For one document: 300 sessions take three or four on a machine that is not busy.
SECONDS = 90.0
_RUNNING = 70  # letters of the title at the head of each page


@dataclass(frozen=True)
class _Day:
    anchor: str
    on: str
    title: SafeString
    sessions: tuple[SafeString, ...]


@dataclass(frozen=True)
class _Entry:
    """A line of an index: its words, and the sessions in which it stands, each as a link with its page."""

    words: SafeString
    links: SafeString


def programme_pdf(contents: Contents, language: str, as_of: datetime) -> bytes:
    """Return the programme as PDF/A-3a and PDF/UA-1 in this language; the same arguments give the same bytes.

    `as_of` is when what it says was last changed. Raises RendererFailed.
    """
    lab = contents.lab
    with translation.override(language):
        html = get_template("sessions/print/programme.html").render(_context(contents, language, as_of))
    style = printed.style_sheet("programme.css")
    identifier = f"{lab.pk}-{language}"
    return render_document(html, _pictures(contents, language), identifier, style=style, seconds=SECONDS)


def _context(contents: Contents, language: str, as_of: datetime) -> dict[str, object]:
    lab = contents.lab
    numbers = {session.pk: number for number, session in enumerate(contents.sessions, start=1)}
    before, between, after = _page_numbers()
    return {
        "language": language,
        "colours": printed.colours(lab),
        "title": printed.plain(lab.title, language, lab),
        "running": Truncator(printed.plain(lab.title, language, lab)).chars(_RUNNING),
        "heading_size": _heading_size(contents.text(lab.title, language)),
        "heading": printed.line(lab.title, language, lab),
        "theme": printed.line(lab.theme, language, lab),
        "programme": printed.line(lab.programme.name, language, lab),
        "organiser": printed.plain(lab.programme.organiser, language, lab),
        "facts": lab_summary.facts(lab, language),
        "has_logo": bool(lab.logo),
        "logo_text": printed.plain(lab.logo_alt, language, lab),
        "has_figure": bool(contents.scheduled),
        "zone": zone_sentence(lab.time_zone, instants_of(contents.sessions), language)
        if contents.sessions
        else "",
        "description": printed.paragraphs(lab.description, language, lab, top=3),
        "days": list(_days(contents, numbers, language)),
        "tracks": list(_tracks(contents, numbers, language)) if len(contents.tracks) > 1 else [],
        "speakers": list(_speakers(contents, numbers, language)),
        "funding": funding_of(lab.programme),
        "address": absolute_url("lab", lab.slug),
        "as_of": formatting.long_date(contents.local(as_of).date(), language),
        "stamp": as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "page_before": before,
        "page_between": between,
        "page_after": after,
    }


def _heading_size(title: str) -> str:
    """Return the class by which a long title fits on the first page."""
    return next((css for least, css in ((110, "longest"), (45, "long")) if len(title) > least), "")


def _page_numbers() -> tuple[str, str, str]:
    """Return what stands around the numbers in “Page 3 of 12”."""
    words = gettext("Page %(page)s of %(pages)s") % {"page": "\0", "pages": "\1"}
    before, _page, rest = words.partition("\0")
    between, _pages, after = rest.partition("\1")
    return before, between, after


def _pictures(contents: Contents, language: str) -> dict[str, Picture]:
    found = printed.pictures(contents.lab)
    blocks = programme.blocks(contents.sessions, contents.lab.time_zone)
    if figure := timetable.timetable(blocks, language):
        colours = printed.colours(contents.lab)
        style = (
            f".g-line {{ stroke: {mixed(colours['lab'], '#ffffff', 0.3)}; stroke-width: 1 }}"
            f".g-bar {{ fill: {colours['lab_lift']} }}"
            f".g-bar-2 {{ fill: {mixed(colours['lab'], colours['lab_lift'], 0.5)} }}"
            'text { font-family: "Sofia Sans Condensed" } .g-text { font-size: 11px; fill: #ffffff }'
            ".g-day { font-size: 12px; font-weight: 700; fill: #ffffff }"
        )
        found["own:timetable"] = printed.drawing(timetable_svg.document(figure, style))
    return found


def _days(contents: Contents, numbers: dict[int, int], language: str) -> Iterator[_Day]:
    headings = {day.on: day.title for day in contents.days}
    for on, sessions in groupby(contents.sessions, contents.day_of):
        title = headings.get(on)
        yield _Day(
            anchor=f"day-{on.isoformat()}",
            on=_capital(formatting.long_day(on, language)),
            title=printed.line(title, language, contents.lab) if title else SafeString(""),
            sessions=tuple(_session(contents, one, numbers[one.pk], on, language) for one in sessions),
        )


def _capital(words: str) -> str:
    """Return the words with a capital letter, as they begin a heading."""
    return words[:1].upper() + words[1:]


def _session(contents: Contents, session: Session, number: int, on: date, language: str) -> SafeString:
    lab = contents.lab
    starts, ends = contents.local(session.starts_at), contents.local(session.ends_at)
    until = (
        format_html('<span class="until">{}</span>', formatting.short_day(ends.date(), language))
        if ends.date() != on
        else ""
    )
    title = printed.line(session.title, language, lab)
    return format_html(
        '<article id="s{}" class="session{}"><p class="time"><span>{}</span>{}</p><h3>{}</h3>{}{}{}</article>',
        number,
        " off" if session.is_cancelled else "",
        formatting.hours(starts, ends),
        until,
        title,
        _meta(contents, session, language),
        _people(session.appearances_in(), contents, language),
        _agenda(contents, session, language),
    )


def _meta(contents: Contents, session: Session, language: str) -> SafeString:
    """Return what is said of a session below its title: its state, track, place and languages."""
    lab = contents.lab
    marks: list[str] = []
    if session.is_cancelled:
        marks.append(gettext("Cancelled"))
    if session.visibility == Session.Visibility.DRAFT:
        marks.append(gettext("Draft"))
    if session.is_internal:
        cities = [printed.plain(city.name, language, lab) for city in session.audience.all()]
        marks.append(
            gettext("Internal") + (f": {', '.join(cities)}" if cities and _names_cities(contents) else "")
        )
    parts = [format_html("<strong>{}</strong>", mark) for mark in marks]
    if session.is_cancelled and (reason := printed.line(session.cancel_reason, language, lab)):
        parts.append(reason)
    if session.track:
        parts.append(printed.line(session.track.name, language, lab))
    if place := place_of(session, language):
        parts.append(printed.drawn(place, language, language))
    if languages := languages_in_words(session):
        parts.append(escape(languages))
    if not parts:
        return SafeString("")
    return format_html('<p class="meta">{}</p>', format_html_join(" · ", "{}", ((part,) for part in parts)))


def _names_cities(contents: Contents) -> bool:
    """Tell whether the reader is told which cities an internal session is for."""
    return contents.for_organisers


def _people(appearances: Iterable[Appearance], contents: Contents, language: str) -> SafeString:
    """Return who appears, a line for each role."""
    by_role: dict[str, list[SafeString]] = {}
    for one in appearances:
        by_role.setdefault(one.role, []).append(_name(one.speaker, contents, language))
    return format_html_join(
        "",
        '<p class="who">{}: {}</p>',
        (
            (str(Appearance.Role(role).label), format_html_join("; ", "{}", ((name,) for name in names)))
            for role, names in by_role.items()
        ),
    )


def _name(speaker: Speaker, contents: Contents, language: str) -> SafeString:
    lab = contents.lab
    name = printed.line(speaker.name, language, lab)
    affiliation = printed.line(speaker.affiliation, language, lab)
    if not affiliation:
        return format_html("<b>{}</b>", name)
    return format_html("<b>{}</b>, {}", name, affiliation)


def _agenda(contents: Contents, session: Session, language: str) -> SafeString:
    """Return the agenda as a list, "" without one."""
    rows = [
        (
            format_html(
                '<span class="at">{}</span>',
                formatting.hours(contents.local(item.starts_at), contents.local(item.ends_at)),
            )
            if item.starts_at and item.ends_at
            else "",
            printed.line(item.title, language, contents.lab),
            _people(session.appearances_in(item), contents, language),
        )
        for item in session.agenda_items
    ]
    if not rows:
        return SafeString("")
    items = format_html_join(
        "",
        '<li><p class="item">{}{}</p>{}</li>',
        rows,
    )
    return format_html('<ul class="agenda{}">{}</ul>', " timed" if any(row[0] for row in rows) else "", items)


def _link(session: Session, number: int, contents: Contents, language: str) -> SafeString:
    """Return when the session is, as a link to it."""
    starts = contents.local(session.starts_at)
    when = f"{formatting.short_day(starts.date(), language)}, {formatting.clock(starts)}"
    return format_html('<a href="#s{}">{}</a>', number, when)


def _tracks(contents: Contents, numbers: dict[int, int], language: str) -> Iterator[_Entry]:
    by_track: defaultdict[int, list[Session]] = defaultdict(list)
    for session in contents.scheduled:
        by_track[session.track_id or 0].append(session)
    for track in contents.tracks:
        if sessions := by_track[track.pk]:
            links = format_html_join(
                "",
                "<li>{} {}</li>",
                (
                    (
                        _link(one, numbers[one.pk], contents, language),
                        printed.line(one.title, language, contents.lab),
                    )
                    for one in sessions
                ),
            )
            yield _Entry(printed.line(track.name, language, contents.lab), links)


def _speakers(contents: Contents, numbers: dict[int, int], language: str) -> Iterator[_Entry]:
    sessions: defaultdict[int, dict[int, Session]] = defaultdict(dict)
    for session in contents.scheduled:
        for appearance in session.all_appearances:
            sessions[appearance.speaker_id][session.pk] = session
    by_name = sorted(
        (speaker for speaker in contents.speakers if speaker.pk in sessions),
        key=lambda speaker: alphabetical_key(contents.text(speaker.name, language)),
    )
    for speaker in by_name:
        links = (_link(one, numbers[one.pk], contents, language) for one in sessions[speaker.pk].values())
        yield _Entry(
            _name(speaker, contents, language), format_html_join("; ", "{}", ((link,) for link in links))
        )
