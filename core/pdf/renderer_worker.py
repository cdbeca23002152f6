"""HTML to PDF: the program of the renderer's process. One file that is PDF/A-3a and PDF/UA-1, and nothing fetched.

`core.pdf.renderer` starts it and talks to it. It has no settings, no database and no file of the service. It is sent
the fonts first, then one document after the other, with its style sheet and every resource that it mentions, by
address (`own:…`); the fetcher refuses any other address. Before the first document it gives up its rights: then the
system opens it no file and no connection.

Over standard input and output go messages, each behind its length in four bytes, big-endian. What comes in is JSON:
first `style` (the rules that name the fonts), `page` (a page that uses every font) and `resources`, then for each
document `html`, `identifier`, `layouts`, `style`, `seconds` and `resources`. Resources are named by address, each a
media type and base64. What goes out is one byte and the rest: `+` and the PDF (nothing, for the first message), or `-`
and what went wrong, without a word of the document. After that, and at the end of its input, the program ends.
"""

import base64
import ctypes
import gc
import io
import json
import os
import resource
import signal
import struct
import sys
import tempfile
import traceback
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pydyf
import weasyprint.pdf
import weasyprint.pdf.tags
from cssselect2 import ElementWrapper
from PIL import Image
from weasyprint import CSS, HTML, Document, Page
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

LENGTH = struct.Struct(">I")
# What the process may hold for itself. An ordinary certificate takes 75 MB, the largest logo that is allowed 260.
MEMORY = 512 * 1024 * 1024
# Were the parent gone, nobody else would end a document that hangs: a little later than the parent would.
GRACE = 5.0
# What Python tells before it does it, by the beginning of its name.
FORBIDDEN = (
    "open", "socket.", "subprocess.", "urllib.", "http.", "ftplib.", "smtplib.", "sqlite3.", "shutil.", "tempfile.",
    "glob.", "ctypes.dlopen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.kill", "os.listdir",
    "os.scandir", "os.walk", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate",
)  # fmt: skip

Resources = Mapping[str, tuple[str, bytes]]  # by address: media type and content

# PDF/UA-1 clause 5 wants its part in the XMP, and PDF/A-3 clause 6.6.2.3 wants every property which it does not
# know itself described by an extension schema. The renderer writes the one identification or the other; a file
# that is both needs this beside the PDF/A part.
_UNIVERSAL_ACCESS = Path(__file__).with_name("universal_access.xmp").read_bytes()


class ResourceNotAllowed(ValueError):
    """The document asked for an address that it was not handed."""


class ResourceFetcher(URLFetcher):
    """Returns the resources that it was made with and refuses every other address.

    The parent's constructor is not called on purpose: it would install the handlers that open files and the network.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._fail_on_errors = False

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """Return what lies under that address.

        Raises ResourceNotAllowed, which the renderer takes as "no such picture".
        """
        resource = self._resources.get(url)
        if resource is None:
            raise ResourceNotAllowed("not one of the document's own parts")
        media_type, content = resource
        return URLFetcherResponse(url, content, {"Content-Type": media_type})

    def open(self, url: object, data: object = None, timeout: object = None) -> URLFetcherResponse:
        """Fetch by the parent's other method, which takes requests too."""
        return self.fetch(str(getattr(url, "full_url", url)))


class WellFormed(HTML):
    """A page that is well-formed XML, as the service's are: read in a tenth of the time that reading any HTML takes."""

    def __init__(self, page: str, fetcher: ResourceFetcher) -> None:
        # The parent's constructor reads HTML; this is what it does beside that.
        root = ElementTree.fromstring(page)  # noqa: S314  (without a document type there are no entities to expand)
        self.base_url = None
        self.url_fetcher = fetcher
        self.media_type = "print"
        self.wrapper_element = ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = self.wrapper_element.etree_element

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:
        """Leave out the style sheet for any page: what ours needs of it stands in its own."""
        return []


def read_page(html: str, fetcher: ResourceFetcher) -> HTML:
    if "<!" not in html:
        with suppress(ElementTree.ParseError):
            return WellFormed(html, fetcher)
    return HTML(string=html, url_fetcher=fetcher)


