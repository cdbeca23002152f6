"""The certificate's file: what it says of the lab, the sessions and itself, in both languages."""

import struct
import zlib
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from django.utils import translation
from django.utils.translation import gettext, pgettext

from certificates import pdf
from certificates.fonts import missing_glyphs
from certificates.pdf import (
    AttendedSession,
    CertificateContent,
    Logo,
    render,
)
from tests.certificates.papers import ADDRESS, CODE, NAMES, SESSIONS, certificate
from tests.certificates.reading_pdf import (
    LANGUAGES,
    PROFILES,
    failures,
    lines,
    printed,
    read,
    structure,
    words,
)


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_words_can_be_drawn(language):
    context: Any = pdf.page_context(certificate(language))
    ours = ("heading", "certify", "on", "session", "hours", "in_all", "issued", "check")
    assert {
        key: missing_glyphs(" ".join(line.text for line in context[key])) for key in ours
    } == dict.fromkeys(ours, ())


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


def test_content_is_frozen():
    content = certificate()
    assert isinstance(content, CertificateContent)
    with pytest.raises(AttributeError):
        content.code = "0000-0000"  # type: ignore[misc]
