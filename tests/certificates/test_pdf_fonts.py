"""The fonts of a certificate's file: whose they are, what they draw, and what is refused."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from fontTools.ttLib import TTFont

from certificates.page import page_context
from certificates.pdf import render
from core.pdf import fonts
from core.pdf import renderer as renderer_module
from core.pdf.fonts import MissingGlyphs, missing_glyphs
from tests.certificates.reading import LANGUAGES, PROFILES, failures, printed, read, words
from tests.certificates.samples import SESSIONS, SIGNED_AND_FUNDED, certificate


@contextmanager
def fresh_fonts() -> Iterator[None]:
    """Forget which fonts there are, and the process that has loaded them, before and after."""
    for _before_and_after in range(2):
        renderer_module.close()
        for kept in (fonts.fallback_families, fonts.points_of, fonts.needs_fallback):
            kept.cache_clear()
        if not _before_and_after:
            yield


def test_every_font_is_the_services_own_and_embedded():
    embedded = {
        str(font.get_object()["/BaseFont"]).partition("+")[2]: font.get_object()["/DescendantFonts"]
        for number in read(printed("bg")).pages
        for font in number["/Resources"]["/Font"].values()
    }
    assert len(embedded) == 5
    assert all(name.startswith("Sofia-Sans") for name in embedded)
    for descendants in embedded.values():
        assert "/FontFile2" in descendants.get_object()[0].get_object()["/FontDescriptor"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_services_own_texts_can_be_drawn(language):
    context: Any = page_context(certificate(language, **SIGNED_AND_FUNDED))
    ours = ("heading", "certify", "on", "session", "hours", "in_all", "issued", "verify", "funding", "grant")
    assert {
        key: missing_glyphs(" ".join(line.text for line in context[key])) for key in ours
    } == dict.fromkeys(ours, ())


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


def test_further_fonts_are_a_setting(settings, tmp_path):
    """A font file that the operator names prints what the shipped ones lack."""
    font = TTFont(settings.PDF_FONT_DIR / "SofiaSans-400.ttf")
    for table in font["cmap"].tables:
        table.cmap.clear()  # looked at first, since it is read when it is needed
        table.cmap.update({ord("ก"): "A", ord("A"): "A", ord(" "): "space"})
    font.save(tmp_path / "thai.ttf")
    settings.PDF_EXTRA_FONTS = [str(tmp_path / "thai.ttf")]
    with fresh_fonts():
        file = render(certificate(holder_name="ก A"))
    assert "ก" in words(file)
    assert failures(file, "3a") == []


def test_a_name_in_pieces_is_printed_composed():
    assert "Zoë" in words(render(certificate(holder_name="Zoe\u0308")))
