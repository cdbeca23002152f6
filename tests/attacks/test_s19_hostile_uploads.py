"""S19 (Indico CVE-2026-25739; pretalx 2026.2): an uploaded file that is page and picture at once ran on our origin.

All files come through the console's form. What is refused leaves nothing behind; what is taken is written anew, is
served as what it is, in a sandbox, and carries nothing of what it carried besides the picture.
"""

import gzip
import io
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from PIL import Image, PngImagePlugin

from labs.models import Lab
from sessions import speaker_links
from sessions.models import ImportEntry, Slides
from tests import factories as f
from tests.pages import client_of, form_of, send
from tests.sessions.speaker_files import PDF, photo
from tests.walks.exploring import body_of

pytestmark = pytest.mark.django_db

SETTINGS = "/organise/labs/lab/settings/"
HTML = b"<!doctype html><html><script>alert('CANARY-S19')</script></html>"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">%s</svg>'


@pytest.fixture
def lab(settings: Any, tmp_path: Path) -> Lab:
    settings.MEDIA_ROOT = tmp_path
    return f.LabFactory(slug="lab", title={"en": "Lab", "bg": "Лаб"})


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


def upload(
    client: Client,
    content: bytes,
    name: str = "logo.png",
    media_type: str = "image/png",
    field: str = "logo",
) -> HttpResponse:
    form = form_of(client.get(SETTINGS)).filled(
        logo_alt_0="Demo City", logo_alt_1="Demo City", signatory_name="Demo signatory"
    )
    return client.post(SETTINGS, form | {field: SimpleUploadedFile(name, content, content_type=media_type)})


def png(size: tuple[int, int] = (40, 20), **options: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, (0, 86, 78)).save(written, "PNG", **options)
    return written.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_measures(width: int, height: int, data: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def with_notes() -> bytes:
    """A picture with a place (EXIF), a text, a compressed text and an ICC profile, each with a canary."""
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "CANARY-S19")
    notes.add_text("XML:com.adobe.xmp", "<x>CANARY-S19</x>", zip=True)
    exif = Image.Exif()
    exif[0x010E] = "CANARY-S19"
    exif.get_ifd(0x8825).update({1: "N", 2: (42.0, 41.0, 51.0), 3: "E", 4: (23.0, 19.0, 20.0)})
    return png(pnginfo=notes, exif=exif, icc_profile=b"CANARY-S19" * 20)


def logo_of(client: Client) -> HttpResponse:
    return client.get("/labs/lab/logo")


def signature_of(client: Client) -> HttpResponse:
    return client.get("/organise/labs/lab/signature")


TAKEN = {
    "a page behind the picture": png() + HTML,
    "a page as a note in the picture": png()[:33] + chunk(b"tEXt", b"Comment\0" + HTML) + png()[33:],
    "an archive behind the picture": png() + b"PK\x03\x04CANARY-S19",
    "a place where it was taken": with_notes(),
}
REFUSED = {
    "a page": HTML,
    "a page with a picture behind it": HTML + png(),
    "a page that calls itself a drawing": HTML + b"<svg/>",
    "GIF and script at once": b"GIF89a/*" + HTML + b"*/=1;",
    "50,000 by 50,000 pixels": with_measures(50_000, 50_000),
    "4 thousand million by one pixel": with_measures(2**31 - 1, 1),
    "one pixel by 16 million, of which each row costs more than its pixel": with_measures(
        1, 16_000_000, zlib.compress(bytes(4 * 16_000_000), 9)
    ),
    "no pixel": with_measures(0, 0),
    "pixels that unpack to 40 MB": with_measures(12_000, 12_000, zlib.compress(bytes(40_000_000), 9))[:600_000],
    "a header and no more": png()[:60],
    "script": (SVG % "<script>alert(1)</script>").encode(),
    "script of a drawing program": (SVG % '<g onload="alert(1)"/>').encode(),
    "another language within": (
        SVG % '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><script/></body></foreignObject>'
    ).encode(),
    "style": (SVG % "<style>@import 'https://evil.example/';</style>").encode(),
    "style of one part": (SVG % '<path style="fill:url(//evil.example)"/>').encode(),
    "a picture from elsewhere": (SVG % '<image xlink:href="https://evil.example/x.png"/>').encode(),
    "a paint from elsewhere": (SVG % '<path fill="url(https://evil.example#x)"/>').encode(),
    "a link that runs": (SVG % '<a xlink:href="javascript:alert(1)"><path d="M0 0"/></a>').encode(),
    "an animation": (SVG % '<set attributeName="onload" to="alert(1)"/>').encode(),
    "a file of ours": (
        '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + SVG % "<title>&x;</title>"
    ).encode(),
    "a thousand million words": (
        "<!DOCTYPE svg [<!ENTITY a0 'ha'>"
        + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
        + "]>" + SVG % "<title>&a9;</title>"
    ).encode(),
    "a drawing in another code": ("\ufeff" + SVG % "<script/>").encode("utf-16"),
    "a packed drawing": gzip.compress((SVG % "").encode()),
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) (r) file",
    "more bytes than allowed": png() + b"x" * 600_000,
}  # fmt: skip


