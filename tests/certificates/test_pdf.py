"""The certificate's file: what it says, that it is archivable and accessible, and what it refuses."""

import io
import re
import struct
import subprocess
import sys
import threading
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, time
from functools import cache
from typing import Any

import page
import pytest
from django.template.loader import get_template
from django.utils import translation
from django.utils.translation import gettext, pgettext
from fontTools.ttLib import TTFont
from pypdf import PdfReader
from pypdf.generic import ContentStream

from certificates import fonts as glyphs
from certificates import pdf, qr, renderer_worker
from certificates import renderer as press_module
from certificates.fonts import missing_glyphs
from certificates.pdf import (
    AttendedSession,
    CertificateContent,
    Colours,
    Logo,
    MissingGlyphs,
    render,
)
from certificates.renderer import Picture, render_document
from certificates.timetable import Shades, Slot
from certificates.timetable import svg as timetable
from tests.certificates.papers import ADDRESS, CODE, NAMES, SESSIONS, certificate
from tests.certificates.renderers import press

LANGUAGES = ("en", "bg", "el")
PROFILES = ("3a", "ua1")
LOGO = Logo(
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 16" width="60" height="16">'
    b'<rect width="60" height="16" fill="#003399"/></svg>',
    "image/svg+xml",
    {"en": "Demo City", "bg": "Демонстрационен град"},
)


@contextmanager
def fresh_faces() -> Iterator[None]:
    """Forget which faces there are, and the process that has loaded them, before and after."""
    for _before_and_after in range(2):
        press_module.close()
        for kept in (glyphs.stand_ins, glyphs._points_of, glyphs.stands_in):
            kept.cache_clear()
        if not _before_and_after:
            yield


def many_sessions(count: int) -> tuple[AttendedSession, ...]:
    return tuple(
        AttendedSession(
            on=date(2021, 11, 1 + number % 28),
            titles={"en": f"Session {number:03d}", "bg": f"Сесия {number:03d}"},
            minutes=60,
            starts=time(9 + number % 9),
            ends=time(10 + number % 9),
        )
        for number in range(count)
    )


@cache
def printed(language: str) -> bytes:
    return render(certificate(language))


def failures(file: bytes, profile: str) -> list[str]:
    result = page.validate_pdf_bytes(file, profile=profile)
    assert result.is_compliant is (not result.failures)
    return [failure.rule_id for failure in result.failures]


def read(file: bytes) -> Any:
    """The file, opened; its parts are of types known at run time only."""
    return PdfReader(io.BytesIO(file))


def lines(file: bytes, number: int = 0) -> list[str]:
    text = read(file).pages[number].extract_text()
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def words(file: bytes) -> str:
    return " ".join(" ".join(lines(file, number)) for number in range(len(read(file).pages)))


# --- what it says ---


def test_the_english_certificate_says_all_of_it_in_reading_order():
    assert lines(printed("en"))[:15] == [
        "Certificate of attendance",
        "This is to certify that",
        "Demo participant 17",
        "took part in 4th ICC City Lab, online, 30 November – 10 December 2021, in these sessions; "
        "times in Sofia (EET, UTC+2):",
        "Date Session Duration",
        "30.11.2021",
        "13:00–14:00",
        "Public session, part II: Reskilling, funding opportunities for cities 1 h",
        "2.12.2021",
        "15:30–17:30",
        "Dialogue with Thierry Breton and mayors from the EU 2 h",
        "10.12.2021",
        "14:00–15:30",
        "Tech4Good Marketplace 1 h 30 min",
        "In all 4 h 30 min",
    ]
    assert lines(printed("en"))[-5:] == [
        "Intelligent Cities Challenge",
        "European Commission",
        "Issued on 13 December 2021",
        "Check",
        CODE + ADDRESS,
    ]


@pytest.mark.parametrize("language", ["bg", "el"])
def test_other_languages_come_first_and_english_second(language):
    text = words(printed(language))
    with translation.override(language):
        own = [
            gettext("Certificate of attendance"),
            gettext("This is to certify that"),
            pgettext("certificate", "Session"),
            pgettext("certificate", "In all"),
        ]
    english = ["Certificate of attendance", "This is to certify that", "Session", "In all"]
    for first, second in zip(own, english, strict=True):
        assert text.index(first) <= text.index(second)
    assert NAMES[language] in text


