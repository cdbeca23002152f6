"""No name is printed as boxes: what the fonts cannot draw is told before anything is printed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.pdf.fonts import (
    MissingGlyphs,
    Printed,
    describe_character,
    ems_in_heading,
    missing_glyphs,
    normalise_name,
    printable,
)


@pytest.mark.parametrize(
    "name",
    [
        "Zoë Żółć Łukasiewicz-Őry",
        "Ștefan Țîrță Čapek Šťastný Ďurčo Ğöğüş İnönü",
        "Гергана Щърбова-Юнакова Ѝ ѝ",
        "Ґалаґан Їжакевич Ђорђевић Љиљана Џамбас Ќирил",
        "Αλέξανδρος Παπαδόπουλος Ϊλιάδης Ϋΰ ΐ",
        "O’Brien d'Arc “Demo” (17) & Co. № 5",
        "A",
        "Nguyễn Thị Ánh Tuyết",
        "Ŋuyen Ǥárji Əliyev Rəşad Ḃríd Ní Ċeallaigh ʻalohilani",
        "Lėlė Ė̃lis a\u0336b Маша а\u0301",
        "Ӄаа Ҕыыс Ўладзімір Ἀθηνᾶ",
        "გიორგი Հայկ שלום محمد العربي",
    ],
)
def test_names_of_the_cities_languages_can_be_drawn(name):
    assert missing_glyphs(name) == ()


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("王小明", ("王", "小", "明")),
        ("ไทย", ("ไ", "ท", "ย")),
        ("Demo 🚲 Demo 🚲", ("🚲",)),
        ("\u0301a", ("\u0301",)),
        ("private \ue000", ("\ue000",)),
        ("lone \ud800", ("\ud800",)),
        ("unassigned \u0378", ("\u0378",)),
    ],
)
def test_what_cannot_be_drawn_or_seen_is_reported_once_in_the_order_of_the_text(name, missing):
    assert missing_glyphs(name) == missing


def test_letters_typed_with_separate_marks_count_as_the_composed_letter():
    decomposed = unicodedata.normalize("NFD", "Zoë Ώρα Йовчев Ѝ")
    assert decomposed != "Zoë Ώρα Йовчев Ѝ"
    assert missing_glyphs(decomposed) == ()
    assert normalise_name(decomposed) == "Zoë Ώρα Йовчев Ѝ"


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("ﬁona ﬂynn", "fiona flynn"),
        ("Demo\u200bparticipant", "Demoparticipant"),
        ("soft\u00adhyphen", "softhyphen"),
        ("\u202egnp.exe", "gnp.exe"),
        ("nul\x00bell\x07", "nulbell"),
        ("\ufeffDemo", "Demo"),
        ("Ｆｕｌｌ", "Full"),
        ("X Æ A-12", "X Æ A-12"),
        ("H₂O ½ №", "H₂O ½ №"),
    ],
)
def test_what_only_looks_otherwise_or_cannot_be_seen_never_stops_a_name(typed, printed):
    assert normalise_name(typed) == printed
    assert missing_glyphs(typed) == ()


def test_joiners_stay_where_a_script_is_written_with_them():
    assert normalise_name("می\u200cخواهم") == "می\u200cخواهم"
    assert normalise_name("An\u200cna") == "Anna"


@pytest.mark.parametrize(
    ("text", "printed", "lost"),
    [
        ("Less CO₂ in cities", "Less CO₂ in cities", ()),
        ("🚲 Mobility", "Mobility", ("🚲",)),
        ("∞ → ✓ ½ ①", "∞ → ✓ ½ ①", ()),
        ("ﬁnancing", "financing", ()),
        ("👩\u200d👩\u200d👧 Families", "Families", ("👩", "👧")),
        ("Visit to 北京", "Visit to ??", ("北", "京")),
        ("🄰 plan", "A plan", ()),
    ],
)
def test_one_sign_never_stops_a_text(text, printed, lost):
    assert printable(text) == Printed(printed, lost)


def test_normalising_makes_spaces_and_hyphens_plain():
    assert normalise_name("  Demo\u00a0\u2009participant\n\t17 ") == "Demo participant 17"
    assert normalise_name("Demo\u2010participant\u20117") == "Demo-participant-7"


@given(st.text())
def test_normalising_twice_changes_nothing_and_neither_do_missing_glyphs(text):
    once = normalise_name(text)
    assert normalise_name(once) == once
    assert missing_glyphs(text) == missing_glyphs(once)


@given(st.text())
def test_everything_not_reported_is_drawn_and_visible(text):
    missing = "".join(missing_glyphs(text))
    for one in normalise_name(text):
        if one not in missing:
            assert unicodedata.category(one)[0] != "C" or one in "\u200c\u200d"


def test_a_character_is_described_by_itself_if_it_can_be_seen():
    assert describe_character("王") == "王 (U+738B)"
    assert describe_character("а\u0301") == "а\u0301 (U+0430 U+0301)"
    assert describe_character("\u200b") == "U+200B"


def test_the_error_names_code_points_but_repeats_no_text():
    error = MissingGlyphs(("王", "а\u0301"))
    assert str(error) == "no glyph for U+738B, U+0430+U+0301"
    assert error.characters == ("王", "а\u0301")


def test_a_name_is_measured_in_the_font_that_draws_it():
    assert ems_in_heading("DemoDemo") == pytest.approx(2 * ems_in_heading("Demo"), rel=0.02)
    assert ems_in_heading("Nguyễn Thị") > ems_in_heading("Nguyen Thi")
    assert ems_in_heading("Щ" * 200) > 100
