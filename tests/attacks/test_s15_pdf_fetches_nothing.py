"""S15 (CVE-2025-68616, CVE-2026-49452 and older ones of the renderer): what somebody typed or uploaded is fetched.

Redirects and attachments went round the renderer's fetcher, and style sheets were injected. Here every text and the
logo try to have a file or an address opened; the certificate is made all the same, and nothing is opened: not in this
process, where a hook listens, and not in the one that prints, where a document during which anything was asked for is
not printed.
"""

import io
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pypdf import PdfReader

from certificates.content import Logo, Signatory
from certificates.pdf import render
from core.pdf import renderer as renderers
from core.pdf import renderer_worker
from core.pdf.renderer import Picture, Renderer, RendererFailed, render_document
from tests.certificates.samples import SESSIONS, certificate
from tests.core.pdf.renderers import changed_renderer

# Audit hooks cannot be taken off again: this one listens only while a test asks it to.
_WATCHED = (
    "open", "os.listdir", "os.scandir", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "ctypes.dlopen",
    "socket.__new__", "socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto",
    "urllib.Request", "http.client.connect", "ftplib.connect", "glob.glob", "shutil.copyfile",
)  # fmt: skip
_listening = threading.local()


def _note(event: str, arguments: tuple[object, ...]) -> None:
    noted = getattr(_listening, "noted", None)
    if noted is not None and event in _WATCHED:
        noted.append((event, str(arguments[0]) if arguments else ""))


sys.addaudithook(_note)


@pytest.fixture(scope="module")
def warm() -> Iterator[Renderer]:
    """The real program, with everything imported that is imported late, so that what opens later is a document."""
    made = Renderer()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(renderers, "shared_renderer", made)
        for language in ("en", "bg", "el"):
            render(certificate(language))
        yield made
    made.close()


