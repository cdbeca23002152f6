"""HTML to PDF: one warm press per process, one file that is PDF/A-3a and PDF/UA-1, and nothing ever fetched.

The renderer is handed everything it needs by name (`own:…`): fonts, style sheet and the pictures made for this
one document. Any other address, whatever its scheme and wherever it stands, is refused.
"""

import logging
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pydyf
from weasyprint import CSS, HTML, Document
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from certificates.glyphs import Face

# The renderer tells of every step at INFO; a worker that prints hundreds would log little else.
logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)

STYLE_SHEET = Path(__file__).resolve().parent.parent / "templates" / "certificates" / "certificate.css"

# PDF/UA-1 clause 5 wants its part in the XMP, and PDF/A-3 clause 6.6.2.3 wants every property which it does not
# know itself described by an extension schema. The renderer writes the one identification or the other; a file
# that is both needs this beside the PDF/A part.
_UNIVERSAL_ACCESS = b"""
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
  <pdfuaid:part>1</pdfuaid:part>
</rdf:Description>
<rdf:Description rdf:about=""
    xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
    xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
    xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
  <pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
    <pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
    <pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
    <pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
    <pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
      <pdfaProperty:name>part</pdfaProperty:name>
      <pdfaProperty:valueType>Integer</pdfaProperty:valueType>
      <pdfaProperty:category>internal</pdfaProperty:category>
      <pdfaProperty:description>The part of ISO 14289 to which the file conforms</pdfaProperty:description>
    </rdf:li></rdf:Seq></pdfaSchema:property>
  </rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
"""


@dataclass(frozen=True)
class Picture:
    """An image made or checked by ourselves: its bytes and its media type."""

    content: bytes
    media_type: str


class Refused(ValueError):
    """The document asked for an address that it was not handed."""


class _Shelf(URLFetcher):
    """Hands out what lies on it and refuses every other address.

    The parent's constructor is not called on purpose: it would install the handlers that open files and the
    network, and here is nothing that could.
    """

    def __init__(self, goods: Mapping[str, Picture]) -> None:
        self._goods = goods
        self._fail_on_errors = False

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """Return what lies under that address. Raises Refused, which the renderer takes as "no such picture"."""
        good = self._goods.get(url)
        if good is None:
            raise Refused("not one of the document's own parts")
        return URLFetcherResponse(url, good.content, {"Content-Type": good.media_type})

    def open(self, url: object, data: object = None, timeout: object = None) -> URLFetcherResponse:
        """The parent's other entrance leads to the same shelf."""
        return self.fetch(str(getattr(url, "full_url", url)))


@dataclass(frozen=True)
class _Press:
    """What every document of this process shares: the loaded faces and the parsed style sheet."""

    fonts: FontConfiguration
    style: CSS


# Pango's font map, which all documents share, is not made for several threads.
_lock = threading.Lock()


def typeset(html: str, pictures: Mapping[str, Picture], identifier: str) -> bytes:
    """Return the page as a PDF that conforms to PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1).

    `pictures` are named by the addresses under which the page mentions them (`own:…`). `identifier` becomes the
    permanent half of the file's /ID. The same arguments give the same bytes: nothing is read from the clock, so
    the page brings its own `dcterms.created`. One document at a time per process.
    """
    with _lock:
        press = _press()
        document = HTML(string=html, url_fetcher=_Shelf(pictures)).render(
            font_config=press.fonts, stylesheets=[press.style], pdf_variant="pdf/a-3a"
        )
        _identify_universal_access(document)
        pdf: bytes = document.write_pdf(
            finisher=_compress,
            uncompressed_pdf=True,
            pdf_variant="pdf/a-3a",
            pdf_identifier=identifier.encode(),
        )
    return pdf


def _identify_universal_access(document: Document) -> None:
    """Have the XMP say that the file is PDF/UA-1 as well."""
    written = document.metadata.generate_rdf_metadata

    def generate_rdf_metadata(variant: str, version: int, conformance: str) -> bytes:
        rdf = written(variant, version, conformance)
        return rdf.replace(b"</rdf:RDF>", _UNIVERSAL_ACCESS + b"</rdf:RDF>")

    document.metadata.generate_rdf_metadata = generate_rdf_metadata


def _compress(document: Document, pdf: pydyf.PDF) -> None:
    """Compress the streams one by one, where that is safe; the XMP stays readable for programs without PDF.

    A stream is followed by a line feed and `endstream`. Where its last byte is a carriage return or a line feed,
    readers disagree on which bytes end the stream and which the line, and a checker finds a wrong /Length; about
    one compressed stream in 128 ends so, and then the plain one is taken. For the same reason the renderer is not
    asked for object streams: their last byte cannot be chosen here.
    """
    metadata = pdf.objects[int(pdf.catalog["Metadata"].split()[0])]
    for one in pdf.objects:
        if isinstance(one, pydyf.Stream) and one is not metadata and "Filter" not in one.extra:
            plain = one.data.partition(b"\nstream\n")[2].removesuffix(b"\nendstream")
            packed = zlib.compress(plain, 9)
            if packed[-1:] not in (b"\r", b"\n"):
                one.stream = [packed]
                one.extra["Filter"] = "/FlateDecode"


@cache
def _press() -> _Press:
    """Load the faces and parse the style sheet; call it with the lock held."""
    faces = {f"own:face/{face.value}": Picture(face.path.read_bytes(), "font/ttf") for face in Face}
    rules = "".join(
        f'@font-face {{ font-family: "{face.family}"; font-weight: {face.weight};'
        f' src: url("own:face/{face.value}") }}\n'
        for face in Face
    )
    fonts = FontConfiguration()
    style = CSS(
        string=rules + STYLE_SHEET.read_text(encoding="utf-8"), font_config=fonts, url_fetcher=_Shelf(faces)
    )
    return _Press(fonts, style)
