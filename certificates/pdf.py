"""The certificate of attendance as a file: plain content in, PDF bytes out. No requests, no queries.

The text is in the person's language first and in English second. What people typed is set as text only, never as
markup, template or address. Sizes and page breaks are up to templates/certificates/certificate.css.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta

from django.template.loader import get_template
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, pgettext

from certificates import qr
from certificates.fonts import (
    MissingGlyphs,
    ems_in_heading,
    missing_glyphs,
    needs_fallback,
    normalise_name,
    printable,
)
from certificates.renderer import Picture, render_document
from core.timezones import formatting
from core.web.palette import mixed
from sessions import timetable, timetable_svg
from sessions.timetable import Block, Weight

MAX_NAME = 200
MAX_TITLE = 500
MAX_SESSIONS = 200
MAX_LOGO = 1024 * 1024

# Classes of the page's body in certificate.css; the first with which one page holds the certificate is taken, else the
# last. No page holds more than so many sessions.
LAYOUTS = ("roomy", "dense", "dense several-pages")
SESSIONS_ON_ONE_PAGE = 10
RUNNING_EMS = 30  # of 12 pt, in the 130 mm beside the code

_CODE = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){1,3}")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+/[A-Za-z0-9._~/-]*")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_OPTIONAL = frozenset({"place", "organiser_name"})
# The service's logo, in the certificate's band.
_MARK = Picture(
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="24" height="24">'
    b'<path fill="#ffffff" d="M1 2h6v12H1zM9 7h6v15H9zM17 2h6v8h-6z"/></svg>',
    "image/svg+xml",
)
# How the content of each kind of logo begins. The picture library behind the renderer knows dozens of formats by their
# content, one of which (EPS) starts a program: nothing but these reaches it.
_LOGO_BEGINNINGS = {"image/svg+xml": b"<", "image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


@dataclass(frozen=True)
class Colours:
    """A lab's colours as `#rrggbb`; the defaults are the service's.

    `ground` carries white text, `lift` draws shapes on it, `soft` is secondary text on it.
    """

    ground: str = "#1d2b2e"
    lift: str = "#7d928c"
    soft: str = "#c3ceca"


@dataclass(frozen=True)
class Logo:
    """A logo checked by its content when it was uploaded: SVG, PNG or JPEG, with its text by language.

    Where it has no text, the programme's name is read out for it.
    """

    content: bytes
    media_type: str
    alternative: Mapping[str, str]

    def is_sound(self) -> bool:
        """Tell whether the content begins as its media type should and is not too large."""
        beginning = _LOGO_BEGINNINGS.get(self.media_type)
        content = self.content.removeprefix(BOM_UTF8).lstrip() if beginning == b"<" else self.content
        return beginning is not None and content.startswith(beginning) and len(content) <= MAX_LOGO


@dataclass(frozen=True)
class AttendedSession:
    """One session of the list: wall times in the content's zone, and the minutes that it lasted."""

    titles: Mapping[str, str]
    minutes: int
    starts: datetime
    ends: datetime


