"""The page of a city in a programme, and its counterpart in the API: what each reader may see of the city."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from labs.models import City, Lab
from registrations.models import Seat
from sessions.models import Appearance, Session
from sessions.views.cities import MAX_ROWS
from tests import factories as f
from tests.sessions.public_pages import city_lab, viewers

pytestmark = pytest.mark.django_db

PAGE, API = "/programmes/icc/cities/sofia/", "/api/v1/programmes/icc/cities/sofia"


@pytest.fixture
def lab() -> Lab:
    """A lab with a session of each kind that concerns Sofia, and one that does not."""
    lab: Lab = city_lab()
    sofia = lab.programme.cities.get(slug="sofia")
    people = {
        slug: f.SpeakerFactory(programme=lab.programme, slug=slug, city=sofia, name={"en": f"Person {slug}"})
        for slug in ("open", "kept", "sketched")
    }
    for slug, visibility in (("open", "public"), ("kept", "internal"), ("sketched", "draft")):
        session = f.SessionFactory(lab=lab, slug=slug, visibility=visibility, title={"en": f"Session {slug}"})
        f.AppearanceFactory(session=session, speaker=people[slug])
    invited = f.SessionFactory(
        lab=lab, slug="invited", visibility="internal", title={"en": "Session invited"}
    )
    # Was internal once: whom it was for then is told to nobody.
    opened = f.SessionFactory(lab=lab, slug="opened", title={"en": "Session opened"})
    for one in (invited, opened):
        one.audience.set([sofia])
    f.SessionFactory(lab=lab, slug="elsewhere", title={"en": "Session elsewhere"})
    # Every city is invited.
    f.SessionFactory(lab=lab, slug="for-all", visibility="internal", title={"en": "Session for all"})
    only_rome = f.SessionFactory(lab=lab, slug="rome", visibility="internal", title={"en": "Session Rome"})
    only_rome.audience.set([lab.programme.cities.get(slug="rome")])
    return lab


def read(response: Any) -> tuple[list[str], list[str], dict[str, str]]:
    """Return the sessions and speakers that the page names, and its figures."""
    page = response.content.decode()
    return (
        sorted(re.findall(r'href="/labs/city-lab/sessions/([\w-]+)/"', page)),
        sorted(re.findall(r'href="/labs/city-lab/speakers/([\w-]+)/"', page)),
        dict(re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", page)),
    )


@pytest.mark.parametrize(
    ("who", "sessions", "speakers", "figures"),
    [
        ("visitor", ["open"], ["open"], {"Sessions": "1", "Labs": "1"}),
        (
            "delegate",
            ["for-all", "invited", "kept", "open"],
            ["kept", "open"],
            {"Sessions": "4", "Labs": "1"},
        ),
        ("other city", ["for-all", "kept", "open"], ["kept", "open"], {"Sessions": "3", "Labs": "1"}),
        ("other programme", ["open"], ["open"], {"Sessions": "1", "Labs": "1"}),
        ("other organiser", ["open"], ["open"], {"Sessions": "1", "Labs": "1"}),
        *(
            (
                who,
                ["for-all", "invited", "kept", "open", "sketched"],
                ["kept", "open", "sketched"],
                {"Sessions": "4", "Labs": "1", "People registered": "1", "Seats": "2"},
            )
            for who in ("organiser", "owner", "superuser")
        ),
    ],
)
def test_each_reader_sees_of_a_city_what_he_or_she_may(
    lab: Lab, who: str, sessions: list[str], speakers: list[str], figures: dict[str, str]
) -> None:
    sofia = City.objects.get(slug="sofia")
    person = f.RegistrationFactory(lab=lab, city=sofia)
    for slug, state in (("open", "confirmed"), ("kept", "confirmed"), ("elsewhere", "waiting")):
        f.SeatFactory(registration=person, session=lab.sessions.get(slug=slug), state=state)
    f.RegistrationFactory(lab=lab, city=sofia, state="unconfirmed", confirmed_at=None)
    f.RegistrationFactory(lab=lab, city=lab.programme.cities.get(slug="rome"))
    # Another programme of the same city is another page.
    f.RegistrationFactory(city=sofia)
    assert Seat.objects.count() == 3
    assert read(viewers(lab, sofia)[who].get(PAGE)) == (sessions, speakers, figures)


def test_a_city_of_which_nothing_is_in_sight_has_its_page_in_a_public_programme(client: Client) -> None:
    lab = city_lab()
    session = f.SessionFactory(lab=lab, visibility="internal")
    session.audience.set(lab.programme.cities.all())
    response = client.get(PAGE)
    assert read(response) == ([], [], {})
    assert "Sessions with this city will appear here once they are published." in response.content.decode()
    f.CityFactory(slug="varna")
    for absent in ("/programmes/icc/cities/varna/", "/programmes/other/cities/sofia/"):
        assert client.get(absent).status_code == 404
    lab.programme.visibility = lab.visibility = "draft"
    lab.programme.save()
    lab.save()
    assert client.get(PAGE).status_code == 404


@pytest.mark.parametrize(
    ("venue", "is_here"),
    [
        ({"en": "Great Hall, SOFIA"}, True),
        ({"bg": "София, България"}, True),
        ({"en": "Sofiastraat 5, Rome"}, False),
        ({}, False),
    ],
)
def test_labs_whose_venue_names_the_city_stand_on_its_page(
    client: Client, lab: Lab, venue: dict[str, str], is_here: bool
) -> None:
    shown = {"venue": venue, "format": "hybrid", "programme": lab.programme, "registration_opens_at": None}
    f.LabFactory(**shown, slug="early", starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 2))
    f.LabFactory(**shown, slug="late", starts_on=date(2026, 9, 1), ends_on=date(2026, 9, 2))
    f.LabFactory(**shown, slug="secret", visibility="draft")
    f.LabFactory(**{**shown, "format": "online"}, slug="remote")
    page = client.get(PAGE).content.decode()
    expected = ["late", "early"] if is_here else []
    assert re.findall(r'<h3><a href="/labs/([\w-]+)/"', page) == expected
    assert client.get(API).json()["labs_here"] == expected
    assert read(client.get(PAGE))[2]["Labs"] == str(1 + len(expected))


def test_sessions_to_come_stand_before_past_ones_in_the_citys_time(client: Client) -> None:
    programme = f.ProgrammeFactory(slug="icc")
    sofia = f.CityFactory(slug="sofia", time_zone="Europe/Sofia")
    programme.cities.add(sofia)
    speaker = f.SpeakerFactory(programme=programme, city=sofia)
    for year in (2020, 2019, 2999, 2998):
        lab = f.LabFactory(
            programme=programme,
            slug=f"lab-{year}",
            starts_on=date(year, 1, 11),
            registration_opens_at=None,
            time_zone="Europe/Rome",
        )
        f.AppearanceFactory(session=f.SessionFactory(lab=lab, slug="one"), speaker=speaker)
    page = client.get(PAGE).content.decode()
    assert re.findall(r'href="/labs/lab-(\d+)/sessions/one/"', page) == ["2998", "2999", "2020", "2019"]
    assert "Times are Sofia time" in page


def test_lists_of_cities_lead_to_their_pages(client: Client) -> None:
    city_lab()
    for page in ("/", "/programmes/icc/"):
        found = re.findall(r'href="(/programmes/icc/cities/\w+/)"', client.get(page).content.decode())
        assert found == ["/programmes/icc/cities/rome/", "/programmes/icc/cities/sofia/"]
    assert f"<loc>{settings.BASE_URL}{PAGE}</loc>" in client.get("/sitemap.xml").content.decode()


def test_the_api_says_the_same(client: Client, lab: Lab) -> None:
    assert client.get(API).json() == {
        "slug": "sofia",
        "name": {"en": "Sofia", "bg": "София"},
        "country": "BG",
        "time_zone": "Europe/Sofia",
        "address": settings.BASE_URL + PAGE,
        "labs": ["city-lab"],
        "labs_here": [],
        "sessions": [
            {
                "lab": "city-lab",
                "slug": "open",
                "address": f"{settings.BASE_URL}/labs/city-lab/sessions/open/",
            }
        ],
        "speakers": ["open"],
    }
    for absent in ("/api/v1/programmes/icc/cities/varna", "/api/v1/programmes/other/cities/sofia"):
        assert client.get(absent).status_code == 404


def test_a_visitor_is_not_sent_it_again_until_something_changes(client: Client, lab: Lab) -> None:
    etag = client.get(PAGE).headers["ETag"]
    lab.sessions.filter(slug="kept").update(title={"en": "Another"})
    assert client.get(PAGE, headers={"If-None-Match": etag}).status_code == 304
    lab.sessions.filter(slug="open").update(title={"en": "Another"})
    assert client.get(PAGE, headers={"If-None-Match": etag}).status_code == 200


def test_it_stays_short_however_many_sessions_there_are(client: Client, lab: Lab) -> None:
    """Anybody may ask for it: 10,000 rows took five seconds of the processor and 5 MB."""
    speaker = lab.programme.speakers.get(slug="open")
    for starts_on, slug in ((lab.starts_on, "coming"), (date(2020, 1, 11), "past")):
        rows = [
            f.SessionFactory.build(lab=lab, slug=f"{slug}-{number}", start_date=starts_on)
            for number in range(MAX_ROWS + 20)
        ]
        Session.objects.bulk_create(rows)
    Appearance.objects.bulk_create(
        Appearance(session=one, speaker=speaker) for one in lab.sessions.filter(slug__contains="-")
    )
    sessions, speakers, figures = read(client.get(PAGE))
    assert Counter(slug.partition("-")[0] for slug in sessions) == {"open": 1, "coming": 99, "past": 100}
    assert (speakers, figures["Sessions"]) == (["open"], str(2 * (MAX_ROWS + 20) + 1))
    assert "The programmes of the labs list all sessions." in client.get(PAGE).content.decode()
    assert len(client.get(API).json()["sessions"]) == 2 * (MAX_ROWS + 20) + 1


@pytest.mark.parametrize("size", [2, 30])
@pytest.mark.parametrize(("address", "queries"), [(PAGE, 7), (API, 5)])
def test_it_costs_the_same_queries_at_any_size(
    client: Client,
    lab: Lab,
    size: int,
    address: str,
    queries: int,
    django_assert_num_queries: Callable[..., Any],
) -> None:
    sofia = City.objects.get(slug="sofia")
    for number in range(size):
        other = f.LabFactory(programme=lab.programme)
        session = f.SessionFactory(lab=other, room=f.RoomFactory(lab=other), track=f.TrackFactory(lab=other))
        speaker = f.SpeakerFactory(programme=lab.programme, city=sofia, slug=f"more-{number}")
        f.AppearanceFactory(session=session, speaker=speaker)
    with django_assert_num_queries(queries):
        assert client.get(address).status_code == 200