SERVED = {
    "Content-Type": "image/png",
    "Content-Disposition": 'inline; filename="lab-signature.png"',
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-store, max-age=0, no-cache, must-revalidate",
}

PUBLIC = {name: SERVED[name] for name in SERVED if name != "Cache-Control"}


@pytest.mark.parametrize("what", TAKEN)
def test_what_is_taken_holds_the_picture_and_nothing_else(client: Client, lab: Lab, what: str) -> None:
    assert upload(client, TAKEN[what], name="logo.html", media_type="text/html").status_code == 302
    answer = logo_of(Client())
    content = body_of(answer)
    assert b"CANARY-S19" not in content
    assert b"<script" not in content
    picture = Image.open(io.BytesIO(content), formats=["PNG"])
    picture.load()
    assert (picture.size, dict(picture.info), dict(picture.getexif())) == ((40, 20), {}, {})
    assert content.endswith(b"IEND\xaeB`\x82")


@pytest.mark.parametrize("field", ["logo", "signature"])
@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_leaves_nothing_behind(
    client: Client, lab: Lab, tmp_path: Path, what: str, field: str
) -> None:
    began = time.process_time()
    answer = upload(client, REFUSED[what], name="logo.svg", media_type="image/svg+xml", field=field)
    assert answer.status_code == 422
    assert time.process_time() - began < 5
    lab.refresh_from_db()
    assert not getattr(lab, field)
    assert list(tmp_path.rglob("*.*")) == []
    assert logo_of(Client()).status_code == 404
    assert signature_of(client).status_code == 404


@pytest.mark.parametrize(
    ("content", "media_type"), [(png(), "image/png"), ((SVG % "").encode(), "image/svg+xml")]
)
def test_a_logo_is_served_so_that_it_cannot_run(
    client: Client, lab: Lab, content: bytes, media_type: str
) -> None:
    """Its type is what it was found to be, never what the upload said."""
    upload(client, content, name="logo.html", media_type="text/html")
    headers = logo_of(Client()).headers
    assert headers["Content-Type"] == media_type
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert ".html" not in headers["Content-Disposition"]


def test_a_signature_is_written_anew_and_served_to_organisers_alone(client: Client, lab: Lab) -> None:
    upload(client, with_notes(), name="signature.html", media_type="text/html", field="signature")
    answer = signature_of(client)
    content = body_of(answer)
    assert b"CANARY-S19" not in content
    assert Image.open(io.BytesIO(content), formats=["PNG"]).size == (40, 20)
    assert {name: answer.headers[name] for name in SERVED} == SERVED
    assert signature_of(Client()).status_code == 302
    assert Client().get("/labs/lab/signature").status_code == 404
    stranger = client_of(f.StaffFactory(role="door", lab=lab).user)
    assert signature_of(stranger).status_code == 404


