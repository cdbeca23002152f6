"""The public pages of a lab: who sees what, in which language and zone, at what cost."""

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from labs.models import Lab
from sessions.models import Session
from tests.factories import (
    AgendaItemFactory,
    AppearanceFactory,
    CityFactory,
    DelegateFactory,
    LabDayFactory,
    LabFactory,
    ProgrammeFactory,
    RoomFactory,
    SessionFactory,
    SpeakerFactory,
    StaffFactory,
    TrackFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

ROW = re.compile(r'<h4 id="([\w-]+)-h">')
DAY = re.compile(r'<section class="day" id="d([\d-]+)"')


@pytest.fixture
def lab():
    """A lab in Sofia in April 2027 with cities in Sofia and Rome."""
    lab = LabFactory(
        slug="city-lab",
        title={"en": "City Lab", "bg": "Градска лаборатория"},
        programme=ProgrammeFactory(slug="icc"),
        starts_on=date(2027, 4, 6),
        ends_on=date(2027, 4, 16),
    )
    lab.programme.cities.add(
        CityFactory(slug="sofia", name={"en": "Sofia", "bg": "София"}),
        CityFactory(slug="rome", name={"en": "Rome", "bg": "Рим"}, time_zone="Europe/Rome"),
    )
    return lab


def viewers(lab, city):
    """Return a browser for every kind of viewer; the delegate's city is the audience's."""
    users = {
        "visitor": None,
        "delegate": DelegateFactory(programme=lab.programme, city=city).user,
        "other city": DelegateFactory(programme=lab.programme).user,
        "other programme": DelegateFactory(city=city).user,
        "organiser": StaffFactory(lab=lab).user,
        "owner": StaffFactory(role="owner", lab=None, programme=lab.programme).user,
        "door": StaffFactory(lab=lab, role="door").user,
        "other organiser": StaffFactory().user,
        "superuser": UserFactory(is_superuser=True),
    }
    browsers = {}
    for name, user in users.items():
        browsers[name] = Client()
        if user:
            browsers[name].force_login(user)
    return browsers


def rows(response):
    return ROW.findall(response.content.decode())


def page(client, lab, query="", **options):
    return client.get(f"/labs/{lab.slug}/{query}", **options)


def found_in(response, pattern):
    """Return the first group of a pattern that must be on the page."""
    found = re.search(pattern, response.content.decode(), re.S)
    assert found, pattern
    return found[1]


def linked_data(response):
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', response.content.decode())
    return json.loads(found[1]) if found else None


# Who sees what


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
        "You also see 2 internal sessions and 1 draft because you work on this lab."
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


# Zones and days


def test_days_regroup_in_the_zone_that_the_reader_chooses(client, lab):
    LabDayFactory(lab=lab, on=date(2027, 4, 6), title={"en": "First day"})
    SessionFactory(lab=lab, slug="early", start_date=date(2027, 4, 6), start_time=time(8, 0))
    SessionFactory(lab=lab, slug="late", start_date=date(2027, 4, 6), start_time=time(22, 30))
    SessionFactory(lab=lab, slug="next", start_date=date(2027, 4, 7), start_time=time(8, 0))
    own = page(client, lab).content.decode()
    assert DAY.findall(own) == ["2027-04-06", "2027-04-07"]
    assert '<p class="day-title">First day</p>' in own
    tokyo = page(client, lab, "?tz=Asia/Tokyo").content.decode()
    assert DAY.findall(tokyo) == ["2027-04-06", "2027-04-07"]
    assert ROW.findall(tokyo.split('id="d2027-04-07"')[1]) == ["late", "next"]
    assert '<time datetime="2027-04-07T04:30+09:00">04:30</time>' in tokyo
    honolulu = page(Client(), lab, "?tz=Pacific/Honolulu").content.decode()
    assert DAY.findall(honolulu) == ["2027-04-05", "2027-04-06"]


def test_the_choice_of_a_zone_is_kept_and_forgotten_on_request(client, lab):
    SessionFactory(lab=lab, start_date=date(2027, 4, 6), start_time=time(11, 30))
    assert "10:30" in page(client, lab, "?tz=Europe/Rome").content.decode()
    assert "10:30" in page(client, lab).content.decode()
    assert "10:30" not in page(client, lab, "?tz=").content.decode()
    assert page(client, lab, "?tz=Nowhere").status_code == 200
    assert page(Client(), lab, "?tz=Europe/Kiev").cookies["tz"].value == "Europe/Kyiv"


@pytest.mark.parametrize(
    ("device", "zone", "named", "hour"),
    [
        ("Etc/GMT-3", "Etc/GMT-3", "UTC+3", "11:30"),
        ("Etc/GMT+5", "Etc/GMT+5", "UTC−5", "03:30"),
        ("Etc/GMT-14", "Etc/GMT-14", "UTC+14", "22:30"),
        ("Etc/UTC", "UTC", "UTC", "08:30"),
        ("GMT", "UTC", "UTC", "08:30"),
        ("Etc/Greenwich", "UTC", "UTC", "08:30"),
        ("Asia/Calcutta", "Asia/Kolkata", "Kolkata (UTC+5:30)", "14:00"),
        ("EST", "America/Panama", "Panama (UTC−5)", "03:30"),
    ],
)
def test_every_zone_that_a_device_may_have_is_honoured(client, lab, device, zone, named, hour):
    SessionFactory(lab=lab, slug="opening", start_date=date(2027, 4, 6), start_time=time(11, 30))
    for address in ("/labs/city-lab/", "/labs/city-lab/sessions/opening/"):
        response = client.get(address, {"tz": device})
        html = response.content.decode()
        assert response.cookies["tz"].value == zone
        assert f'<option value="{zone}" selected>{named}</option>' in html
        assert hour in html
        # The whole list has it too, so that a reader finds it again.
        assert f'<option value="{zone}">' in html


def zone_line(response):
    line = found_in(response, r'<p class="zone">.*?<span>(.*?)<span data-')
    return " ".join(re.sub(r"<[^>]+>", "", line).split())


def test_the_zone_of_all_hours_is_named_and_how_cities_differ(client, lab):
    SessionFactory(lab=lab, start_date=date(2027, 4, 6))
    assert zone_line(page(client, lab)) == (
        "All times are Sofia time (EEST, UTC+3). In Rome it is 1 hour earlier."
    )


def test_a_switch_of_the_clocks_between_two_sessions_is_told(client):
    lab = LabFactory(
        slug="autumn", starts_on=date(2027, 10, 29), ends_on=date(2027, 11, 2), registration_opens_at=None
    )
    lab.programme.cities.add(
        CityFactory(name={"en": "Rome"}, time_zone="Europe/Rome"),
        CityFactory(name={"en": "New York"}, time_zone="America/New_York"),
    )
    SessionFactory(lab=lab, start_date=date(2027, 10, 29))
    SessionFactory(lab=lab, start_date=date(2027, 11, 1))
    text = page(client, lab).content.decode()
    assert zone_line(page(client, lab)) == (
        "All times are Sofia time (EEST, UTC+3; from 1 November EET, UTC+2). "
        "In Rome it is 1 hour earlier. The difference to New York changes during the lab."
    )
    assert '<time datetime="2027-10-29T11:30+03:00">11:30</time>' in text
    assert '<time datetime="2027-11-01T11:30+02:00">11:30</time>' in text


def test_a_session_shows_the_same_hour_in_all_cities(client, lab):
    SessionFactory(lab=lab, slug="opening", start_date=date(2027, 4, 6), start_time=time(15, 30))
    text = client.get("/labs/city-lab/sessions/opening/?tz=Europe/Rome").content.decode()
    assert '<span class="clock-time">14:30–15:30</span><span class="quiet">UTC+2</span>' in text
    assert '<span class="you">Rome</span>' in text
    assert "15:30–16:30, Sofia time (EEST, UTC+3)" in " ".join(text.split())
    assert 'class="glyph ruler"' in text


# Words


def test_texts_fall_back_to_the_labs_language_and_say_so(client, lab):
    SessionFactory(lab=lab, slug="opening", title={"en": "Opening"})
    text = page(client, lab, "?lang=el").content.decode()
    assert '<html lang="el"' in text
    assert '<a href="/labs/city-lab/sessions/opening/"><span lang="en">Opening</span></a>' in text
    assert '<span lang="en">City Lab</span>' in text
    track = TrackFactory(lab=lab, slug="skills", name={"en": "Skills"})
    SessionFactory(lab=lab, track=track)
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
        ({"capacity": None}, "Open to all who register", True),
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
        (now + timedelta(days=1), None, "Opens"),
        (now - timedelta(days=2), now - timedelta(days=1), "Closed"),
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
    assert "No session of this programme belongs to this track." in nothing.content.decode()


def test_an_empty_programme_says_what_will_be_there(client, lab):
    assert "The programme is not published yet." in page(client, lab).content.decode()
    assert "Speakers are not announced yet." in client.get("/labs/city-lab/speakers/").content.decode()


# What machines read


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
        "/programmes/icc/",
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


# Subscribing


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


# Cost


@pytest.fixture(params=[2, 30])
def crowded(request, lab):
    """The lab at two sizes, each session with track, room, agenda and speakers."""
    for number in range(request.param):
        session = SessionFactory(
            lab=lab,
            slug=f"session-{number}",
            visibility="internal" if number % 2 else "public",
            track=TrackFactory(lab=lab),
            room=RoomFactory(lab=lab),
            start_date=lab.starts_on + timedelta(days=number % 10),
        )
        session.audience.set(lab.programme.cities.all())
        speaker = SpeakerFactory(programme=lab.programme, slug=f"speaker-{number}")
        item = AgendaItemFactory(session=session)
        AppearanceFactory(session=session, speaker=speaker, agenda_item=item)
        AppearanceFactory(session=session, speaker=speaker)
        AppearanceFactory(
            session=session, speaker=SpeakerFactory(programme=lab.programme, slug=f"x-{number}")
        )
        LabDayFactory(lab=lab, on=session.start_date) if number < 10 else None
    return lab


@pytest.mark.parametrize(
    ("address", "queries"),
    [
        ("/", 5),
        ("/programmes/icc/", 4),
        ("/labs/city-lab/", 7),
        ("/labs/city-lab/?track=track-x&tz=Europe/Rome&lang=bg", 7),
        ("/labs/city-lab/sessions/session-0/", 8),
        ("/labs/city-lab/speakers/", 5),
        ("/labs/city-lab/speakers/speaker-0/", 8),
        ("/labs/city-lab/subscribe/", 2),
        ("/sitemap.xml", 4),
        ("/robots.txt", 0),
    ],
)
def test_a_page_costs_the_same_queries_at_any_size(
    client, crowded, address, queries, django_assert_num_queries
):
    client.get(address)
    with django_assert_num_queries(queries):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("kind", ["delegate", "organiser"])
@pytest.mark.parametrize(
    ("address", "queries"),
    [
        ("/", 9),
        ("/labs/city-lab/", 12),
        ("/labs/city-lab/sessions/session-1/", 13),
        ("/labs/city-lab/speakers/", 9),
        ("/labs/city-lab/speakers/speaker-1/", 12),
        ("/labs/city-lab/register/", 8),
    ],
)
def test_internal_sessions_cost_their_readers_the_same_queries_at_any_size(
    crowded, kind, address, queries, django_assert_num_queries
):
    browser = viewers(crowded, crowded.programme.cities.get(slug="sofia"))[kind]
    browser.get(address)  # the first page writes the form token of the session
    with django_assert_num_queries(queries):
        assert browser.get(address).status_code == 200
    assert len(rows(page(browser, crowded))) == Session.objects.count()
