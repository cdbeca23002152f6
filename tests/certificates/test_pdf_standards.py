"""The certificate's file is archivable, accessible, and the same bytes whenever it is printed."""

import re
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.utils import translation
from pypdf.generic import ContentStream

from certificates import pdf, qr
from certificates.pdf import (
    render,
)
from certificates.renderer import Picture, render_document
from tests.certificates.papers import ADDRESS, CODE, SESSIONS, certificate
from tests.certificates.reading_pdf import (
    LANGUAGES,
    LOGO,
    PROFILES,
    failures,
    many_sessions,
    printed,
    read,
    structure,
)
from tests.certificates.renderers import press


def test_the_tag_tree_has_one_heading_and_a_table_with_headed_cells():
    elements = structure(read(printed("bg")))
    kinds = [one["/S"] for one in elements]
    assert [kinds.count(kind) for kind in ("/H1", "/Table", "/TR", "/TH", "/TD", "/Link", "/Figure")] == [
        1,
        1,
        5,
        4,
        10,
        1,
        1,
    ]
    assert all(one["/A"].get("/Headers") for one in elements if one["/S"] == "/TD")


def test_header_cells_say_their_scope_and_are_found_by_their_ids():
    reader = read(render(certificate("bg", sessions=many_sessions(30))))
    elements = structure(reader)
    headers = [one for one in elements if one["/S"] == "/TH"]
    columns, rows = 3 * len(reader.pages), 1
    assert [one["/A"]["/Scope"] for one in headers] == ["/Column"] * columns + ["/Row"] * rows
    names = reader.root_object["/StructTreeRoot"]["/IDTree"]["/Names"]
    index = dict(zip(names[::2], names[1::2], strict=True))
    assert list(index) == sorted(index)
    assert {name: one.get_object()["/ID"] for name, one in index.items()} == {name: name for name in index}
    assert set(index) == {one["/ID"] for one in headers}
    used = {name for one in elements if one["/S"] == "/TD" for name in one["/A"]["/Headers"]}
    assert used <= set(index)


def test_the_other_language_is_marked_in_the_structure():
    reader = read(printed("bg"))
    said: dict[str, list[str]] = {"bg": [], "en": []}

    def collect(element: Any, language: str) -> None:
        language = element.get("/Lang", language)
        kids = element.get("/K", [])
        for kid in kids if isinstance(kids, list) else [kids]:
            kid = kid.get_object()
            if isinstance(kid, int):
                said[language].append(pieces[kid])
            elif "/S" in kid:
                collect(kid, language)

    pieces = marked_pieces(reader)
    for top in reader.root_object["/StructTreeRoot"]["/K"]:
        collect(top.get_object(), reader.root_object["/Lang"])
    english, bulgarian = " ".join(said["en"]), " ".join(said["bg"])
    for part in ("This is to certify that", "took part in", "Dialogue with Thierry", "Issued on"):
        assert part in english
        assert part not in bulgarian
    assert "Удостоверение за участие" in bulgarian
    assert not re.search("[а-я]", english)


def marked_pieces(reader: Any) -> dict[int, str]:
    """The text of each piece of marked content of the first page, by its number."""
    page_one = reader.pages[0]
    fonts = {name: font.get_object() for name, font in page_one["/Resources"]["/Font"].items()}
    maps = {name: character_map(font) for name, font in fonts.items()}
    pieces: dict[int, str] = {}
    number, current = -1, {}
    for operands, operator in ContentStream(page_one.get_contents(), reader).operations:
        if operator == b"BDC":
            number = operands[1].get("/MCID", -1) if isinstance(operands[1], dict) else -1
            pieces.setdefault(number, "")
        elif operator == b"Tf":
            current = maps[operands[0]]
        elif operator in (b"TJ", b"Tj"):
            for part in operands[0] if operator == b"TJ" else operands:
                if isinstance(part, (bytes, str)):
                    raw = part.original_bytes
                    codes = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
                    pieces[number] = pieces.get(number, "") + "".join(current.get(code, "") for code in codes)
    return pieces


