"""Public pages: who sees what, and in which words."""

import json
import re
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from labs.models import Lab
from sessions.publishing import publish
from tests.factories import (
    AgendaItemFactory,
    AppearanceFactory,
    LabDayFactory,
    LabFactory,
    RoomFactory,
    SessionFactory,
    SpeakerFactory,
    TrackFactory,
)
from tests.sessions.public_pages import city_lab, linked_data, page, rows, viewers

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    return city_lab()


ORGANISERS = {"organiser", "owner", "superuser"}
SEES = {
    "public": None,  # everybody
    "internal": ORGANISERS | {"delegate", "door"},
    "draft": ORGANISERS,
}


@pytest.mark.parametrize("visibility", ["internal", "draft"])
def test_a_hidden_session_leaves_no_trace_for_those_who_may_not_see_it(lab, visibility):
    secret = "canary"
    sofia = lab.programme.cities.get(slug="sofia")
    words = {"en": f"Words {secret}", "bg": f"Думи {secret}"}
    SessionFactory(lab=lab, slug="open")
    hidden = SessionFactory(
        lab=lab,
        slug="hidden",
        visibility=visibility,
        title=words,
        abstract=words,
        track=TrackFactory(lab=lab, slug="secret-track", name=words),
        room=RoomFactory(lab=lab, name=words),
        start_date=date(2027, 4, 9),
    )
    hidden.audience.add(sofia)
    LabDayFactory(lab=lab, on=date(2027, 4, 9), title=words)
    item = AgendaItemFactory(session=hidden, title=words, abstract=words)
    speaker = SpeakerFactory(programme=lab.programme, slug="secret-speaker", name=words, biography=words)
    AppearanceFactory(session=hidden, speaker=speaker, agenda_item=item)
    everywhere = [
        f"{address}{query}"
        for address in (
            "/",
            "/programmes/icc/",
            "/programmes/icc/calendar.ics",
            "/labs/city-lab/",
            "/labs/city-lab/calendar.ics",
            "/labs/city-lab/subscribe/",
            "/labs/city-lab/speakers/",
            "/labs/city-lab/sessions/open/",
            "/sitemap.xml",
        )
        for query in ("", "?lang=bg", "?track=secret-track")
    ]
    own = [
        "/labs/city-lab/sessions/hidden/",
        "/labs/city-lab/sessions/hidden/calendar.ics",
        "/labs/city-lab/speakers/secret-speaker/",
    ]
    for name, browser in viewers(lab, sofia).items():
        sees = name in SEES[visibility]
        assert [browser.get(address).status_code for address in own] == [200 if sees else 404] * 3, name
        traces = [address for address in everywhere if secret in browser.get(address).content.decode()]
        if not sees:
            assert traces == [], name
        assert not [address for address in traces if ".ics" in address or "sitemap" in address]
        assert secret not in json.dumps(linked_data(browser.get("/labs/city-lab/")), ensure_ascii=False)
        assert ("hidden" in rows(browser.get("/labs/city-lab/"))) == sees, name


def test_what_is_hidden_answers_like_what_does_not_exist(client, lab):
    SessionFactory(lab=lab, slug="hidden", visibility="internal")
    draft = LabFactory(slug="draft-lab", visibility="draft")
    SessionFactory(lab=draft, slug="opening")
    for hidden, missing in (
        ("/labs/city-lab/sessions/hidden/", "/labs/city-lab/sessions/nothin/"),
        ("/labs/draft-lab/", "/labs/nothing00/"),
        ("/labs/draft-lab/sessions/opening/", "/labs/nothing00/sessions/opening/"),
        ("/labs/draft-lab/subscribe/", "/labs/nothing00/subscribe/"),
        ("/labs/draft-lab/speakers/", "/labs/nothing00/speakers/"),
    ):
        one, other = client.get(hidden), client.get(missing)
        assert (one.status_code, other.status_code) == (404, 404)
        assert one.content.decode().replace(hidden, "") == other.content.decode().replace(missing, "")
        assert dict(one.headers) == dict(other.headers) | {"Content-Length": one.headers["Content-Length"]}


def test_another_labs_session_is_not_found_here(client, lab):
    SessionFactory(slug="theirs")
    assert client.get("/labs/city-lab/sessions/theirs/").status_code == 404


def test_a_delegate_is_told_why_there_is_more(lab):
    sofia = lab.programme.cities.get(slug="sofia")
    for number in range(2):
        SessionFactory(lab=lab, slug=f"internal-{number}", visibility="internal").audience.add(sofia)
    SessionFactory(lab=lab, slug="draft", visibility="draft")
    browsers = viewers(lab, sofia)
    notice = "You also see 2 internal sessions because you are a delegate of Sofia."
    assert notice in page(browsers["delegate"], lab).content.decode()
    assert "You also see" not in page(browsers["other city"], lab).content.decode()
    assert (
        "You also see 2 internal sessions and 1 draft because you are on the team of this lab."
        in page(browsers["organiser"], lab).content.decode()
    )


def test_a_speaker_is_there_only_through_sessions_in_sight_of_this_lab(client, lab):
    person = SpeakerFactory(programme=lab.programme, slug="person")
    AppearanceFactory(speaker=person, session=SessionFactory(lab=LabFactory(programme=lab.programme)))
    assert client.get("/labs/city-lab/speakers/person/").status_code == 404
    AppearanceFactory(speaker=person, session=SessionFactory(lab=lab, slug="here"), role="moderator")
    response = client.get("/labs/city-lab/speakers/person/")
    assert response.status_code == 200
    assert "/labs/city-lab/sessions/here/" in response.content.decode()
    assert "Moderator" in response.content.decode()