def test_dates_hours_and_names_are_in_both_languages():
    text = words(printed("bg"))
    for part in (
        "30 ноември – 10 декември 2021 г.",
        "30 November – 10 December 2021",
        "13 декември 2021 г.",
        "Issued on 13 December 2021",
        "Четвърто издание на ICC City Lab",
        "4th ICC City Lab",
        "Диалог с Тиери Бретон и кметове от ЕС",
        "Dialogue with Thierry Breton and mayors from the EU",
        "Предизвикателство 100 интелигентни града",
        "Европейска комисия European Commission",
    ):
        assert part in text


def test_a_title_that_is_the_same_or_lacks_a_language_stands_once():
    assert words(printed("bg")).count("Tech4Good Marketplace") == 1
    only_bulgarian = replace(SESSIONS[0], titles={"bg": "Публична сесия", "en": " "})
    assert words(render(certificate("el", sessions=(only_bulgarian,)))).count("Публична сесия") == 1


def test_a_lab_without_a_place_or_an_organiser_says_none():
    file = render(certificate(place={}, organiser_name={"en": " "}))
    assert "4th ICC City Lab, 30 November" in words(file)
    assert "European Commission" not in words(file)
    assert "/Author" not in read(file).metadata
    assert {profile: failures(file, profile) for profile in PROFILES} == {"3a": [], "ua1": []}


def test_the_code_carries_the_whole_address_and_the_paper_the_short_one():
    file = render(certificate(check_url=f"https://{ADDRESS}/"))
    assert words(file).endswith(CODE + ADDRESS)
    assert read(file).pages[0]["/Annots"][0]["/A"]["/URI"] == f"https://{ADDRESS}/"


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


def structure(reader: Any) -> list[Any]:
    """Every element of the tag tree, in reading order."""

    def walk(element: Any) -> Iterator[Any]:
        if not isinstance(element, dict) or "/S" not in element:
            return
        yield element
        kids = element.get("/K")
        kids = kids.get_object() if kids is not None else []
        for kid in kids if isinstance(kids, list) else [kids]:
            yield from walk(kid.get_object())

    return [one for top in reader.root_object["/StructTreeRoot"]["/K"] for one in walk(top.get_object())]


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


# --- archivable, accessible, the same each time ---


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
    with press(tmp_path, "renderer_worker._identify_universal_access = lambda document: None") as careless:
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_words_can_be_drawn(language):
    context: Any = pdf._page(certificate(language))
    ours = ("heading", "certify", "on", "session", "hours", "in_all", "issued", "check")
    assert {
        key: missing_glyphs(" ".join(line.text for line in context[key])) for key in ours
    } == dict.fromkeys(ours, ())


# --- the sheet holds it ---


def test_thirty_sessions_go_on_with_the_heading_repeated_and_every_sheet_named():
    file = render(certificate(sessions=many_sessions(30)))
    sheets = [lines(file, number) for number in range(len(read(file).pages))]
    assert len(sheets) == 3
    assert [sum("Date Session Duration" in line for line in sheet) for sheet in sheets] == [1, 1, 1]
    for number, sheet in enumerate(sheets[1:], start=2):
        text = " ".join(sheet)
        assert NAMES["en"] in text
        assert f"{CODE} {number} / 3" in text
    listed = re.findall(r"Session (\d{3})", words(file))
    assert listed == [f"{number:03d}" for number in range(30)]
    assert words(file).count("In all 30 h") == 1
    assert words(file).count(ADDRESS) == 1


@pytest.mark.parametrize("count", range(1, 13))
def test_the_foot_is_on_the_sheet_where_the_list_ends(count):
    file = render(certificate(sessions=many_sessions(count)))
    last = " ".join(lines(file, len(read(file).pages) - 1))
    assert f"In all {count} h" in last
    assert ADDRESS in last


@pytest.mark.parametrize("count", [1, 3, 6])
def test_an_ordinary_certificate_is_one_sheet(count):
    file = render(certificate("bg", sessions=(SESSIONS * 2)[:count]))
    assert len(read(file).pages) == 1


