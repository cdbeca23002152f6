"""The page of a certificate: from its content to the template's context, each text of ours in each of its languages.

The text is in the person's language first and in English second. What people typed is set as text only, never as
markup, template or address. Sizes and page breaks are up to templates/certificates/certificate.css.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, pgettext

from certificates.content import AttendedSession, CertificateContent, Logo
from core.pdf.fonts import ems_in_heading, needs_fallback, printable
from core.timezones import formatting
from labs.funding import funding_statement, grant_words

# Classes of the page's body in certificate.css, each with the lines of its table beyond which one page surely does not
# hold the certificate. Of the others the renderer takes the first with which it does, else the last.
LAYOUTS = (("roomy", 14), ("close", 18), ("close dense", 23))
SEVERAL_PAGES = "several-pages"
LINES_OF_SECOND_LANGUAGE = 4  # that its title and statement take from the table
LETTERS_OF_TITLE = 70  # in a line of the table
LINES_BETWEEN_SESSIONS = 0.5
RUNNING_EMS = 30  # of 12 pt, in the 130 mm beside the code

_NO_BREAK = "\u00a0"


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


def page_context(content: CertificateContent) -> dict[str, object]:
    """Return the context of templates/certificates/certificate.html."""
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
        "logos": [
            {"address": f"own:logos-{number}", "text": _alternative(logo, languages) or programme[0].text}
            for number, logo in enumerate(content.logos)
        ],
        "issued": _label(languages, lambda language: _issued(content.issued_on, language)),
        "signatory": signatory,
        "signatory_letters": max(sum(len(line.text) for line in signatory), 1),
        "signature_text": _signature_text(content),
        **_funding(content),
        "verify": _label(languages, lambda _: pgettext("certificate", "Verify at")),
        "address": address,
        "address_start": address.removesuffix(content.code),
    }


def layouts(content: CertificateContent) -> list[str]:
    """Return the layouts worth trying: each takes the renderer most of the time that a certificate takes."""
    lines = LINES_OF_SECOND_LANGUAGE * (len(content.languages) - 1) + sum(
        LINES_BETWEEN_SESSIONS
        + sum(-(-len(line.text) // LETTERS_OF_TITLE) for line in _lines(session.titles, content.languages))
        for session in content.sessions
    )
    return [*(layout for layout, most in LAYOUTS if lines <= most), SEVERAL_PAGES]


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


def _alternative(logo: Logo, languages: tuple[str, ...]) -> str:
    """The logo's text for those who do not see it, in one language."""
    lines = _lines(logo.alternative, languages)
    return lines[0].text if lines else ""


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