def test_texts_fall_back_to_the_labs_language_and_say_so(client, lab):
    SessionFactory(lab=lab, slug="opening", title={"en": "Opening"})
    text = page(client, lab, "?lang=el").content.decode()
    assert '<html lang="el"' in text
    assert '<a href="/labs/city-lab/sessions/opening/"><span lang="en">Opening</span></a>' in text
    assert '<span lang="en">City Lab</span>' in text
    track = TrackFactory(lab=lab, slug="skills", name={"en": "Skills"})
    publish(SessionFactory(lab=lab, track=track, visibility="draft"))
    for address in ("/labs/city-lab/", "/labs/city-lab/subscribe/"):
        text = client.get(f"{address}?lang=el").content.decode()
        assert re.search(r'<(option|summary)[^>]* lang="en"[^>]*>Skills</', text)
    bulgarian = page(client, lab, "?lang=bg").content.decode()
    assert "<h1>Градска лаборатория</h1>" in bulgarian
    assert "април 2027 г." in bulgarian


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</script><script>alert(1)</script>",
        "{{ settings.SECRET_KEY }}{% now 'Y' %}",
        "<!--",
        "&lt;b&gt; & <b>",
    ],
)
def test_what_people_type_is_text_and_nothing_else(client, lab, text):
    track = TrackFactory(lab=lab, name={"en": text})
    room = RoomFactory(lab=lab, name={"en": text})
    session = SessionFactory(
        lab=lab, slug="hostile", title={"en": text}, abstract={"en": text}, track=track, room=room
    )
    item = AgendaItemFactory(session=session, title={"en": text}, abstract={"en": text})
    speaker = SpeakerFactory(
        programme=lab.programme,
        slug="person",
        name={"en": text},
        affiliation={"en": text},
        biography={"en": text},
    )
    AppearanceFactory(session=session, speaker=speaker, agenda_item=item)
    AppearanceFactory(session=session, speaker=speaker)
    Lab.objects.filter(pk=lab.pk).update(
        title={"en": text}, theme={"en": text}, description={"en": text}, venue={"en": text}, format="hybrid"
    )
    for address in ("", "sessions/hostile/", "speakers/", "speakers/person/", "subscribe/"):
        for query in ("", "?lang=el"):
            html = client.get(f"/labs/city-lab/{address}{query}").content.decode()
            outside = re.sub(r'<script type="application/ld\+json">.*?</script>', "", html)
            assert "<script>" not in html
            assert "alert(1)</script>" not in html
            assert "<img src=x" not in html
            assert "<!--" not in outside
            assert settings.SECRET_KEY not in html
    data = linked_data(client.get("/labs/city-lab/sessions/hostile/"))
    assert data["name"] == text


def test_a_cancelled_session_stays_and_cannot_be_chosen(client, lab):
    SessionFactory(
        lab=lab,
        slug="gone",
        status="cancelled",
        cancelled_at=timezone.now(),
        cancel_reason={"en": "The speaker is ill."},
    )
    for address in ("/labs/city-lab/", "/labs/city-lab/sessions/gone/"):
        text = client.get(address).content.decode()
        assert "Cancelled" in text
        assert "The speaker is ill." in text
        assert "?session=gone" not in text
        assert 'value="gone"' not in text
    assert linked_data(client.get("/labs/city-lab/sessions/gone/"))["eventStatus"].endswith("EventCancelled")


@pytest.mark.parametrize(
    ("state", "words", "chosen"),
    [
        ({"capacity": None}, "Open to everyone who registers", True),
        ({"capacity": 30, "seats_taken": 21}, '<strong class="num">9</strong> seats left', True),
        ({"capacity": 30, "seats_taken": 29}, '<strong class="num">1</strong> seat left', True),
        ({"capacity": 30, "seats_taken": 30, "seats_waiting": 12}, "Full. 12 people are waiting", True),
        ({"capacity": 30, "seats_taken": 30, "waiting_list": False}, "Full, without a waiting list", False),
        ({"capacity": 0, "waiting_list": False}, "Full, without a waiting list", False),
    ],
)
def test_seats_are_said_in_words_and_chosen_by_a_checkbox(client, lab, state, words, chosen):
    SessionFactory(lab=lab, slug="opening", **state)
    text = page(client, lab).content.decode()
    assert words in text
    assert ('name="session" value="opening"' in text) == chosen
    assert client.get("/labs/city-lab/sessions/opening/").status_code == 200


def test_without_open_registration_nothing_can_be_chosen(client, lab):
    SessionFactory(lab=lab, slug="opening")
    now = timezone.now()
    for opens, closes, words in (
        (now + timedelta(days=1), None, "Registration opens on"),
        (now - timedelta(days=2), now - timedelta(days=1), "Registration is closed"),
        (None, None, "City Lab"),
    ):
        Lab.objects.filter(pk=lab.pk).update(registration_opens_at=opens, registration_closes_at=closes)
        text = page(client, lab).content.decode()
        assert words in text
        assert 'type="checkbox"' not in text
        assert "choicebar" not in text


def test_a_track_narrows_the_programme(client, lab):
    skills = TrackFactory(lab=lab, slug="skills", name={"en": "Skills"})
    SessionFactory(lab=lab, slug="one", track=skills)
    SessionFactory(lab=lab, slug="two")
    response = page(client, lab, "?track=skills")
    assert rows(response) == ["one"]
    assert '<option value="skills" selected lang="en">' in response.content.decode()
    nothing = page(client, lab, "?track=other")
    assert rows(nothing) == []
    assert "There are no sessions in this track." in nothing.content.decode()


def test_an_empty_programme_says_what_will_be_there(client, lab):
    assert "The programme is not published yet." in page(client, lab).content.decode()
    assert "Speakers have not been announced yet." in client.get("/labs/city-lab/speakers/").content.decode()