@pytest.mark.parametrize("name", ["Ą", "Demo participant " * 11 + "seventeen", "Щ" * 200, "Щ-" * 100])
def test_names_of_one_and_of_two_hundred_letters_are_printed_whole(name):
    file = render(certificate(holder_name=name))
    assert name.strip().replace(" ", "") in words(file).replace(" ", "")


def test_longer_names_are_printed_smaller():
    sheets: list[Any] = [
        pdf._page(certificate(holder_name="n" * length))["sheet"] for length in (10, 40, 45, 60, 200)
    ]
    sizes = [sheet.name_size for sheet in sheets]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 4


def test_the_longest_texts_stay_on_the_sheet():
    long = {"en": "Demo " * 40, "bg": "Демо " * 40}
    file = render(certificate("bg", organiser_name=long, programme_name=long, lab_title=long, place=long))
    placed = boxes(file)
    assert len(placed) > 400
    assert all(0 <= left <= right <= 842 and 0 <= top <= bottom <= 596 for left, top, right, bottom in placed)


def boxes(file: bytes) -> list[tuple[float, ...]]:
    """Where each word of the file stands on its page: left, top, right, bottom in points."""
    listed = subprocess.run(
        ["pdftotext", "-bbox", "-", "-"], input=file, capture_output=True, check=True
    ).stdout
    found = re.findall(rb'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)"', listed)
    return [tuple(map(float, box)) for box in found]


# --- what it refuses ---


@pytest.mark.parametrize(
    ("name", "characters"),
    [
        ("王小明", ("王", "小", "明")),
        ("ไทย", ("ไ", "ท", "ย")),
        ("Demo 🚲", ("🚲",)),
        ("Demo \ue000", ("\ue000",)),
    ],
)
def test_a_name_without_glyphs_is_refused_never_boxed(name, characters):
    with pytest.raises(MissingGlyphs) as caught:
        render(certificate(holder_name=name))
    assert caught.value.characters == characters


def test_signs_that_the_own_family_lacks_are_drawn_by_another_and_the_file_stays_valid():
    titles = {"en": "Less CO₂ → more ∞ 🚲", "bg": "По-малко CO₂ ✓"}
    file = render(
        certificate("bg", holder_name="Nguyễn Thị გიორგი", sessions=(replace(SESSIONS[1], titles=titles),))
    )
    assert "Less CO₂ → more ∞" in words(file)
    assert "По-малко CO₂ ✓" in words(file)
    assert {profile: failures(file, profile) for profile in PROFILES} == {"3a": [], "ua1": []}


def test_every_letter_of_latin_greek_and_cyrillic_is_printed_in_a_valid_file():
    blocks = ((0x41, 0x24F), (0x1E00, 0x1EFF), (0x370, 0x3FF), (0x1F00, 0x1FFF), (0x400, 0x52F))
    points = (point for first, last in blocks for point in range(first, last + 1))
    letters = [chr(point) for point in points if unicodedata.category(chr(point))[0] == "L"]
    assert missing_glyphs("".join(letters)) == ()
    rows = [" ".join(letters[at : at + 200]) for at in range(0, len(letters), 200)]
    file = render(certificate(sessions=tuple(replace(SESSIONS[0], titles={"en": row}) for row in rows)))
    assert {profile: failures(file, profile) for profile in PROFILES} == {"3a": [], "ua1": []}


def test_an_arabic_name_makes_a_valid_file():
    file = render(certificate(holder_name="محمد العربي"))
    assert {profile: failures(file, profile) for profile in PROFILES} == {"3a": [], "ua1": []}