def test_logos_of_a_programme_are_held_to_the_same(lab: Lab, tmp_path: Path) -> None:
    owner = client_of(f.OwnerFactory(programme=lab.programme).user)
    address = f"/organise/programmes/{lab.programme.slug}/logos/new/"

    def add(content: bytes) -> HttpResponse:
        file = SimpleUploadedFile("logo.html", content, content_type="text/html")
        return send(owner, address, picture=file, alt_0="Demo City")

    assert {what: add(content).status_code for what, content in REFUSED.items()} == dict.fromkeys(
        REFUSED, 422
    )
    assert list(tmp_path.rglob("*.*")) == []
    for content in TAKEN.values():
        assert add(content).status_code == 302
    logos = lab.programme.logos.all()
    assert len(logos) == len(TAKEN)
    for logo in logos:
        answer = Client().get(f"/programmes/{lab.programme.slug}/logos/{logo.pk}")
        assert b"CANARY-S19" not in body_of(answer)
        assert b"<script" not in body_of(answer)
        assert {name: answer.headers[name] for name in PUBLIC} == PUBLIC | {
            "Content-Disposition": f'inline; filename="{lab.programme.slug}-{logo.pk}.png"'
        }


def test_an_earlier_logo_stays_when_a_later_one_is_refused(client: Client, lab: Lab, tmp_path: Path) -> None:
    upload(client, png())
    before = body_of(logo_of(Client()))
    assert upload(client, HTML).status_code == 422
    assert body_of(logo_of(Client())) == before
    assert len(list(tmp_path.rglob("*.png"))) == 1


@pytest.mark.parametrize(
    "content",
    [
        HTML,
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><schedule>&f;</schedule>',
        b"GIF89a" + HTML,
        b"PK\x03\x04" + HTML,
    ],
)
def test_a_hostile_file_instead_of_a_schedule_is_refused_and_never_served(
    client: Client, lab: Lab, content: bytes
) -> None:
    form = form_of(client.get("/organise/labs/lab/import/")).filled()
    file = SimpleUploadedFile("schedule.xlsx", content)
    answer = client.post("/organise/labs/lab/import/", form | {"file": file}, follow=True)
    said = answer.content.decode()
    assert "<script>alert" not in said
    assert "root:" not in said
    assert not ImportEntry.objects.exists()
    assert not lab.sessions.exists()


def test_files_of_speakers_are_pictures_alone_or_never_shown(
    lab: Lab,
) -> None:
    """By the private link: a photo that is a page as well, and slides that are one."""
    session = f.SessionFactory(lab=lab, slug="opening")
    speaker = f.SpeakerFactory(
        programme=lab.programme, slug="eleni", email="eleni@example.org", contact_since=timezone.now()
    )
    f.AppearanceFactory(session=session, speaker=speaker)
    token = speaker_links.token_of(speaker)
    profile, slides = (f"/speaking/{token}/{page}/" for page in ("profile", f"sessions/{session.pk}/slides"))
    both = photo(comment=HTML) + HTML + b"\xff\xd9"
    form = form_of(Client().get(profile))
    for content, status in ((HTML, 422), (SVG.encode(), 422), (both, 302)):
        file = SimpleUploadedFile("me.html", content, content_type="text/html")
        assert Client().post(profile, form.filled(photo=file, consent="on")).status_code == status
    answer = Client().get("/labs/lab/speakers/eleni/photo")
    assert b"CANARY-S19" not in body_of(answer)
    assert {name: answer.headers[name] for name in ("Content-Type", "Content-Security-Policy")} == {
        "Content-Type": "image/jpeg", "Content-Security-Policy": "default-src 'none'; sandbox",
    }  # fmt: skip
    form = form_of(Client().get(slides))
    for content, status in ((HTML, 422), (b"%PDF-1.7 " + HTML, 422), (PDF[:-6] + HTML + b"\n%%EOF\n", 302)):
        file = SimpleUploadedFile("talk.html", content, content_type="text/html")
        assert Client().post(slides, form.filled(slides=file)).status_code == status
    Slides.objects.update(is_published=True)
    answer = Client().get("/labs/lab/sessions/opening/slides/eleni/")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="talk.pdf"'
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
