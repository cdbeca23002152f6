"""Addresses from titles."""

from hypothesis import given
from hypothesis import strategies as st

from labs.addresses import address_for


def test_the_english_title_gives_the_address() -> None:
    assert (
        address_for({"bg": "Откриване", "en": "Opening session!"}, (), limit=60, otherwise="x")
        == "opening-session"
    )


def test_bulgarian_and_greek_are_written_in_latin() -> None:
    assert address_for({"bg": "Щастие и жълта юла"}, (), limit=60, otherwise="x") == "shtastie-i-zhalta-yula"
    assert address_for({"el": "Θεσσαλονίκη"}, (), limit=60, otherwise="x") == "thessaloniki"


def test_a_title_that_cannot_be_written_in_latin_gives_the_other_word() -> None:
    assert address_for({"en": "日本"}, {"session"}, limit=60, otherwise="session") == "session-2"


def test_long_titles_end_with_a_whole_word() -> None:
    found = address_for({"en": "upskilling " * 20}, (), limit=60, otherwise="x")
    assert found == "upskilling-upskilling-upskilling-upskilling"


@given(
    st.dictionaries(st.sampled_from(["en", "bg", "el"]), st.text()),
    st.sets(st.from_regex(r"[a-z0-9-]{1,5}", fullmatch=True)),
)
def test_every_title_gives_a_new_address_that_fits(texts: dict[str, str], taken: set[str]) -> None:
    found = address_for(texts, taken, limit=20, otherwise="lab")
    assert found not in taken
    assert 1 <= len(found) <= 20
    assert all(sign.isascii() and (sign.isalnum() or sign in "-_") for sign in found)