def test_further_faces_are_a_setting(settings, tmp_path):
    """A font file that the operator names prints what the shipped ones lack."""
    font = TTFont(settings.PDF_FONT_DIR / "SofiaSans-400.ttf")
    for table in font["cmap"].tables:
        table.cmap.clear()  # looked at first, since it is read when it is needed
        table.cmap.update({ord("ก"): "A", ord("A"): "A", ord(" "): "space"})
    font.save(tmp_path / "thai.ttf")
    settings.PDF_EXTRA_FONTS = [str(tmp_path / "thai.ttf")]
    with fresh_faces():
        file = render(certificate(holder_name="ก A"))
    assert "ก" in words(file)
    assert failures(file, "3a") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"holder_name": "x" * 201},
        {"holder_name": "x" * 5000},
        {"holder_name": " \n "},
        {"lab_title": {"en": "x" * 501}},
        {"lab_title": {}},
        {"programme_name": {"en": "\t"}},
        {"sessions": ()},
        {"sessions": many_sessions(201)},
        {"sessions": (replace(SESSIONS[0], minutes=-1),)},
        {"sessions": (replace(SESSIONS[0], titles={}),)},
        {"last_day": date(2021, 11, 29)},
        {"code": "7k3m"},
        {"code": "7K3M-Q9TX-2W8H\n"},
        {"code": "7K3M-Q9TX-2W8H<b>"},
        {"check_url": "javascript:alert(1)"},
        {"check_url": "file:///etc/passwd"},
        {"check_url": 'https://citylabs.example.org/"><b>'},
        {"check_url": "https://citylabs.example.org/" + "x" * 300},
        {"language": 'en"><b>'},
        {"second_language": "en;x"},
        {"colours": Colours(ground="red; } @import url(https://example.org/x.css); {")},
        {"colours": Colours(soft="#fff")},
        {"logo": replace(LOGO, media_type="text/html")},
        {"logo": replace(LOGO, content=b"x" * (1024 * 1024 + 1))},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_is_no_certificate_is_refused_before_anything_is_drawn(changes):
    with pytest.raises(ValueError, match=next(iter(changes)).removeprefix("second_")):
        certificate(**changes)


@pytest.mark.parametrize(
    "text",
    [
        "<b>Demo</b> & <script>alert(1)</script>",
        "</p></body></html><h1>Demo",
        '" style="display:none" x="',
        "{{ content.code }} {% include 'base.html' %} %(date)s {0} ${x}",
        "*/ } .name { display: none } /*",
        "&lt;Demo&gt; &#65;",
        "<!-- Demo -->",
    ],
)
def test_markup_and_template_syntax_are_printed_as_they_were_typed(text):
    file = render(
        certificate(
            holder_name=text,
            lab_title={"en": text},
            programme_name={"en": text},
            organiser_name={"en": text},
            place={"en": text},
            sessions=(replace(SESSIONS[0], titles={"en": text}),),
        )
    )
    assert words(file).replace(" ", "").count(text.replace(" ", "")) == 6
    assert {profile: failures(file, profile) for profile in PROFILES} == {"3a": [], "ua1": []}


@pytest.mark.parametrize(
    "text", ["A & B <c> \"d\" 'e'", "Άννα–Иван & συνεργάτες", "]]> <!-- -- --> <!DOCTYPE x>"]
)
def test_our_page_is_read_as_xml_and_prints_what_it_prints_as_html(text):
    content = certificate("el", holder_name=text, lab_title={"en": text, "bg": text})
    html = get_template("certificates/certificate.html").render(pdf._page(content))
    shelf = renderer_worker._ResourceFetcher({})

    read_as = renderer_worker._page(html, shelf)
    assert isinstance(read_as, renderer_worker._WellFormed)

    def told(page: Any) -> list[tuple[str, dict[str, str], str, str]]:
        return [
            (
                one.tag,
                dict(one.attrib),
                " ".join((one.text or "").split()),
                " ".join((one.tail or "").split()),
            )
            for one in page.etree_element.iter()
        ]

    assert told(read_as) == told(renderer_worker.HTML(string=html, url_fetcher=shelf))


@pytest.mark.parametrize(
    "page",
    [
        '<!DOCTYPE html [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><html lang="en"><title>x</title>&b;</html>',
        "<html lang=en><title>x</title><p>one<p>two",
        "<html><title>\x0c</title></html>",
        "",
    ],
)
def test_any_other_page_is_read_as_html_and_no_entity_is_expanded(page):
    read_as = renderer_worker._page(page, renderer_worker._ResourceFetcher({}))

    assert not isinstance(read_as, renderer_worker._WellFormed)
    assert "aaa" * 10 not in "".join(read_as.etree_element.itertext())


