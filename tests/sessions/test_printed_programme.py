"""The programme and the poster as PDF: what they say, to whom, and that they conform."""

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.pdf.fonts import printable_text
from labs.models import Lab
from labs.viewer import VISITOR, Viewer
from sessions.exports.contents import contents_of
from sessions.exports.poster_pdf import poster_pdf
from sessions.exports.programme_pdf import programme_pdf
from sessions.models import Session
from tests import factories as f
from tests.certificates.reading import PROFILES, failures, placed_words, read, structure, words
from tests.sessions.exported import CANARY, full_lab

pytestmark = pytest.mark.django_db

AS_OF = datetime(2026, 11, 30, 10, tzinfo=UTC)


@pytest.fixture
def lab() -> Lab:
    return full_lab()


def printed(lab: Lab, language: str = "en", viewer: Viewer = VISITOR) -> bytes:
    return programme_pdf(contents_of(lab, viewer), language, AS_OF)


def outline(file: bytes) -> list[Any]:
    def titles(items: list[Any]) -> list[Any]:
        return [titles(item) if isinstance(item, list) else item.title for item in items]

    return titles(read(file).outline)


def read_aloud(file: bytes, folder: Path) -> str:
    """What is read out, in the order of the tags."""
    (folder / "file.pdf").write_bytes(file)
    told = subprocess.run(
        ["pdfinfo", "-struct-text", str(folder / "file.pdf")], capture_output=True, check=True
    ).stdout.decode()
    texts = re.findall(r'^\s*"(.*)"$', told.partition("Page size:")[2] or told, re.MULTILINE)
    return " ".join(" ".join(texts).split())


def test_a_programme_says_everything_that_visitors_see_in_their_order(lab: Lab, tmp_path: Path) -> None:
    file = printed(lab)
    said = read_aloud(file, tmp_path)
    at = -1
    for part in (
        "City Labs",
        "Intelligent Cities",
        "Winter Lab",
        "25–31 March 2027",
        "All times are",
        "What cities",
        "Contents",
        "Thursday 25 March 2027",
        "As of 30 November 2026. Times and rooms may change. Current programme:",
        "Funded by the European Union",
        "Thursday 25 March 2027 Opening day",
        "09:30–11:00",
        "=Plenary & <debate>",
        "Skills · Hall <1>, 1 Tech Street, Sofia Tech Park · English, interpreted into Bulgarian, Greek",
        "Moderator: Ivan Ivanov , City of Sofia",
        "09:30–10:15 Panel",
        "Panellist: Maria & Co",
        "Friday 26 March 2027",
        "Called off",
        "Cancelled · The speaker is ill",
        "Sunday 28 March 2027",
        "00:00–07:00",
        "Night",
        "Speakers",
        "Ivan Ivanov",
        "Thu 25 Mar, 09:30",
    ):
        found = said.find(part, at + 1)
        assert found > at, (part, said[at:])
        at = found
    assert {"Page 1 of 2", "Page 2 of 2"} <= {
        f"Page {n}" for n in re.findall(r"Page (\d of \d)", words(file))
    }
    assert CANARY not in words(file)


def test_organisers_print_drafts_and_internal_sessions_and_see_that_they_are(lab: Lab) -> None:
    said = words(printed(lab, viewer=Viewer(organised_labs=frozenset([lab.pk]))))
    assert f"{CANARY} internal Internal: Sofia" in said
    assert f"{CANARY} draft Draft" in said
    assert "meet.example.org" not in said


@pytest.mark.parametrize(("language", "page"), [("bg", "Страница 2 от 2"), ("el", "Σελίδα 2 από 2")])
def test_it_is_in_the_language_asked_for(lab: Lab, language: str, page: str) -> None:
    file = printed(lab, language)
    assert page in words(file)
    assert read(file).trailer["/Root"]["/Lang"] == language
    languages = {one.get("/Lang") for one in structure(read(file))}
    assert "en" in languages  # names that have no other


