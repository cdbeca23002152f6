"""What the page of a session says beside its form: where something is wrong, and what is missing in which language."""

import re
from datetime import date

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from core.web.forms.sections import language_states, section_states
from labs.models import Lab
from sessions.forms.sessions import SECTIONS, SessionForm
from sessions.gaps import PART_OF_CONFLICT, PART_OF_LACK, Gap, Lack, gaps_of
from sessions.models import Session
from tests import factories as f
from tests.pages import client_of, form_of, text_of

pytestmark = pytest.mark.django_db

LANGUAGES = ["en", "bg", "el"]


@pytest.fixture
def lab() -> Lab:
    programme = f.ProgrammeFactory(languages=LANGUAGES)
    return f.LabFactory(
        programme=programme,
        slug="lab",
        starts_on=date(2027, 4, 6),
        ends_on=date(2027, 4, 8),
        languages=LANGUAGES,
    )


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


def session(lab: Lab, **facts: object) -> Session:
    facts = {"title": dict.fromkeys(LANGUAGES, "Title"), "room": f.RoomFactory(lab=lab)} | facts
    return f.SessionFactory(lab=lab, start_date=date(2027, 4, 6), **facts)


def index_of(page: str) -> dict[str, str]:
    """Return what the index says of each section, by its id."""
    [index] = re.findall(r'<nav class="section-index".*?</nav>', page, re.S)
    entries = re.findall(r'<a href="#(\w+)">(.*?)</a>', index, re.S)
    return {
        key: re.sub(r"\s+", " ", re.sub(r"<svg.*?</svg>|<[^>]+>", "", words)).strip()
        for key, words in entries
    }


def test_every_conflict_and_every_gap_belongs_to_a_section_of_the_form() -> None:
    ids = {section.id for section in SECTIONS}
    assert {*PART_OF_CONFLICT.values(), *PART_OF_LACK.values()} <= ids
    assert set(PART_OF_LACK) == set(Lack)


def test_the_form_has_a_place_in_its_page_for_every_section(client: Client, lab: Lab) -> None:
    page = client.get(f"/organise/labs/lab/sessions/{session(lab).slug}/").content.decode()
    assert re.findall(r'<fieldset class="form-section[^"]*" id="(\w+)"', page) == [one.id for one in SECTIONS]
    assert list(index_of(page)) == [one.id for one in SECTIONS]


def test_what_is_missing_is_told_by_section(client: Client, lab: Lab) -> None:
    one = session(lab, room=None, title={"en": "Title"}, visibility="public")
    f.AgendaItemFactory(session=one, title={"en": "Panel", "bg": "Панел"})
    assert gaps_of(one, one.agenda.all(), has_speakers=False) == [
        Gap(Lack.DESCRIPTION),
        Gap(Lack.PLACE),
        Gap(Lack.SPEAKER),
        Gap(Lack.TITLE_IN, ("bg", "el")),
        Gap(Lack.ITEMS_IN, ("el",)),
    ]
    missing = "Something is missing here:"
    assert index_of(text_of(client.get(f"/organise/labs/lab/sessions/{one.slug}/"))) == {
        "what": f"What {missing} No description Title: missing in BG, EL",
        "when": "When",
        "where": f"Where {missing} No room or join link",
        "seats": "Seats",
        "visibility": "Who can see it",
        "languages": "Languages",
        "agenda": f"Agenda {missing} Items: missing in EL",
        "people": f"Speakers {missing} No speaker",
    }


def test_a_session_that_is_complete_lacks_nothing(client: Client, lab: Lab) -> None:
    one = session(lab, abstract=dict.fromkeys(LANGUAGES, "Text"))
    f.AppearanceFactory(session=one)
    assert gaps_of(one, [], has_speakers=True) == []
    assert "missing" not in " ".join(
        index_of(text_of(client.get(f"/organise/labs/lab/sessions/{one.slug}/"))).values()
    )


def test_a_cancelled_session_needs_neither_room_nor_speaker(lab: Lab) -> None:
    one = session(
        lab,
        room=None,
        status="cancelled",
        cancelled_at=timezone.now(),
        abstract={"en": "a", "bg": "b", "el": "c"},
    )
    assert gaps_of(one, [], has_speakers=False) == []