@dataclass(frozen=True)
class CertificateContent:
    """All that a certificate says. Texts by language code; times are wall times in one zone, named in `zone`.

    `minutes` are those of all sessions together; what ran at the same time counts once.
    `language` is the person's; `second_language` follows it, None for one language only. `other_sessions` are when the
    lab's further *public* sessions start and end, drawn faintly beside the attended ones; leave out what not everybody
    may see. `place` and `organiser_name` may be empty. Raises ValueError for what is no certificate: too long, too
    many, a malformed code, address or colour, a logo that is not what it says.
    """

    code: str
    check_url: str
    language: str
    second_language: str | None
    holder_name: str
    lab_title: Mapping[str, str]
    programme_name: Mapping[str, str]
    organiser_name: Mapping[str, str]
    place: Mapping[str, str]
    first_day: date
    last_day: date
    sessions: tuple[AttendedSession, ...]
    minutes: int
    issued_on: date
    zone: Mapping[str, str]
    colours: Colours = field(default_factory=Colours)
    logo: Logo | None = None
    other_sessions: tuple[tuple[datetime, datetime], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "holder_name", normalise_name(self.holder_name))
        if not 1 <= len(self.holder_name) <= MAX_NAME:
            raise ValueError(f"holder_name: between 1 and {MAX_NAME} characters, not {len(self.holder_name)}")
        if not 1 <= len(self.sessions) <= MAX_SESSIONS:
            raise ValueError(f"sessions: between 1 and {MAX_SESSIONS}, not {len(self.sessions)}")
        if self.last_day < self.first_day:
            raise ValueError("last_day: before first_day")
        if any(session.minutes < 0 for session in self.sessions):
            raise ValueError("sessions: negative minutes")
        self._check_pattern("code", self.code, _CODE, 19)
        self._check_pattern("check_url", self.check_url, _ADDRESS, 300)
        for language in self.languages:
            self._check_pattern("language", language, _LANGUAGE, 20)
        for one in fields(self.colours):
            self._check_pattern(f"colours.{one.name}", getattr(self.colours, one.name), _COLOUR, 7)
        for part, texts in self._texts():
            if part not in _OPTIONAL and not any(text.strip() for text in texts.values()):
                raise ValueError(f"{part}: empty in every language")
            if any(len(text) > MAX_TITLE for text in texts.values()):
                raise ValueError(f"{part}: longer than {MAX_TITLE} characters")
        if self.logo and not self.logo.is_sound():
            raise ValueError(f"logo: SVG, PNG or JPEG of at most {MAX_LOGO} bytes")

    @property
    def languages(self) -> tuple[str, ...]:
        """The certificate's languages, the person's first."""
        if self.second_language is None or self.second_language == self.language:
            return (self.language,)
        return (self.language, self.second_language)

    def check_glyphs(self) -> None:
        """Raise MissingGlyphs for a name that the fonts cannot draw. Other texts are printed as far as they can be."""
        if missing := missing_glyphs(self.holder_name):
            raise MissingGlyphs(missing)

    def _texts(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Every text by language, with the name of its part."""
        yield "lab_title", self.lab_title
        yield "programme_name", self.programme_name
        yield "organiser_name", self.organiser_name
        yield "place", self.place
        yield "zone", self.zone
        for number, session in enumerate(self.sessions, start=1):
            yield f"sessions, number {number}", session.titles

    @staticmethod
    def _check_pattern(part: str, text: str, pattern: re.Pattern[str], longest: int) -> None:
        if len(text) > longest or not pattern.fullmatch(text):
            raise ValueError(f"{part}: malformed")


@dataclass(frozen=True)
class _Line:
    """A text and the language it is in."""

    text: str
    language: str

    @property
    def css(self) -> str:
        """The class that sets it in a fallback family where one of its letters needs that."""
        return "fallback-font" if needs_fallback(self.text) else "own-font"


def render(content: CertificateContent) -> bytes:
    """Return the certificate as one PDF that is both PDF/A-3a and PDF/UA-1; same content, same bytes.

    A4 landscape; a list of sessions that is too long for one page goes on with its heading repeated, and every page
    carries the code. Raises MissingGlyphs when the fonts lack a character of the name.
    """
    content.check_glyphs()
    html = get_template("certificates/certificate.html").render(page_context(content))
    layouts = LAYOUTS if len(content.sessions) <= SESSIONS_ON_ONE_PAGE else LAYOUTS[-1:]
    return render_document(html, _pictures(content), content.code, layouts)


def page_context(content: CertificateContent) -> dict[str, object]:
    """The template's context."""
    languages = content.languages
    organiser = _lines(content.organiser_name, languages)
    programme = _lines(content.programme_name, languages)
    address = content.check_url.partition("://")[2].rstrip("/")
    once = content.minutes < sum(session.minutes for session in content.sessions)
    return {
        "content": content,
        "name": _Line(content.holder_name, content.language),
        "name_ems": f"{ems_in_heading(content.holder_name):.3f}",
        "running_name": _running(content.holder_name),
        "organiser_letters": max(sum(len(line.text) for line in organiser), 1),
        "programme_letters": sum(len(line.text) for line in programme),
        "heading": _label(languages, lambda _: gettext("Certificate of attendance")),
        "certify": _label(languages, lambda _: gettext("This is to certify that")),
        "statements": [_statement(content, language) for language in languages],
        "on": _label(languages, lambda _: pgettext("certificate", "Date")),
        "session": _label(languages, lambda _: pgettext("certificate", "Session")),
        "hours": _label(languages, lambda _: pgettext("certificate", "Duration")),
        "rows": [_row(session, languages) for session in content.sessions],
        "in_all": _label(languages, lambda _: pgettext("certificate", "Total")),
        "once": _label(languages, lambda _: gettext("Overlapping sessions count once.")) if once else (),
        "total": _duration(content.minutes, languages),
        "organiser": organiser,
        "programme": programme,
        "logo_text": _alternative(content.logo, languages) or programme[0].text,
        "issued": _label(languages, lambda language: _issued(content.issued_on, language)),
        "check": _label(languages, lambda _: pgettext("certificate", "Check")),
        "address": address,
    }


def _running(name: str) -> str:
    """The name, or as much of it as the heading of further pages holds."""
    ems = ems_in_heading(name)
    return name if ems <= RUNNING_EMS else f"{name[: int(len(name) * (RUNNING_EMS - 1) / ems)].rstrip()}…"


def _label(languages: tuple[str, ...], translate: Callable[[str], str]) -> tuple[_Line, ...]:
    """A text of our own in each language, once where the translation is the same."""
    lines: list[_Line] = []
    for language in languages:
        with translation.override(language):
            text = translate(language)
        if text not in (line.text for line in lines):
            lines.append(_Line(text, language))
    return tuple(lines)


def _issued(on: date, language: str) -> str:
    return gettext("Issued on %(date)s") % {"date": formatting.long_date(on, language)}


def _statement(content: CertificateContent, language: str) -> dict[str, str]:
    """The parts of the sentence that says in what the person took part, in one language."""
    lab = _lines(content.lab_title, (language,))[0]
    place = _lines(content.place, (language,))
    return {
        "language": language,
        "lab": format_html('<strong class="{}" lang="{}">{}</strong>', lab.css, lab.language, lab.text),
        "place": place[0].text if place else "",
        "period": _period(formatting.date_range(content.first_day, content.last_day, language)),
        "zone": _lines(content.zone, (language,))[0].text,
    }


def _period(days: str) -> str:
    """The days as markup in which a line may end after the dash only."""
    first, dash, last = days.partition(f"{formatting.DASH} ")
    parts = [first + dash.strip(), last] if dash else [first]
    return format_html_join(" ", '<span class="unbroken">{}</span>', ((part,) for part in parts))


def _alternative(logo: Logo | None, languages: tuple[str, ...]) -> str:
    """The logo's text for those who do not see it, in one language."""
    lines = _lines(logo.alternative, languages) if logo else ()
    return lines[0].text if lines else ""


def _pictures(content: CertificateContent) -> dict[str, Picture]:
    """The images of this one certificate, under the addresses by which the template mentions them."""
    attended = [Block(one.starts, one.ends) for one in content.sessions]
    others = [Block(starts, ends, Weight.SOFT) for starts, ends in content.other_sessions]
    drawing = timetable_svg.document(
        timetable.columns([*attended, *others]), _timetable_style(content.colours)
    )
    pictures = {
        "own:mark": _MARK,
        "own:timetable": Picture(drawing.encode(), "image/svg+xml"),
        "own:qr": Picture(qr.svg(content.check_url, quiet_zone=0).encode(), "image/svg+xml"),
    }
    if content.logo:
        pictures["own:logo"] = Picture(content.logo.content, content.logo.media_type)
    return pictures


def _timetable_style(colours: Colours) -> str:
    """The look of the timetable on the lab's ground."""
    return (
        f".g-line {{ stroke: {mixed(colours.ground, '#ffffff', 0.26)}; stroke-width: 1 }}"
        f".g-bar {{ fill: {colours.lift} }} .g-bar-2 {{ fill: {mixed(colours.ground, colours.lift, 0.35)} }}"
        f'text {{ font-family: "Sofia Sans Condensed" }} .g-text {{ font-size: 12px; fill: {colours.soft} }}'
        ".g-day { font-size: 14px; font-weight: 700; fill: #ffffff }"
    )


def _row(session: AttendedSession, languages: tuple[str, ...]) -> dict[str, object]:
    # One that ends with its day ends on that day.
    first, last = _day(session.starts), _day(session.ends - timedelta(minutes=1))
    starts, ends = formatting.clock(session.starts), formatting.clock(session.ends)
    several = first != last
    return {
        "on": f"{first} {starts} {formatting.DASH}" if several else first,
        "hours": f"{last} {ends}" if several else f"{starts}{formatting.DASH}{ends}",
        "title": _lines(session.titles, languages),
        "length": _duration(session.minutes, languages),
    }


def _day(on: date) -> str:
    return f"{on.day}.{on.month:02d}.{on.year}"


def _duration(minutes: int, languages: tuple[str, ...]) -> tuple[_Line, ...]:
    return _label(languages, lambda language: formatting.duration(minutes, language))


def _lines(texts: Mapping[str, str], languages: tuple[str, ...]) -> tuple[_Line, ...]:
    """What people wrote, in each of the languages that it has, once where it is the same.

    Where the first language is missing, English stands in for it, then any other.
    """
    written = {
        language: printable(text).text or formatting.DASH for language, text in texts.items() if text.strip()
    }
    chosen = [language for language in languages if language in written]
    if languages[0] not in written:
        chosen = [language for language in ("en", *sorted(written)) if language in written][:1]
    lines = {written[language]: language for language in reversed(chosen)}
    return tuple(_Line(text, language) for text, language in reversed(lines.items()))
