"""The layout of a certificate: pages, sizes, and that nothing runs out of them."""

import re

import pytest

from certificates.pdf import render
from tests.certificates.reading import lines, placed_words, read, words
from tests.certificates.samples import (
    ADDRESS,
    CODE,
    NAMES,
    SESSIONS,
    SIGNED_AND_FUNDED,
    certificate,
    many_sessions,
)


def test_thirty_sessions_go_on_with_the_heading_repeated_and_every_page_named():
    file = render(certificate(sessions=many_sessions(30)))
    pages = [lines(file, number) for number in range(len(read(file).pages))]
    assert len(pages) == 3
    assert [sum("Date and time Session Duration" in line for line in page) for page in pages] == [1, 1, 1]
    for number, page in enumerate(pages[1:], start=2):
        text = " ".join(page)
        assert NAMES["en"] in text
        assert f"{CODE} {number} / 3" in text
    listed = re.findall(r"Session (\d{3})", words(file))
    assert listed == [f"{number:03d}" for number in range(30)]
    assert words(file).count("Total 30 h") == 1
    assert words(file).replace(" ", "").count(ADDRESS) == 1


@pytest.mark.parametrize("count", range(1, 13))
def test_the_foot_is_on_the_page_where_the_list_ends(count):
    file = render(certificate(sessions=many_sessions(count)))
    last = " ".join(lines(file, len(read(file).pages) - 1))
    assert f"Total {count} h" in last
    assert ADDRESS in last.replace(" ", "")


@pytest.mark.parametrize("count", [19, 30, 31, 43])
def test_the_last_of_several_pages_has_three_sessions_at_least(count):
    file = render(certificate("bg", sessions=many_sessions(count)))
    last = " ".join(lines(file, len(read(file).pages) - 1))
    assert len(re.findall(r"Session \d{3}", last)) >= 3


@pytest.mark.parametrize("count", [1, 3, 6])
def test_an_ordinary_certificate_is_one_page(count):
    file = render(certificate("bg", sessions=(SESSIONS * 2)[:count]))
    assert len(read(file).pages) == 1


@pytest.mark.parametrize("name", ["Ą", "Demo participant " * 11 + "seventeen", "Щ" * 200, "Щ-" * 100])
def test_names_of_one_and_of_two_hundred_characters_are_printed_whole(name):
    file = render(certificate(holder_name=name))
    assert name.strip().replace(" ", "") in words(file).replace(" ", "")


@pytest.mark.parametrize("name", ["Александра-Мария Константинова Димитрова-Панайотова от Велико", "Щ" * 60])
def test_a_name_of_sixty_letters_takes_two_lines_at_most_in_letters_that_one_reads_from_afar(name):
    placed = placed_words(render(certificate("bg", holder_name=name)))
    parts = [word for word in placed if word.text in name and word.height > 20]
    assert "".join(word.text for word in parts) == name.replace(" ", "")
    assert len({word.top for word in parts}) <= 2


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


MILLIMETRE = 72 / 25.4


def test_parts_stand_eight_millimetres_apart_and_the_foot_at_the_lower_margin():
    """By the first words of each part, whatever is between them: one session or three, signed or not."""
    tops = []
    for changes in ({}, {"sessions": SESSIONS[:1]}, SIGNED_AND_FUNDED):
        placed = placed_words(render(certificate(**changes)))
        first = {word.text: word.top for word in reversed(placed)}
        tops.append([first[word] for word in ("Certificate", "This", "took", "Date")])
        foot = next(word.top for word in placed if word.text == "European")
        assert foot == pytest.approx((210 - 12 - 30) * MILLIMETRE, abs=3)
    assert tops[0] == tops[1] == tops[2]


def test_the_longest_texts_stay_on_the_page():
    long = {"en": "Demo " * 40, "bg": "Демо " * 40}
    file = render(certificate("bg", organiser_name=long, programme_name=long, lab_title=long, place=long))
    placed = placed_words(file)
    assert len(placed) > 400
    assert all(0 <= word.left <= word.right <= 842 and 0 <= word.top <= word.bottom <= 596 for word in placed)
