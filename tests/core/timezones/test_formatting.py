from datetime import date, datetime, time

import pytest

from core.timezones import formatting

TUESDAY = date(2027, 4, 6)
LANGUAGES = ("en", "bg", "el")


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (formatting.long_date, ("6 April 2027", "6 април 2027 г.", "6 Απριλίου 2027")),
        (formatting.day_and_month, ("6 April", "6 април", "6 Απριλίου")),
        (formatting.month_and_year, ("April 2027", "април 2027 г.", "Απριλίου 2027")),
        (formatting.weekday, ("Tuesday", "вторник", "Τρίτη")),
        (formatting.long_day, ("Tuesday 6 April 2027", "вторник, 6 април 2027 г.", "Τρίτη 6 Απριλίου 2027")),
        (formatting.short_day, ("Tue 6 Apr", "вт, 6 април", "Τρί 6 Απρ")),
    ],
)
def test_a_day_is_written_as_its_readers_write_it(function, expected) -> None:
    assert tuple(function(TUESDAY, language) for language in LANGUAGES) == expected


def test_a_brief_date_has_its_year_unless_it_is_this_one() -> None:
    this = tuple(formatting.brief_date(TUESDAY, 2027, language) for language in LANGUAGES)
    other = tuple(formatting.brief_date(TUESDAY, 2026, language) for language in LANGUAGES)
    assert this == ("6 Apr", "6.04", "6 Απρ")
    assert other == ("6 Apr 2027", "6.04.2027 г.", "6 Απρ 2027")


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (
            date(2027, 4, 6),
            date(2027, 4, 16),
            ("6–16 April 2027", "6–16 април 2027 г.", "6–16 Απριλίου 2027"),
        ),
        (
            date(2021, 11, 30),
            date(2021, 12, 10),
            (
                "30 November – 10 December 2021",
                "30 ноември – 10 декември 2021 г.",
                "30 Νοεμβρίου – 10 Δεκεμβρίου 2021",
            ),
        ),
        (
            date(2026, 12, 28),
            date(2027, 1, 3),
            (
                "28 December 2026 – 3 January 2027",
                "28 декември 2026 г. – 3 януари 2027 г.",
                "28 Δεκεμβρίου 2026 – 3 Ιανουαρίου 2027",
            ),
        ),
        (TUESDAY, TUESDAY, ("6 April 2027", "6 април 2027 г.", "6 Απριλίου 2027")),
    ],
)
def test_a_range_says_month_and_year_once(first: date, last: date, expected: tuple[str, ...]) -> None:
    assert tuple(formatting.date_range(first, last, language) for language in LANGUAGES) == expected


def test_a_range_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before it starts"):
        formatting.date_range(date(2027, 4, 7), TUESDAY, "en")


def test_hours_are_of_the_24_hour_clock_with_an_en_dash() -> None:
    assert formatting.clock(time(9, 5)) == "09:05"
    assert formatting.hours(time(11, 30), time(13)) == "11:30–13:00"
    assert formatting.hours(datetime(2027, 4, 6, 0, 0), datetime(2027, 4, 6, 23, 59)) == "00:00–23:59"


def test_a_session_past_midnight_names_both_days() -> None:
    starts, ends = datetime(2027, 4, 6, 22), datetime(2027, 4, 7, 1)
    assert formatting.span(starts, datetime(2027, 4, 6, 23), "en") == "6 April 2027, 22:00–23:00"
    assert formatting.span(starts, ends, "en") == "6 April 2027, 22:00 – 7 April 2027, 01:00"
    assert formatting.short_span(starts, datetime(2027, 4, 6, 23), "bg") == "вт, 6 април, 22:00–23:00"
    assert formatting.short_span(starts, ends, "en") == "Tue 6 Apr, 22:00 – Wed 7 Apr, 01:00"


@pytest.mark.parametrize(
    ("minutes", "short", "words"),
    [
        (
            90,
            ("1 h 30 min", "1 ч 30 мин", "1 ώρα 30 λεπτά"),
            ("1 hour 30 minutes", "1 час 30 минути", "1 ώρα 30 λεπτά"),
        ),
        (120, ("2 h", "2 ч", "2 ώρες"), ("2 hours", "2 часа", "2 ώρες")),
        (45, ("45 min", "45 мин", "45 λεπτά"), ("45 minutes", "45 минути", "45 λεπτά")),
        (0, ("0 min", "0 мин", "0 λεπτά"), ("0 minutes", "0 минути", "0 λεπτά")),
        (6000, ("100 h", "100 ч", "100 ώρες"), ("100 hours", "100 часа", "100 ώρες")),
        (
            6005,
            ("100 h 5 min", "100 ч 5 мин", "100 ώρες 5 λεπτά"),
            ("100 hours 5 minutes", "100 часа 5 минути", "100 ώρες 5 λεπτά"),
        ),
    ],
)
def test_durations(minutes: int, short: tuple[str, ...], words: tuple[str, ...]) -> None:
    assert tuple(formatting.duration(minutes, language) for language in LANGUAGES) == short
    assert tuple(formatting.duration_in_words(minutes, language) for language in LANGUAGES) == words


@pytest.mark.parametrize("function", [formatting.duration, formatting.duration_in_words])
def test_a_duration_of_less_than_nothing_is_refused(function) -> None:
    with pytest.raises(ValueError, match="negative"):
        function(-1, "en")


@pytest.mark.parametrize("language", ["en", "en-us", "EN", "xx", "", "nonsense-code-far-too-long", "../en"])
def test_an_unknown_language_reads_as_the_english_of_the_house(language: str) -> None:
    assert formatting.long_date(TUESDAY, language) == "6 April 2027"


def test_other_languages_take_the_forms_of_cldr() -> None:
    assert formatting.long_date(TUESDAY, "de") == "6. April 2027"
    assert formatting.date_range(TUESDAY, date(2027, 4, 8), "de") == "6. April 2027 – 8. April 2027"
    assert formatting.duration(90, "de") == "1 Stunde 30 Minuten"
    assert formatting.short_day(TUESDAY, "pt-br") == "ter. 6 abr."


@pytest.mark.parametrize(
    ("language", "words"), [("en", "12,345"), ("bg", "12\N{NO-BREAK SPACE}345"), ("el", "12.345")]
)
def test_large_numbers_are_grouped_as_the_language_does(language: str, words: str) -> None:
    assert (formatting.grouped(12345, language), formatting.grouped(390, language)) == (words, "390")