class DocumentRenderer:
    """What every document of this process shares: the loaded fonts and the parsed style sheets."""

    def __init__(self, style: str, fonts: Resources) -> None:
        self.fonts = FontConfiguration()
        self.font_rules = CSS(string=style, font_config=self.fonts, url_fetcher=ResourceFetcher(fonts))
        self.styles: dict[str, CSS] = {}

    def render_document(
        self, html: str, resources: Resources, identifier: str, layouts: Sequence[str] = (), style: str = ""
    ) -> bytes:
        """Return the page as a PDF that conforms to PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1).

        `identifier` becomes the permanent half of the file's /ID. `layouts` are classes of the body: the first with
        which one page holds the document is taken, where none does, the last. The last part of its `main` stands at the
        foot of its page. The same arguments give the same bytes: nothing is read from the clock, so
        the page brings its own `dcterms.created`.
        """
        document = self._laid_out(read_page(html, ResourceFetcher(resources)), layouts, self._parsed(style))
        identify_universal_access(document)
        pdf: bytes = document.write_pdf(
            finisher=_finish,
            uncompressed_pdf=True,
            pdf_variant="pdf/a-3a",
            pdf_identifier=identifier.encode(),
        )
        return pdf

    def _parsed(self, style: str) -> CSS:
        """Return the style sheet; each is parsed once, since the service has a handful of them."""
        if style not in self.styles:
            self.styles[style] = CSS(string=style, font_config=self.fonts, url_fetcher=ResourceFetcher({}))
        return self.styles[style]

    def _laid_out(self, page: HTML, layouts: Sequence[str], style: CSS) -> Document:
        sheets = [self.font_rules, style]
        for layout in layouts or ("",):
            if layout:
                next(page.etree_element.iter("body")).set("class", layout)
            document = page.render(font_config=self.fonts, stylesheets=sheets, pdf_variant="pdf/a-3a")
            if len(document.pages) == 1:
                break
        if layouts:
            document.pages[-1] = _with_lowered_foot(document.pages[-1])
        return document


def _with_lowered_foot(page: Page) -> Page:
    """Move the last part of the page's `main` to the lower margin.

    Flexible boxes and grids would do the same in CSS; they take the renderer up to twice the time.
    """
    box = page._page_box
    main = next(one for one in box.descendants() if one.element_tag == "main")
    foot = [one for one in main.children if one.is_in_normal_flow()][-1]
    foot.translate(dy=box.content_box_y() + box.height - foot.position_y - foot.margin_height())
    return Page(box)


def identify_universal_access(document: Document) -> None:
    """Have the XMP say that the file is PDF/UA-1 as well."""
    written = document.metadata.generate_rdf_metadata

    def generate_rdf_metadata(variant: str, version: int, conformance: str) -> bytes:
        rdf = written(variant, version, conformance)
        return rdf.replace(b"</rdf:RDF>", _UNIVERSAL_ACCESS + b"</rdf:RDF>")

    document.metadata.generate_rdf_metadata = generate_rdf_metadata


_build_box_tree = weasyprint.pdf.tags._build_box_tree


def _describe(box: Any, *more: Any) -> Iterator[pydyf.Dictionary]:
    """Build the structure of a box as the renderer does, and say what it leaves out of the page's attributes.

    The renderer knows neither `lang` (ISO 32000-1, 14.9.2.2) nor the scope of a header cell (14.8.5.7).
    """
    source = getattr(box, "_box", box).element  # absolute boxes stand behind a placeholder
    for element in _build_box_tree(box, *more):
        if source is not None and source.tag not in ("html", "body"):
            if language := source.attrib.get("lang"):
                element["Lang"] = pydyf.String(language)
            if element["S"] == "/TH":
                element["A"]["Scope"] = "/Row" if source.attrib.get("scope") == "row" else "/Column"
        yield element


def _page_references(pdf: pydyf.PDF) -> list[bytes]:
    """Return the references of all pages as pydyf does, which makes them anew for each element of the structure."""
    known: list[bytes] = pdf.__dict__.setdefault("_known_pages", [])
    known.extend(b"%d 0 R" % number for number in pdf.pages["Kids"][3 * len(known) :: 3])
    return known  # only ever indexed


def _finish(document: Document, pdf: pydyf.PDF) -> None:
    _index_identifiers(pdf)
    _compress(document, pdf)


def _index_identifiers(pdf: pydyf.PDF) -> None:
    """Add the tree by which elements are found by their IDs (ISO 32000-1, 14.7.2), where any has one."""
    elements = [one for one in pdf.objects if isinstance(one, pydyf.Dictionary) and "ID" in one]
    named = sorted((one["ID"].string, one) for one in elements if one.get("Type") == "/StructElem")
    if named:
        names = [part for name, one in named for part in (pydyf.String(name), one.reference)]
        root = pdf.objects[int(pdf.catalog["StructTreeRoot"].split()[0])]
        root["IDTree"] = pydyf.Dictionary({"Names": pydyf.Array(names)})


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
            packed = zlib.compress(plain, 6)  # 9 takes half as long again and saves 150 bytes
            if packed[-1:] not in (b"\r", b"\n"):
                one.stream = [packed]
                one.extra["Filter"] = "/FlateDecode"


