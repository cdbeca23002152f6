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
from labs.funding import EMBLEM, funding_statement, grant_words
from sessions import timetable, timetable_svg
from sessions.timetable import Block, Weight

MAX_NAME = 200
MAX_TITLE = 500
MAX_SESSIONS = 200
MAX_PICTURE = 1024 * 1024  # bytes

# Classes of the page's body in certificate.css, each with the lines of its table beyond which one page surely does not
# hold the certificate. Of the others the renderer takes the first with which it does, else the last.
LAYOUTS = (("roomy", 14), ("close", 18), ("close dense", 23))
SEVERAL_PAGES = "several-pages"
LINES_OF_SECOND_LANGUAGE = 4  # that its title and statement take from the table
LETTERS_OF_TITLE = 70  # in a line of the table
LINES_BETWEEN_SESSIONS = 0.5
RUNNING_EMS = 30  # of 12 pt, in the 130 mm beside the code

_CODE = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){1,3}")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+/[A-Za-z0-9._~/-]*")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_NO_BREAK = "\u00a0"
_OPTIONAL = frozenset({"place", "organiser_name", "signatory"})
# The service's logo, in the certificate's band.
_MARK = Picture(
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="24" height="24">'
    b'<path fill="#ffffff" d="M1 2h6v12H1zM9 7h6v15H9zM17 2h6v8h-6z"/></svg>',
    "image/svg+xml",
)
_EMBLEM = Picture(EMBLEM.read_bytes(), "image/svg+xml")
# How the content of each kind of uploaded picture begins. The picture library behind the renderer knows dozens of
# formats by their content, one of which (EPS) starts a program: nothing but these reaches it.
_BEGINNINGS = {"image/svg+xml": b"<", "image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


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
    """A logo checked by its content when it was uploaded, with its text by language.

    Where it has no text, the programme's name is read out for it.
    """

    picture: Picture
    alternative: Mapping[str, str]


@dataclass(frozen=True)
class Signatory:
    """Who signs, with the function by language. Without a signature there is room to sign by hand."""

    name: str
    function: Mapping[str, str]
    signature: Picture | None = None


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
    may see. `eu_funded` puts the emblem of the European Union beside its statement, and `grant_number` under it.
    `place`, `organiser_name`, a signatory's function and `grant_number` may be empty. Raises ValueError for what is no
    certificate: too long, too many, a malformed code, address or colour, a logo or signature (SVG, PNG or JPEG) that is
    not what it says.
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
    signatory: Signatory | None = None
    eu_funded: bool = False
    grant_number: str = ""
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
        if self.signatory and not 1 <= len(self.signatory.name.strip()) <= MAX_NAME:
            raise ValueError(f"signatory: a name of 1 to {MAX_NAME} characters")
        if len(self.grant_number) > MAX_NAME:
            raise ValueError(f"grant_number: longer than {MAX_NAME} characters")
        for part, picture in self.uploaded_pictures():
            if not _is_sound(picture):
                raise ValueError(f"{part}: SVG, PNG or JPEG of at most {MAX_PICTURE} bytes")

    @property
    def languages(self) -> tuple[str, ...]:
        """The certificate's languages, the person's first."""
        if self.second_language is None or self.second_language == self.language:
            return (self.language,)
        return (self.language, self.second_language)

    def uploaded_pictures(self) -> Iterator[tuple[str, Picture]]:
        """Yield the pictures that organisers uploaded, with the names of their parts."""
        if self.logo:
            yield "logo", self.logo.picture
        if self.signatory and self.signatory.signature:
            yield "signatory", self.signatory.signature

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
        yield "signatory", self.signatory.function if self.signatory else {}
        for number, session in enumerate(self.sessions, start=1):
            yield f"sessions, number {number}", session.titles

    @staticmethod
    def _check_pattern(part: str, text: str, pattern: re.Pattern[str], longest: int) -> None:
        if len(text) > longest or not pattern.fullmatch(text):
            raise ValueError(f"{part}: malformed")


def _is_sound(picture: Picture) -> bool:
    """Tell whether the content begins as its media type should and is not too large."""
    beginning = _BEGINNINGS.get(picture.media_type)
    content = picture.content.removeprefix(BOM_UTF8).lstrip() if beginning == b"<" else picture.content
    return beginning is not None and content.startswith(beginning) and len(content) <= MAX_PICTURE


@dataclass(frozen=True)
class _Line:
    """A text and the language it is in."""

    text: str
    language: str

    @property
    def is_plain(self) -> bool:
        """Tell whether the service's own family draws all of its letters."""
        return not needs_fallback(self.text)

    @property
    def css(self) -> str:
        """The class that sets it in a fallback family where one of its letters needs that."""
        return "own-font" if self.is_plain else "fallback-font"


def render(content: CertificateContent) -> bytes:
    """Return the certificate as one PDF that is both PDF/A-3a and PDF/UA-1; same content, same bytes.

    A4 landscape; a list of sessions that is too long for one page goes on with its heading repeated, and every page
    carries the code. Raises MissingGlyphs when the fonts lack a character of the name.
    """
    content.check_glyphs()
    html = get_template("certificates/certificate.html").render(page_context(content))
    return render_document(html, _pictures(content), content.code, _layouts(content))


def _layouts(content: CertificateContent) -> list[str]:
    """The layouts worth trying: each takes the renderer most of the time that a certificate takes."""
    lines = LINES_OF_SECOND_LANGUAGE * (len(content.languages) - 1) + sum(
        LINES_BETWEEN_SESSIONS
        + sum(-(-len(line.text) // LETTERS_OF_TITLE) for line in _lines(session.titles, content.languages))
        for session in content.sessions
    )
    return [*(layout for layout, most in LAYOUTS if lines <= most), SEVERAL_PAGES]


def page_context(content: CertificateContent) -> dict[str, object]:
    """The template's context."""
    languages = content.languages
    organiser = _lines(content.organiser_name, languages)
    programme = _lines(content.programme_name, languages)
    signatory = _signatory(content)
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
        "on": _label(languages, lambda _: pgettext("certificate", "Date and time")),
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
        "signatory": signatory,
        "signatory_letters": max(sum(len(line.text) for line in signatory), 1),
        "signature_text": _signature_text(content),
        **_funding(content),
        "verify": _label(languages, lambda _: pgettext("certificate", "Verify at")),
        "address": address,
        "address_start": address.removesuffix(content.code),
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


def _signatory(content: CertificateContent) -> tuple[_Line, ...]:
    """The name of who signs, then the function; nothing where nobody does."""
    if content.signatory is None:
        return ()
    name = printable(content.signatory.name).text or formatting.DASH
    return (_Line(name, content.language), *_lines(content.signatory.function, content.languages))


def _signature_text(content: CertificateContent) -> str:
    """What is read out for the picture of the signature."""
    name = content.signatory.name if content.signatory else ""
    with translation.override(content.language):
        return gettext("Signature of %(name)s") % {"name": name}


def _funding(content: CertificateContent) -> dict[str, object]:
    """The emblem's text, what stands beside it, and the grant under it; empty without funding."""
    if not content.eu_funded:
        return {"funding": (), "grant": ()}
    languages = content.languages
    number = printable(content.grant_number).text
    return {
        "emblem_text": _label(languages[:1], lambda _: gettext("Emblem of the European Union"))[0].text,
        "funding": _label(languages, lambda _: _with_whole_end(funding_statement())),
        "grant": _label(languages, lambda _: _with_whole_end(grant_words(number))) if number else (),
    }


def _with_whole_end(text: str) -> str:
    """The text with its last two words on one line."""
    return _NO_BREAK.join(text.rsplit(" ", 1))


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
    if content.eu_funded:
        pictures["own:emblem"] = _EMBLEM
    return pictures | {f"own:{part}": picture for part, picture in content.uploaded_pictures()}


def _timetable_style(colours: Colours) -> str:
    """The look of the timetable on the lab's ground."""
    return (
        f".g-line {{ stroke: {mixed(colours.ground, '#ffffff', 0.26)}; stroke-width: 1 }}"
        f".g-bar {{ fill: {colours.lift} }} .g-bar-2 {{ fill: {mixed(colours.ground, colours.lift, 0.35)} }}"
        f'text {{ font-family: "Sofia Sans Condensed" }} .g-text {{ font-size: 12px; fill: {colours.soft} }}'
        ".g-day { font-size: 14px; font-weight: 700; fill: #ffffff }"
    )


def _row(session: AttendedSession, languages: tuple[str, ...]) -> dict[str, object]:
    return {
        "on": _label(languages, lambda language: _when(session, language)),
        "title": _lines(session.titles, languages),
        "length": _duration(session.minutes, languages),
    }


def _when(session: AttendedSession, language: str) -> str:
    """The day and the hours, in which a line may end after the dash between two days only."""
    starts, ends = session.starts, session.ends
    # One that ends with its day ends on that day.
    if (ends - timedelta(minutes=1)).date() == starts.date():
        words = f"{formatting.long_date(starts.date(), language)}, {formatting.hours(starts, ends)}"
    else:
        words = formatting.span(starts, ends, language)
    return words.replace(" ", _NO_BREAK).replace(
        f"{_NO_BREAK}{formatting.DASH}{_NO_BREAK}", f"{_NO_BREAK}{formatting.DASH} "
    )


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