def test_bookmarks_lead_to_days_and_sessions(lab: Lab) -> None:
    assert outline(printed(lab)) == [
        "Winter Lab",
        [
            "Contents",
            "Thursday 25 March 2027 Opening day",
            ["=Plenary & <debate>"],
            "Friday 26 March 2027",
            ["Called off"],
            "Sunday 28 March 2027",
            ["Night"],
            "Speakers",
        ],
    ]


@pytest.mark.parametrize("language", ["en", "bg", "el"])
def test_both_conform_to_universal_access_and_archiving(lab: Lab, language: str) -> None:
    files = {"programme": printed(lab, language), "poster": poster_pdf(lab, language, AS_OF)}
    assert {
        (name, profile): failures(file, profile) for name, file in files.items() for profile in PROFILES
    } == {(name, profile): [] for name in files for profile in PROFILES}


def test_the_same_programme_is_the_same_file(lab: Lab) -> None:
    assert printed(lab) == printed(lab)


def test_what_is_typed_is_text_and_nothing_of_it_breaks_the_page(lab: Lab) -> None:
    hostile = '"><style>*{display:none}</style>{{ settings.SECRET_KEY }}{% load x %}&nbsp;]]>'
    title = {"en": hostile, "bg": f"Зала 王 {hostile}"}
    Session.objects.filter(slug="plenary").update(title=title)
    Lab.objects.filter(pk=lab.pk).update(
        title=title, theme=title, description={"en": f"{hostile}\n\n- a\n\n---\n\n1. b"}
    )
    lab = Lab.objects.select_related("programme").get(pk=lab.pk)
    for file in (printed(lab), printed(lab, "bg"), poster_pdf(lab, "bg", AS_OF)):
        said = words(file).replace(" ", "")
        assert "{{settings.SECRET_KEY}}" in said
        assert {profile: failures(file, profile) for profile in PROFILES} == {"3a": [], "ua1": []}


def test_long_names_stay_on_the_page(lab: Lab) -> None:
    long = "Специализираноподготвителнопредизвикателство" * 4
    Lab.objects.filter(pk=lab.pk).update(title={"en": long[:190]}, theme={"en": long})
    Session.objects.filter(slug="plenary").update(title={"en": long})
    lab = Lab.objects.select_related("programme").get(pk=lab.pk)
    for file in (printed(lab), poster_pdf(lab, "en", AS_OF)):
        assert len(placed := placed_words(file)) > 10
        assert [word for word in placed if word.left < 0 or word.right > 595.5] == []
    assert len(read(poster_pdf(lab, "en", AS_OF)).pages) == 1


def test_an_empty_programme_says_so(lab: Lab) -> None:
    empty = f.LabFactory(programme=lab.programme)
    empty = Lab.objects.select_related("programme").get(pk=empty.pk)
    file = printed(empty)
    assert "The sessions have not been published yet." in words(file)
    assert len(read(file).pages) == 1


def test_a_poster_leads_to_the_labs_page(lab: Lab) -> None:
    file = poster_pdf(lab, "en", AS_OF)
    said = words(file)
    assert len(read(file).pages) == 1
    for one in ("Winter Lab", "25–31 March 2027", "European Commission", "Programme and registration"):
        assert one in said
    [link] = [each.get_object() for each in read(file).pages[0]["/Annots"]]
    assert link["/A"]["/URI"].endswith("/labs/winter-lab/")
    assert "QR code with the address of the lab’s page" in {one.get("/Alt") for one in structure(read(file))}


@pytest.mark.parametrize(
    ("typed", "drawn"),
    [
        ("plain\nlines  stay", "plain\nlines  stay"),
        ("王 and …", "? and …"),
        ("zero\u200bwidth", "zerowidth"),
        ("Ма\u0301рия", "Ма\u0301рия"),
    ],
)
def test_texts_are_printed_as_far_as_fonts_have_them(typed: str, drawn: str) -> None:
    assert printable_text(typed) == drawn