def test_a_new_session_is_not_reproached_with_what_nobody_typed_yet(client: Client) -> None:
    page = text_of(client.get("/organise/labs/lab/new-session/"))
    assert set(index_of(page).values()) == {str(section.title) for section in SECTIONS}
    assert 'data-missing="bg" hidden' in page


def test_errors_are_counted_in_their_sections(client: Client, lab: Lab) -> None:
    form = form_of(client.get("/organise/labs/lab/new-session/"))
    answer = client.post(
        "/organise/labs/lab/new-session/",
        form.filled(start_time="25", end_time="x", agenda__0__start_time="y", **{"agenda-TOTAL_FORMS": "1"}),
    )
    told = index_of(text_of(answer))
    assert {key: words for key, words in told.items() if "error" in words} == {
        "what": "What 1 error",
        "when": "When 2 errors",
        "agenda": "Agenda 2 errors",
    }


def test_an_error_of_a_field_without_a_section_counts_for_the_first_one(lab: Lab) -> None:
    form = SessionForm({}, lab=lab)
    form.add_error("audience", "Wrong")
    states = {state.id: state.errors for state in section_states(form, SECTIONS[:1])}
    assert states == {"what": len(form.errors)}


def test_a_language_in_which_a_text_is_wrong_is_shown(client: Client, lab: Lab) -> None:
    """The link of the error leads to the text that is wrong, and only that one is marked."""
    form = form_of(client.get("/organise/labs/lab/new-session/"))
    assert form.values["edit"] == ["en"]
    answer = client.post(
        "/organise/labs/lab/new-session/", form.filled(title_0="Good", title_1="б" * 301, edit="el")
    )
    page = text_of(answer)
    assert form_of(answer).values["edit"] == ["bg"]
    assert re.findall(r'name="title_(\d)"[^>]*aria-invalid', page) == ["1"]
    assert 'href="#id_title_1"' in page


def test_an_error_of_no_language_leaves_the_choice_alone(client: Client, lab: Lab) -> None:
    form = form_of(client.get("/organise/labs/lab/new-session/"))
    answer = client.post("/organise/labs/lab/new-session/", form.filled(edit="el"))
    assert (answer.status_code, form_of(answer).values["edit"]) == (422, ["el"])
    assert len(re.findall(r'name="title_\d"[^>]*aria-invalid', text_of(answer))) == 3


@pytest.mark.parametrize(("asked", "shown"), [("bg", "bg"), ("xx", "en"), ("", "en"), ("<b>", "en")])
def test_an_address_says_which_language_is_shown(client: Client, lab: Lab, asked: str, shown: str) -> None:
    page = client.get(f"/organise/labs/lab/sessions/{session(lab).slug}/", {"edit": asked})
    assert form_of(page).values["edit"] == [shown]


def test_the_language_that_was_shown_is_shown_after_saving(client: Client, lab: Lab) -> None:
    address = f"/organise/labs/lab/sessions/{session(lab).slug}/"
    form = form_of(client.get(address))
    assert client.post(address, form.filled(edit="el"))["Location"] == f"{address}?edit=el"
    assert client.post(address, form_of(client.get(address)).filled(edit="en"))["Location"] == address


def test_texts_are_counted_in_the_languages_that_lack_them(lab: Lab) -> None:
    one = session(lab, title={"en": "Title", "bg": "Заглавие"}, abstract={"el": "Κείμενο"})
    states = language_states("", SessionForm(None, lab=lab, session=one))
    assert [(state.code, state.missing, state.is_shown) for state in states] == [
        ("en", 1, True),
        ("bg", 1, False),
        ("el", 1, False),
    ]


def test_there_is_no_choice_of_one_language(lab: Lab) -> None:
    Lab.objects.filter(pk=lab.pk).update(languages=["en"])
    page = client_of(f.StaffFactory(lab=lab).user).get("/organise/labs/lab/new-session/").content.decode()
    assert "language-bar" not in page


def test_the_style_sheet_knows_every_language() -> None:
    """Which texts are hidden is a rule for each of them."""
    sheet = (settings.BASE_DIR / "static" / "site" / "edit.css").read_text()
    for code, _name in settings.LANGUAGES:
        assert f'#edit-{code}:checked) .in-language:not([data-in="{code}"]' in sheet