def character_map(font: Any) -> dict[int, str]:
    """The characters of a font's glyphs, as its ToUnicode says."""
    pairs = re.findall(rb"^<(\w{4})> <(\w+)>$", font["/ToUnicode"].get_data(), re.MULTILINE)
    return {int(code, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for code, text in pairs}


def test_the_printed_qr_code_is_the_address():
    rows = qr.matrix(f"https://{ADDRESS}")
    side = len(rows)
    image = rasterise(printed("en"), resolution=300)
    left, top, size = ((297 - 16 - 27) / 25.4 * 300, (210 - 12 - 27) / 25.4 * 300, 27 / 25.4 * 300)
    seen = tuple(
        tuple(image(left + (x + 0.5) * size / side, top + (y + 0.5) * size / side) < 128 for x in range(side))
        for y in range(side)
    )
    assert seen == rows


def rasterise(file: bytes, resolution: int) -> Callable[[float, float], int]:
    """Return a function from a point of the first page, in pixels, to its grey value."""
    grey = subprocess.run(
        ["pdftoppm", "-r", str(resolution), "-gray", "-f", "1", "-l", "1", "-"],
        input=file,
        capture_output=True,
        check=True,
    ).stdout
    header = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", grey)
    assert header
    across = int(header[1])
    return lambda x, y: grey[header.end() + int(y) * across + int(x)]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_one_file_conforms_to_pdf_a_3a_and_pdf_ua_1(language, profile):
    assert failures(printed(language), profile) == []


@pytest.mark.parametrize(
    "content",
    [
        certificate("bg", sessions=many_sessions(30)),
        certificate("bg", holder_name="Щ" * 200),
        certificate("el", logo=LOGO),
        certificate(logo=replace(LOGO, alternative={})),
        certificate(sessions=SESSIONS[:1], other_sessions=(), place={}),
    ],
    ids=["30 sessions", "200 letters", "logo", "logo without text", "one session"],
)
def test_unusual_certificates_conform_too(content):
    file = render(content)
    assert {profile: failures(file, profile) for profile in PROFILES} == {"3a": [], "ua1": []}


def test_the_check_notices_what_the_press_adds(monkeypatch, tmp_path):
    """The negative control: without our part of the metadata, the validator finds exactly that missing."""
    with press(tmp_path, "renderer_worker.identify_universal_access = lambda document: None") as careless:
        monkeypatch.setattr(pdf, "render_document", careless.render_document)
        file = render(certificate())
    assert failures(file, "3a") == []
    assert failures(file, "ua1") == ["PDFUA1-ID-PART-001", "PDFUA1-ID-SCHEMA-001"]


def test_the_check_notices_a_picture_without_text():
    html = f'<!doctype html><html lang="en"><title>{CODE}</title><p><img src="own:qr"></p></html>'
    pictures = {"own:qr": Picture(qr.svg("x").encode(), "image/svg+xml")}
    assert failures(render_document(html, pictures, CODE), "ua1") != []
    described = html.replace("<img", '<img alt="QR"')
    assert failures(render_document(described, pictures, CODE), "ua1") == []


def test_no_stream_ends_where_readers_would_disagree_on_its_end():
    """One compressed stream in 128 would; twenty certificates have some hundreds."""
    for number in range(20):
        file = render(certificate(code=f"7K3M-Q9TX-{number:04d}", holder_name=f"Demo participant {number}"))
        assert re.search(rb"[\r\n]\nendstream", file) is None


def test_every_face_is_ours_and_embedded():
    fonts = {
        str(font.get_object()["/BaseFont"]).partition("+")[2]: font.get_object()["/DescendantFonts"]
        for number in read(printed("bg")).pages
        for font in number["/Resources"]["/Font"].values()
    }
    assert len(fonts) == 5
    assert all(name.startswith("Sofia-Sans") for name in fonts)
    for descendants in fonts.values():
        assert "/FontFile2" in descendants.get_object()[0].get_object()["/FontDescriptor"]


def test_the_same_content_gives_the_same_bytes_in_this_process_and_in_another():
    assert render(certificate("bg")) == printed("bg")
    program = (
        "import os, sys, hashlib, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; django.setup();"
        "from certificates.pdf import render; from tests.certificates.papers import certificate;"
        "sys.stdout.buffer.write(render(certificate('bg')))"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=120)
    assert other.stdout == printed("bg")


def test_another_content_gives_other_bytes():
    assert render(certificate("en", holder_name="Demo participant 18")) != printed("en")


def test_threads_take_turns_at_the_press():
    expected = {language: printed(language) for language in LANGUAGES}
    got: dict[int, bool] = {}

    def work(number: int) -> None:
        language = LANGUAGES[number % 3]
        got[number] = render(certificate(language)) == expected[language]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == dict.fromkeys(range(6), True)


def test_the_language_of_the_request_does_not_matter():
    with translation.override("el"):
        assert render(certificate("bg")) == printed("bg")
        assert translation.get_language() == "el"