@pytest.fixture
def opened(warm, monkeypatch) -> list[tuple[str, str]]:
    """What was opened in this process while printing; no socket can be made. It is the same renderer all the time."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a socket was asked for")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    return []


def listen(noted: list[tuple[str, str]], content: object) -> bytes:
    _listening.noted = noted
    try:
        return render(content)  # type: ignore[arg-type]
    finally:
        _listening.noted = None


@pytest.fixture
def secret(tmp_path) -> str:
    """The address of a file that exists, so that opening it would succeed and show."""
    path = tmp_path / "secret.svg"
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text>CANARY-S15</text></svg>')
    return path.as_uri()


def logo(inside: str, style: str = "") -> Logo:
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 60 16"'
        f' width="60" height="16"><style>{style}</style><rect width="60" height="16" fill="#003399"/>{inside}</svg>'
    )
    return Logo(Picture(svg.encode(), "image/svg+xml"), {"en": "Demo City"})


TEXTS = [
    '<img src="{url}">',
    '<link rel=stylesheet href="{url}">',
    '<link rel=attachment href="{url}">',
    '<a rel=attachment href="{url}">Demo</a>',
    '<base href="{url}">',
    "<style>@import url({url});</style>",
    "</style><style>@font-face {{ font-family: x; src: url({url}) }}",
    '<object data="{url}"></object><embed src="{url}">',
    '<iframe src="{url}"></iframe>',
    '<svg><use href="{url}#x"/><image href="{url}"/></svg>',
    '" style="background: url({url})" x="',
    "'); @import url({url}); ('",
    "url({url})",
    "<meta http-equiv=refresh content='0; {url}'>",
    "<?xml-stylesheet href='{url}'?>",
]
ADDRESSES = [
    "{secret}",
    "http://127.0.0.1:9/x.svg",
    "https://example.org/redirect",
    "//example.org/x",
    "ftp://example.org/x",
]
LOGOS = [
    ('<image href="{url}" width="9" height="9"/>', ""),
    ('<image xlink:href="{url}" width="9" height="9"/>', ""),
    ('<use href="{url}#x"/>', ""),
    ('<use xlink:href="{url}"/>', ""),
    ('<rect width="9" height="9" fill="url({url}#x)"/>', ""),
    ('<rect width="9" height="9" mask="url({url}#x)" clip-path="url({url}#y)" filter="url({url}#z)"/>', ""),
    ('<text font-family="x" y="9">Demo</text>', '@font-face {{ font-family: x; src: url("{url}") }}'),
    ("", '@import url("{url}");'),
    ('<rect width="9" height="9" style="background: url({url})"/>', "rect {{ fill: url({url}) }}"),
    ('<a xlink:href="{url}" rel="attachment"><rect width="9" height="9"/></a>', ""),
    ('<foreignObject width="9" height="9"><img xmlns="http://www.w3.org/1999/xhtml" src="{url}"/></foreignObject>', ""),
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_opens_anything(opened, secret, text):
    file_, loopback, redirect, relative, ftp = (
        text.format(url=address.format(secret=secret)) for address in ADDRESSES
    )
    file = listen(
        opened,
        certificate(
            holder_name=redirect,
            lab_title={"en": file_},
            programme_name={"en": loopback},
            organiser_name={"en": relative},
            place={"en": ftp},
            signatory=Signatory(loopback[:200], {"en": file_}),
            eu_funded=True,
            grant_number=redirect[:200],
            sessions=tuple(
                replace(SESSIONS[0], titles={"en": attack})
                for attack in (file_, loopback, redirect, relative, ftp)
            ),
        ),
    )
    assert opened == []
    assert_whole(file)


@pytest.mark.parametrize(("inside", "style"), LOGOS)
def test_no_logo_and_no_signature_opens_anything(opened, secret, inside, style):
    urls = [address.format(secret=secret) for address in ADDRESSES]
    drawing = logo(
        "".join(inside.format(url=url) for url in urls), "".join(style.format(url=url) for url in urls)
    )
    signatory = Signatory("Demo signatory", {}, drawing.picture)
    file = listen(opened, certificate(logos=(drawing,), signatory=signatory))
    assert opened == []
    assert_whole(file)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file", "image/svg+xml"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "image/png"),
        (b"\x89PNG\r\n\x1a\n", "image/jpeg"),
        (b"\xff\xd8\xff\xe0", "image/svg+xml"),
        (b"", "image/png"),
    ],
)
def test_a_logo_of_another_kind_than_it_says_never_reaches_the_picture_library(content, media_type):
    """Pillow knows dozens of formats, and one of them (EPS) starts a program."""
    with pytest.raises(ValueError, match="logo"):
        certificate(logos=(Logo(Picture(content, media_type), {"en": "Demo City"}),))
    with pytest.raises(ValueError, match="signatory"):
        certificate(signatory=Signatory("Demo signatory", {}, Picture(content, media_type)))


def test_even_if_it_did_the_library_knows_two_formats_and_starts_nothing(opened):
    """The second wall, in the process that prints."""
    page = '<!doctype html><html lang="en"><title>x</title><img alt="x" src="own:logo"><p>Demo</html>'
    drawing = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n"
    assert_whole(render_document(page, {"own:logo": Picture(drawing, "image/png")}, "x"))


@pytest.mark.parametrize(
    "svg",
    [
        '<!DOCTYPE svg [<!ENTITY x SYSTEM "{url}">]><svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>',
        '<!DOCTYPE svg SYSTEM "{url}"><svg xmlns="http://www.w3.org/2000/svg"/>',
        '<!DOCTYPE svg [<!ENTITY % x SYSTEM "{url}"> %x;]><svg xmlns="http://www.w3.org/2000/svg"/>',
        '<?xml-stylesheet href="{url}"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/2001/XInclude">'
        '<x:include href="{url}"/></svg>',
    ],
)
def test_no_xml_of_a_logo_opens_anything(opened, secret, svg):
    picture = Picture(svg.replace("{url}", secret).encode(), "image/svg+xml")
    content = certificate(
        logos=(Logo(picture, {"en": "Demo City"}),), signatory=Signatory("Demo signatory", {}, picture)
    )
    file = listen(opened, content)
    assert opened == []
    assert_whole(file)


@pytest.mark.parametrize(
    "markup",
    [
        '<img alt="x" src="{url}">',
        '<link rel="stylesheet" href="{url}">',
        '<link rel="attachment" href="{url}">',
        '<a rel="attachment" href="{url}">x</a>',
        "<style>@import url({url});</style>",
        "<style>@font-face {{ font-family: x; src: url({url}), local('DejaVu Sans') }} p {{ font: 9pt x }}</style><p>x",
        '<p style="background: url({url})">x',
        '<base href="{url}"><img alt="x" src="secret.svg">',
        '<object data="{url}"></object><embed src="{url}">',
        '<img alt="x" src="own:font/SofiaSans-400">',
        '<img alt="x" src="data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22/%3E">',
    ],
)
def test_even_markup_that_got_into_the_page_opens_nothing(opened, secret, markup):
    """The second wall: were a text ever set as markup, the renderer would still refuse."""
    page = f'<!doctype html><html lang="en"><title>x</title>{markup.format(url=secret)}</html>'
    _listening.noted = opened
    try:
        file = render_document(page, {}, "x")
    finally:
        _listening.noted = None
    assert opened == []
    assert_whole(file)


# A fetcher that sends what it does not have to WeasyPrint's ordinary one, as the ones that were broken did.
CARELESS = """
    from weasyprint.urls import URLFetcher

    class Careless(renderer_worker.ResourceFetcher):
        def fetch(self, url, headers=None):
            if url in self._resources:
                return super().fetch(url, headers)
            return URLFetcher().fetch(url, headers)

    renderer_worker.ResourceFetcher = Careless