def test_a_name_in_pieces_is_printed_composed():
    assert "Zoë" in words(render(certificate(holder_name="Zoe\u0308")))


def test_a_broken_logo_leaves_the_certificate_whole():
    file = render(certificate(logo=Logo(b"\x89PNG\r\n\x1a\nnot a picture", "image/png", {"en": "Demo City"})))
    assert NAMES["en"] in words(file)


def test_a_raster_logo_is_printed():
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    png = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 6, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\x00\xff\x00\x00\xff\x00\x00\xff\x80"))
        + chunk(b"IEND", b"")
    )
    file = render(certificate(logo=Logo(png, "image/png", {"en": "Demo City"})))
    assert [one["/Alt"] for one in structure(read(file)) if one["/S"] == "/Figure"] == [
        "Demo City",
        f"QR: {ADDRESS}",
    ]
    assert {profile: failures(file, profile) for profile in PROFILES} == {"3a": [], "ua1": []}


# --- the picture ---


def test_the_timetable_shows_attended_sessions_and_the_others_in_different_shades():
    shades = Shades("#8f3219", "#e8937a", "#f6d4ca")
    drawing = timetable(
        [
            Slot(date(2021, 12, 2), time(10), time(11)),
            Slot(date(2021, 12, 3), time(10), time(11), attended=False),
        ],
        shades,
    )
    fills = re.findall(r'<rect [^>]*fill="(#[0-9a-f]{6})"', drawing)
    assert len(fills) == 2
    assert fills[0] == "#e8937a" != fills[1]


def test_sessions_at_the_same_time_stand_side_by_side_and_midnight_ends_the_day():
    shades = Shades("#8f3219", "#e8937a", "#f6d4ca")
    day = date(2021, 12, 2)
    drawing = timetable(
        [
            Slot(day, time(22), time(23)),
            Slot(day, time(22, 30), time(0, 30)),
            Slot(day, time(23), time(23, 30)),
        ],
        shades,
    )
    boxes = [
        tuple(map(float, box))
        for box in re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', drawing)
    ]
    assert len({x for x, *_ in boxes}) == 2
    assert all(x >= 0 and x + across <= 193 and y + tall <= 441 for x, y, across, tall in boxes)
    assert all(across > 0 and tall > 0 for _, _, across, tall in boxes)


def test_a_session_over_three_days_stands_on_each_of_them():
    drawing = timetable(
        [Slot(date(2021, 12, 2), time(9), time(18), until=date(2021, 12, 4))],
        Shades("#8f3219", "#e8937a", "#f6d4ca"),
    )
    assert drawing.count("<rect") == 3
    assert all(f">{day}</text>" in drawing for day in (2, 3, 4))


def test_a_session_over_two_days_says_both_on_the_paper():
    hackathon = AttendedSession(
        on=date(2021, 12, 2),
        until=date(2021, 12, 3),
        titles={"en": "Two-day hackathon"},
        minutes=33 * 60,
        starts=time(9),
        ends=time(18),
    )
    text = words(render(certificate(sessions=(hackathon,), minutes=33 * 60)))
    assert "2.12.2021 09:00 – 3.12.2021 18:00 Two-day hackathon 33 h" in text


def test_hours_of_sessions_at_the_same_time_count_once_and_the_paper_says_so():
    parallel = replace(SESSIONS[0], titles={"en": "Parallel workshop"})
    text = words(render(certificate("bg", sessions=(SESSIONS[0], parallel), minutes=60)))
    assert "Сесиите по едно и също време се броят веднъж." in text
    assert "Sessions at the same time count once." in text
    assert text.count("1 ч 1 h") == 3
    assert "count once" not in words(printed("bg"))


def test_an_empty_timetable_draws_nothing():
    assert "rect" not in timetable([], Shades("#8f3219", "#e8937a", "#f6d4ca"))


def test_content_is_frozen():
    content = certificate()
    assert isinstance(content, CertificateContent)
    with pytest.raises(AttributeError):
        content.code = "0000-0000"  # type: ignore[misc]
