"""What machines read on public pages, cookies, and calendars to subscribe to."""

import re
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from tests.factories import (
    AppearanceFactory,
    LabFactory,
    RoomFactory,
    SessionFactory,
    TrackFactory,
)
from tests.sessions.public_pages import city_lab, found_in, linked_data, viewers

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    return city_lab()


def test_a_session_describes_itself_to_search_engines(client, lab):
    SessionFactory(
        lab=lab,
        slug="opening",
        title={"en": "Opening"},
        start_date=date(2027, 4, 6),
        start_time=time(11, 30),
        room=RoomFactory(lab=lab),
        capacity=40,
    )
    address = "http://testserver/labs/city-lab/sessions/opening/"
    assert linked_data(client.get("/labs/city-lab/sessions/opening/")) == {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": "Opening",
        "startDate": "2027-04-06T11:30+03:00",
        "endDate": "2027-04-06T12:30+03:00",
        "eventStatus": "https://schema.org/EventScheduled",
        "eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode",
        "location": [{"@type": "VirtualLocation", "url": address}],
        "image": ["http://testserver/labs/city-lab/preview.png?lang=en"],
        "inLanguage": ["en", "bg"],
        "organizer": {"@type": "Organization", "name": "European Commission"},
        "superEvent": {
            "@type": "EventSeries",
            "name": "City Lab",
            "url": "http://testserver/labs/city-lab/",
        },
        "isAccessibleForFree": True,
        "offers": {
            "@type": "Offer",
            "price": "0",
            "priceCurrency": "EUR",
            "availability": "https://schema.org/InStock",
            "validFrom": lab.registration_opens_at.astimezone(ZoneInfo("Europe/Sofia")).isoformat(
                timespec="minutes"
            ),
            "validThrough": "2027-04-06T03:00+03:00",
            "url": "http://testserver/labs/city-lab/register/",
        },
        "maximumAttendeeCapacity": 40,
        "url": address,
    }


def test_the_sitemap_lists_what_a_visitor_may_see(client, lab):
    appearance = AppearanceFactory(session=SessionFactory(lab=lab, slug="open"), speaker__slug="person")
    SessionFactory(lab=lab, slug="hidden", visibility="internal")
    LabFactory(slug="draft-lab", visibility="draft", programme=lab.programme)
    assert appearance.speaker.programme_id == lab.programme_id
    response = client.get("/sitemap.xml")
    assert response.headers["Content-Type"] == "application/xml"
    assert re.findall(r"<loc>http://testserver([^?]*?)</loc>", response.content.decode()) == [
        "/",
        "/help/",
        "/contact/",
        "/programmes/icc/",
        "/programmes/icc/cities/rome/",
        "/programmes/icc/cities/sofia/",
        "/labs/city-lab/",
        "/labs/city-lab/subscribe/",
        "/labs/city-lab/sessions/open/",
        "/labs/city-lab/speakers/",
        "/labs/city-lab/speakers/person/",
    ]


def test_machines_are_told_where_to_look_and_whom_to_write_to(client):
    assert "Sitemap: http://testserver/sitemap.xml" in client.get("/robots.txt").content.decode()
    told = client.get("/.well-known/security.txt")
    expires = datetime.fromisoformat(found_in(told, r"Expires: (\S+)"))
    assert timedelta(days=30) < expires - datetime.now(UTC) < timedelta(days=365)
    assert "Contact: mailto:" in told.content.decode()


def test_public_pages_set_no_cookie_until_a_reader_chooses(client, lab):
    session = SessionFactory(lab=lab, slug="opening")
    AppearanceFactory(session=session, speaker__slug="person")
    for address in (
        "/",
        "/programmes/icc/",
        "/labs/city-lab/",
        "/labs/city-lab/sessions/opening/",
        "/labs/city-lab/speakers/",
        "/labs/city-lab/speakers/person/",
        "/labs/city-lab/subscribe/",
        "/sitemap.xml",
        "/robots.txt",
    ):
        assert not client.get(address).cookies, address


def test_nothing_on_a_page_comes_from_elsewhere_or_runs_inline(client, lab):
    AppearanceFactory(session=SessionFactory(lab=lab, slug="opening"), speaker__slug="person")
    for address in ("", "sessions/opening/", "speakers/", "speakers/person/", "subscribe/"):
        text = client.get(f"/labs/city-lab/{address}").content.decode()
        assert " style=" not in text
        assert not re.search(r"<script(?! src=\"/static/| type=\"application/ld\+json\")", text)
        assert not re.search(r'<(?:link rel="stylesheet"|script|img)[^>]+(?:href|src)="(?!/)', text)


def test_subscribing_offers_the_feed_in_forms_that_programs_take(client, lab):
    SessionFactory(lab=lab, track=TrackFactory(lab=lab, slug="skills"))
    TrackFactory(lab=lab, slug="empty")
    text = client.get("/labs/city-lab/subscribe/").content.decode()
    assert 'href="webcal://testserver/labs/city-lab/calendar.ics"' in text
    assert "cid=webcal%3A%2F%2Ftestserver%2Flabs%2Fcity-lab%2Fcalendar.ics" in text
    assert "/labs/city-lab/tracks/skills/calendar.ics" in text
    assert "/tracks/empty/" not in text
    greek = Client().get("/labs/city-lab/subscribe/?lang=bg").content.decode()
    assert "/labs/city-lab/calendar.ics?lang=bg" in greek


def test_every_calendar_of_a_page_is_in_the_language_of_the_page(client, lab):
    session = SessionFactory(lab=lab)
    programme = f"/programmes/{lab.programme.slug}/"
    for page in ("/labs/city-lab/", f"/labs/city-lab/sessions/{session.slug}/", programme):
        feed = f'href="http://testserver{page}calendar.ics'
        assert f'{feed}"' in Client().get(page).content.decode()
        in_greek = Client().get(f"{page}?lang=el").content.decode()
        assert f'{feed}?lang=el"' in in_greek
        assert f'{feed}"' not in in_greek


def test_a_programme_offers_its_calendar_in_the_same_forms(client, lab):
    text = client.get(f"/programmes/{lab.programme.slug}/").content.decode()
    webcal = f"webcal://testserver/programmes/{lab.programme.slug}/calendar.ics"
    assert f'href="{webcal}"' in text
    assert f"https://calendar.google.com/calendar/r?cid={quote(webcal, safe='')}" in text
    assert text.count("https://outlook.") == 2


def test_only_a_delegate_has_an_own_calendar_and_may_renew_its_address(lab):
    browsers = viewers(lab, lab.programme.cities.get(slug="sofia"))
    for name, browser in browsers.items():
        text = browser.get("/labs/city-lab/subscribe/").content.decode()
        assert ("/calendars/" in text) == (name in ("delegate", "other city")), name
        renewed = browser.post("/labs/city-lab/subscribe/renew/")
        expected = {"visitor": (302, 403), "delegate": (302,), "other city": (302,)}.get(name, (404,))
        assert renewed.status_code in expected, name
    delegate = browsers["delegate"]

    def own_address():
        return found_in(delegate.get("/labs/city-lab/subscribe/"), r"(/calendars/[^\"&?]+\.ics)")

    before = own_address()
    assert delegate.get(before).status_code == 200
    delegate.post("/labs/city-lab/subscribe/renew/")
    assert own_address() != before
    assert delegate.get(before).status_code == 404
    assert delegate.get("/labs/city-lab/subscribe/renew/").status_code in (404, 405)