class _ColourProfile:
    """Stands where WeasyPrint looks for its colour profile, which it would open anew for every document."""

    def __init__(self) -> None:
        self._content = (files(weasyprint.pdf) / "sRGB2014.icc").read_bytes()

    def __call__(self, package: str) -> "_ColourProfile":
        return self

    def __truediv__(self, name: str) -> "_ColourProfile":
        return self

    def open(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._content)


def warmed_up(style: str, page: str, fonts: Resources) -> DocumentRenderer:
    """Return a document renderer that has everything in memory: the fonts, the colour profile, each kind of picture."""
    weasyprint.pdf.files = _ColourProfile()
    weasyprint.pdf.tags._build_box_tree = _describe
    pydyf.PDF.page_references = property(_page_references)
    # WeasyPrint writes the fonts into a folder, from which the font library reads each of them once.
    with tempfile.TemporaryDirectory(prefix="citylabs-renderer-") as tempfile.tempdir:
        document_renderer = DocumentRenderer(style, fonts)
        document_renderer.render_document(page, {}, "")
        for kind in ("PNG", "JPEG"):
            picture = io.BytesIO()
            Image.new("RGB", (2, 2)).save(picture, kind)
            document_renderer.render_document(
                '<!doctype html><html lang="en"><title>x</title><img alt="x" src="own:picture"></html>',
                {"own:picture": (f"image/{kind.lower()}", picture.getvalue())},
                "",
            )
    # Of the dozens of formats that the picture library tells by their content, two are logos; one starts a program.
    Image.init()
    Image.ID[:] = ["PNG", "JPEG"]
    return document_renderer


def leave_the_network() -> None:
    """Move to a network of one's own, which is empty, where the system lets everybody do so."""
    if sys.platform == "linux":
        new_user, new_network = 0x10000000, 0x40000000
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).unshare(new_user | new_network)


def give_up_rights() -> list[str]:
    """Take from this process, for good, what rendering does not need. Returns the list of what it asks for in vain.

    The system's own limits hold for the libraries in C as well: not one more descriptor, so no file, no connection,
    no pipe; no byte written to a file; no dump of the memory. Other systems than Linux have the hook alone, which
    refuses what Python is asked to do.
    """
    silence = os.open(os.devnull, os.O_WRONLY)  # from here on errors might cite the document
    os.dup2(silence, 2)
    os.close(silence)
    refused: list[str] = []

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event.startswith(FORBIDDEN):
            refused.append(event)
            raise PermissionError(event)

    sys.addaudithook(refuse)
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
            resource.setrlimit(limit, (0, 0))
    return refused


def serve(document_renderer: DocumentRenderer, refused: list[str]) -> None:
    """Render one document after the other until the parent is gone, or until one fails.

    A document during which anything was refused is not returned: it did what no page of the service does.
    """
    while (asked := _receive()) is not None:
        signal.setitimer(signal.ITIMER_REAL, asked["seconds"] + GRACE)
        pdf = document_renderer.render_document(
            asked["html"], _resources(asked), asked["identifier"], asked["layouts"], asked["style"]
        )
        signal.setitimer(signal.ITIMER_REAL, 0)
        if refused:
            raise PermissionError
        _send(b"+" + pdf)


def main() -> None:
    # A stop that is meant for the whole service: the parent finishes what it is at, and ends this process by ending.
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, signal.SIG_IGN)
    leave_the_network()
    asked = _receive()
    if asked is None:
        return
    document_renderer = warmed_up(asked["style"], asked["page"], _resources(asked))
    refused = give_up_rights()
    # WeasyPrint's own objects stay; those of a document are many and go with it.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    _send(b"+")
    try:
        serve(document_renderer, refused)
    except BrokenPipeError:
        pass  # the parent is gone
    except Exception as error:
        # Without the lines of source that a whole traceback would open files for.
        *_, (frame, line) = traceback.walk_tb(error.__traceback__)
        said = (
            f"asked for {refused[0]}"
            if refused
            else f"{type(error).__name__} in {frame.f_code.co_name}, line {line}"
        )
        _send(b"-" + said.encode())


def _resources(asked: Mapping[str, Any]) -> Resources:
    return {
        address: (media_type, base64.b64decode(content))
        for address, (media_type, content) in asked["resources"].items()
    }


def _receive() -> dict[str, Any] | None:
    """Return the next message, or None at the end of the input."""
    head = sys.stdin.buffer.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    message = sys.stdin.buffer.read(length)
    return json.loads(message) if len(message) == length else None


def _send(message: bytes) -> None:
    sys.stdout.buffer.write(LENGTH.pack(len(message)) + message)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
