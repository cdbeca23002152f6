"""What the sheet holds, however long; which letters it can show; and what is refused or printed as typed."""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.template.loader import get_template
from fontTools.ttLib import TTFont

from certificates import fonts as glyphs
from certificates import pdf, renderer_worker
from certificates import renderer as press_module
from certificates.fonts import missing_glyphs
from certificates.pdf import (
    Colours,
    MissingGlyphs,
    render,
)
from tests.certificates.papers import ADDRESS, CODE, NAMES, SESSIONS, certificate
from tests.certificates.reading_pdf import (
    LOGO,
    PROFILES,
    boxes,
    failures,
    lines,
    many_sessions,
    read,
    words,
)


@contextmanager
def fresh_faces() -> Iterator[None]:
    """Forget which faces there are, and the process that has loaded them, before and after."""
    for _before_and_after in range(2):
        press_module.close()
        for kept in (glyphs.stand_ins, glyphs.points_of, glyphs.stands_in):
            kept.cache_clear()
        if not _before_and_after:
            yield


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
        pdf.page_context(certificate(holder_name="n" * length))["sheet"] for length in (10, 40, 45, 60, 200)
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
    html = get_template("certificates/certificate.html").render(pdf.page_context(content))
    shelf = renderer_worker.ResourceFetcher({})

    read_as = renderer_worker.read_page(html, shelf)
    assert isinstance(read_as, renderer_worker.WellFormed)

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
    read_as = renderer_worker.read_page(page, renderer_worker.ResourceFetcher({}))

    assert not isinstance(read_as, renderer_worker.WellFormed)
    assert "aaa" * 10 not in "".join(read_as.etree_element.itertext())
