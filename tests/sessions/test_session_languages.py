"""Languages of sessions wherever they are read: page, list, filter, calendar, search engines, API."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from labs.models import Lab
from sessions.languages import SIGN, SPOKEN, language_name
from sessions.models import Session
from sessions.session_languages import languages_in_words
from tests.factories import LabFactory, SessionFactory, StaffFactory
from tests.pages import forms_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    return LabFactory.create(slug="lab")


@pytest.fixture
def session(lab: Lab) -> Session:
    return SessionFactory.create(
        lab=lab,
        slug="opening",
        spoken_languages=["en"],
        interpreted_languages=["bg"],
        sign_languages=["bqn"],
        captioned_languages=["en", "el"],
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "English, interpreted into Bulgarian, Bulgarian Sign Language; captions in English, Greek"),
        ("bg", "Английски, превод на български, български жестов език; субтитри на английски, гръцки"),
        (
            "el",
            "Αγγλικά, διερμηνεία: Βουλγαρικά, βουλγαρική νοηματική γλώσσα; υπότιτλοι: Αγγλικά, Ελληνικά",
        ),
    ],
)
def test_languages_are_said_in_the_readers_language(session: Session, language: str, words: str) -> None:
    with override(language):
        assert languages_in_words(session) == words


@pytest.mark.parametrize("language", ["en", "bg", "el"])
def test_every_language_has_a_name_of_its_own(language: str) -> None:
    with override(language):
        names = [language_name(code) for code in (*SPOKEN, *SIGN)]
    assert len(set(names)) == len(names)
    assert not set(names) & {*SPOKEN, *SIGN}


def test_only_interpreted_or_only_captioned() -> None:
    only = Session(interpreted_languages=["bg"])
    assert languages_in_words(only) == "Interpreted into Bulgarian"
    assert languages_in_words(Session(captioned_languages=["bg"])) == "Captions in Bulgarian"
    assert languages_in_words(Session()) == ""


def test_page_and_list_say_them(client: Client, session: Session) -> None:
    words = "English, interpreted into Bulgarian, Bulgarian Sign Language; captions in English, Greek"
    for address in (reverse("session", args=["lab", "opening"]), reverse("lab", args=["lab"])):
        assert words in client.get(address).content.decode()


def titles_on(client: Client, query: str) -> list[str]:
    page = client.get(reverse("lab", args=["lab"]) + query).content.decode()
    return sorted(set(re.findall(r'<h4 id="([a-z]+)-h"', page)))


def test_the_programme_is_narrowed_to_what_is_spoken_or_interpreted(
    client: Client, lab: Lab, session: Session
) -> None:
    SessionFactory.create(lab=lab, slug="local", spoken_languages=["bg"])
    SessionFactory.create(lab=lab, slug="silent")
    assert titles_on(client, "") == ["local", "opening", "silent"]
    assert titles_on(client, "?language=bg") == ["local", "opening"]
    assert titles_on(client, "?language=en") == ["opening"]
    assert titles_on(client, "?language=bqn") == ["opening"]
    assert titles_on(client, "?language=el") == []  # captions alone do not count
    assert titles_on(client, "?language=%22") == []
    empty = client.get(reverse("lab", args=["lab"]) + "?language=el").content.decode()
    assert "There are no sessions in this language." in empty


def test_the_choice_names_no_language_of_hidden_sessions(client: Client, lab: Lab, session: Session) -> None:
    SessionFactory.create(lab=lab, visibility="internal", spoken_languages=["mt"])
    address = reverse("lab", args=["lab"])
    assert "Maltese" not in client.get(address).content.decode()
    client.force_login(StaffFactory.create(lab=lab).user)
    assert '<option value="mt" >Maltese</option>' in client.get(address).content.decode()


def test_calendars_say_them_in_folded_lines(client: Client, session: Session) -> None:
    feed = client.get(reverse("lab_feed", args=["lab"]) + "?lang=bg").content
    assert all(len(line) <= 75 for line in feed.split(b"\r\n"))
    unfolded = feed.replace(b"\r\n ", b"").decode()
    assert "Езици: Английски\\, превод на български\\, български жестов език\\; субтитри на" in unfolded


def test_search_engines_read_the_spoken_languages(client: Client, session: Session) -> None:
    page = client.get(reverse("session", args=["lab", "opening"])).content.decode()
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert found
    assert json.loads(found[1])["inLanguage"] == ["en"]


def test_the_api_names_and_filters_them(client: Client, lab: Lab, session: Session) -> None:
    SessionFactory.create(lab=lab, slug="silent")
    address = reverse("api:sessions", args=["lab"])
    [found] = client.get(address + "?language=bg").json()["items"]
    assert [found[name] for name in ("slug", "spoken_languages", "sign_languages")] == [
        "opening", ["en"], ["bqn"],
    ]  # fmt: skip
    assert "interpretation_order_by" not in found
    assert client.get(address + "?language=el").json()["items"] == []
    assert client.get(address + '?language="').json()["items"] == []


def test_a_form_that_is_saved_unchanged_changes_no_language(client: Client, lab: Lab) -> None:
    session = SessionFactory.create(lab=lab, slug="opening", spoken_languages=["mt", "bg", "en"])
    client.force_login(StaffFactory.create(lab=lab).user)
    address = reverse("console_session_edit", args=["lab", "opening"])
    form = next(one for one in forms_of(client.get(address)) if "start_date" in one.names)
    assert client.post(address, form.filled(start_time="12:00", end_time="13:00")).status_code == 302
    session.refresh_from_db()
    assert session.spoken_languages == ["mt", "bg", "en"]
    form = next(one for one in forms_of(client.get(address)) if "start_date" in one.names)
    changed = form.filled(spoken_languages=["en", "el"], interpretation_order_by="2027-03-01")
    assert client.post(address, changed).status_code == 302
    session.refresh_from_db()
    assert session.spoken_languages == ["en", "el"]
