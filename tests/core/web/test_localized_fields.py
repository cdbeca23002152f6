"""What may stand in a text that people write."""

import time

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from i18nfield.strings import LazyI18nString

from core.web.localized_fields import first_unreadable, no_control_characters
from labs.models import Lab
from tests.factories import LabFactory

GRAVE = "\u0300"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Работилница, Εργαστήριο, workshop",
        "two\nlines\r\n\tand a tab",
        "e" + GRAVE * 4,
        ("e" + GRAVE * 4) * 3,
        "left-to-right mark \u200e and right-to-left mark \u200f",
        "]^-\\[",
        "👩🏽‍💻",
    ],
)
def test_what_can_be_read_is_taken(text: str) -> None:
    assert first_unreadable(text) == ""
    no_control_characters({"en": "Fine", "bg": text})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nul \0", "0000"),
        ("escape \x1b[1m", "001B"),
        ("\x9f", "009F"),
        ("garbled \ufffd", "FFFD"),
        ("turned \u202efdp.exe", "202E"),
        ("isolated \u2066", "2066"),
        ("half of a pair \ud800", "D800"),
        ("no character \uffff", "FFFF"),
        ("e" + GRAVE * 5, "0300"),
        ("e" + GRAVE * 5 + "\0", "0300"),
        ("e" + GRAVE * 4 + "\0", "0000"),
        ("\0" + "e" + GRAVE * 5, "0000"),
        ("e" + GRAVE * 4 + "\u0301", "0301"),
    ],
)
def test_the_first_character_that_cannot_be_shown_is_named(text: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        no_control_characters({"en": "Fine", "bg": text})
    assert refused.value.params == {"code": code}


@pytest.mark.parametrize("text", ["x" * 1_000_000, "я" * 1_000_000, ("e" + GRAVE * 4) * 200_000])
def test_a_megabyte_is_read_at_once(text: str) -> None:
    began = time.process_time()
    assert first_unreadable(text) == ""
    assert (
        time.process_time() - began < 0.2
    )  # seconds of the processor; one look at each character takes longer


@pytest.mark.django_db
def test_a_text_that_is_read_twice_is_two_texts():
    lab = LabFactory(title={"en": "One", "bg": "Едно"})
    one, other = Lab.objects.get(pk=lab.pk), Lab.objects.get(pk=lab.pk)

    one.title.data["en"] = "Changed"

    assert (str(other.title), Lab.objects.get(pk=lab.pk).title.data) == ("One", {"en": "One", "bg": "Едно"})
    assert type(one.title) is type(LazyI18nString(""))


@pytest.mark.django_db
@pytest.mark.parametrize("stored", ["", "plain", '{"en": "One"}', '"{}"', "[1]", "12", "null", "{broken"])
def test_whatever_is_stored_is_read_as_the_library_reads_it(stored):
    lab = LabFactory()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE labs_lab SET theme = %s WHERE id = %s", [stored, lab.pk])

    for _again in range(2):
        assert Lab.objects.get(pk=lab.pk).theme.data == LazyI18nString(stored).data
