"""What a certificate's file says, in which languages, and that it is the same each time."""

import subprocess
import sys
import threading
from dataclasses import replace
from datetime import datetime

import pytest
from django.utils import translation
from django.utils.translation import gettext, pgettext

from certificates.content import AttendedSession
from certificates.pdf import render
from tests.certificates.reading import LANGUAGES, PROFILES, failures, lines, printed, read, structure, words
from tests.certificates.samples import ADDRESS, CODE, NAMES, SESSIONS, SIGNED_AND_FUNDED, certificate


def test_the_english_certificate_says_all_of_it_in_reading_order():
    assert lines(printed("en"))[:9] == [
        "Certificate of attendance",
        "This is to certify that",
        "Demo participant 17",
        "took part in 4th ICC City Lab, online, 30 November – 10 December 2021, in these sessions, "
        "Sofia time (UTC+2):",
        "Date and time Session Duration",
        "30 November 2021, 13:00–14:00 Public session, part II: Reskilling, funding opportunities for cities 1 h",
        "2 December 2021, 15:30–17:30 Dialogue with Thierry Breton and mayors from the EU 2 h",
        "10 December 2021, 14:00–15:30 Tech4Good Marketplace 1 h 30 min",
        "Total 4 h 30 min",
    ]
    assert lines(printed("en"))[-4:] == [
        "European Commission Issued on 13 December 2021",
        "Verify at",
        ADDRESS.removesuffix(CODE),
        CODE,
    ]


FOOT = {
    "en": [
        "European Commission Demo signatory Head of Unit",
        "Funded by the European Union Grant agreement No 101012345",
        "Issued on 13 December 2021 Verify at",
    ],
    "bg": [
        "Европейска комисия European Commission Demo signatory Началник на отдел Head of Unit",
        "Финансирано от Европейския съюз Funded by the European Union",
        "Споразумение за безвъзмездни средства № 101012345 Grant agreement No 101012345",
        "Издадено на 13 декември 2021 г. Issued on 13 December 2021 Проверка на адрес · Verify at",
    ],
    "el": [
        "Ευρωπαϊκή Επιτροπή European Commission Demo signatory Προϊστάμενος μονάδας Head of Unit",
        "Με τη χρηματοδότηση της Ευρωπαϊκής Ένωσης Funded by the European Union",
        "Συμφωνία επιχορήγησης αριθ. 101012345 Grant agreement No 101012345",
        "Εκδόθηκε στις 13 Δεκεμβρίου 2021 Issued on 13 December 2021 Έλεγχος στη διεύθυνση · Verify at",
    ],
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_foot_says_who_issued_signed_and_funded_it_and_where_to_check(language):
    text = words(render(certificate(language, **SIGNED_AND_FUNDED)))
    foot = " ".join([*FOOT[language], ADDRESS.removesuffix(CODE), CODE])
    assert text[-len(foot) :] == foot


@pytest.mark.parametrize("left_out", SIGNED_AND_FUNDED)
def test_what_is_missing_from_the_foot_leaves_no_word_and_no_line(left_out):
    changes = {name: value for name, value in SIGNED_AND_FUNDED.items() if name != left_out}
    if left_out == "eu_funded":
        changes.pop("grant_number")
    file = render(certificate("bg", **changes))
    gone = {"signatory": "signatory", "eu_funded": "Union", "grant_number": "agreement"}
    assert [word in words(file) for word in gone.values()] == [name in changes for name in gone]
    empty = [one for one in structure(read(file)) if one["/S"] == "/P" and not one.get("/K")]
    assert empty == []


@pytest.mark.parametrize("language", ["bg", "el"])
def test_other_languages_come_first_and_english_second(language):
    text = words(printed(language))
    with translation.override(language):
        own = [
            gettext("Certificate of attendance"),
            gettext("This is to certify that"),
            pgettext("certificate", "Session"),
            pgettext("certificate", "Total"),
        ]
    english = ["Certificate of attendance", "This is to certify that", "Session", "Total"]
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


def test_the_code_carries_the_whole_address_and_the_page_the_short_one():
    file = render(certificate(check_url=f"https://{ADDRESS}/"))
    assert words(file).endswith(f"Verify at {ADDRESS.removesuffix(CODE)} {CODE}")
    assert read(file).pages[0]["/Annots"][0]["/A"]["/URI"] == f"https://{ADDRESS}/"


def test_the_same_content_gives_the_same_bytes_in_this_process_and_in_another():
    assert render(certificate("bg")) == printed("bg")
    program = (
        "import os, sys, hashlib, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; django.setup();"
        "from certificates.pdf import render; from tests.certificates.samples import certificate;"
        "sys.stdout.buffer.write(render(certificate('bg')))"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=120)
    assert other.stdout == printed("bg")


def test_another_content_gives_other_bytes():
    assert render(certificate("en", holder_name="Demo participant 18")) != printed("en")


def test_threads_take_turns_at_the_renderer():
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


def test_a_session_over_two_days_says_both():
    hackathon = AttendedSession(
        titles={"en": "Two-day hackathon"},
        minutes=33 * 60,
        starts=datetime(2021, 12, 2, 9),
        ends=datetime(2021, 12, 3, 18),
    )
    text = words(render(certificate(sessions=(hackathon,), minutes=33 * 60)))
    assert "2 December 2021, 09:00 – 3 December 2021, 18:00 Two-day hackathon 33 h" in text


def test_a_session_that_ends_with_its_day_ends_on_that_day():
    late = replace(SESSIONS[0], starts=datetime(2021, 12, 2, 22, 30), ends=datetime(2021, 12, 3))
    assert "2 December 2021, 22:30–00:00 Public session" in words(render(certificate(sessions=(late,))))


def test_hours_of_sessions_at_the_same_time_count_once_and_the_certificate_says_so():
    parallel = replace(SESSIONS[0], titles={"en": "Parallel workshop"})
    text = words(render(certificate("bg", sessions=(SESSIONS[0], parallel), minutes=60)))
    assert "Сесиите, които се застъпват, се броят веднъж." in text
    assert "Overlapping sessions count once." in text
    assert text.count("1 ч 1 h") == 2
    assert text.count("1 ч · 1 h") == 1
    assert "count once" not in words(printed("bg"))
