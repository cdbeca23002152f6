"""The structure of a certificate's file: tags, metadata, PDF/A-3a and PDF/UA-1."""

import re
from dataclasses import replace
from typing import Any

import pytest
from django.utils import translation
from django.utils.translation import gettext
from pypdf.generic import ContentStream

from certificates import pdf
from certificates.pdf import render
from core.pdf import qr
from core.pdf.renderer import Picture, render_document
from tests.certificates.reading import LANGUAGES, PROFILES, failures, printed, read, structure
from tests.certificates.samples import (
    ADDRESS,
    CODE,
    LOGO,
    NAMES,
    SESSIONS,
    SIGNED_AND_FUNDED,
    certificate,
    many_sessions,
)
from tests.core.pdf.renderers import changed_renderer


def test_the_file_says_title_author_language_and_dates_of_itself():
    reader = read(printed("bg"))
    with translation.override("bg"):
        title = gettext("Certificate of attendance")
    assert dict(reader.metadata or {}) == {
        "/Title": f"{title} – {NAMES['bg']}",
        "/Author": "Европейска комисия",
        "/Subject": CODE,
        "/Producer": "WeasyPrint 70.0",
        "/CreationDate": "D:20211213000000Z",
        "/ModDate": "D:20211213000000Z",
    }
    assert reader.root_object["/Lang"] == "bg"


def test_the_code_is_a_link_to_its_check_page_and_a_picture_with_that_text():
    reader = read(printed("en"))
    links = [one.get_object()["/A"]["/URI"] for one in reader.pages[0]["/Annots"]]
    assert links == [f"https://{ADDRESS}"]
    described = [one["/Alt"] for one in structure(reader) if one["/S"] == "/Figure"]
    assert described == [f"QR: {ADDRESS}"]


def test_the_signature_and_the_emblem_say_what_they_are():
    reader = read(render(certificate("bg", **SIGNED_AND_FUNDED, logos=(LOGO,))))
    assert [one["/Alt"] for one in structure(reader) if one["/S"] == "/Figure"] == [
        "Демонстрационен град",
        "Подпис на Demo signatory",
        "Емблема на Европейския съюз",
        f"QR: {ADDRESS}",
    ]


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


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_one_file_conforms_to_pdf_a_3a_and_pdf_ua_1(language, profile):
    assert failures(printed(language), profile) == []


@pytest.mark.parametrize(
    "content",
    [
        certificate("bg", sessions=many_sessions(30)),
        certificate("bg", holder_name="Щ" * 200),
        certificate("el", logos=(LOGO,)),
        certificate(logos=(replace(LOGO, alternative={}),)),
        certificate(sessions=SESSIONS[:1], other_sessions=(), place={}),
        certificate("bg", **SIGNED_AND_FUNDED, logos=(LOGO,), sessions=many_sessions(60)),
        certificate("el", **SIGNED_AND_FUNDED, sessions=many_sessions(9)),
    ],
    ids=["30 sessions", "200 letters", "logo", "logo without text", "one session", "60 signed", "9 signed"],
)
def test_unusual_certificates_conform_too(content):
    file = render(content)
    assert {profile: failures(file, profile) for profile in PROFILES} == {"3a": [], "ua1": []}


def test_the_check_notices_what_the_renderer_adds(monkeypatch, tmp_path):
    """The negative control: without our part of the metadata, the validator finds exactly that missing."""
    with changed_renderer(
        tmp_path, "renderer_worker.identify_universal_access = lambda document: None"
    ) as careless:
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
