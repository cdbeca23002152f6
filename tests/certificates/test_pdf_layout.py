"""The layout of a certificate: pages, sizes, and that nothing runs out of them."""

import re

import pytest

from certificates.pdf import (
    render,
)
from tests.certificates.reading import lines, placed_words, printed, read, words
from tests.certificates.samples import ADDRESS, CODE, NAMES, SESSIONS, certificate, many_sessions


def test_thirty_sessions_go_on_with_the_heading_repeated_and_every_page_named():
    file = render(certificate(sessions=many_sessions(30)))
    pages = [lines(file, number) for number in range(len(read(file).pages))]
    assert len(pages) == 3
    assert [sum("Date Session Duration" in line for line in page) for page in pages] == [1, 1, 1]
    for number, page in enumerate(pages[1:], start=2):
        text = " ".join(page)
        assert NAMES["en"] in text
        assert f"{CODE} {number} / 3" in text
    listed = re.findall(r"Session (\d{3})", words(file))
    assert listed == [f"{number:03d}" for number in range(30)]
    assert words(file).count("Total 30 h") == 1
    assert words(file).count(ADDRESS) == 1


@pytest.mark.parametrize("count", range(1, 13))
def test_the_foot_is_on_the_page_where_the_list_ends(count):
    file = render(certificate(sessions=many_sessions(count)))
    last = " ".join(lines(file, len(read(file).pages) - 1))
    assert f"Total {count} h" in last
    assert ADDRESS in last


@pytest.mark.parametrize("count", [1, 3, 6])
def test_an_ordinary_certificate_is_one_page(count):
    file = render(certificate("bg", sessions=(SESSIONS * 2)[:count]))
    assert len(read(file).pages) == 1


@pytest.mark.parametrize("name", ["Ą", "Demo participant " * 11 + "seventeen", "Щ" * 200, "Щ-" * 100])
def test_names_of_one_and_of_two_hundred_characters_are_printed_whole(name):
    file = render(certificate(holder_name=name))
    assert name.strip().replace(" ", "") in words(file).replace(" ", "")


def test_longer_names_are_printed_smaller():
    sizes = []
    for length in (10, 40, 45, 60, 200):
        file = render(certificate(holder_name="n" * length))
        sizes.append(next(word.height for word in placed_words(file) if word.text.startswith("nnnn")))
    assert sizes == sorted(set(sizes), reverse=True)


@pytest.mark.parametrize("name", ["Александър Константинов Димитров-Панайотов", "WWWWWWWWWW WWWWWWWWWW"])
def test_a_name_that_one_line_can_hold_stands_on_one_line(name):
    placed = placed_words(render(certificate("bg", holder_name=name)))
    assert len({word.top for word in placed if word.text in name.split()}) == 1


def test_the_parts_of_one_page_reach_its_lower_margin():
    lowest = max(word.bottom for word in placed_words(printed("en")))
    assert lowest == pytest.approx((210 - 12) / 25.4 * 72, abs=6)


def test_the_longest_texts_stay_on_the_page():
    long = {"en": "Demo " * 40, "bg": "Демо " * 40}
    file = render(certificate("bg", organiser_name=long, programme_name=long, lab_title=long, place=long))
    placed = placed_words(file)
    assert len(placed) > 400
    assert all(0 <= word.left <= word.right <= 842 and 0 <= word.top <= word.bottom <= 596 for word in placed)