"""


@pytest.fixture(scope="module")
def careless(tmp_path_factory) -> Iterator[Renderer]:
    with changed_renderer(tmp_path_factory.mktemp("careless"), CARELESS) as made:
        yield made


@pytest.mark.parametrize("url", ["{secret}", "http://127.0.0.1:9/x.svg", "ftp://127.0.0.1:9/x.svg"])
def test_the_process_that_prints_notices_what_a_careless_renderer_opens(careless, secret, url):
    """The positive control: the same markup does ask for files and addresses where the fetcher does not refuse."""
    address = url.format(secret=secret)
    page = f'<!doctype html><html lang="en"><title>x</title><img alt="x" src="{address}"></html>'
    with pytest.raises(RendererFailed, match=r"asked for (open|socket|urllib)"):
        careless.render_document(page, {}, "x")


def test_what_is_listened_for_here_is_refused_there():
    assert [event for event in _WATCHED if not event.startswith(renderer_worker.FORBIDDEN)] == []


def test_the_listener_hears_a_file_being_opened(opened, secret):
    """The positive control."""
    _listening.noted = opened
    try:
        open(secret.removeprefix("file://")).close()
    finally:
        _listening.noted = None
    assert opened == [("open", secret.removeprefix("file://"))]


def test_the_fetcher_refuses_every_address_that_it_was_not_given():
    fetcher = renderer_worker.ResourceFetcher({"own:qr": ("image/png", b"x")})
    assert fetcher("own:qr").read() == b"x"
    for address in (
        "own:QR",
        "own:qr#x",
        "own:qr?x",
        "own:",
        "",
        "file:///etc/passwd",
        "data:,x",
        "http://[::1]/",
    ):
        with pytest.raises(renderer_worker.ResourceNotAllowed):
            fetcher(address)
        with pytest.raises(renderer_worker.ResourceNotAllowed):
            fetcher.open(address)


def assert_whole(file: bytes) -> None:
    """A file with pages, without attachments, in which nothing of the secret file stands."""
    reader = PdfReader(io.BytesIO(file))
    text = "".join(sheet.extract_text() for sheet in reader.pages)
    assert "CANARY-S15" not in text
    assert b"CANARY-S15" not in file
    assert dict(reader.attachments) == {}
    assert "/AF" not in reader.root_object
    for sheet in reader.pages:
        for annotation in sheet.get("/Annots", []):
            assert annotation.get_object()["/Subtype"] == "/Link"
