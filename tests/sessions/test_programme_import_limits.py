"""Whatever is no programme file, or too much of one, is refused in words."""

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.programme_import import ProgrammeFile, ProgrammeFileError, read
from sessions.programme_import.json_document import MAX_BYTES
from sessions.programme_import.problems import MAX_PROBLEMS
from tests.sessions.programme_documents import a_document, as_bytes, lab_of, session_of
from tests.sessions.programme_problems import paths_of, problems_of


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not JSON: line 1"),
        (b"{", "is not JSON: line 1"),
        (b"\xff\xfe{\x00}\x00", "is not UTF-8 text (byte 1)"),
        ('{"cities": "Търново"}'.encode("cp1251"), "is not UTF-8 text"),
        (b"[]", "contains a list where an object is expected"),
        (b"null", "contains null where an object is expected"),
        (b'{"cities": NaN}', "NaN is not JSON"),
        (b'{"cities": ' + b"9" * 5000 + b"}", "is not JSON"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"[" * 100_000, "nested too deeply"),
        (b" " * (MAX_BYTES + 1), "more than 8 MB"),
        (b"{}", "programmes: is missing."),
        (b'{"programmes": [], "programmes": []}', "programmes: appears twice."),
        (b'{"cities": [{"slug": "a", "slug": "b"}]}', "cities[0].slug: appears twice."),
        (
            b'{"cities": [{"slug": "a", "name": "\\ud800"}]}',
            "cities[0].name: has a character that is not allowed in a text",
        ),
        (
            b'{"cities": [{"slug": "a", "name": "a\\u0000b"}]}',
            "cities[0].name: has a character that is not allowed in a text",
        ),
    ],
)
def test_what_is_not_such_a_file_at_all_is_refused_in_words(content, words):
    assert any(words in problem for problem in problems_of(content))


def test_a_byte_order_mark_does_no_harm():
    assert read(b"\xef\xbb\xbf" + as_bytes(a_document())).programmes


def test_escape_sequences_from_the_file_never_reach_a_terminal():
    document = a_document()
    document["\x1b]0;owned\x07"] = 1
    session_of(document)["visibility"] = "\x1b[2J"

    assert not any("\x1b" in problem or "\x07" in problem for problem in problems_of(document))


def test_a_file_full_of_errors_is_answered_with_a_bounded_list_and_the_number_of_the_rest():
    with pytest.raises(ProgrammeFileError) as caught:
        read(as_bytes({"cities": [{"slug": "!"} for _n in range(1500)]}))

    assert len(caught.value.problems) == MAX_PROBLEMS
    assert caught.value.unlisted > 1000


def test_a_file_of_nothing_but_errors_is_not_kept_in_memory():
    lab = {"sessions": [{}] * 2000}
    content = as_bytes({"programmes": [{"labs": [lab] * 3}]})
    tracemalloc.start()
    try:
        with pytest.raises(ProgrammeFileError) as caught:
            read(content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert caught.value.unlisted > 15_000
    assert peak < 40_000_000


def test_lists_have_a_limit():
    assert paths_of({"cities": [{}] * 2001}) == ["cities"]


@pytest.mark.parametrize(
    ("inside", "path"),
    [
        ({f"unknown-{n}": 1 for n in range(50_000)}, ""),
        ({"cities": [], "sources": dict.fromkeys(map(str, range(50_000)), 1)}, "sources"),
        ({"cities": [], "source": ["x"] * 50_000}, "source"),
        ({"programmes": [{"languages": [1] * 50_000}]}, "programmes[0].languages"),
        ({"programmes": [{"stakeholder_groups": ["x"] * 50_000}]}, "programmes[0].stakeholder_groups"),
        ({"cities": [{"name": dict.fromkeys(map(str, range(50_000)), "x")}]}, "cities[0].name"),
    ],
)
def test_what_has_far_too_many_entries_is_not_looked_into(inside, path):
    with pytest.raises(ProgrammeFileError) as caught:
        read(as_bytes(inside))

    assert len(caught.value.problems) + caught.value.unlisted < 20
    assert any(one.path == path and "has more than" in one.message for one in caught.value.problems)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@given(
    value=_json,
    place=st.sampled_from(["cities", "programmes", "labs", "sessions", "agenda", "speakers", "name"]),
)
def test_any_json_in_any_place_is_answered_and_never_crashes(value, place):
    document = a_document()
    holder = {
        "cities": document,
        "programmes": document,
        "labs": document["programmes"][0],
        "name": document["programmes"][0],
        "sessions": lab_of(document),
        "agenda": session_of(document),
        "speakers": session_of(document),
    }[place]
    holder[place] = value

    try:
        answer = read(json.dumps(document).encode())
    except ProgrammeFileError as error:
        answer = error
    assert isinstance(answer, ProgrammeFile) or answer.problems


def test_the_spellings_of_published_files_are_understood():
    document = a_document()
    lab_of(document).update(
        {
            "ordinal": 1,
            "of": 5,
            "format": "in person",
            "venue": {"city": {"en": "Brussels", "bg": "Брюксел"}, "country": "BE"},
            "participating_cities": ["sofia"],
            "time_zone_note": "assumed",
            "assumed": "the days",
        }
    )

    lab = read(as_bytes(document)).programmes[0].labs[0]

    assert lab.format == "in-person"
    assert lab.venue == {"en": "Brussels, Belgium", "bg": "Брюксел, Белгия"}
