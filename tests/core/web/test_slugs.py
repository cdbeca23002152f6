"""Addresses from titles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.web.slugs import unique_slug


def test_the_english_title_gives_the_address() -> None:
    assert (
        unique_slug({"bg": "Откриване", "en": "Opening session!"}, (), limit=60, otherwise="x")
        == "opening-session"
    )


def test_bulgarian_and_greek_are_written_in_latin() -> None:
    assert unique_slug({"bg": "Щастие и жълта юла"}, (), limit=60, otherwise="x") == "shtastie-i-zhalta-yula"
    assert unique_slug({"el": "Θεσσαλονίκη"}, (), limit=60, otherwise="x") == "thessaloniki"


@pytest.mark.parametrize(
    ("title", "address"),
    [
        ("Nguyễn Thị Ánh", "nguyen-thi-anh"),
        ("გიორგი", "giorgi"),
        ("王伟", "wangwei"),
        ("Дем’яненко", "demyanenko"),
        ("Ђорђе Ћирић", "djordje-ciric"),
        ("Weiß-Großmann", "weiss-grossmann"),
        ("🚲 Mobility", "bike-mobility"),
        ("ﬁnancing CO₂", "financing-co2"),
    ],
)
def test_every_writing_is_written_in_latin(title: str, address: str) -> None:
    assert unique_slug({"en": title}, (), limit=60, otherwise="x") == address


def test_a_title_without_letters_gives_the_other_word() -> None:
    assert unique_slug({"en": "…—…"}, {"session"}, limit=60, otherwise="session") == "session-2"


def test_long_titles_end_with_a_whole_word() -> None:
    found = unique_slug({"en": "upskilling " * 20}, (), limit=60, otherwise="x")
    assert found == "upskilling-upskilling-upskilling-upskilling"


@given(
    st.dictionaries(st.sampled_from(["en", "bg", "el"]), st.text()),
    st.sets(st.from_regex(r"[a-z0-9-]{1,5}", fullmatch=True)),
)
def test_every_title_gives_a_new_address_that_fits(texts: dict[str, str], taken: set[str]) -> None:
    found = unique_slug(texts, taken, limit=20, otherwise="lab")
    assert found not in taken
    assert 1 <= len(found) <= 20
    assert all(sign.isascii() and (sign.isalnum() or sign in "-_") for sign in found)
