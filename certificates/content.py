"""What a certificate says, as plain data; whatever is no certificate is refused here, before anything is drawn."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime

from core.pdf.fonts import MissingGlyphs, missing_glyphs, normalise_name
from core.pdf.renderer import Picture

MAX_NAME = 200
MAX_LOGOS = 4
MAX_TITLE = 500
MAX_SESSIONS = 200
MAX_PICTURE = 1024 * 1024  # bytes

_CODE = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){1,3}")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+/[A-Za-z0-9._~/-]*")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_OPTIONAL = frozenset({"place", "organiser_name", "signatory"})
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
    `logos` stand side by side, at most MAX_LOGOS.
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
    logos: tuple[Logo, ...] = ()
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
        if len(self.logos) > MAX_LOGOS:
            raise ValueError(f"logos: at most {MAX_LOGOS}, not {len(self.logos)}")
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
        for number, logo in enumerate(self.logos):
            yield f"logos-{number}", logo.picture
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
