"""Check and re-encode uploaded logos and signatures.

PNG is decoded and encoded again by Pillow, without metadata. SVG is parsed and rebuilt from a list of allowed elements
and attributes; scripts, links and styles are rejected.
"""

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from string import ascii_lowercase
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from PIL import Image

from core.web.errors import RuleViolation

MAX_BYTES = 512 * 1024
TOO_LARGE = _("The file is larger than 512 kB. Make the image smaller and choose it again.")
MAX_SIDE = 4096  # pixels
MAX_SIZE = (960, 256)  # four times the displayed 240 × 64 px, for high-resolution screens and print
MAX_ELEMENTS = 5000
MAX_FIELD = 1_000_000  # units of an SVG's viewBox, on each side

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"
_SVG = "http://www.w3.org/2000/svg"
_ELEMENT_NAMES = """
    svg g defs title desc path rect circle ellipse line polyline polygon linearGradient radialGradient stop clipPath
"""
_ATTRIBUTE_NAMES = """
    id viewBox width height x y x1 y1 x2 y2 cx cy r rx ry fx fy d points transform preserveAspectRatio
    fill fill-rule fill-opacity clip-path clip-rule color opacity offset stop-color stop-opacity
    stroke stroke-width stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset
    stroke-opacity gradientUnits gradientTransform spreadMethod clipPathUnits
"""
# What attributes may call: colours, transforms, and `url(#…)`.
_FUNCTION_NAMES = "url rgb rgba hsl hsla matrix translate scale rotate skewx skewy"
_ELEMENTS = frozenset(_ELEMENT_NAMES.split())
_ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
_FUNCTIONS = frozenset(_FUNCTION_NAMES.split())
# Elements of drawing programs, which are dropped.
_IGNORED_ELEMENTS = frozenset({"metadata", "namedview"})


class InvalidLogo(RuleViolation):
    """The file cannot be used as a picture. `message` is for the organiser."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__("invalid_logo", message, field="logo")


@dataclass(frozen=True)
class Logo:
    """A re-encoded picture: its bytes, file extension and media type."""

    content: bytes
    extension: str
    media_type: str


MEDIA_TYPES = {"png": "image/png", "svg": "image/svg+xml"}


def read_logo(data: bytes) -> Logo:
    """Check an uploaded file and return it re-encoded. Raises InvalidLogo."""
    if len(data) > MAX_BYTES:
        raise InvalidLogo(TOO_LARGE)
    if data.startswith(_PNG):
        return Logo(_png(data), "png", MEDIA_TYPES["png"])
    if b"<svg" in data[:4096]:
        return Logo(_svg(data), "svg", MEDIA_TYPES["svg"])
    raise InvalidLogo(
        _("The file is neither PNG nor SVG. Save the image in one of these formats and choose it again.")
    )


def _png(data: bytes) -> bytes:
    try:
        # The PDF renderer lets Pillow accept truncated files.
        if _PNG_END not in data:
            raise ValueError("truncated")
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=["PNG"])
            # By side, and not by area alone: Pillow holds a pointer for every row.
            if max(picture.size) > MAX_SIDE:
                raise InvalidLogo(_("The image has too many pixels. 960 by 256 are enough."))
            picture = picture.convert("RGBA")
    except InvalidLogo:
        raise
    except Exception:  # Pillow raises many kinds for a broken file
        raise InvalidLogo(_("The image cannot be read. Save it as PNG again and choose it again.")) from None
    picture.thumbnail(MAX_SIZE)
    plain = Image.new("RGBA", picture.size)
    plain.paste(picture)
    written = io.BytesIO()
    plain.save(written, "PNG", optimize=True)
    return written.getvalue()


def _svg(data: bytes) -> bytes:
    rebuilt = _Rebuilder()
    try:
        rebuilt.parser.Parse(data, True)
    except InvalidLogo:
        raise
    except (expat.ExpatError, ValueError, RecursionError):
        raise InvalidLogo(
            _("The SVG file cannot be read. Save it as SVG again and choose it again.")
        ) from None
    return rebuilt.document()


class _Rebuilder:
    """Rebuilds an SVG document from the events of an XML parser."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        # No entities: neither entity expansion nor external files.
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._refuse_entity
        self._parts: list[str] = []
        self._open: list[str] = []
        self._ignored_depth = 0  # depth inside an ignored element
        self._count = 0

    def document(self) -> bytes:
        return "".join(self._parts).encode()

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise InvalidLogo(
                _("The SVG file has too many parts. Save the image as PNG and choose it again.")
            )
        namespace, _space, local = name.rpartition(" ")
        if self._ignored_depth or local in _IGNORED_ELEMENTS:
            self._ignored_depth += 1
            return
        if namespace != _SVG or local not in _ELEMENTS:
            raise InvalidLogo(
                _("The SVG file contains “%(part)s”, which is not allowed. Save it as plain SVG or as PNG.")
                % {"part": local[:40]}
            )
        if not self._open and local != "svg":
            raise InvalidLogo(_("The file is not an SVG image."))
        kept = [f' xmlns="{_SVG}"'] if not self._open else []
        for key, value in attributes.items():
            if key == "version" or " " in key:
                continue  # namespaced attributes of drawing programs, and links
            is_drawable = key != "viewBox" or _is_view_box(value)
            if key not in _ATTRIBUTES or not is_drawable or not _is_harmless(value):
                raise InvalidLogo(
                    _(
                        "The SVG file contains “%(part)s”, which is not allowed. Save it as plain SVG or as PNG."
                    )
                    % {"part": key[:40]}
                )
            kept.append(f" {key}={quoteattr(value)}")
        self._parts.append(f"<{local}{''.join(kept)}>")
        self._open.append(local)

    def _end(self, name: str) -> None:
        if self._ignored_depth:
            self._ignored_depth -= 1
            return
        self._parts.append(f"</{self._open.pop()}>")

    def _text(self, text: str) -> None:
        if not self._ignored_depth and self._open and self._open[-1] in ("title", "desc"):
            self._parts.append(escape(text))

    def _doctype(self, name: str, system: str | None, public: str | None, has_internal_subset: bool) -> None:
        if has_internal_subset:
            raise InvalidLogo(_("The SVG file declares entities. Save it as plain SVG or as PNG."))

    def _refuse_entity(self, *declaration: object) -> None:
        raise InvalidLogo(_("The SVG file declares entities. Save it as plain SVG or as PNG."))


def _is_view_box(value: str) -> bool:
    """Tell whether it names a field that can be drawn on: the renderer of certificates gives up at any other."""
    try:
        x, y, width, height = (float(each) for each in value.replace(",", " ").split())
    except ValueError:
        return False
    begins_near = -MAX_FIELD < x < MAX_FIELD and -MAX_FIELD < y < MAX_FIELD
    return begins_near and 0 < width < MAX_FIELD and 0 < height < MAX_FIELD


def _is_harmless(value: str) -> bool:
    """Tell whether an attribute calls only known functions, and refers only to parts of the same document.

    Without a regular expression: one that looks for names before brackets takes minutes for a path of 500 kB.
    """
    plain = "".join(value.split()).lower()
    for before, after in pairwise(plain.split("(")):
        name = before[len(before.rstrip(ascii_lowercase)) :]
        if name not in _FUNCTIONS or (name == "url" and not after.startswith("#")):
            return False
    return "\\" not in plain
